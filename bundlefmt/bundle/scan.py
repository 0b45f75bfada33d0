"""One pass over the body, on several threads, results in order.

The body is cut into batches: one big record, or a run of small ones. A batch is read, its leaves
are hashed, its records opened and their contents hashed on a worker thread; the consumer takes the
plaintexts in order. Everything before the first fault of a batch is handed out, nothing after it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import NamedTuple, Protocol

from bundlefmt.bundle.body import Leaves, RecordDecoder
from bundlefmt.bundle.pool import in_order, worker_count
from bundlefmt.bundle.source import fill
from bundlefmt.errors import BundleError, refuse
from bundlefmt.model.listing import Listing
from bundlefmt.model.records import STORED

_BIG = 1 << 20  # message bytes from which a record is a batch of its own
_BATCH_BYTES = 1 << 20
_BATCH_RECORDS = 256


class _Hash(Protocol):
    def update(self, data: memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


class ContentCheck(Protocol):
    """Judges contents as records yield them (R14)."""

    def size(self, row: int) -> int:
        """Bytes of the content named by a row."""

    def whole(self, row: int, data: bytes | memoryview) -> None:
        """A content that lies whole in one record; called on worker threads, in any order."""

    def part(self, row: int, offset: int, data: memoryview) -> None:
        """A cut of a content; called in order, before the cut is handed out."""


class DigestCheck:
    """Contents must have their listed digests (BDY-5).

    Args:
        listing: of the bundle.
    """

    def __init__(self, listing: Listing) -> None:
        self._files = listing.files
        self._open: dict[int, _Hash] = {}

    def size(self, row: int) -> int:
        """Bytes of a content."""
        return self._files[row].size

    def whole(self, row: int, data: bytes | memoryview) -> None:
        """Compare the digest of a whole content."""
        if sha256(data).digest() != self._files[row].digest:
            self._refuse(row)

    def part(self, row: int, offset: int, data: memoryview) -> None:
        """Hash on; compare at the end."""
        state = self._open.setdefault(row, sha256())
        state.update(data)
        if offset + len(data) == self._files[row].size and self._open.pop(row).digest() != self._files[row].digest:
            self._refuse(row)

    def _refuse(self, row: int) -> None:
        raise refuse("CONTENT_DIGEST", f"the content of {self._files[row].path[:100]!a} does not have its digest")


class NoCheck(DigestCheck):
    """For reading one content by name: its reader checks it, others in the same records are not judged."""

    def whole(self, row: int, data: bytes | memoryview) -> None:
        """Nothing to judge."""


class Decoded(NamedTuple):
    """One opened record. `data` is valid until the next one is taken.

    Attributes:
        index: of the record.
        data: its plaintext.
    """

    index: int
    data: bytes | memoryview


class _Batch(NamedTuple):
    first: int  # record
    last: int  # record after the last
    start: int  # in the body
    end: int
    first_leaf: int
    last_leaf: int  # inclusive


class _Outcome(NamedTuple):
    decoded: list[Decoded]
    error: BundleError | None


class _SharedLeaf:
    """A leaf that lies in two or more batches: read and hashed by whoever comes first."""

    __slots__ = ("data", "lock", "uses")

    def __init__(self, uses: int) -> None:
        self.lock = threading.Lock()
        self.uses = uses
        self.data: bytes | None = None


class Scan:
    """Opens every record of a body, in order.

    Args:
        leaves: verifier over the source.
        decoder: opens records.
        check: judges the contents.
        workers: threads; None chooses by the machine and the size of the body.
    """

    def __init__(self, leaves: Leaves, decoder: RecordDecoder, check: ContentCheck, workers: int | None = None) -> None:
        self._leaves = leaves
        self._decoder = decoder
        self._check = check
        small = leaves.body_len < _BATCH_BYTES
        self._workers = (0 if small else worker_count()) if workers is None else workers
        self._buffers: list[bytearray] = []
        self._shared: dict[int, _SharedLeaf] = {}
        self._tail: tuple[int, bytes] = (-1, b"")  # last leaf read from a stream

    def all(self) -> Iterator[Decoded]:
        """Every record, then the padding; contents are checked where they end (R11 to R14).

        Yields:
            Opened records, each authenticated and with the digest of every content that ends in it.

        Raises:
            BundleError: after everything before the fault was yielded.
        """
        check = self._check
        records = self._decoder.records
        for decoded in self._run(self._plan()):
            position = 0
            for piece in records[decoded.index].pieces:
                if piece.length != check.size(piece.row):  # whole ones were checked by the worker
                    view = memoryview(decoded.data)[position : position + piece.length]
                    check.part(piece.row, piece.offset, view)
                position += piece.length
            yield decoded
        self._padding()

    def some(self, indexes: list[int]) -> Iterator[Decoded]:
        """Some records, ascending (R11 to R13); parts of contents are not checked."""
        return self._run(self._plan(indexes))

    # Planning

    def _plan(self, indexes: list[int] | None = None) -> list[_Batch]:
        offsets = self._decoder.offsets
        size = self._leaves.size
        batches: list[_Batch] = []
        first = -1
        numbers = range(len(offsets) - 1) if indexes is None else indexes
        previous = -2

        def close(last: int) -> None:
            start, end = offsets[first], offsets[last]
            batches.append(_Batch(first, last, start, end, start // size, (end - 1) // size))

        for number in numbers:
            length = offsets[number + 1] - offsets[number]
            if first >= 0 and (
                number != previous + 1
                or length > _BIG
                or offsets[number + 1] - offsets[first] > _BATCH_BYTES
                or number - first >= _BATCH_RECORDS
            ):
                close(previous + 1)
                first = -1
            if first < 0:
                first = number
            previous = number
            if length > _BIG:
                close(number + 1)
                first = -1
        if first >= 0:
            close(previous + 1)
        self._share(batches)
        return batches

    def _share(self, batches: list[_Batch]) -> None:
        """Note leaves that several batches touch, so that none is hashed twice. A stream keeps its own tail."""
        self._shared = {}
        if self._leaves.source.sequential:
            return
        uses: dict[int, int] = {}
        for batch in batches:
            for index in {batch.first_leaf, batch.last_leaf}:
                uses[index] = uses.get(index, 0) + 1
        self._shared = {index: _SharedLeaf(count) for index, count in uses.items() if count > 1}

    # Running

    def _run(self, batches: list[_Batch]) -> Iterator[Decoded]:
        workers = self._workers if len(batches) > 1 else 0
        stream = self._leaves.source.sequential
        ahead = 1 if stream else workers
        for outcome in in_order(self._tasks(batches), 1 if stream and workers else workers, ahead):
            for decoded in outcome.decoded:
                yield decoded
                if isinstance(decoded.data, memoryview):
                    self._recycle(decoded.data)
            if outcome.error is not None:
                raise outcome.error

    def _tasks(self, batches: list[_Batch]) -> Iterator[Callable[[], _Outcome]]:
        for batch in batches:
            raw = self._read_stream(batch) if self._leaves.source.sequential else None
            yield partial(self._batch, batch, raw)

    def _read_stream(self, batch: _Batch) -> memoryview:
        """Read a batch's leaves from a stream, in order; the leaf shared with the batch before is kept."""
        leaves = self._leaves
        base = batch.first_leaf * leaves.size
        end = leaves.span(batch.last_leaf)[1]
        buffer = memoryview(bytearray(end - base))
        done = 0
        if self._tail[0] == batch.first_leaf:
            done = len(self._tail[1])
            buffer[:done] = self._tail[1]
        # A stream that ends early still has whole leaves before its end, whose records may be released.
        count = leaves.source.read_into(leaves.body_at + base + done, buffer[done:]) if done < len(buffer) else 0
        low, high = leaves.span(batch.last_leaf)
        self._tail = (batch.last_leaf, bytes(buffer[low - base : high - base]))
        return buffer[: done + count]

    def _leaf(self, index: int, buffer: memoryview, raw: memoryview | None, base: int) -> None:
        """Put one verified leaf into a buffer of its length."""
        low, high = self._leaves.span(index)
        if raw is not None:
            part = raw[low - base : high - base]
            if len(part) < high - low:
                raise refuse("TRUNCATED", "the input ends in the body")
            self._leaves.check(index, part)
            buffer[:] = part
            return
        shared = self._shared.get(index)
        if shared is None:
            self._leaves.load(index, buffer)
            return
        with shared.lock:
            shared.uses -= 1
            if shared.data is not None:
                buffer[:] = shared.data
            else:
                self._leaves.load(index, buffer)
                shared.data = bytes(buffer)
            if not shared.uses:
                shared.data = None

    def _batch(self, batch: _Batch, raw: memoryview | None) -> _Outcome:
        decoded: list[Decoded] = []
        try:
            if batch.last - batch.first == 1 and batch.end - batch.start > _BIG:
                decoded.append(self._big(batch, raw))
            else:
                self._small(batch, raw, decoded)
        except BundleError as exc:
            return _Outcome(decoded, exc)
        return _Outcome(decoded, None)

    def _small(self, batch: _Batch, raw: memoryview | None, decoded: list[Decoded]) -> None:
        leaves = self._leaves
        base = batch.first_leaf * leaves.size
        buffer = memoryview(bytearray(leaves.span(batch.last_leaf)[1] - base))
        offsets = self._decoder.offsets
        index = batch.first
        for leaf in range(batch.first_leaf, batch.last_leaf + 1):
            low, high = leaves.span(leaf)
            self._leaf(leaf, buffer[low - base : high - base], raw, base)
            # Records that end in a verified leaf are opened before the next leaf is looked at.
            while index < batch.last and offsets[index + 1] <= high:
                data = self._decoder.decode(index, buffer[offsets[index] - base : offsets[index + 1] - base])
                self._whole_contents(index, data)
                decoded.append(Decoded(index, data))
                index += 1

    def _big(self, batch: _Batch, raw: memoryview | None) -> Decoded:
        """Open one big record leaf by leaf, so that only its plaintext and one leaf are in memory."""
        leaves = self._leaves
        index = batch.first
        record = self._decoder.records[index]
        base = batch.first_leaf * leaves.size
        holder = self._buffer(record.coded_len)
        plain = memoryview(holder)[: record.coded_len]
        piece = memoryview(bytearray(leaves.size))
        opener = self._decoder.opener(index)
        for leaf in range(batch.first_leaf, batch.last_leaf + 1):
            low, high = leaves.span(leaf)
            part = piece[: high - low]
            self._leaf(leaf, part, raw, base)
            opener.feed(part[max(batch.start - low, 0) : batch.end - low if batch.end < high else None], plain)
        opener.finish(plain)
        data: bytes | memoryview = plain
        if record.coding != STORED:
            data = self._decoder.expand(record, plain)
            self._recycle(plain)
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

    def _buffer(self, length: int) -> bytearray:
        try:
            holder = self._buffers.pop()
        except IndexError:
            return bytearray(length)
        return holder if len(holder) >= length else bytearray(length)

    def _recycle(self, view: memoryview) -> None:
        """Take a big plaintext buffer back; touching fresh pages costs more than decrypting."""
        holder = view.obj
        if isinstance(holder, bytearray) and len(self._buffers) < 4:
            self._buffers.append(holder)

    def _padding(self) -> None:
        """Verify the leaves that hold only padding, and see that the input ends (BDY-2, PRE-9)."""
        leaves = self._leaves
        end = self._decoder.offsets[-1]
        first = -(-end // leaves.size)
        for index in range(first, leaves.count):
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
    source = leaves.source
    per_task = max(1, _BATCH_BYTES // leaves.size)
    stream = source.sequential

    def task(first: int, raw: memoryview | None) -> None:
        last = min(first + per_task, leaves.count)
        base = first * leaves.size
        view = raw if raw is not None else memoryview(bytearray(leaves.span(last - 1)[1] - base))
        if raw is None:
            fill(source, leaves.body_at + base, view, "body")
        for index in range(first, last):
            low, high = leaves.span(index)
            leaves.check(index, view[low - base : high - base])

    def tasks() -> Iterator[Callable[[], None]]:
        for first in range(0, leaves.count, per_task):
            raw = None
            if stream:
                last = min(first + per_task, leaves.count)
                raw = memoryview(bytearray(leaves.span(last - 1)[1] - first * leaves.size))
                fill(source, leaves.body_at + first * leaves.size, raw, "body")
            yield partial(task, first, raw)

    workers = worker_count() if leaves.count > per_task else 0
    for _ in in_order(tasks(), workers, workers):
        pass
    expect_end(leaves)
