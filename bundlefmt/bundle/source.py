"""Where bytes come from: a file, bytes, a stream, or anything with positional reads.

A source is opened once and read through one handle, so the bytes that are verified are the bytes
used (RDG-3).
"""

from __future__ import annotations

import io
import os
import stat
import weakref
from typing import BinaryIO, Protocol, runtime_checkable

from bundlefmt.errors import BundleError, refuse
from bundlefmt.limits import LIMITS

# The longest head there can be: every section at its limit, and 32 bytes for each leaf of the longest body.
_HEAD_LEN = (
    32
    + LIMITS.header_len
    + LIMITS.signatures_len
    + LIMITS.trust_len
    + LIMITS.recipients_len
    + LIMITS.manifest_len
    + 32 * (LIMITS.body_len // LIMITS.leaf_max)
)
_READ = 1 << 20


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
        self._close: weakref.finalize[[int], FileSource] | None = None
        try:
            if isinstance(file, int):
                self._fd = file
            else:
                self._fd = os.open(file, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
                # A source that nobody closes is closed when it is collected.
                self._close = weakref.finalize(self, os.close, self._fd)
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

    def fileno(self) -> int:
        """The descriptor, for copying inside the kernel."""
        return self._fd

    def close(self) -> None:
        """Close the file if this object opened it."""
        if self._close is not None:
            self._close()
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
        self.error: BundleError | None = None  # why the stream ended early, if it was not its end

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read on; an offset elsewhere than at the current position is a programmer's mistake."""
        if self.error is not None:
            raise self.error
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
            # What came before the fault is whole and may be judged; whoever lacks more raises this.
            self.error = refuse("SOURCE_FAILED", f"reading failed: {exc.strerror}")
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
    """Read a plain file or bytes by position, and anything else in order.

    Only the library's own file objects are looked through: the descriptor under a decompressing or
    decrypting object holds other bytes than the object.
    """
    if isinstance(stream, io.BytesIO) and not stream.tell():
        return BytesSource(stream.getvalue())
    raw = stream.raw if isinstance(stream, io.BufferedReader) else stream
    if isinstance(raw, io.FileIO) and raw.seekable() and not stream.tell():
        handle = raw.fileno()
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return FileSource(handle)
    return StreamSource(stream)


class JoinedSource:
    """A bundle whose head and body are kept apart, read as the one run of bytes they are.

    Neither file says where the other begins, and nothing has to: a reader judges the bytes in the order
    in which they come, so a head with another body is refused like any other damaged bundle.

    Args:
        head: everything before the body; a stream is read into memory, within the format's limits.
        body: the body; when it is a stream, the whole is one.
        body_at: where the body begins in `body`, when that is a whole bundle.

    Raises:
        SourceError: SOURCE_FAILED.
    """

    def __init__(self, head: Openable, body: Openable, *, body_at: int = 0) -> None:
        self._head = _in_memory(open_source(head))
        try:
            self._body = open_source(body)
        except BaseException:
            self._head.close()
            raise
        self._cut = self._head.size or 0
        self._body_at = body_at
        self.sequential = self._body.sequential
        self.size: int | None = None
        if self._body.size is not None:
            self.size = self._cut + max(0, self._body.size - body_at)

    @property
    def error(self) -> BundleError | None:
        """Why a body that is a stream ended early, if it was not its end."""
        return getattr(self._body, "error", None)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read from the head, from the body, or over their border."""
        done = 0
        if offset < self._cut:
            wanted = min(len(buffer), self._cut - offset)
            done = self._head.read_into(offset, buffer[:wanted])
            if done < wanted:  # the head became shorter: what follows must not move up
                return done
        if done < len(buffer):
            done += self._body.read_into(offset + done - self._cut + self._body_at, buffer[done:])
        return done

    def close(self) -> None:
        """Close both."""
        self._head.close()
        self._body.close()


def _in_memory(source: ByteSource) -> ByteSource:
    """A source of known size that is read by position; a stream is read to its end first."""
    if source.size is not None and not source.sequential:
        return source
    data = bytearray()
    buffer = memoryview(bytearray(_READ))
    while count := source.read_into(len(data), buffer):
        data += buffer[:count]
        if len(data) > _HEAD_LEN:
            raise refuse("SOURCE_FAILED", f"more than {_HEAD_LEN} bytes are no head")
    source.close()
    return BytesSource(data)


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
        raise shortage(source, what)


def shortage(source: ByteSource, what: str) -> BundleError:
    """Why fewer bytes came than were asked for: the stream failed, or the input ends (PRE-8)."""
    error: BundleError | None = getattr(source, "error", None)
    return error or refuse("TRUNCATED", f"the input ends in the {what}")
