"""Where bytes come from: a file, bytes, a stream, or anything with positional reads.

A source is opened once and read through one handle, so the bytes that are verified are the bytes
used (RDG-3).
"""

from __future__ import annotations

import io
import os
from typing import BinaryIO, Protocol, runtime_checkable

from bundlefmt.errors import refuse


@runtime_checkable
class ByteSource(Protocol):
    """Positional reads over bytes that do not change.

    Attributes:
        size: bytes in all, or None where that is not known before the end.
        sequential: whether reads must go forward without gaps.
    """

    size: int | None
    sequential: bool

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer from an offset; fewer bytes only at the end. Raises SourceError."""

    def close(self) -> None:
        """Release the handle if this object opened it."""


class BytesSource:
    """Bytes in memory."""

    sequential = False

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = memoryview(data)
        self.size: int | None = len(self._data)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Copy from memory."""
        part = self._data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Nothing to release."""


class FileSource:
    """A regular file, read with `pread` so that threads can share it.

    Args:
        file: path, or a descriptor that the caller keeps open.
    """

    sequential = False

    def __init__(self, file: str | os.PathLike[str] | int) -> None:
        self._owned = not isinstance(file, int)
        try:
            self._fd = file if isinstance(file, int) else os.open(file, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
            self.size: int | None = os.fstat(self._fd).st_size
        except OSError as exc:
            name = "input" if isinstance(file, int) else os.fsdecode(file)
            raise refuse("SOURCE_FAILED", f"{name}: {exc.strerror}") from exc

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read from the file."""
        done = 0
        try:
            while done < len(buffer):
                count = os.preadv(self._fd, [buffer[done:]], offset + done)
                if not count:
                    break
                done += count
        except OSError as exc:
            raise refuse("SOURCE_FAILED", f"reading failed: {exc.strerror}") from exc
        return done

    def close(self) -> None:
        """Close the file if this object opened it."""
        if self._owned and self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


class StreamSource:
    """A pipe or socket: read once, forward only; its size shows at its end.

    Args:
        stream: binary stream; the caller keeps it open.
    """

    sequential = True
    size: int | None = None

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 0

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read on; an offset elsewhere than at the current position is a programmer's mistake."""
        if offset != self._position:
            raise io.UnsupportedOperation("a stream is read once, from start to end")
        done = 0
        try:
            while done < len(buffer):
                part = self._stream.read(len(buffer) - done)
                if not part:
                    break
                buffer[done : done + len(part)] = part
                done += len(part)
        except OSError as exc:
            raise refuse("SOURCE_FAILED", f"reading failed: {exc.strerror}") from exc
        self._position += done
        return done

    def close(self) -> None:
        """The caller's stream stays open."""


Openable = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | ByteSource


def open_source(file: Openable) -> ByteSource:
    """Make a source from what people pass.

    Args:
        file: path, bytes, binary file or stream, or a ByteSource.

    Raises:
        SourceError: SOURCE_FAILED.
    """
    if isinstance(file, ByteSource):
        return file
    if isinstance(file, (bytes, bytearray, memoryview)):
        return BytesSource(file)
    if isinstance(file, (str, os.PathLike)):
        return FileSource(file) if os.path.isfile(file) else _open_special(file)
    return _wrap_stream(file)


def _open_special(path: str | os.PathLike[str]) -> ByteSource:
    if os.path.isdir(path):
        raise refuse("SOURCE_FAILED", f"{os.fsdecode(path)}: is a folder")
    try:
        return _OwnedStream(open(path, "rb", buffering=0))  # a named pipe, or missing
    except OSError as exc:
        raise refuse("SOURCE_FAILED", f"{os.fsdecode(path)}: {exc.strerror}") from exc


class _OwnedStream(StreamSource):
    def close(self) -> None:
        self._stream.close()


def _wrap_stream(stream: BinaryIO) -> ByteSource:
    try:
        # A regular file at its start can be read by position; anything else is a stream.
        if stream.seekable() and stream.tell() == 0:
            fd = stream.fileno()
            if os.path.isfile(f"/dev/fd/{fd}") or not os.path.exists("/dev/fd"):
                return FileSource(fd)
    except (OSError, ValueError, AttributeError):
        pass
    return StreamSource(stream)


def read_exact(source: ByteSource, offset: int, length: int, what: str) -> bytes:
    """Read exactly so many bytes.

    Args:
        source: where from.
        offset, length: which.
        what: name of the part, for the message.

    Raises:
        TruncatedError: TRUNCATED (PRE-8).
    """
    buffer = bytearray(length)
    fill(source, offset, memoryview(buffer), what)
    return bytes(buffer)


def fill(source: ByteSource, offset: int, buffer: memoryview, what: str) -> None:
    """Fill a buffer exactly; see `read_exact`."""
    count = source.read_into(offset, buffer)
    if count < len(buffer):
        raise refuse("TRUNCATED", f"the input ends in the {what}")
