"""Zstd frames: compressed ones from the cache, raw ones by hand (RFC 8878).

A raw frame is the same on every machine and can be wrong in any field.
"""

from __future__ import annotations

from backports import zstd

from builder.cache import FRAMES

MAGIC = bytes.fromhex("28b52ffd")
BLOCK = 1 << 17

Params = tuple[tuple[str, int], ...]


def compress(plain: bytes, prefix: bytes = b"", params: Params = ()) -> bytes:
    """One frame with its content size, at level 9; params are CompressionParameter names."""

    def make() -> bytes:
        names = {"compression_level": 9, **dict(params)}
        options = {getattr(zstd.CompressionParameter, key): val for key, val in names.items()}
        options[zstd.CompressionParameter.content_size_flag] = 1
        known = zstd.ZstdDict(prefix, is_raw=True).as_prefix if len(prefix) >= 8 else None
        compressor = zstd.ZstdCompressor(options=options, zstd_dict=known)
        return compressor.compress(plain, zstd.ZstdCompressor.FLUSH_FRAME)

    return FRAMES.get([plain, prefix, repr(sorted(params)).encode()], make)


def block(kind: int, size: int, data: bytes, last: bool) -> bytes:
    """A block: kind 0 raw, 1 one repeated byte, 2 compressed, 3 reserved."""
    return (size << 3 | kind << 1 | last).to_bytes(3, "little") + data


def raw_blocks(plain: bytes) -> bytes:
    """The plaintext as raw blocks."""
    starts = range(0, max(len(plain), 1), BLOCK)
    return b"".join(
        block(0, len(plain[at : at + BLOCK]), plain[at : at + BLOCK], at + BLOCK >= len(plain)) for at in starts
    )


def repeated_blocks(value: int, length: int) -> bytes:
    """`length` times one byte, as blocks of a repeated byte."""
    starts = range(0, length, BLOCK)
    return b"".join(block(1, min(BLOCK, length - at), bytes([value]), at + BLOCK >= length) for at in starts)


def frame(
    blocks: bytes,
    size: int | None,
    *,
    window: bytes | None = None,
    descriptor: int = 0,
    dictionary: bytes = b"",
    checksum: bytes = b"",
    magic: bytes = MAGIC,
) -> bytes:
    """A frame of any blocks with a 4- or 8-byte content size, or none.

    Without `window` it is a single segment. `descriptor` bits are added to the computed ones.
    """
    fields = b""
    if size is not None:
        wide = size >= 1 << 32
        descriptor |= 0xC0 if wide else 0x80
        fields = size.to_bytes(8 if wide else 4, "little")
    if window is None:
        descriptor |= 0x20
    if checksum:
        descriptor |= 0x04
    start = magic + bytes([descriptor]) + (window or b"") + dictionary + fields
    return start + blocks + checksum


def raw_frame(plain: bytes) -> bytes:
    """A correct frame that compresses nothing."""
    return frame(raw_blocks(plain), len(plain))
