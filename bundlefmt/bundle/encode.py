"""Making a body: read, compress, encrypt and write records, then read them back and check (W-2, W-8).

The check opens what was written to the disk and compares it with the sources read again, and takes
the leaf table and the digests of the contents from there. So a digest in the manifest is never the
digest of something that is not in the file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from bundlefmt.bundle.body import Leaves, RecordDecoder
from bundlefmt.bundle.buffers import Buffers
from bundlefmt.bundle.checks import Hash
from bundlefmt.bundle.plan import Plan
from bundlefmt.bundle.pool import in_order, worker_count
from bundlefmt.bundle.scan import Scan
from bundlefmt.bundle.source import FileSource
from bundlefmt.crypto import cobblestone, digests
from bundlefmt.crypto.suite import Binding, message_len
from bundlefmt.errors import BundleError, WriteError, refuse
from bundlefmt.model.records import STORED, ZSTD, Piece, Range, Record
from bundlefmt.wire.padding import padme
from bundlefmt.wire.zstd import Compressor

_BATCH_BYTES = 1 << 20
_BATCH_RECORDS = 256
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


class BodyWriter:
    """Writes one body into a file.

    Args:
        plan: what to write.
        cek: fresh content-encryption key.
        binding: of the new bundle.
        level: zstd level, or 0 to store.
        progress: called with plaintext bytes done and in all; every byte counts twice, once written, once checked.
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
        self._total = 2 * total

    def write(self, handle: int, body_at: int) -> Encoded:
        """Write the body at an offset of a file, then check it there.

        Args:
            handle: descriptor open for reading and writing.
            body_at: offset of the body.

        Raises:
            BundleError: INPUT_TREE, INPUT_CHANGED, SELF_CHECK.
            OSError: the file could not be written.
        """
        records: list[Record] = []
        position = body_at
        for part in in_order(self._tasks(), self._workers, self._workers):
            for record, _ in part:
                records.append(record)
                self._advance(record.plain_len)
            position += write_at(handle, [message for _, message in part], position)
            for _, message in part:
                self._buffers.give(message)
        body_len = padme(position - body_at)
        for start in range(position, body_at + body_len, _PADDING_STEP):  # of a large body it is gigabytes
            write_at(handle, [os.urandom(min(_PADDING_STEP, body_at + body_len - start))], start)
        return self._check(FileSource(handle), body_at, body_len, records)

    def _advance(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)

    # Writing

    def _tasks(self) -> Iterator[Callable[[], list[tuple[Record, memoryview]]]]:
        records = self._plan.records
        first = 0
        size = 0
        for index, pieces in enumerate(records):
            length = sum(piece.length for piece in pieces)
            if index > first and (size + length > _BATCH_BYTES or index - first >= _BATCH_RECORDS):
                yield partial(self._encode, first, index)
                first, size = index, 0
            size += length
        if first < len(records):
            yield partial(self._encode, first, len(records))

    def _encode(self, first: int, last: int) -> list[tuple[Record, memoryview]]:
        done: list[tuple[Record, memoryview]] = []
        for index in range(first, last):
            pieces = self._plan.records[index]
            plain = self._read(pieces)
            coding, coded = STORED, plain
            if self._level:
                packed = self._compressor().compress(plain)
                if len(packed) < len(plain):
                    coding, coded = ZSTD, memoryview(packed)
            message = self._buffers.take(message_len(len(coded)))
            cobblestone.seal_into(self._cek, self._binding.record_context(index), coded, message)
            done.append((Record(coding, len(coded), pieces, (), len(plain)), message))
            self._buffers.give(plain)
        return done

    def _compressor(self) -> Compressor:
        compressor: Compressor | None = getattr(self._local, "compressor", None)
        if compressor is None:
            compressor = self._local.compressor = Compressor(self._level)
        return compressor

    def _read(self, pieces: tuple[Piece, ...]) -> memoryview:
        buffer = self._buffers.take(sum(piece.length for piece in pieces))
        position = 0
        for piece in pieces:
            self._plan.files[piece.row].read_into(piece.offset, buffer[position : position + piece.length])
            position += piece.length
        return buffer

    # Checking

    def _check(self, source: FileSource, body_at: int, body_len: int, records: list[Record]) -> Encoded:
        leaves = _NewLeaves(source, body_at, body_len, bytearray(32 * digests.leaf_count(body_len)))
        decoder = RecordDecoder(self._binding, tuple(records), self._cek, _no_prefix)
        contents = _SourceCheck(self._plan)
        try:
            for decoded in Scan(leaves, decoder, contents, self._workers).all():
                self._advance(records[decoded.index].plain_len)
        except WriteError:  # what the sources are guilty of
            raise
        except BundleError as exc:
            raise refuse("SELF_CHECK", f"the body written does not open: {exc}") from exc
        return Encoded(records, body_len, bytes(leaves.table), contents.digests)


def _no_prefix(ranges: tuple[Range, ...]) -> bytes:
    del ranges
    raise ValueError("this writer makes no prefixes")


class _NewLeaves(Leaves):
    """Takes the leaf table from the bytes on the disk."""

    __slots__ = ()

    def check(self, index: int, data: memoryview) -> None:
        table = self.table
        assert isinstance(table, bytearray)  # noqa: S101 - made so in BodyWriter._check
        table[32 * index : 32 * index + 32] = digests.leaf_digest(index, data)


class _SourceCheck:
    """Compares opened records with their sources, read again, and takes the digests of contents."""

    def __init__(self, plan: Plan) -> None:
        self._files = plan.files
        self._buffers = Buffers()
        self._open: dict[int, Hash] = {}
        self.digests: dict[int, bytes] = {
            row: digests.EMPTY for row, item in enumerate(plan.files) if not item.size and plan.first[row] == row
        }

    def size(self, row: int) -> int:
        return self._files[row].size

    def whole(self, row: int, data: bytes | memoryview) -> None:
        self._compare(row, 0, data)
        self.digests[row] = sha256(data).digest()

    def part(self, row: int, offset: int, data: memoryview) -> None:
        self._compare(row, offset, data)
        state = self._open.get(row)
        if state is None:
            state = self._open[row] = sha256()
        state.update(data)
        if offset + len(data) == self._files[row].size:
            self.digests[row] = self._open.pop(row).digest()

    def _compare(self, row: int, offset: int, data: bytes | memoryview) -> None:
        item = self._files[row]
        again = self._buffers.take(len(data))
        item.read_into(offset, again)
        holder = again.obj
        assert isinstance(holder, bytearray)  # noqa: S101 - Buffers hold nothing else
        if not holder.startswith(data):  # one memcmp; comparing memoryviews is ten times slower
            raise refuse("INPUT_CHANGED", f"{item.path[:100]!a} changed while it was packed")
        self._buffers.give(again)


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
