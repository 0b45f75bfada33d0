"""One zstd frame at a time (RFC 8878; rules ZST-1 to ZST-8). The only importer of zstd libraries.

Frames are read with `zstandard`, which keeps its context between frames (making a new one costs
three times as much as decoding a small file) and decodes into a buffer of the final size. They are written
with the standard library's module, or its backport, because only that one makes useful prefix deltas.

The frame header is read here as well, because libzstd skips its own window limit when the output
fits in one call, and because "no content size" and "no dictionary id" must be refused alike by all.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import zstandard

from bundlefmt.errors import refuse

if TYPE_CHECKING:
    from types import ModuleType

_MAGIC = b"\x28\xb5\x2f\xfd"
DICTIONARY_MAGIC = b"\x37\xa4\x30\xec"
PREFIX_MIN = 8
_WINDOW_LOG_MAX = 27
_BLOCK_MAX = 128 << 10
_RLE = 1 << 1  # block type 1, as it stands in the block's head
_WINDOW_MAX = 1 << _WINDOW_LOG_MAX

LEVEL_MIN, LEVEL_MAX = 1, 22


def frame_size(frame: bytes | memoryview, code: str, window_max: int) -> int:
    """Read a frame's header.

    Args:
        frame: the frame.
        code: error code to refuse with.
        window_max: largest window in bytes (ZST-5).

    Returns:
        The stated content size in bytes.

    Raises:
        FormatError: with `code`, for a breach of ZST-1, ZST-2, ZST-3, ZST-5 or ZST-8.
    """
    if bytes(frame[:4]) != _MAGIC or len(frame) < 6:
        raise refuse(code, "not a zstd frame")
    descriptor = frame[4]
    if descriptor & 0x1B:
        raise refuse(code, "zstd frame with a dictionary id or reserved bits")
    single = descriptor & 0x20  # then the window is the content size, which the caller bounds
    size_flag = descriptor >> 6
    position = 5
    window = 0
    if not single:
        exponent, mantissa = frame[5] >> 3, frame[5] & 7
        base = 1 << (10 + exponent)
        window = base + (base >> 3) * mantissa
        position = 6
        if not size_flag:
            raise refuse(code, "zstd frame without content size")
    width = 1 << size_flag
    field = bytes(frame[position : position + width])
    if len(field) < width:
        raise refuse(code, "zstd frame is cut off")
    size = int.from_bytes(field, "little") + (256 if size_flag == 1 else 0)
    if window > window_max:
        raise refuse(code, f"zstd frame with a window over {window_max} bytes")
    _check_blocks(frame, position + width, min(_BLOCK_MAX, size if single else window), code)
    return size


def _check_blocks(frame: bytes | memoryview, position: int, most: int, code: str) -> None:
    """No block above 128 KiB or the window (ZST-8). Whatever else is wrong with blocks is left to the decoder."""
    end = len(frame)
    while position + 3 <= end:
        head = frame[position] | frame[position + 1] << 8 | frame[position + 2] << 16
        size = head >> 3
        if size > most:
            raise refuse(code, f"zstd frame with a block over {most} bytes")
        if head & 1:
            return
        position += 3 + (1 if head & 6 == _RLE else size)


def decompress(frame: bytes | memoryview, size: int, code: str, prefix: bytes | memoryview = b"") -> bytes:
    """Decompress exactly one frame whose header was accepted by `frame_size`.

    Args:
        frame: the frame, nothing else.
        size: its stated content size in bytes.
        code: error code to refuse with.
        prefix: raw history; empty, or 8 bytes or more that do not begin with the dictionary magic.

    Returns:
        Exactly `size` bytes.

    Raises:
        FormatError: with `code`, when the frame is damaged, ends early or late, or is followed by anything.
    """
    if not size:
        return _empty(frame, code)
    try:
        if prefix:
            history = zstandard.ZstdCompressionDict(prefix, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
            decoder = zstandard.ZstdDecompressor(dict_data=history, max_window_size=_WINDOW_MAX)
        else:
            decoder = _decoder()
        # The library allocates what the header states, which the caller has bounded, and refuses a
        # frame that yields another number of bytes, a second frame and anything behind it.
        data = decoder.decompress(frame, read_across_frames=False, allow_extra_data=False)
    except (zstandard.ZstdError, MemoryError) as exc:
        raise refuse(code, f"zstd: {exc}") from None
    if len(data) != size:
        raise refuse(code, "zstd frame does not yield its stated size")
    return data


def _writer_library() -> ModuleType:
    """The library that writes frames; imported when used, as devices only read."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return zstd


def _empty(frame: bytes | memoryview, code: str) -> bytes:
    """A frame that states no content. `zstandard` does not look inside such a frame, so the other library does."""
    library = _writer_library()
    decoder = library.ZstdDecompressor()
    try:
        data = decoder.decompress(frame, max_length=1)
    except library.ZstdError as exc:
        raise refuse(code, f"zstd: {exc}") from None
    if data or not decoder.eof or decoder.unused_data:
        raise refuse(code, "zstd frame does not yield its stated size")
    return b""


_local = threading.local()


def _decoder() -> zstandard.ZstdDecompressor:
    """This thread's decoder for frames without prefix."""
    decoder: zstandard.ZstdDecompressor | None = getattr(_local, "decoder", None)
    if decoder is None:
        decoder = _local.decoder = zstandard.ZstdDecompressor(max_window_size=_WINDOW_MAX)
    return decoder


class Compressor:
    """Makes single frames with stated content size at one level.

    Args:
        level: 1 to 22.
    """

    def __init__(self, level: int) -> None:
        if not LEVEL_MIN <= level <= LEVEL_MAX:
            raise ValueError(f"level must be {LEVEL_MIN} to {LEVEL_MAX}")
        self._level = level
        self._library = _writer_library()
        self._plain = self._library.ZstdCompressor(options=self._options())

    def _options(self, window_log: int = 0) -> dict[int, int]:
        names = self._library.CompressionParameter
        options: dict[int, int] = {
            names.compression_level: self._level,
            names.content_size_flag: 1,
            names.checksum_flag: 0,
        }
        if window_log:
            options |= {names.window_log: window_log, names.enable_long_distance_matching: 1}
        return options

    def compress(self, data: bytes | memoryview, prefix: bytes | memoryview = b"") -> bytes:
        """Compress to one frame that states its content size.

        Args:
            data: what to compress.
            prefix: raw history, as for `decompress`; shorter ones than 8 bytes are refused by zstd.
        """
        if not prefix:
            compressor = self._plain
        else:
            # The window must reach over data and prefix, or the prefix is useless beyond 2 MiB.
            reach = max(20, min(_WINDOW_LOG_MAX, (len(data) + len(prefix)).bit_length()))
            history = self._library.ZstdDict(prefix, is_raw=True).as_prefix
            compressor = self._library.ZstdCompressor(options=self._options(reach), zstd_dict=history)
        compressor.set_pledged_input_size(len(data))
        frame: bytes = compressor.compress(data, mode=compressor.FLUSH_FRAME)
        return frame
