"""Prefixes of records, in bundles that need no other tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from builder.bundle import Bundle, File, Record
from builder.cases import Case, case
from builder.changes import tree
from builder.framefaults import CHECKSUM
from builder.frames import compress, raw_frame
from builder.stream import expand

MIB = 1 << 20
SIZE = 5000
HUGE = 2**53 - 1
DICTIONARY = bytes.fromhex("37a430ec")
Ranges = list[list[int]]


def similar(data: bytes) -> bytes:
    """Bytes of another length that a prefix of `data` helps to compress."""
    return b"new head " + data[50:3000] + b" new middle " + data[2900:]


def four(name: str) -> Bundle:
    """Row 0 is random bytes, 1 resembles it, 2 is random, 3 empty, 4 equals row 0."""
    first, other = expand("prefix", "a", SIZE), expand("prefix", "c", SIZE)
    contents = (first, similar(first), other, b"", first)
    names = zip("abcde", contents, strict=True)
    return tree(name, *(File(letter, data) for letter, data in names))


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _accepted()
    yield from _ranges()
    yield from _sources()
    yield from _limits()
    yield from _dictionary()
    yield from _wrong()


def _after(name: str, ranges: Ranges, **record: Any) -> Bundle:
    """Rows 0 and 2 come first; row 1 is compressed against ranges of them."""
    bundle = four(f"prefix-{name}")
    bundle.records = [Record([0]), Record([2]), Record([1], coding=1, prefix=ranges, **record)]
    return bundle


def _accepted() -> Iterator[Case]:
    for name, ranges, comment in (
        ("fine-whole", [[0, 0, 0, SIZE]], "A prefix is a whole content."),
        ("fine-part", [[0, 0, 1000, 3000]], "A prefix is a part of a content."),
        ("fine-last-byte", [[0, 0, SIZE - 8, 8]], "A prefix is the last 8 bytes of a content."),
        (
            "fine-several",
            [[0, 2, 100, 50], [0, 0, 0, 2500], [0, 0, 2500, 2500]],
            "A prefix joins ranges of two contents.",
        ),
        ("fine-order", [[0, 0, 2500, 2500], [0, 0, 0, 2500]], "The ranges stand in any order."),
        ("fine-overlap", [[0, 0, 0, 3000], [0, 0, 2000, 3000]], "Two ranges overlap."),
        ("fine-twice", [[0, 0, 0, SIZE]] * 2, "A range is there twice."),
        ("fine-8-bytes", [[0, 0, 50, 8]], "A prefix has 8 bytes, the fewest."),
        ("fine-8-ranges-of-1", [[0, 0, i, 1] for i in range(8)], "Eight ranges of one byte."),
    ):
        yield case(_after(name, ranges), comment, "REC-9 REC-10 REC-11")
    bundle = _after("fine-not-used", [[0, 0, 0, SIZE]], coded=raw_frame(four("prefix").files[1].data))
    yield case(bundle, "A prefix that the frame does not use.", "REC-9")
    bundle = four("prefix-fine-of-cut")
    halves = [Record([[0, 0, 100]]), Record([[0, 100, SIZE - 100]], coding=1)]
    bundle.records = [*halves, Record([2]), Record([1], coding=1, prefix=[[0, 0, 0, SIZE]])]
    yield case(bundle, "The content of the prefix lies in two records.", "REC-11")
    bundle = four("prefix-fine-of-shared")
    bundle.records = [Record([2, 0], coding=1), Record([1], coding=1, prefix=[[0, 0, 0, SIZE]])]
    yield case(bundle, "The content of the prefix lies in a compressed, shared record.", "REC-11")
    bundle = four("prefix-fine-two-users")
    bundle.records = [
        Record([0]),
        Record([1], coding=1, prefix=[[0, 0, 0, SIZE]]),
        Record([2], coding=1, prefix=[[0, 0, 0, SIZE]]),
    ]
    yield case(bundle, "Two records use the same content.", "REC-11")
    bundle = four("prefix-fine-cut-user")
    size = len(bundle.files[1].data)
    bundle.records = [
        Record([0]),
        Record([[1, 0, 2000]], coding=1, prefix=[[0, 0, 0, 2500]]),
        Record([2]),
        Record([[1, 2000, size - 2000]], coding=1, prefix=[[0, 0, 2500, 2500]]),
    ]
    yield case(bundle, "Both records of a content have a prefix of their own.", "REC-11")


def _ranges() -> Iterator[Case]:
    good = [0, 0, 0, 100]
    for name, ranges, rules, comment in (
        ("7-bytes", [[0, 0, 50, 7]], "REC-9", "A prefix has 7 bytes."),
        ("7-bytes-in-two", [[0, 0, 50, 3], [0, 2, 0, 4]], "REC-9", "Two ranges have 7 bytes."),
        ("range-empty", [good, [0, 0, 0, 0]], "REC-10", "A range has no bytes."),
        ("range-one-over", [[0, 0, 0, SIZE + 1]], "REC-10", "A range is longer than its content."),
        ("range-end-over", [[0, 0, SIZE - 7, 8]], "REC-10", "A range ends one byte too far."),
        ("range-behind", [good, [0, 0, SIZE, 1]], "REC-10", "A range begins at the end."),
        ("range-far", [[0, 0, HUGE, 8]], "REC-10", "A range begins at 2^53 - 1."),
        ("range-32-bits", [[0, 0, 2**32 - 4, 8]], "REC-10", "Offset and length overflow 32 bits."),
        ("row-5", [[0, 5, 0, 8]], "REC-10", "A range names row 5 of five."),
        ("row-262143", [[0, 262_143, 0, 8]], "REC-10", "A range names row 262,143 of five."),
        ("row-not-first", [[0, 4, 0, 8]], "REC-10", "A range names the second row of its content."),
        ("row-empty", [good, [0, 3, 0, 1]], "REC-10", "A range names the empty content."),
        ("source-1", [[1, 0, 0, 100]], "REC-12", "A range of a needed tree in a complete bundle."),
        ("source-1-too", [good, [1, 0, 0, 100]], "REC-12", "The second range has source 1."),
    ):
        bundle = _after(name, ranges, coded=raw_frame(four("prefix").files[1].data))
        yield case(bundle, comment, rules, "RECORD_PREFIX")


def _sources() -> Iterator[Case]:
    whole = [[0, 0, 0, SIZE]]
    size = len(four("prefix").files[1].data)
    tables: tuple[tuple[str, str, list[Record]], ...] = (
        (
            "later",
            "The content of the prefix is yielded by a later record.",
            [Record([1], coding=1, prefix=whole), Record([0]), Record([2])],
        ),
        (
            "own",
            "The content of the prefix is yielded by the record itself.",
            [Record([0, 1], coding=1, prefix=whole), Record([2])],
        ),
        (
            "half",
            "Only half of the content was yielded; the range lies in that half.",
            [
                Record([[0, 0, 2500]]),
                Record([1], coding=1, prefix=[[0, 0, 0, 2500]]),
                Record([[0, 2500, 2500]]),
                Record([2]),
            ],
        ),
        (
            "own-half",
            "The second half of a content is compressed against its first.",
            [
                Record([[0, 0, 2500]]),
                Record([[0, 2500, 2500]], coding=1, prefix=[[0, 0, 0, 2500]]),
                Record([1]),
                Record([2]),
            ],
        ),
        (
            "chain",
            "The content of the prefix has a prefix itself.",
            [
                Record([0]),
                Record([1], coding=1, prefix=whole),
                Record([2], coding=1, prefix=[[0, 1, 0, 1000]]),
            ],
        ),
        (
            "chain-half",
            "Only the second half of the content has a prefix; the range lies in the first.",
            [
                Record([0]),
                Record([[1, 0, 1000]]),
                Record([[1, 1000, size - 1000]], coding=1, prefix=whole),
                Record([2], coding=1, prefix=[[0, 1, 0, 1000]]),
            ],
        ),
        (
            "chain-shared",
            "The content lies in a shared record that has a prefix for another's sake.",
            [
                Record([0]),
                Record([1, 2], coding=1, prefix=whole),
                Record([5], coding=1, prefix=[[0, 2, 0, SIZE]]),
            ],
        ),
        (
            "chain-second-range",
            "Of two ranges the second is of a content with a prefix.",
            [
                Record([0]),
                Record([1], coding=1, prefix=whole),
                Record([2], coding=1, prefix=[[0, 0, 0, 8], [0, 1, 0, 1000]]),
            ],
        ),
    )
    for name, comment, records in tables:
        bundle = four(f"prefix-{name}")
        if name == "chain-shared":
            bundle.files.append(File("f", similar(bundle.files[2].data)))
        bundle.records = records
        yield case(bundle, comment, "REC-11", "RECORD_PREFIX")


def _limits() -> Iterator[Case]:
    for name, length, code in (
        ("16-mib", 16 * MIB, None),
        ("over-16-mib", 16 * MIB + 1, "RECORD_PREFIX"),
    ):
        bundle = tree(f"prefix-{name}", File("zeros", bytes(length)), File("zz", bytes(1000)))
        cuts = [[0, at, min(8 * MIB, length - at)] for at in range(0, length, 8 * MIB)]
        records = [Record([cut], coding=1) for cut in cuts]
        bundle.records = [*records, Record([1], coding=1, prefix=[[0, 0, 0, length]])]
        yield case(bundle, f"A prefix of {length:,} bytes.", "REC-9", code)
    for count, code in ((8192, None), (8193, "RECORD_PREFIX")):
        ranges = [[0, 0, i % 16, 1] for i in range(count)]
        bundle = _after(f"{count}-ranges", ranges)
        yield case(bundle, f"A prefix of {count:,} ranges.", "REC-9", code)


def _dictionary() -> Iterator[Case]:
    tail = expand("prefix", "tail", 500)
    files = (
        File("a", DICTIONARY + tail),
        File("b", tail + b"!"),
        File("c", b"\x37\xa4" + tail[::-1]),
        File("d", b"\x30\xec" + tail[2:]),
    )
    for name, ranges, comment in (
        ("whole", [[0, 0, 0, 504]], "A prefix begins with the magic of dictionaries."),
        ("magic-and-id", [[0, 0, 0, 8]], "A prefix is the magic and four bytes."),
        ("joined", [[0, 2, 0, 2], [0, 3, 0, 500]], "Two ranges join to the magic."),
        ("bytes", [[0, 0, i, 1] for i in range(9)], "Ranges of one byte join to the magic."),
    ):
        bundle = tree(f"prefix-dictionary-{name}", *files)
        bundle.records = [
            Record([0]),
            Record([2]),
            Record([3]),
            Record([1], coding=1, prefix=ranges, coded=raw_frame(files[1].data)),
        ]
        comment += " It shows when the bytes are there; earlier records were released."
        yield case(bundle, comment, "REC-13", "RECORD_PREFIX", stop=3)
    for name, ranges, comment in (
        ("inside", [[0, 2, 5, 3], [0, 0, 0, 504]], "The magic of dictionaries lies inside."),
        ("cut", [[0, 0, 1, 503]], "A prefix begins with the last three bytes of the magic."),
        ("half", [[0, 2, 0, 200]], "A prefix begins with the first half of the magic."),
    ):
        bundle = tree(f"prefix-fine-dictionary-{name}", *files)
        bundle.records = [
            Record([0]),
            Record([2]),
            Record([3]),
            Record([1], coding=1, prefix=ranges),
        ]
        yield case(bundle, comment, "REC-13")


def _wrong() -> Iterator[Case]:
    """Frames that were made against other bytes than the table names."""
    first, other = expand("prefix", "a", SIZE), expand("prefix", "c", SIZE)
    content = similar(other)

    def two(name: str, ranges: Ranges, coded: bytes) -> Bundle:
        bundle = tree(f"prefix-{name}", File("a", first), File("b", content), File("c", other))
        bundle.records = [
            Record([0]),
            Record([2]),
            Record([1], coding=1, prefix=ranges, coded=coded),
        ]
        return bundle

    whole = [[0, 0, 0, SIZE]]
    bundle = two("other-content", whole, compress(content, other))
    comment = "The frame was made against another content of equal length; it yields other bytes."
    yield case(bundle, comment, "BDY-5", "CONTENT_DIGEST", stop=2)
    bundle = two("other-content-checksum", whole, compress(content, other, CHECKSUM))
    comment = "As before, with a checksum in the frame."
    yield case(bundle, comment, "ZST-7", "RECORD_FRAME", stop=2)
    ranges = [[0, 2, 2500, 2500], [0, 2, 0, 2500]]
    bundle = two("ranges-swapped", ranges, compress(content, other))
    comment = "The ranges stand in another order than the frame was made against."
    yield case(bundle, comment, "BDY-5", "CONTENT_DIGEST", stop=2)
    bundle = two("missing", [], compress(content, other))
    comment = "The frame refers to a prefix, and the table names none."
    yield case(bundle, comment, "ZST-6", "RECORD_FRAME", stop=2)
