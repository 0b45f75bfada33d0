"""The reader as people use it who know zipfile."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.publisher import FAST, PRODUCT, Publisher
from support.reading import Pipe

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.writer import BundleWriter
from bundlefmt.errors import BundleError, EntryNotFoundError

ACME = Publisher("api")
TREE = {"b.txt": b"line one\nline two\n", "a/empty": b"", "a/run": (b"#!", True), "z": bytes(range(256)) * 200}
GOOD = ACME.pack(TREE)


def test_verbs(tmp_path: Path) -> None:
    with ACME.open(GOOD) as reader:
        assert reader.namelist() == sorted(TREE)
        assert [entry.path for entry in reader.infolist()] == reader.namelist()
        assert reader.getinfo("a/run").executable
        assert reader.getinfo("z").size == 51_200
        assert reader.read("b.txt") == TREE["b.txt"]
        assert reader.read("a/empty") == b""
        reader.extractall(tmp_path / "out")  # type: ignore[arg-type]
        assert (tmp_path / "out" / "a" / "run").read_bytes() == b"#!"
        assert reader.complete
        assert reader.release.product == PRODUCT
        assert reader.header.publisher_id == reader.chain.publisher_id == ACME.chain.publisher_id
        assert len(reader.leaf_table) == 32 * ((reader.header.body_len + 16383) // 16384)
        assert reader.manifest.release_id == reader.release_id


def test_open_is_a_file() -> None:
    reader = ACME.open(GOOD)
    with reader.open("b.txt") as file:
        assert isinstance(file, io.BufferedReader)
        assert file.readline() == b"line one\n"
        assert list(file) == [b"line two\n"]
        assert file.read() == b""
        assert not file.seekable()
        assert not file.writable()
    with io.TextIOWrapper(reader.open("b.txt")) as text:
        assert text.read() == "line one\nline two\n"
    buffer = bytearray(100)
    with reader.open("z") as file:
        assert file.readinto(buffer) == 100
        assert bytes(buffer) == bytes(range(100))
    out = io.BytesIO()
    shutil.copyfileobj(reader.open("z"), out, 1000)
    assert out.getvalue() == bytes(range(256)) * 200
    assert reader.open("a/empty").read() == b""
    assert b"".join(reader.chunks("z")) == out.getvalue()


def test_two_files_at_once() -> None:
    reader = ACME.open(GOOD)
    one, two = reader.open("z"), reader.open("z")
    assert one.read(10) == two.read(10) == bytes(range(10))
    assert reader.read("b.txt") == TREE["b.txt"]
    assert one.read() == two.read()


@pytest.mark.parametrize("name", ["missing", "a", "a/", "", "B.txt", "./b.txt", "a/../b.txt"])
def test_names_that_are_not_there(name: str) -> None:
    reader = ACME.open(GOOD)
    for action in (reader.getinfo, reader.read, reader.open, reader.chunks):
        with pytest.raises(EntryNotFoundError):
            action(name)
    with pytest.raises(KeyError):
        reader.getinfo(name)
    assert reader.read("b.txt")  # asking for what is not there is no refusal


def test_there_is_no_reading_without_trust() -> None:
    for arguments in ({}, {"trust": ACME.policy}, {"identities": [ACME.identity]}):
        with pytest.raises(TypeError):
            BundleReader(GOOD, **arguments)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        BundleReader(GOOD, ACME.policy, [ACME.identity])  # type: ignore[misc]
    with pytest.raises(TypeError):
        audit_bundle(GOOD)  # type: ignore[call-arg]


def test_a_refused_bundle_gives_no_reader(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        ACME.open(GOOD[:-1])
    with pytest.raises(BundleError, match="PRODUCT_MISMATCH"):
        ACME.open(GOOD, trust=ACME.policy._replace(product="com.other"))


def test_a_clock_is_taken_when_none_is_given() -> None:
    assert ACME.open(GOOD, trust=ACME.policy._replace(now=None)).namelist()


def test_contents_in_one_pass() -> None:
    for source in (GOOD, Pipe(GOOD)):
        seen = []
        for chunk in ACME.open(source).contents():
            assert chunk.offset == 0
            assert chunk.last
            seen.append((chunk.row, len(chunk.data)))
        assert seen == [(1, 2), (2, 18), (3, 51_200)]


def test_an_empty_bundle(tmp_path: Path) -> None:
    data = ACME.pack({})
    reader = ACME.open(data)
    assert reader.namelist() == []
    assert reader.header.body_len == 0
    assert reader.leaf_table == b""
    reader.verify_all()
    reader.extractall(tmp_path / "out")  # type: ignore[arg-type]
    assert list((tmp_path / "out").iterdir()) == []
    assert audit_bundle(Pipe(data), trust=ACME.policy).size == len(data)
    with pytest.raises(BundleError, match="TRAILING_DATA"):
        ACME.open(Pipe(data + b"x")).verify_all()


@pytest.mark.parametrize("size", [8 << 20, (8 << 20) + 1, (17 << 20) + 3])
@pytest.mark.parametrize("level", [0, 1])
def test_contents_over_a_record(size: int, level: int) -> None:
    block = bytes(range(251)) * 4000
    data = (block * (size // len(block) + 1))[:size]
    bundle = ACME.pack({"a": b"before", "big": data, "z": b"after"}, FAST._replace(level=level, workers=2))
    for options in ({"workers": 0}, {"workers": 2}):
        reader = ACME.open(bundle, **options)
        assert reader.read("big") == data
        with reader.open("big") as file:
            assert file.read(100) == data[:100]
        for source in (bundle, Pipe(bundle, 1 << 20)):
            parts: dict[int, list[bytes]] = {}
            for chunk in ACME.open(source, **options).contents():
                parts.setdefault(chunk.row, []).append(bytes(chunk.data))
            assert b"".join(parts[1]) == data
            assert (parts[0], parts[2]) == ([b"before"], [b"after"])


def test_chunks_are_valid_until_the_next() -> None:
    """Big buffers are used again; what a consumer copies at once is right."""
    blocks = [bytes((number,)) * (3 << 20) for number in range(8)]
    bundle = ACME.pack({str(number): block for number, block in enumerate(blocks)}, FAST._replace(level=0))
    for chunk in ACME.open(bundle, workers=2).contents():
        assert bytes(chunk.data) == blocks[chunk.row]


def test_writers_know_the_verbs_too(tmp_path: Path) -> None:
    for name in ("write", "writestr", "close"):
        assert callable(getattr(BundleWriter, name))


def test_reading_many_times_takes_no_descriptors(tmp_path: Path) -> None:
    import os

    path = tmp_path / "x"
    path.write_bytes(GOOD)
    before = len(os.listdir("/dev/fd"))
    for _ in range(10):
        with ACME.open(path) as reader:
            reader.read("z")
        audit_bundle(path, trust=ACME.policy)
    assert len(os.listdir("/dev/fd")) == before


def test_options_of_extractall(tmp_path: Path) -> None:
    seen: list[Any] = []
    ACME.open(GOOD).extractall(tmp_path / "out", sync=True, progress=lambda *done: seen.append(done))  # type: ignore[arg-type]
    assert seen[-1] == (51_220, 51_220)
