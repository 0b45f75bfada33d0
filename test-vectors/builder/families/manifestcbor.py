"""The CBOR profile inside a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from builder.cases import Case, case
from builder.changes import ITEMS, Change, keep, put
from builder.encode import ARRAY, MAP, Raw, cbor, head, nested, wide_head
from builder.families.cbor import FORMS
from builder.scenes import pointer, release

IN_RELEASE = (
    "uint-8-for-23",
    "uint-64-for-32-bits",
    "text-length-8",
    "array-count-8",
    "map-key-8",
    "array-indefinite",
    "text-indefinite",
    "uint-2-to-53",
    "negative-1",
    "float-16",
    "null",
    "undefined",
    "simple-255",
    "tag-1",
    "tag-28",
    "map-unsorted",
    "map-duplicate",
    "map-key-text",
    "map-key-bool",
    "text-overlong",
    "text-surrogate",
    "depth-500",
    "bomb-array",
    "bomb-bytes",
)

WHOLE: dict[str, tuple[Change, str, str]] = {
    "trailing-byte": (lambda d: d + b"\0", "CBR-1", "A byte follows the item."),
    "trailing-item": (lambda d: d + d, "CBR-1", "The item is there twice."),
    "cut": (lambda d: d[:-1], "CBR-1", "The item lacks its last byte."),
    "empty": (lambda _: b"", "CBR-1", "There is no item."),
    "count-long": (
        lambda d: wide_head(d[0] >> 5, d[0] & 31, 1) + d[1:],
        "CBR-2",
        "The outer count is long.",
    ),
    "indefinite": (
        lambda d: bytes([d[0] | 31]) + d[1:] + b"\xff",
        "CBR-3",
        "The item is indefinite.",
    ),
    "tag": (lambda d: b"\xd9\xd9\xf7" + d, "CBR-5", "The item has the tag 55799."),
}

IN_LISTING: dict[str, tuple[Change, str, str]] = {
    "size-long": (put(Raw(wide_head(0, 21, 2)), 1, 2), "CBR-2", "A size is not shortest."),
    "mode-float": (put(Raw(bytes.fromhex("f90000")), 1, 1), "CBR-5", "A mode is 0.0."),
    "mode-negative": (put(Raw(b"\x20"), 1, 1), "CBR-5", "A mode is -1."),
    "mode-null": (put(Raw(b"\xf6"), 1, 1), "CBR-5", "A mode is null."),
    "size-2-to-53": (put(2**53, 1, 2), "CBR-4", "A size is 2^53."),
    "path-indefinite": (put(Raw(b"\x7f\x61x\xff"), 1, 0), "CBR-3", "A path is indefinite."),
    "path-length-long": (
        put(Raw(wide_head(3, 1, 1) + b"x"), 1, 0),
        "CBR-2",
        "A path's length is long.",
    ),
    "path-overlong": (
        put(Raw(b"\x65..\xc0\xafx"), 0, 0),
        "CBR-7",
        "A path holds an overlong slash.",
    ),
    "path-surrogate": (put(Raw(b"\x63\xed\xa0\x80"), 1, 0), "CBR-7", "A path holds a surrogate."),
    "path-latin-1": (put(Raw(b"\x63gr\xfc"), 1, 0), "CBR-7", "A path is Latin-1."),
    "row-indefinite": (
        lambda rows: [Raw(b"\x9f" + cbor(rows[0])[1:] + b"\xff"), *rows[1:]],
        "CBR-3",
        "A row is indefinite.",
    ),
    "digest-tag": (
        lambda rows: put(Raw(b"\xd8\x40" + cbor(rows[0][3])), 0, 3)(rows),
        "CBR-5",
        "A digest has tag 64.",
    ),
    "depth-9": (put(nested(8), 0), "CBR-8", "The listing nests nine deep."),
}

IN_RECORDS: dict[str, tuple[Change, str, str]] = {
    "coded-len-long": (
        put(Raw(wide_head(0, 21, 4)), 1, 1),
        "CBR-2",
        "A coded_len is not shortest.",
    ),
    "piece-long": (put(Raw(b"\x18\x00"), 0, 2, 0), "CBR-2", "A piece is not shortest."),
    "piece-negative": (put(Raw(b"\x20"), 0, 2, 0), "CBR-5", "A piece is -1."),
    "coding-float": (put(Raw(bytes.fromhex("f90000")), 0, 0), "CBR-5", "A coding is 0.0."),
    "prefix-null": (put(Raw(b"\xf6"), 0, 3), "CBR-5", "A prefix is null."),
    "offset-2-to-53": (put([0, 2**53, 1], 0, 2, 0), "CBR-4", "An offset is 2^53."),
    "pieces-indefinite": (put(Raw(b"\x9f\0\xff"), 0, 2), "CBR-3", "The pieces are indefinite."),
    "map-duplicate": (
        put(Raw(bytes.fromhex("a201000100")), 0, 3),
        "CBR-6",
        "In the place of a prefix is a map with a key twice.",
    ),
    "depth-9": (put(nested(7), 0, 3), "CBR-8", "The record table nests nine deep."),
}

BOMB = 4_194_304


def cases() -> Iterator[Case]:
    """Everything in this family."""
    for name in IN_RELEASE:
        data, rules, comment = FORMS[name]
        bundle = release(f"manifest-release-cbor-{name}")
        bundle.release = {64: Raw(data)}
        comment = f"In an unknown field of the release record {comment}."
        yield case(bundle, comment, rules, "MANIFEST_ENCODING")
    bundle = release("manifest-release-cbor-depth-9")
    bundle.release = {64: nested(8)}
    comment = "An unknown field of the release record nests nine deep, the record counted."
    yield case(bundle, comment, "CBR-8", "MANIFEST_ENCODING")
    bundle = release("manifest-release-cbor-depth-8")
    bundle.release = {64: nested(7)}
    yield case(bundle, "An unknown field nests eight deep, the record counted.", "CBR-8")
    for item in ITEMS:
        for name, (change, rules, comment) in WHOLE.items():
            bundle = release(f"manifest-{item}-cbor-{name}").hook(item, change)
            yield case(bundle, f"Of the {item} item: {comment}", rules, "MANIFEST_ENCODING")
    for item, changes in (("listing", IN_LISTING), ("record", IN_RECORDS)):
        stage = f"{item}_item" if item == "listing" else "record_items"
        table = "listing" if item == "listing" else "records"
        for name, (change, rules, comment) in changes.items():
            bundle = release(f"manifest-{table}-cbor-{name}").hook(stage, change)
            yield case(bundle, comment, rules, "MANIFEST_ENCODING")
    yield from _keys()
    yield from _bombs()


def _keys() -> Iterator[Case]:
    for name, order, comment in (
        ("keys-descend", lambda rows: rows[::-1], "The keys of the release record descend."),
        ("key-twice", lambda rows: [rows[0], *rows], "The product is there twice."),
        ("key-moved", lambda rows: [*rows[1:], rows[0]], "The product comes last."),
    ):
        bundle = release(f"manifest-release-cbor-{name}")

        def ordered(item: dict[int, object], order: Change = order) -> bytes:
            rows = order([cbor(key) + cbor(item[key]) for key in sorted(item)])
            return head(MAP, len(rows)) + b"".join(rows)

        kept: dict[str, Any] = {}
        keep(bundle, "release_item", kept)
        bundle.hook("release", lambda _, k=kept, make=ordered: make(k["release_item"]))
        yield case(bundle, comment, "CBR-6", "MANIFEST_ENCODING")
    bundle = pointer("manifest-pointer-cbor-trailing-byte").hook("pointer", lambda d: d + b"\0")
    yield case(bundle, "A byte follows the pointer's item.", "CBR-1", "MANIFEST_ENCODING")
    bundle = pointer("manifest-pointer-cbor-float")
    bundle.pointer = {64: Raw(bytes.fromhex("f93c00"))}
    comment = "An unknown field of a pointer is a float."
    yield case(bundle, comment, "CBR-5", "MANIFEST_ENCODING")


def _bombs() -> Iterator[Case]:
    for item in ("listing", "records"):
        bundle = release(f"manifest-{item}-cbor-item-bomb")
        bundle.hook(item, lambda _: head(ARRAY, BOMB) + b"\x80" * BOMB)
        comment = f"The {item} item is an array of 4,194,304 empty arrays: one item too many."
        yield case(bundle, comment, "CBR-9", "MANIFEST_ENCODING")
    bundle = release("manifest-records-cbor-item-bomb-deep")
    part = head(ARRAY, 2**16 - 1) + b"\0" * (2**16 - 1)
    bundle.hook("records", lambda _: head(ARRAY, 65) + part * 65)
    comment = "Sixty-five arrays of 65,535 numbers in the record table, each below the limit."
    yield case(bundle, comment, "CBR-9", "MANIFEST_ENCODING")
