"""The body (specification section 9; R11 to R13).

Leaves are verified before anything is decrypted, records authenticated before anything is decompressed.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from bundlefmt.bundle.source import ByteSource, fill
from bundlefmt.crypto import cobblestone, digests
from bundlefmt.crypto.suite import Binding, message_len
from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.records import STORED, Range, Record
from bundlefmt.wire import zstd


class Leaves:
    """Verifies leaves of one body against a table that passed R10.

    Args:
        source: the bundle.
        body_at: offset of the body in it.
        body_len: bytes of the body.
        table: the leaves section.
    """

    __slots__ = ("body_at", "body_len", "count", "size", "source", "table")

    def __init__(self, source: ByteSource, body_at: int, body_len: int, table: bytes | bytearray) -> None:
        self.table = table
        self.source = source
        self.body_at = body_at
        self.body_len = body_len
        self.size = digests.leaf_size(body_len)
        self.count = digests.leaf_count(body_len)

    def check(self, index: int, data: memoryview) -> None:
        """R11 for one leaf.

        Raises:
            DigestError: BODY_DIGEST.
        """
        if digests.leaf_digest(index, data) != self.table[32 * index : 32 * index + 32]:
            raise refuse("BODY_DIGEST", f"leaf {index} of the body does not have its digest")

    def span(self, index: int) -> tuple[int, int]:
        """Start and end of a leaf in the body."""
        start = index * self.size
        return start, min(start + self.size, self.body_len)

    def load(self, index: int, buffer: memoryview) -> None:
        """Read one leaf and verify it; `buffer` has exactly its length."""
        fill(self.source, self.body_at + index * self.size, buffer, "body")
        self.check(index, buffer)

    def read(self, start: int, end: int) -> memoryview:
        """Bytes of the body from whole verified leaves.

        Args:
            start, end: offsets in the body.

        Raises:
            BundleError: BODY_DIGEST, TRUNCATED.
        """
        first, last = start // self.size, (end - 1) // self.size
        base = first * self.size
        buffer = memoryview(bytearray(min((last + 1) * self.size, self.body_len) - base))
        for index in range(first, last + 1):
            low, high = self.span(index)
            self.load(index, buffer[low - base : high - base])
        return buffer[start - base : end - base]


class RecordDecoder:
    """Decrypts and decompresses records of one bundle (R12, R13).

    Args:
        binding: what its ciphertexts are bound to.
        records: its record table.
        cek: its content-encryption key.
        prefix: collects the bytes of a prefix.
    """

    __slots__ = ("_binding", "_cek", "_prefix", "offsets", "records")

    def __init__(
        self,
        binding: Binding,
        records: tuple[Record, ...],
        cek: bytes,
        prefix: Callable[[tuple[Range, ...]], bytes],
    ) -> None:
        self._cek = cek
        self._binding = binding
        self._prefix = prefix
        self.records = records
        offsets = array("Q", [0])
        total = 0
        for record in self.records:
            total += message_len(record.coded_len)
            offsets.append(total)
        self.offsets = offsets  # of record i in the body; one more for the end of the last

    def decode(self, index: int, message: memoryview) -> bytes:
        """Open one record from its verified message.

        Args:
            index: of the record; it is part of the context, so a moved record does not open.
            message: all of its bytes, from verified leaves.

        Raises:
            BundleError: RECORD_DECRYPT, RECORD_FRAME, RECORD_PREFIX, NEEDED_CONTENT.
        """
        coded = cobblestone.unseal(self._cek, self._binding.record_context(index), message, "RECORD_DECRYPT")
        return self.expand(self.records[index], coded)

    def opener(self, index: int) -> cobblestone.Opener:
        """An incremental decryptor for one record."""
        return cobblestone.Opener(self._cek, self._binding.record_context(index), "RECORD_DECRYPT")

    def expand(self, record: Record, coded: bytes | memoryview) -> bytes:
        """Decompress what `decode` decrypted."""
        if record.coding == STORED:
            return coded  # type: ignore[return-value]
        size = zstd.frame_size(coded, "RECORD_FRAME", LIMITS.record_window)
        if size != record.plain_len:
            raise refuse("RECORD_FRAME", f"a frame states {size} bytes, its pieces have {record.plain_len}")
        prefix = self._prefix(record.prefix) if record.prefix else b""
        return zstd.decompress(coded, size, "RECORD_FRAME", prefix)
