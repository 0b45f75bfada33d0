"""Every way to read a bundle to its end, for tests that want all of them to agree."""

from __future__ import annotations

import io
import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.unpack import unpack
from support.anycbor import encode
from support.publisher import Publisher

Files = dict[str, tuple[bytes, bool]]


class Pipe(io.RawIOBase):
    """A stream that cannot seek and returns what it likes."""

    def __init__(self, data: bytes, step: int = 1 << 16) -> None:
        self._data = data
        self._at = 0
        self._step = step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        end = min(self._at + self._step, len(self._data))
        if size >= 0:
            end = min(end, self._at + size)
        part = self._data[self._at : end]
        self._at = end
        return part


def collect(reader: BundleReader) -> Files:
    """One pass over the body, then the contents that the needed tree supplies."""
    parts: dict[int, list[bytes]] = {}
    for chunk in reader.contents():
        seen = parts.setdefault(chunk.row, [])
        assert chunk.offset == sum(map(len, seen))
        seen.append(bytes(chunk.data))
        assert chunk.last is (chunk.offset + len(chunk.data) == reader.listing.files[chunk.row].size)
    for row in reader.manifest.table.external:
        parts[row] = [reader.external(row)]
    return {
        entry.path: (b"".join(parts.get(reader.listing.row_of(entry), ())), entry.executable)
        for entry in reader.infolist()
    }


def collect_once(reader: BundleReader) -> Files:
    """As `collect`, and the reader is closed."""
    with reader:
        return collect(reader)


def read_folder(folder: Path) -> Files:
    """Files of a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_all_ways(publisher: Publisher, data: bytes, **options: Any) -> Files:
    """Read whole, as a stream, at random and by unpacking; all must agree."""
    whole = collect_once(publisher.open(data, workers=2, **options))
    assert collect_once(publisher.open(data, workers=0, **options)) == whole
    assert collect_once(publisher.open(Pipe(data, 777), workers=0, **options)) == whole
    assert collect_once(publisher.open(Pipe(data), workers=2, **options)) == whole
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.bndl"
        path.write_bytes(data)
        with publisher.open(path, **options) as reader:
            names = reader.namelist()
            at_random = {name: (reader.read(name), reader.getinfo(name).executable) for name in reversed(names)}
            assert list(at_random) == names[::-1]
            assert at_random == whole
            unpack(reader, os.path.join(folder, "out"))
        assert read_folder(Path(folder) / "out") == whole
        with path.open("rb") as stream:
            publisher.open(stream, **options).extractall(os.path.join(folder, "again"))
        assert read_folder(Path(folder) / "again") == whole
    return whole


def tree_digest(files: Files) -> bytes:
    """The tree of some files, computed with nothing of the library."""
    rows = [
        [path, int(executable), len(data), sha256(data).digest()]
        for path, (data, executable) in sorted(files.items(), key=lambda item: item[0].encode())
    ]
    return sha256(encode(rows)).digest()
