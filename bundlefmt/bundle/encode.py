"""Making a body: read, compress, encrypt, prove, write and read back (W-2, W-8).

Every record is opened again and compared with its source before it is written, and compared with
what the disk gives back after. The leaf table is taken from the disk, and the digests of contents
from bytes that the records were proven to yield: a manifest never names what is not in the file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from bundlefmt.bundle.body import Leaves
from bundlefmt.bundle.buffers import Buffers
from bundlefmt.bundle.checks import Hash
from bundlefmt.bundle.plan import Plan
from bundlefmt.bundle.pool import Task, in_order, worker_count
from bundlefmt.bundle.scan import audit
from bundlefmt.bundle.source import FileSource
from bundlefmt.crypto import cobblestone, digests
from bundlefmt.crypto.suite import Binding, message_len
from bundlefmt.errors import refuse
from bundlefmt.model.records import STORED, ZSTD, Piece, Record
from bundlefmt.wire import zstd
from bundlefmt.wire.padding import padme

_BATCH_BYTES = 1 << 20
_BATCH_RECORDS = 256
_PADDING_STEP = 1 << 20
_BUDGET = 32 << 20  # bytes of plaintexts and messages in flight
_PADDING_STEP = 1 << 20
Progress = Callable[[int, int], None]


class Encoded(NamedTuple):
    """A written and checked body.

    Attributes:
        records: its record table.
        body_len: bytes with padding.
        leaves: its leaf table.
        contents: digest of each first row, in a dict.
    """

    records: list[Record]
    body_len: int
    leaves: bytes
    contents: dict[int, bytes]


class _Sealed(NamedTuple):
    """One record on its way to the disk.

    Attributes:
        record: its row of the record table.
        message: its encrypted bytes.
        digests: of contents that lie whole in it, by row.
        plain: its plaintext where a content is cut, else None.
    """

    record: Record
    message: memoryview
    digests: dict[int, bytes]
    plain: memoryview | None


class BodyWriter:
    """Writes one body into a file.

    Args:
        plan: what to write.
        cek: fresh content-encryption key.
        binding: of the new bundle.
        level: zstd level, or 0 to store.
        progress: called with plaintext bytes done and in all.
        workers: threads; None chooses.
    """

    def __init__(
        self,
        plan: Plan,
        cek: bytes,
        binding: Binding,
        level: int,
        progress: Progress | None,
        workers: int | None = None,
    ) -> None:
        self._plan = plan
        self._cek = cek
        self._binding = binding
        self._level = level
        self._local = threading.local()
        self._buffers = Buffers()
        total = sum(piece.length for pieces in plan.records for piece in pieces)
        small = total < _BATCH_BYTES
        self._workers = (0 if small else worker_count()) if workers is None else workers
        self._progress = progress
        self._done = 0
        self._total = total
        self._open: dict[int, Hash] = {}
        self._digests = {
            row: digests.EMPTY for row, item in enumerate(plan.files) if not item.size and plan.first[row] == row
        }

    def write(self, handle: int, body_at: int, *, placed: bool = False) -> Encoded:
        """Write the body at an offset of a file.

        Args:
            handle: descriptor open for reading and writing.
            body_at: offset of the body.
            placed: every record is stored, so that places are known beforehand and workers can write.

        Raises:
            BundleError: INPUT_TREE, INPUT_CHANGED, SELF_CHECK.
            OSError: the file could not be written.
        """
        records: list[Record] = []
        position = body_at
        for part in in_order(self._tasks(handle if placed else -1, body_at), self._workers, _BUDGET):
            if not placed:
                self._place(handle, part, position)
            for item in part:
                position += message_len(item.record.coded_len)
                records.append(item.record)
                self._take_digests(item)
                self._advance(item.record.plain_len)
        for row, found in enumerate(self._plan.files):
            if not found.size or self._plan.first[row] != row:
                found.check_unchanged()  # empty files and further copies were not read since they were found
        body_len = padme(position - body_at)
        for start in range(position, body_at + body_len, _PADDING_STEP):  # of a large body it is gigabytes
            write_at(handle, [os.urandom(min(_PADDING_STEP, body_at + body_len - start))], start)
        return Encoded(records, body_len, self._leaves(handle, body_at, body_len), self._digests)

    def _advance(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _take_digests(self, item: _Sealed) -> None:
        """Digests of contents: whole ones come from the worker, cut ones are hashed here, in order."""
        self._digests.update(item.digests)
        if item.plain is None:
            return
        position = 0
        for piece in item.record.pieces:
            size = self._plan.files[piece.row].size
            if piece.length < size:
                state = self._open.get(piece.row)
                if state is None:
                    state = self._open[piece.row] = sha256()
                state.update(item.plain[position : position + piece.length])
                if piece.offset + piece.length == size:
                    self._plan.files[piece.row].check_unchanged()  # its parts were read at different times
                    self._digests[piece.row] = self._open.pop(piece.row).digest()
            position += piece.length
        self._buffers.give(item.plain)

    # On worker threads

    def _tasks(self, handle: int, body_at: int) -> Iterator[Task[list[_Sealed]]]:
        records = self._plan.records
        first = size = 0
        position = body_at
        for index, pieces in enumerate(records):
            length = sum(piece.length for piece in pieces)
            if index > first and (size + length > _BATCH_BYTES or index - first >= _BATCH_RECORDS):
                yield Task(2 * size, partial(self._encode, first, index, handle, body_at))
                first, size, body_at = index, 0, position
            size += length
            position += message_len(length)
        if first < len(records):
            yield Task(2 * size, partial(self._encode, first, len(records), handle, body_at))

    def _encode(self, first: int, last: int, handle: int, position: int) -> list[_Sealed]:
        done = [self._seal(index) for index in range(first, last)]
        if handle >= 0:
            self._place(handle, done, position)
        return done

    def _seal(self, index: int) -> _Sealed:
        pieces = self._plan.records[index]
        plain = self._read(pieces)
        coding: int = STORED
        coded: bytes | memoryview = plain
        if self._level:
            packed = self._compressor().compress(plain)
            if len(packed) < len(plain):
                if not _holder(plain).startswith(zstd.decompress(packed, len(plain), "SELF_CHECK")):
                    raise refuse("SELF_CHECK", "a compressed record does not yield its source")
                coding, coded = ZSTD, packed
        message = self._buffers.take(message_len(len(coded)))
        context = self._binding.record_context(index)
        cobblestone.seal_into(self._cek, context, coded, message)
        self._prove(context, message, coded)
        digests_ = {
            piece.row: sha256(part).digest()
            for piece, part in _parts(pieces, plain)
            if piece.length == self._plan.files[piece.row].size
        }
        record = Record(coding, len(coded), pieces, (), len(plain))
        if len(digests_) == len(pieces):
            self._buffers.give(plain)
            return _Sealed(record, message, digests_, None)
        return _Sealed(record, message, digests_, plain)

    def _prove(self, context: bytes, message: memoryview, coded: bytes | memoryview) -> None:
        """Open a message again and compare, a little at a time, so that it is not in memory twice."""
        opener = cobblestone.Opener(self._cek, context, "SELF_CHECK")
        opener.compare(message, coded)

    def _place(self, handle: int, items: list[_Sealed], position: int) -> None:
        """Write messages and see that the disk gives them back."""
        write_at(handle, [item.message for item in items], position)
        for item in items:
            length = len(item.message)
            again = self._buffers.take(length)
            if _read_at(handle, again, position) < length or not _holder(again).startswith(item.message):
                raise refuse("SELF_CHECK", "the disk does not give back what was written")
            self._buffers.give(again)
            self._buffers.give(item.message)
            position += length

    def _compressor(self) -> zstd.Compressor:
        compressor: zstd.Compressor | None = getattr(self._local, "compressor", None)
        if compressor is None:
            compressor = self._local.compressor = zstd.Compressor(self._level)
        return compressor

    def _read(self, pieces: tuple[Piece, ...]) -> memoryview:
        buffer = self._buffers.take(sum(piece.length for piece in pieces))
        for piece, part in _parts(pieces, buffer):
            self._plan.files[piece.row].read_into(piece.offset, part)
        return buffer

    def _leaves(self, handle: int, body_at: int, body_len: int) -> bytes:
        """The leaf table of what is on the disk."""
        leaves = _NewLeaves(FileSource(handle), body_at, body_len, bytearray(32 * digests.leaf_count(body_len)))
        audit(leaves)
        return bytes(leaves.table)


def _parts(pieces: tuple[Piece, ...], data: memoryview) -> Iterator[tuple[Piece, memoryview]]:
    position = 0
    for piece in pieces:
        yield piece, data[position : position + piece.length]
        position += piece.length


def _holder(view: memoryview) -> bytearray:
    """The buffer under a view from its start; `startswith` on it is one memcmp, comparing views is ten times slower."""
    holder = view.obj
    assert isinstance(holder, bytearray)  # noqa: S101 - Buffers hold nothing else
    return holder


def _read_at(handle: int, buffer: memoryview, position: int) -> int:
    done = 0
    while done < len(buffer) and (count := os.preadv(handle, [buffer[done:]], position + done)):
        done += count
    return done


class _NewLeaves(Leaves):
    """Takes the leaf table from the bytes on the disk."""

    __slots__ = ()

    def check(self, index: int, data: memoryview) -> None:
        table = self.table
        assert isinstance(table, bytearray)  # noqa: S101 - made so in BodyWriter._leaves
        table[32 * index : 32 * index + 32] = digests.leaf_digest(index, data)


def write_at(handle: int, parts: Sequence[bytes | memoryview], position: int) -> int:
    """Write parts one after another at an offset; returns the number of bytes."""
    total = 0
    for start in range(0, len(parts), 512):  # systems bound the number of parts of one call
        some = parts[start : start + 512]
        wanted = sum(map(len, some))
        done = os.pwritev(handle, some, position + total)
        if done < wanted:
            rest = memoryview(b"".join(some))[done:]
            while rest:
                count = os.pwrite(handle, rest, position + total + done)
                done += count
                rest = rest[count:]
        total += wanted
    return total


def stored_len(plan: Plan) -> int:
    """Bytes of the body when every record is stored."""
    return padme(sum(message_len(sum(piece.length for piece in pieces)) for pieces in plan.records))
