"""Where bytes come from: short reads, pipes, special files, files that change."""

from __future__ import annotations

import gzip
import io
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from support.publisher import Publisher
from support.reading import Pipe, collect

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.source import BytesSource, FileSource, StreamSource, open_source, read_exact
from bundlefmt.errors import BundleError, SourceError, TruncatedError

ACME = Publisher("sources")
TREE = {"a": b"alpha" * 9000, "b/c": b"gamma", "b/d": b""}
GOOD = ACME.pack(TREE)
FILES = {path: (data, False) for path, data in TREE.items()}


class Positional:
    """A ByteSource of one's own, such as ranges of a server."""

    sequential = False

    def __init__(self, data: bytes, size: int | None) -> None:
        self.size = size
        self.data = data
        self.reads: list[tuple[int, int]] = []
        self.closed = False

    def read_into(self, offset: int, buffer: memoryview) -> int:
        part = self.data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self.reads.append((offset, len(part)))
        return len(part)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("step", [1, 7, 1000, 1 << 20])
def test_short_reads_of_a_stream(step: int) -> None:
    assert collect(ACME.open(Pipe(GOOD, step))) == FILES


def test_whatever_people_pass(tmp_path: Path) -> None:
    path = tmp_path / "x.bndl"
    path.write_bytes(GOOD)
    for file in (
        str(path),
        path,
        GOOD,
        bytearray(GOOD),
        memoryview(GOOD),
        io.BytesIO(GOOD),
        Pipe(GOOD),
        Positional(GOOD, len(GOOD)),
    ):
        assert collect(ACME.open(file)) == FILES
        file.close() if isinstance(file, io.IOBase) else None
    with path.open("rb") as stream:
        assert collect(ACME.open(stream)) == FILES
        assert not stream.closed
    with path.open("rb", buffering=0) as stream:
        reader = ACME.open(stream)
        assert reader.read("b/c") == b"gamma"  # a regular file is read by position
        reader.close()
        assert not stream.closed
        os.fstat(stream.fileno())


def test_a_file_that_is_not_at_its_start_is_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"before" + GOOD)
    with path.open("rb") as stream:
        stream.seek(6)
        assert collect(ACME.open(stream)) == FILES


def test_reads_by_position_touch_only_what_is_asked_for() -> None:
    source = Positional(GOOD, len(GOOD))
    reader = ACME.open(source)
    source.reads.clear()
    assert reader.read("b/c") == b"gamma"
    assert sum(length for _, length in source.reads) < 2 * 16384
    assert all(offset >= reader.front.body_at for offset, _ in source.reads)
    reader.close()
    assert source.closed


@pytest.mark.parametrize("more", [b"", b"x"])
def test_a_source_of_unknown_size_by_position(more: bytes) -> None:
    source = Positional(GOOD + more, None)
    if more:
        with pytest.raises(BundleError, match="TRAILING_DATA"):
            collect(ACME.open(source))
        with pytest.raises(BundleError, match="TRAILING_DATA"):
            audit_bundle(source, trust=ACME.policy)
    else:
        assert collect(ACME.open(source)) == FILES
        audit_bundle(source, trust=ACME.policy)


def test_pipes_and_sockets() -> None:
    read_end, write_end = os.pipe()
    thread = threading.Thread(target=lambda: (os.write(write_end, GOOD), os.close(write_end)))
    thread.start()
    with open(read_end, "rb") as stream:
        assert collect(ACME.open(stream)) == FILES
    thread.join()
    left, right = socket.socketpair()
    thread = threading.Thread(target=lambda: (left.sendall(GOOD), left.close()))
    thread.start()
    with right, right.makefile("rb") as stream:
        assert audit_bundle(stream, trust=ACME.policy).size == len(GOOD)
    thread.join()


def test_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=lambda: path.write_bytes(GOOD))
    thread.start()
    with ACME.open(path) as reader:
        assert collect(reader) == FILES
    thread.join()


