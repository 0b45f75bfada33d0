"""Reading verified leaves for a pass over the body: each read and hashed once, buffers used again."""

from __future__ import annotations

import threading

from bundlefmt.bundle.batches import BATCH_BYTES, Batch
from bundlefmt.bundle.body import Leaves
from bundlefmt.bundle.buffers import Buffers
from bundlefmt.bundle.source import shortage


class _SharedLeaf:
    """A leaf that lies in two or more batches: read and hashed by whoever comes first."""

    __slots__ = ("data", "lock", "uses")

    def __init__(self, uses: int) -> None:
        self.lock = threading.Lock()
        self.uses = uses
        self.data: bytes | None = None


class LeafFeed:
    """Verified leaves for batches, from a file by position or from a stream in order.

    Args:
        leaves: verifier over the source.
    """

    def __init__(self, leaves: Leaves) -> None:
        self.leaves = leaves
        self.sequential = leaves.source.sequential
        self._shared: dict[int, _SharedLeaf] = {}
        self._tail: tuple[int, bytes] = (-1, b"")  # last leaf read from a stream
        self._ended = False  # the stream ended early; what is asked for ahead of that finding is empty
        self.buffers = Buffers()
        self.block_leaves = max(1, BATCH_BYTES // leaves.size)

    def expect(self, batches: list[Batch]) -> None:
        """Note leaves that several batches touch. A stream keeps its own tail instead."""
        if self.sequential:
            return
        uses: dict[int, int] = {}
        for batch in batches:
            for index in {batch.first_leaf, batch.last_leaf}:
                uses[index] = uses.get(index, 0) + 1
        self._shared = {index: _SharedLeaf(count) for index, count in uses.items() if count > 1}

    def read_stream(self, first: int, last: int) -> memoryview:
        """Read leaves from a stream, in order; the leaf shared with the block before is kept.

        Returns:
            The bytes, fewer where the stream ends early: leaves before its end are still whole.
        """
        if self._ended:
            return memoryview(b"")
        leaves = self.leaves
        base = first * leaves.size
        buffer = memoryview(bytearray(leaves.span(last)[1] - base))
        done = 0
        if self._tail[0] == first:
            done = len(self._tail[1])
            buffer[:done] = self._tail[1]
        count = leaves.source.read_into(leaves.body_at + base + done, buffer[done:]) if done < len(buffer) else 0
        self._ended = done + count < len(buffer)
        self._tail = (last, bytes(buffer[last * leaves.size - base :]))
        return buffer[: done + count]

    def leaf(self, index: int, buffer: memoryview, raw: memoryview | None, base: int) -> None:
        """Put one verified leaf into a buffer of its length (R11).

        Args:
            index: of the leaf.
            buffer: of exactly its length.
            raw: what a stream gave, from `base` in the body on; None to read by position.
        """
        leaves = self.leaves
        if raw is not None:
            low = index * leaves.size - base
            part = raw[low : low + len(buffer)]
            if len(part) < len(buffer):
                raise shortage(leaves.source, "body")
            leaves.check(index, part)
            buffer[:] = part
            return
        shared = self._shared.get(index)
        if shared is None:
            leaves.load(index, buffer)
            return
        with shared.lock:
            shared.uses -= 1
            if shared.data is not None:
                buffer[:] = shared.data
            else:
                leaves.load(index, buffer)
                shared.data = bytes(buffer)
            if not shared.uses:
                shared.data = None

    def block(self, first: int, last: int, raw: memoryview | None) -> memoryview:
        """Verified bytes of some leaves, in a buffer to be given back."""
        leaves = self.leaves
        base = first * leaves.size
        view = self.buffers.take(leaves.span(last)[1] - base)
        for index in range(first, last + 1):
            low, high = leaves.span(index)
            self.leaf(index, view[low - base : high - base], raw, base)
        return view
