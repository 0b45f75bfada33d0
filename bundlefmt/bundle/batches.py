"""Cutting a pass over the body into units of work."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple

from bundlefmt.model.records import STORED, Record

BIG = 1 << 20  # message bytes from which a record is not batched with others
BATCH_BYTES = 1 << 20
_BATCH_PLAIN = 4 << 20  # what compresses well must not make a batch that fills the memory
_BATCH_RECORDS = 256


class Batch(NamedTuple):
    """Consecutive records.

    A *run* holds big stored records: its leaves are verified on worker threads and its records are opened
    by the consumer, so that hashing leaves and hashing contents share the processors. Any other
    batch is opened whole on a worker thread: many small records, or one big compressed one.

    Attributes:
        first, last: records, `last` not included.
        start, end: in the body.
        first_leaf, last_leaf: leaves it touches, `last_leaf` included.
        run: whether it is a run.
        held: bytes that its records yield, and their prefixes, which the decoder keeps besides.
    """

    first: int
    last: int
    start: int
    end: int
    first_leaf: int
    last_leaf: int
    run: bool
    held: int

    @property
    def big(self) -> bool:
        """Whether it is one big record."""
        return self.last - self.first == 1 and self.end - self.start > BIG


def _held(record: Record) -> int:
    """Bytes in memory for one record: its plaintext, and its prefix as collected and as the decoder copies it."""
    return record.plain_len + (2 * sum(part.length for part in record.prefix) if record.prefix else 0)


def plan(offsets: array[int], records: tuple[Record, ...], leaf_size: int, indexes: Iterable[int]) -> list[Batch]:
    """Cut records into batches.

    Args:
        offsets: of each record in the body, and of the end of the last.
        records: the record table.
        leaf_size: bytes of a leaf.
        indexes: records wanted, ascending.
    """
    batches: list[Batch] = []
    first = previous = -2
    plain = 0
    run = False

    def close() -> None:
        start, end = offsets[first], offsets[previous + 1]
        batches.append(Batch(first, previous + 1, start, end, start // leaf_size, (end - 1) // leaf_size, run, plain))

    for index in indexes:
        big = offsets[index + 1] - offsets[index] > BIG
        big_stored = big and records[index].coding == STORED
        if first >= 0:
            full = (
                offsets[index + 1] - offsets[first] > BATCH_BYTES
                or plain + _held(records[index]) > _BATCH_PLAIN
                or index - first >= _BATCH_RECORDS
            )
            goes_on = big_stored if run else not (big or full)
            if index != previous + 1 or not goes_on:
                close()
                first = -2
        if first < 0:
            first, run, plain = index, big_stored, 0
        previous = index
        plain += _held(records[index])
    if first >= 0:
        close()
    return batches
