"""One pass over the body, on several threads, results in order (R11 to R14).

Leaves are read and hashed, records opened and contents hashed on worker threads as far as that is
shared evenly; the consumer takes the plaintexts in order. Everything before the first fault is
handed out, nothing after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from bundlefmt.bundle.batches import BATCH_BYTES, Batch, plan
from bundlefmt.bundle.body import Leaves, RecordDecoder
from bundlefmt.bundle.checks import ContentCheck
from bundlefmt.bundle.leafio import LeafFeed
from bundlefmt.bundle.pool import Task, in_order, worker_count
from bundlefmt.bundle.source import fill, shortage
from bundlefmt.errors import BundleError, refuse
from bundlefmt.model.records import STORED

_BUDGET = 24 << 20  # bytes in flight
_SMALL_RECORD = 8 << 10  # mean plaintext below which threads only wait for each other


class Decoded(NamedTuple):
    """One opened record. `data` is valid until the next one is taken.

    Attributes:
        index: of the record.
        data: its plaintext.
    """

    index: int  # type: ignore[assignment]  # tuple has a method of this name, which nothing uses
    data: bytes | memoryview


class _Outcome(NamedTuple):
    decoded: list[Decoded]
    error: BundleError | None


class Scan:
    """Opens records of a body, in order.

    Args:
        leaves: verifier over the source.
        decoder: opens records.
        check: judges the contents.
        workers: threads; None chooses by the machine and the records.
    """

    def __init__(self, leaves: Leaves, decoder: RecordDecoder, check: ContentCheck, workers: int | None = None) -> None:
        self._feed = LeafFeed(leaves)
        self._leaves = leaves
        self._decoder = decoder
        self._check = check
        self._workers = self._choose_workers() if workers is None else workers

    def _choose_workers(self) -> int:
        records = self._decoder.records
        if self._leaves.body_len < BATCH_BYTES or sum(r.plain_len for r in records) < _SMALL_RECORD * len(records):
            return 0
        return worker_count()

    def all(self) -> Iterator[Decoded]:
        """Every record, then the padding; contents are checked where they end.

        Yields:
            Opened records, each authenticated and with the digest of every content that ends in it.

        Raises:
            BundleError: after everything before the fault was yielded.
        """
        check = self._check
        records = self._decoder.records
        for decoded in self._run(self._plan(range(len(records)))):
            position = 0
            for piece in records[decoded.index].pieces:
                if piece.length != check.size(piece.row):  # whole ones were checked before
                    view = memoryview(decoded.data)[position : position + piece.length]
                    check.part(piece.row, piece.offset, view)
                position += piece.length
            yield decoded
        self._padding()

    def some(self, indexes: list[int]) -> Iterator[Decoded]:
        """Some records, ascending; parts of contents are not checked."""
        return self._run(self._plan(indexes))

    def _plan(self, indexes: range | list[int]) -> list[Batch]:
        batches = plan(self._decoder.offsets, self._decoder.records, self._leaves.size, indexes)
        self._feed.expect(batches)
        return batches

    # Running

    def _run(self, batches: list[Batch]) -> Iterator[Decoded]:
        workers = self._workers if len(batches) > 1 or any(batch.run for batch in batches) else 0
        if self._feed.sequential:
            workers = min(workers, 1)  # the input is read in this thread anyway
        outcomes = in_order(self._tasks(batches), workers, _BUDGET)
        try:
            for batch in batches:
                if batch.run:
                    yield from self._open_run(batch, outcomes)
                    continue
                outcome = next(outcomes)
                assert isinstance(outcome, _Outcome)  # noqa: S101 - tasks and batches are in one order
                yield from outcome.decoded
                if outcome.error is not None:
                    raise outcome.error
        finally:
            outcomes.close()  # not left to the collector: a kept error keeps this frame, and so its threads

    def _tasks(self, batches: list[Batch]) -> Iterator[Task[_Outcome | memoryview]]:
        feed = self._feed
        for batch in batches:
            if not batch.run:
                raw = feed.read_stream(batch.first_leaf, batch.last_leaf) if feed.sequential else None
                weight = batch.held + batch.end - batch.start + len(raw or b"")
                yield Task(weight, partial(self._open_batch, batch, raw))
                continue
            for first in range(batch.first_leaf, batch.last_leaf + 1, feed.block_leaves):
                last = min(first + feed.block_leaves - 1, batch.last_leaf)
                raw = feed.read_stream(first, last) if feed.sequential else None
                weight = (last - first + 1) * self._leaves.size + len(raw or b"")
                yield Task(weight, partial(feed.block, first, last, raw))

    def _open_run(self, batch: Batch, blocks: Iterator[_Outcome | memoryview]) -> Iterator[Decoded]:
        """Open big stored records from verified blocks, in the consumer's thread."""
        offsets = self._decoder.offsets
        records = self._decoder.records
        index = batch.first
        base = batch.first_leaf * self._leaves.size
        plain = self._feed.buffers.take(records[index].coded_len)
        opener = self._decoder.opener(index)
        while index < batch.last:
            block = next(blocks)
            assert isinstance(block, memoryview)  # noqa: S101 - tasks and batches are in one order
            end = base + len(block)
            while index < batch.last and offsets[index] < end:
                low, high = max(offsets[index], base), min(offsets[index + 1], end)
                opener.feed(block[low - base : high - base], plain)
                if offsets[index + 1] > end:
                    break
                opener.finish(plain)
                self._whole_contents(index, plain)
                yield Decoded(index, plain)
                self._feed.buffers.give(plain)
                index += 1
                if index < batch.last:
                    plain = self._feed.buffers.take(records[index].coded_len)
                    opener = self._decoder.opener(index)
            base = end
            self._feed.buffers.give(block)

    def _open_batch(self, batch: Batch, raw: memoryview | None) -> _Outcome:
        decoded: list[Decoded] = []
        try:
            if batch.big:
                decoded.append(self._open_big(batch, raw))
            else:
                self._open_small(batch, raw, decoded)
        except BundleError as exc:
            return _Outcome(decoded, exc)
        return _Outcome(decoded, None)

    def _open_small(self, batch: Batch, raw: memoryview | None, decoded: list[Decoded]) -> None:
        leaves = self._leaves
        base = batch.first_leaf * leaves.size
        buffer = self._feed.buffers.take(leaves.span(batch.last_leaf)[1] - base)
        offsets = self._decoder.offsets
        index = batch.first
        for leaf in range(batch.first_leaf, batch.last_leaf + 1):
            low, high = leaves.span(leaf)
            self._feed.leaf(leaf, buffer[low - base : high - base], raw, base)
            # Records that end in a verified leaf are opened before the next leaf is looked at.
            while index < batch.last and offsets[index + 1] <= high:
                data = self._decoder.decode(index, buffer[offsets[index] - base : offsets[index + 1] - base])
                self._whole_contents(index, data)
                decoded.append(Decoded(index, data))
                index += 1
        self._feed.buffers.give(buffer)

    def _open_big(self, batch: Batch, raw: memoryview | None) -> Decoded:
        """Open one big compressed record leaf by leaf, so that its message is never in memory whole."""
        leaves = self._leaves
        index = batch.first
        record = self._decoder.records[index]
        base = batch.first_leaf * leaves.size
        coded = self._feed.buffers.take(record.coded_len)
        piece = self._feed.buffers.take(leaves.size)
        opener = self._decoder.opener(index)
        for leaf in range(batch.first_leaf, batch.last_leaf + 1):
            low, high = leaves.span(leaf)
            part = piece[: high - low]
            self._feed.leaf(leaf, part, raw, base)
            opener.feed(part[max(batch.start - low, 0) : min(batch.end, high) - low], coded)
        opener.finish(coded)
        data = self._decoder.expand(record, coded)
        self._feed.buffers.give(piece)
        if record.coding != STORED:
            self._feed.buffers.give(coded)
        self._whole_contents(index, data)
        return Decoded(index, data)

    def _whole_contents(self, index: int, data: bytes | memoryview) -> None:
        """R14 for contents that lie whole in one record."""
        check = self._check
        pieces = self._decoder.records[index].pieces
        if len(pieces) == 1:  # the ordinary case, kept short
            if pieces[0].length == check.size(pieces[0].row):
                check.whole(pieces[0].row, data)
            return
        view = memoryview(data)
        position = 0
        for piece in pieces:
            if piece.length == check.size(piece.row):
                check.whole(piece.row, view[position : position + piece.length])
            position += piece.length

    def _padding(self) -> None:
        """Verify the leaves that hold only padding, and see that the input ends (BDY-2, PRE-9)."""
        leaves = self._leaves
        end = self._decoder.offsets[-1]
        for index in range(-(-end // leaves.size), leaves.count):
            low, high = leaves.span(index)
            leaves.load(index, memoryview(bytearray(high - low)))
        expect_end(leaves)


def expect_end(leaves: Leaves) -> None:
    """See that a source of unknown size ends with the body.

    Raises:
        FormatError: TRAILING_DATA.
    """
    source = leaves.source
    if source.size is None and source.read_into(leaves.body_at + leaves.body_len, memoryview(bytearray(1))):
        raise refuse("TRAILING_DATA", "the input goes on after the body")


def audit(leaves: Leaves) -> None:
    """R11 without a key: every leaf of the body, on several threads.

    Raises:
        BundleError: BODY_DIGEST, TRUNCATED, TRAILING_DATA.
    """
    feed = LeafFeed(leaves)
    source = leaves.source

    def task(first: int, last: int, raw: memoryview | None) -> None:
        view = raw
        if view is None:
            view = feed.buffers.take(leaves.span(last)[1] - first * leaves.size)
            fill(source, leaves.body_at + first * leaves.size, view, "body")
        for index in range(first, last + 1):
            low, high = leaves.span(index)
            part = view[low - first * leaves.size : high - first * leaves.size]
            if len(part) < high - low:
                raise shortage(source, "body")
            leaves.check(index, part)
        if raw is None:
            feed.buffers.give(view)

    def tasks() -> Iterator[Task[None]]:
        for first in range(0, leaves.count, feed.block_leaves):
            last = min(first + feed.block_leaves, leaves.count) - 1
            raw = feed.read_stream(first, last) if feed.sequential else None
            yield Task(feed.block_leaves * leaves.size, partial(task, first, last, raw))

    workers = worker_count() if leaves.count > feed.block_leaves else 0
    for _ in in_order(tasks(), workers, _BUDGET // 4):
        pass
    expect_end(leaves)
