"""The record table: shapes, pieces and sums."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import add
from typing import Any

from builder.bundle import Bundle, File, Record
from builder.cases import Case, built, case
from builder.changes import Change, edit, put, tree
from builder.cobblestone import clen
from builder.encode import padme
from builder.stream import expand

MIB = 1 << 20
SIZES = (100, 200, 300)


def three(name: str) -> Bundle:
    """Rows of 100, 200 and 300 bytes; the second record has a prefix."""
    files = [File(f"{letter}.bin", expand("records", letter, n)) for letter, n in _letters()]
    bundle = tree(name, *files)
    bundle.records = [Record([0]), Record([1], coding=1, prefix=[[0, 0, 0, 100]]), Record([2])]
    return bundle


def _letters() -> list[tuple[str, int]]:
    return list(zip("abc", SIZES, strict=True))


SHAPES: dict[str, tuple[Change, str]] = {
    "map": (lambda rows: dict(enumerate(rows)), "The record table is a map."),
    "number": (lambda rows: len(rows), "The record table is a number."),
    "row-three": (edit(lambda row: row[:3], 0), "A record has three fields."),
    "row-five": (edit(lambda row: [*row, []], 0), "A record has five fields."),
    "row-empty": (put([], 0), "A record is empty."),
    "row-number": (put(0, 0), "A record is a number."),
    "row-map": (edit(lambda row: dict(enumerate(row)), 0), "A record is a map."),
    "row-flat": (lambda rows: [*rows[0], *rows[1:]], "The fields of a record are not nested."),
    "coding-2": (put(2, 0, 0), "A coding is 2."),
    "coding-256": (put(256, 0, 0), "A coding is 256, which is 0 in one byte."),
    "coding-false": (put(False, 0, 0), "A coding is false, which some languages take for 0."),
    "coding-true": (put(True, 1, 0), "A coding is true, which some languages take for 1."),
    "coding-text": (put("zstd", 1, 0), "A coding is a text."),
    "coded-len-text": (put("100", 0, 1), "A coded_len is a text."),
    "coded-len-true": (put(True, 1, 1), "A coded_len is true."),
    "coded-len-array": (edit(lambda n: [n], 0, 1), "A coded_len is an array."),
    "pieces-number": (put(0, 0, 2), "The pieces are a number."),
    "pieces-map": (put({0: 0}, 0, 2), "The pieces are a map."),
    "pieces-text": (put("a.bin", 0, 2), "The pieces are a path."),
    "piece-text": (put("a.bin", 0, 2, 0), "A piece is a path."),
    "piece-bytes": (put(b"\0", 0, 2, 0), "A piece is a byte string."),
    "piece-false": (put(False, 0, 2, 0), "A piece is false, which some languages take for 0."),
    "piece-empty": (put([], 0, 2, 0), "A piece is an empty array."),
    "piece-one": (put([0], 0, 2, 0), "A piece is a row in an array."),
    "piece-two": (put([0, 0], 0, 2, 0), "A piece has two elements."),
    "piece-four": (put([0, 0, 50, 0], 0, 2, 0), "A piece has four elements."),
    "piece-map": (put({0: 0, 1: 0, 2: 50}, 0, 2, 0), "A piece is a map."),
    "piece-row-text": (put(["0", 0, 50], 0, 2, 0), "The row of a piece is a text."),
    "piece-offset-false": (put([0, False, 50], 0, 2, 0), "The offset of a piece is false."),
    "piece-length-text": (put([0, 0, "50"], 0, 2, 0), "The length of a piece is a text."),
    "prefix-number": (put(0, 1, 3), "A prefix is a number."),
    "prefix-false": (put(False, 0, 3), "A prefix is false."),
    "prefix-map": (put({}, 0, 3), "An empty prefix is a map."),
    "prefix-bytes": (put(b"", 0, 3), "An empty prefix is a byte string."),
    "prefix-flat": (put([0, 0, 0, 100], 1, 3), "A range is not nested."),
    "range-three": (put([0, 0, 100], 1, 3, 0), "A range has three elements."),
    "range-five": (put([0, 0, 0, 100, 0], 1, 3, 0), "A range has five elements."),
    "range-map": (put(dict(enumerate([0, 0, 0, 100])), 1, 3, 0), "A range is a map."),
    "range-source-2": (put(2, 1, 3, 0, 0), "The source of a range is 2."),
    "range-source-false": (put(False, 1, 3, 0, 0), "The source of a range is false."),
    "range-row-text": (put("a.bin", 1, 3, 0, 1), "The row of a range is a path."),
    "range-offset-text": (put("0", 1, 3, 0, 2), "The offset of a range is a text."),
    "range-length-true": (put(True, 1, 3, 0, 3), "The length of a range is true."),
}

LENGTHS: dict[str, tuple[Change, str, str]] = {
    "coded-len-0": (put(0, 1, 1), "REC-2", "A coded_len is 0."),
    "coded-len-over-limit": (put(8 * MIB + 1, 1, 1), "REC-2", "A coded_len is 8 MiB + 1."),
    "coded-len-largest": (put(2**53 - 1, 1, 1), "REC-2", "A coded_len is 2^53 - 1."),
    "pieces-empty": (put([], 1, 2), "REC-2", "A record has no piece."),
    "stored-one-more": (
        put(101, 0, 1),
        "REC-3",
        "A stored record has one byte more than its piece.",
    ),
    "stored-one-less": (
        put(99, 0, 1),
        "REC-3",
        "A stored record has one byte less than its piece.",
    ),
    "stored-with-prefix": (
        put([[0, 0, 0, 100]], 2, 3),
        "REC-3",
        "A stored record has a prefix.",
    ),
}


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield case(three("records-fine"), "The table that the cases below change.", "REC-1 REC-11")
    for name, (change, comment) in SHAPES.items():
        bundle = three(f"records-{name}").hook("record_items", change)
        yield case(bundle, comment, "REC-1", "RECORD_TABLE")
    for name, (change, rules, comment) in LENGTHS.items():
        bundle = three(f"records-{name}").hook("record_items", change)
        yield case(bundle, comment, rules, "RECORD_TABLE")
    yield from _limits()
    yield from _sums()


def _limits() -> Iterator[Case]:
    bundle = tree("records-yield-over-limit", File("zeros", bytes(8 * MIB + 1)))
    bundle.records = [Record([0], coding=1)]
    comment = "A record yields a content of 8 MiB + 1."
    yield case(bundle, comment, "REC-2", "RECORD_TABLE")
    two = (File("one", bytes(4 * MIB)), File("two", bytes(4 * MIB + 1)))
    bundle = tree("records-yield-over-limit-together", *two)
    bundle.records = [Record([0, 1], coding=1)]
    comment = "The two contents of a record have 8 MiB + 1 together."
    yield case(bundle, comment, "REC-2", "RECORD_TABLE")
    two = (File("one", bytes(4 * MIB - 1)), File("two", bytes(4 * MIB + 1)))
    bundle = tree("records-yield-at-limit", *two)
    bundle.records = [Record([0, 1], coding=1)]
    yield case(bundle, "The two contents of a record have 8 MiB together.", "REC-2")
    files = [File(f"{i:03d}", b"%d" % i) for i in range(600)]
    yield case(tree("records-many", *files), "Six hundred records of up to three bytes.", "REC-2")
    bundle = tree("records-many-pieces", *files)
    bundle.records = [Record([*range(600)])]
    yield case(bundle, "Six hundred contents in one stored record.", "REC-5")
    bundle = tree("records-many-cuts", File("a", expand("records", "cuts", 600)))
    bundle.records = [Record([[0, i, 1] for i in range(600)])]
    yield case(bundle, "One record yields a content in cuts of one byte.", "REC-5 REC-6")


def _resized(bundle: Bundle, change: Change) -> Bundle:
    """Give the body another length, in header, file and root alike."""
    lengths: list[int] = []

    def length(value: int) -> int:
        lengths.append(change(value))
        return lengths[-1]

    bundle.hook("body_len", length)
    return bundle.hook("body", lambda body: body[: lengths[-1]].ljust(lengths[-1], b"\0"))


def _below(length: int) -> int:
    """The Padmé size next below one."""
    return max(n for n in range(length // 2, length) if padme(n) == n)


def _sums() -> Iterator[Case]:
    changes: dict[str, tuple[Any, str]] = {
        "step-more": (
            lambda n: padme(n + 1),
            "The body is one Padmé step longer than its records.",
        ),
        "step-less": (_below, "The body is one Padmé step shorter than its records."),
        "one-more": (lambda n: n + 1, "The body is one byte longer, which is no Padmé size."),
        "one-less": (lambda n: n - 1, "The body is one byte shorter, which is no Padmé size."),
        "double": (lambda n: padme(2 * n), "The body is twice as long as its records."),
        "zero": (lambda _: 0, "There is no body."),
        "not-padded": (lambda _: _sum(three("records")), "The body has no padding at all."),
    }
    for name, (change, comment) in changes.items():
        bundle = _resized(three(f"records-body-{name}"), change)
        yield case(bundle, comment, "REC-14", "BODY_LENGTH")
    bundle = tree("records-body-without-records")
    _resized(bundle, lambda _: 64)
    comment = "There are no records, and the body has 64 bytes."
    yield case(bundle, comment, "REC-14", "BODY_LENGTH")
    bundle = three("records-coded-len-other-class")
    bundle.hook("record_items", edit(lambda n: n + 200, 1, 1))
    comment = "A compressed record claims 200 bytes more than the body has room for."
    yield case(bundle, comment, "REC-14", "BODY_LENGTH")
    for name, step, comment in (
        ("one-less", -1, "A compressed record claims one byte less; the size class is the same."),
        ("one-more", 1, "A compressed record claims one byte more; the size class is the same."),
    ):
        bundle = three(f"records-coded-len-{name}")
        bundle.hook("record_items", edit(partial(add, step), 1, 1))
        yield case(bundle, comment, "ENC-3", "RECORD_DECRYPT", stop=1)


def _sum(bundle: Bundle) -> int:
    """Bytes of the messages without padding."""
    return sum(clen(item[1]) for item in built(bundle).at["record_items"])
