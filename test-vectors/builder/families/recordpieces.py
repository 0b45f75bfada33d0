"""The pieces of the records: every content exactly once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from builder.bundle import Bundle, File, Record
from builder.cases import Case, case
from builder.changes import tree
from builder.families.records import three
from builder.stream import expand

Pieces = list[Any]
HUGE = 2**53 - 1


def _claimed(pieces: Pieces) -> Record:
    """A stored record that claims pieces and has their sum as length."""
    sizes = (100, 200, 300)
    total = sum(p[2] if isinstance(p, list) else sizes[p] if p < 3 else 1 for p in pieces)
    return Record([], item=[0, total, pieces, []], plain=bytes(total))


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _rows()
    yield from _cuts()
    yield from _order()
    yield from _missing()


def _refused(name: str, comment: str, rules: str, *tables: Pieces, code: str = "RECORD_PIECES") -> Case:
    """Records of these pieces over rows of 100, 200 and 300 bytes."""
    bundle = three(f"records-{name}")
    bundle.records = [_claimed(pieces) for pieces in tables]
    return case(bundle, comment, rules, code)


def _rows() -> Iterator[Case]:
    rest: tuple[Pieces, ...] = ([0], [1], [2])
    for row in (3, 4, 262_143):
        comment = f"A piece names row {row:,} of three."
        yield _refused(f"piece-row-{row}", comment, "REC-4", *rest, [row])
    comment = "A cut names a row that is not there."
    yield _refused("cut-row-3", comment, "REC-4", *rest, [[3, 0, 1]])
    for name, pieces, comment in (
        ("second-row", [1], "A piece names the second row of its content."),
        ("second-row-too", [0, 1], "A content is yielded under both of its rows."),
        ("second-row-cut", [[0, 0, 50], [1, 50, 50]], "A content is cut under its two rows."),
    ):
        twice = expand("records", "twice", 100)
        bundle = tree(f"records-{name}", File("a", twice), File("b", twice))
        bundle.records = [Record(pieces)]
        yield case(bundle, comment, "REC-4", "RECORD_PIECES")
    for name, piece, comment in (
        ("empty-content", 1, "A piece names the empty content."),
        ("empty-content-cut", [1, 0, 0], "A cut names the empty content."),
    ):
        bundle = tree(f"records-{name}", File("a", b"a"), File("b", b""))
        bundle.records = [Record([0, piece])]
        yield case(bundle, comment, "REC-4", "RECORD_PIECES")


def _cuts() -> Iterator[Case]:
    tail: tuple[Pieces, ...] = ([1], [2])
    for name, comment, first in (
        ("whole-as-cut", "A whole content is written as a cut.", [[[0, 0, 100]]]),
        ("cut-empty-first", "A cut of no bytes comes first.", [[[0, 0, 0], 0]]),
        (
            "cut-empty-between",
            "A cut of no bytes lies between two.",
            [[[0, 0, 50], [0, 50, 0], [0, 50, 50]]],
        ),
        ("cut-empty-last", "A cut of no bytes comes last.", [[0, [0, 100, 0]]]),
        ("cut-one-over", "A cut ends one byte after its content.", [[[0, 0, 50]], [[0, 50, 51]]]),
        ("cut-longer", "A cut is longer than its content.", [[[0, 0, 101]]]),
        ("cut-behind", "A cut begins at the end of its content.", [[0], [[0, 100, 1]]]),
        ("cut-far-behind", "A cut begins at 2^53 - 1.", [[0], [[0, HUGE, 1]]]),
        ("cut-64-bits", "Offset and length of a cut overflow 32 bits.", [[0], [[0, 2**32 - 1, 2]]]),
    ):
        yield _refused(name, comment, "REC-5", *first, *tail)


def _order() -> Iterator[Case]:
    for name, comment, tables in (
        ("gap", "One byte is yielded by no piece.", [[[0, 0, 50]], [[0, 51, 49]], [1], [2]]),
        ("gap-one-record", "A gap inside a record.", [[[0, 0, 50], [0, 51, 49]], [1], [2]]),
        ("overlap", "One byte is yielded twice.", [[[0, 0, 50]], [[0, 49, 51]], [1], [2]]),
        ("swapped", "The second half comes first.", [[[0, 50, 50]], [[0, 0, 50]], [1], [2]]),
        (
            "swapped-one-record",
            "The second half comes first in a record.",
            [[[0, 50, 50], [0, 0, 50]], [1], [2]],
        ),
        ("start-missing", "A content is yielded from its second byte.", [[[0, 1, 99]], [1], [2]]),
        ("end-missing", "A content lacks its last byte.", [[[0, 0, 99]], [1], [2]]),
        ("end-missing-last", "The last content lacks its end.", [[0], [1], [[2, 0, 299]]]),
        (
            "half-twice",
            "A half is yielded twice.",
            [[[0, 0, 50]], [[0, 0, 50]], [[0, 50, 50]], [1], [2]],
        ),
        ("row-twice", "A content is yielded by two records.", [[0], [1], [2], [0]]),
        ("row-twice-one-record", "A content is yielded twice by a record.", [[0, 0], [1], [2]]),
        (
            "row-then-cut",
            "A content is yielded whole and then in part.",
            [[0], [[0, 0, 50]], [1], [2]],
        ),
        (
            "cut-then-row",
            "A content is yielded in part and then whole.",
            [[[0, 0, 50]], [0], [1], [2]],
        ),
        (
            "cuts-then-again",
            "A content is yielded in halves and then again.",
            [[[0, 0, 50], [0, 50, 50]], [[0, 0, 50], [0, 50, 50]], [1], [2]],
        ),
    ):
        yield _refused(name, comment, "REC-6", *tables)


def _missing() -> Iterator[Case]:
    for name, comment, tables in (
        ("content-missing-first", "The first content is yielded by no record.", [[1], [2]]),
        ("content-missing", "The second content is yielded by no record.", [[0], [2]]),
        ("content-missing-last", "The last content is yielded by no record.", [[0], [1]]),
        ("content-missing-all", "There are no records.", []),
    ):
        bundle = _real(f"records-{name}", tables)
        yield case(bundle, comment, "REC-7", "CONTENT_MISSING")


def _real(name: str, tables: list[Pieces]) -> Bundle:
    bundle = three(name)
    bundle.records = [Record(pieces) for pieces in tables]
    return bundle
