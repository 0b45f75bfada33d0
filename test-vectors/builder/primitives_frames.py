"""Zstd frames written by hand (RFC 8878), so that every field can be wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass

MAGIC = bytes.fromhex("28b52ffd")
_MASK = 2**64 - 1
_PRIMES = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)


def _rotate(value: int, bits: int) -> int:
    value &= _MASK
    return (value << bits | value >> (64 - bits)) & _MASK


def xxh64(data: bytes) -> int:
    """XXH64 with seed 0; a frame's checksum is its lower half."""
    p1, p2, p3, p4, p5 = _PRIMES
    at = 0

    def mix(lane: int, word: int) -> int:
        return _rotate(lane + word * p2, 31) * p1 & _MASK

    if len(data) >= 32:
        lanes = [p1 + p2, p2, 0, -p1 & _MASK]
        while at + 32 <= len(data):
            for i in range(4):
                word = int.from_bytes(data[at + 8 * i : at + 8 * i + 8], "little")
                lanes[i] = mix(lanes[i], word)
            at += 32
        total = sum(_rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True))
        for lane in lanes:
            total = (total ^ mix(0, lane)) * p1 + p4
    else:
        total = p5
    total += len(data)
    while at + 8 <= len(data):
        word = int.from_bytes(data[at : at + 8], "little")
        total = _rotate((total ^ mix(0, word)) & _MASK, 27) * p1 + p4
        at += 8
    if at + 4 <= len(data):
        word = int.from_bytes(data[at : at + 4], "little")
        total = _rotate((total ^ word * p1) & _MASK, 23) * p2 + p3
        at += 4
    for byte in data[at:]:
        total = _rotate((total ^ byte * p5) & _MASK, 11) * p1
    total &= _MASK
    total = (total ^ total >> 33) * p2 & _MASK
    total = (total ^ total >> 29) * p3 & _MASK
    return total ^ total >> 32


def block(kind: int, size: int, content: bytes, *, last: bool) -> bytes:
    """A block: 3 bytes of head, then its content."""
    return (int(last) | kind << 1 | size << 3).to_bytes(3, "little") + content


def raw(data: bytes, *, last: bool = True) -> bytes:
    """A block that is its own content."""
    return block(0, len(data), data, last=last)


def rle(byte: int, size: int, *, last: bool = True) -> bytes:
    """A block of one byte, `size` times."""
    return block(1, size, bytes([byte]), last=last)


def rle_blocks(byte: int, size: int) -> bytes:
    """As many blocks of at most 128 KiB as `size` needs."""
    whole, rest = divmod(size, 131_072)
    sizes = [131_072] * whole + ([rest] if rest or not whole else [])
    return b"".join(rle(byte, n, last=i == len(sizes) - 1) for i, n in enumerate(sizes))


@dataclass(frozen=True)
class Head:
    """A frame header. `size` None leaves the content size out, `window` None is single-segment."""

    size: int | None
    window: int | None = None
    width: int | None = None
    flags: int = 0
    dictionary: bytes = b""

    def encode(self) -> bytes:
        """Magic, descriptor, window, dictionary id, content size."""
        flags, window, size = self.flags, b"", b""
        if self.window is None:
            flags |= 0x20
        else:
            window = bytes([self.window])
        if self.size is not None:
            width = self.width or self._width()
            flags |= {1: 0, 2: 1, 4: 2, 8: 3}[width] << 6
            size = (self.size - (256 if width == 2 else 0)).to_bytes(width, "little")
        return MAGIC + bytes([flags]) + window + self.dictionary + size

    def _width(self) -> int:
        size = self.size or 0
        if self.window is None and size < 256:
            return 1
        if 256 <= size < 65_536 + 256:
            return 2
        return 4 if size < 2**32 else 8


def checksum(content: bytes) -> bytes:
    """The four bytes after the last block, when flag 0x04 is set."""
    return (xxh64(content) & 0xFFFFFFFF).to_bytes(4, "little")