def test_what_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing", tmp_path / "missing" / "x"):
        with pytest.raises(SourceError) as info:
            ACME.open(path)
        assert info.value.code == "SOURCE_FAILED"
        assert str(path) in info.value.detail
    with pytest.raises(SourceError):
        FileSource(tmp_path / "missing")
    with pytest.raises(SourceError, match="input"):
        FileSource(1 << 20)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(GOOD)
    path.chmod(0)
    with pytest.raises(SourceError, match="Permission"):
        ACME.open(path)


def test_reading_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A broken disk or connection is no refusal of the bundle: the reader can be asked again."""
    path = tmp_path / "x"
    path.write_bytes(GOOD)
    reader = ACME.open(path, workers=0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "preadv", _raise_io)
        with pytest.raises(SourceError, match="SOURCE_FAILED"):
            reader.read("a")
    assert reader.read("a") == TREE["a"]

    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            raise ConnectionResetError(104, "reset")

    with pytest.raises(SourceError, match="reset"):
        ACME.open(Broken())


def _raise_io(*_: Any) -> int:
    raise OSError(5, "Input/output error")


def test_a_file_that_shrinks_or_changes_while_open(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(GOOD)
    reader = ACME.open(path)
    os.truncate(path, reader.front.body_at + 10)
    with pytest.raises(TruncatedError):
        reader.read("a")
    with pytest.raises(TruncatedError):
        reader.read("b/c")

    path.write_bytes(GOOD)
    reader = ACME.open(path)
    changed = bytearray(GOOD)
    changed[reader.front.body_at :] = bytes(len(GOOD) - reader.front.body_at)
    path.write_bytes(changed)
    with pytest.raises(BundleError, match="BODY_DIGEST"):
        reader.verify_all()

    path.write_bytes(GOOD)
    reader = ACME.open(path)
    path.unlink()  # the handle stays: nothing is opened a second time by name
    path.write_bytes(b"another file")
    assert reader.read("b/c") == b"gamma"


def test_a_stream_goes_forward_only() -> None:
    source = StreamSource(io.BytesIO(b"abcdef"))
    buffer = memoryview(bytearray(3))
    assert source.read_into(0, buffer) == 3
    with pytest.raises(io.UnsupportedOperation):
        source.read_into(0, buffer)
    reader = ACME.open(Pipe(GOOD))
    with pytest.raises(io.UnsupportedOperation):
        reader.read("a")
    assert collect(reader) == FILES
    with pytest.raises(io.UnsupportedOperation):
        collect(reader)


def test_small_parts() -> None:
    source = open_source(b"0123456789")
    assert isinstance(source, BytesSource)
    assert open_source(source) is source
    assert read_exact(source, 2, 3, "middle") == b"234"
    with pytest.raises(TruncatedError, match="middle"):
        read_exact(source, 8, 3, "middle")
    source.close()


def test_a_closed_reader(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(GOOD)
    with ACME.open(path) as reader:
        pass
    with pytest.raises(SourceError):
        reader.read("a")
    reader.close()


def test_a_refused_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"junk" * 20)
    before = len(os.listdir("/dev/fd"))
    for _ in range(20):
        with pytest.raises(BundleError, match="PRELUDE_MAGIC"):
            ACME.open(path)
        with pytest.raises(BundleError, match="PRELUDE_MAGIC"):
            audit_bundle(path, trust=ACME.policy)
    assert len(os.listdir("/dev/fd")) == before


def test_an_object_over_a_file_is_read_through_the_object(tmp_path: Path) -> None:
    """A decompressing object has the descriptor of the compressed file, which holds other bytes."""
    data = bytes(range(256)) * 8
    path = tmp_path / "x.gz"
    with gzip.open(path, "wb") as packed:
        packed.write(data)
    with gzip.open(path, "rb") as packed:
        source = open_source(packed)  # type: ignore[arg-type]
        assert source.sequential
        buffer = memoryview(bytearray(len(data)))
        assert source.read_into(0, buffer) == len(data)
        assert buffer == data


def test_bytes_in_memory_are_read_by_position() -> None:
    source = open_source(io.BytesIO(b"abcdef"))
    assert (source.sequential, source.size) == (False, 6)
