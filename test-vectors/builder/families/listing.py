"""The listing's shape, order and sizes."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from builder.bundle import EMPTY, File
from builder.cases import Case, case
from builder.changes import Change, edit, put, tree
from builder.scenes import release

# The tree of these cases: row 0 is bin/run, row 1 share/greeting.txt.
SHAPES: dict[str, tuple[Change, str]] = {
    "map": (lambda rows: dict(enumerate(rows)), "The listing is a map."),
    "number": (lambda _: 2, "The listing is a number."),
    "bytes": (lambda _: b"", "The listing is a byte string."),
    "row-three": (edit(lambda row: row[:3], 1), "A row has three fields."),
    "row-five": (edit(lambda row: [*row, 0], 1), "A row has five fields."),
    "row-empty": (put([], 1), "A row is empty."),
    "row-map": (edit(lambda row: dict(enumerate(row)), 1), "A row is a map."),
    "row-text": (put("share/greeting.txt", 1), "A row is a text."),
    "row-flat": (lambda rows: [*rows[0], *rows[1]], "The rows are not nested."),
    "path-bytes": (put(b"share/greeting.txt", 1, 0), "A path is a byte string."),
    "path-number": (put(1, 1, 0), "A path is a number."),
    "path-array": (put(["share", "greeting.txt"], 1, 0), "A path is an array of names."),
    "mode-2": (put(2, 1, 1), "A mode is 2."),
    "mode-493": (put(0o755, 0, 1), "A mode is written as on Unix."),
    "mode-link": (put(0o120777, 1, 1), "A mode is that of a symbolic link."),
    "mode-true": (put(True, 0, 1), "A mode is true, which some languages take for 1."),
    "mode-false": (put(False, 1, 1), "A mode is false, which some languages take for 0."),
    "mode-text": (put("0", 1, 1), "A mode is a text."),
    "mode-bytes": (put(b"\0", 1, 1), "A mode is a byte string."),
    "size-text": (put("21", 1, 2), "A size is a text."),
    "size-true": (put(True, 1, 2), "A size is true."),
    "size-over-limit": (put((1 << 40) + 1, 1, 2), "A size is 2^40 + 1."),
    "size-largest": (put(2**53 - 1, 1, 2), "A size is 2^53 - 1."),
    "digest-31": (edit(lambda d: d[:31], 1, 3), "A digest has 31 bytes."),
    "digest-33": (edit(lambda d: d + b"\0", 1, 3), "A digest has 33 bytes."),
    "digest-empty": (put(b"", 1, 3), "A digest is empty."),
    "digest-text": (put("d" * 32, 1, 3), "A digest is a text."),
    "digest-hex": (edit(lambda d: d.hex(), 1, 3), "A digest is a text of hexadecimal digits."),
}


def cases() -> Iterator[Case]:
    """Everything in this family."""
    for name, (change, comment) in SHAPES.items():
        bundle = release(f"listing-{name}").hook("listing_item", change)
        yield case(bundle, comment, "LST-1", "LISTING")
    yield from _order()
    yield from _sizes()
    yield from _many()


def _rows(*paths: str) -> Change:
    """Rows of one content under these paths, in this order."""
    return lambda rows: [[path, *rows[0][1:]] for path in paths]


def _order() -> Iterator[Case]:
    for name, paths, comment in (
        ("order-descends", ("b", "a"), "The rows descend."),
        ("order-last", ("a", "c", "b"), "The last row is out of order."),
        ("path-twice", ("a", "a"), "A path is there twice."),
        ("path-twice-apart", ("a", "b", "a"), "A path is there twice, not side by side."),
        ("order-ignores-case", ("a", "B"), "The rows are ordered without regard to case."),
        (
            "order-code-units",
            ("\U0001f4e6", "\uffee"),
            "The rows are ordered by UTF-16 code units, not by bytes.",
        ),
        ("order-by-component", ("a/b", "a-b"), "The rows are ordered folder by folder."),
        ("order-by-length", ("b", "aa"), "The shorter path comes first."),
        ("order-prefix", ("ab", "a"), "A path follows one that it begins."),
        ("order-natural", ("a9", "a10"), "The rows are ordered by numbers in their names."),
    ):
        # One content in all rows, so that the record table stays right in any order.
        bundle = tree(f"listing-{name}", File("a", b"one content"))
        bundle.hook("listing_item", _rows(*paths))
        yield case(bundle, comment, "LST-2", "LISTING")


def _sizes() -> Iterator[Case]:
    content = b"the same digest"
    for name, change, rules, comment in (
        (
            "digest-two-sizes",
            put(len(content) + 1, 1, 2),
            "LST-3",
            "Equal digests, the second longer.",
        ),
        ("digest-two-sizes-less", put(len(content) - 1, 1, 2), "LST-3", "The second is shorter."),
        ("digest-two-sizes-far", put(99, 2, 2), "LST-3", "Equal digests, the third longer."),
    ):
        bundle = tree(f"listing-{name}", *(File(path, content) for path in "abc"))
        bundle.hook("listing_item", change)
        yield case(bundle, comment, rules, "LISTING")
    two = (File("a", b"a"), File("empty", b""))
    other = sha256(b"not empty").digest()
    for name, change, comment in (
        ("size-0-other-digest", put(other, 1, 3), "A row of size 0 has another digest."),
        ("size-0-zero-digest", put(bytes(32), 1, 3), "A row of size 0 has a digest of zeros."),
        ("size-1-empty-digest", put(1, 1, 2), "A row of size 1 has the digest of nothing."),
    ):
        bundle = tree(f"listing-{name}", *two).hook("listing_item", change)
        yield case(bundle, comment, "LST-4", "LISTING")
    bundle = tree("listing-empty-files", *(File(f"{i}", b"", i % 2) for i in range(5)))
    yield case(bundle, "Five empty files have no record.", "LST-4 REC-7")


def _many() -> Iterator[Case]:
    rows = [[f"{i:05x}", 0, 0, EMPTY] for i in range(262_145)]
    bundle = tree("listing-262144-rows").hook("listing_item", lambda _: rows[:262_144])
    yield case(bundle, "As many rows as a listing may have.", "LST-1 MAN-7")
    bundle = tree("listing-262145-rows").hook("listing_item", lambda _: rows)
    yield case(bundle, "One row too many.", "LST-1", "MANIFEST_LIMIT")
