"""Unpacking makes the whole folder or nothing."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support import forge
from support.publisher import FAST, Publisher
from support.reading import Pipe, read_folder

from bundlefmt.bundle import unpack as unpacking
from bundlefmt.bundle.unpack import unpack
from bundlefmt.errors import BundleError, InstallError

ACME = Publisher("unpack")
TREE = {"a/b.txt": b"b", "a/c/d.txt": b"d" * 100, "empty": b"", "run": (b"#!", True), "twice": b"b"}
GOOD = ACME.pack(TREE)
BIG = bytes(range(256)) * (9 << 12)  # 9 MiB, two records
BIG_GOOD = ACME.pack({"big": BIG, "copy of big": BIG, "small": b"s"}, FAST._replace(level=0))


def code_of(action: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(BundleError) as info:
        action(*args, **options)
    assert isinstance(info.value, InstallError)
    return info.value.code


def test_modes_and_progress(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    old = os.umask(0o027)
    try:
        unpack(ACME.open(GOOD), tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    finally:
        os.umask(old)
    assert read_folder(tmp_path / "out")["run"] == (b"#!", True)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "out" / "run").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "out" / "twice").stat().st_mode & 0o777 == 0o640
    assert seen[-1] == (104, 104)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_content_in_several_records_and_its_copy(tmp_path: Path) -> None:
    for source in (BIG_GOOD, Pipe(BIG_GOOD)):
        seen: list[int] = []
        out = tmp_path / f"out{id(source)}"
        unpack(ACME.open(source), out, progress=lambda done, _, seen=seen: seen.append(done))
        assert (out / "big").read_bytes() == (out / "copy of big").read_bytes() == BIG
        assert seen[-1] == 2 * len(BIG) + 1


def test_nothing_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("folder", "file", "link"):
        assert code_of(unpack, ACME.open(GOOD), tmp_path / name) == "INSTALL_EXISTS"
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "link"]
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_folder_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def appear(done: int, total: int) -> None:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "mine").write_text("mine")

    assert code_of(unpack, ACME.open(GOOD), tmp_path / "out", progress=appear) == "INSTALL_FAILED"
    assert read_folder(tmp_path / "out") == {"mine": (b"mine", False)}
    assert os.listdir(tmp_path) == ["out"]


def test_the_parent_must_be_there(tmp_path: Path) -> None:
    assert code_of(unpack, ACME.open(GOOD), tmp_path / "no" / "out") == "INSTALL_FAILED"
    (tmp_path / "file").write_text("x")
    assert code_of(unpack, ACME.open(GOOD), tmp_path / "file" / "out") == "INSTALL_FAILED"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert code_of(unpack, ACME.open(GOOD), tmp_path / "out") == "INSTALL_FAILED"
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    "name", ["x" * 255, "\u00e9" * 127, "\u4e2d" * 85, "\U0001f600" * 63], ids=["1", "2", "3", "4"]
)
def test_the_longest_names(tmp_path: Path, name: str) -> None:
    unpack(ACME.open(GOOD), tmp_path / name)
    assert os.listdir(tmp_path) == [name]


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    unpack(ACME.open(GOOD), "out/")
    assert read_folder(tmp_path / "out")["a/b.txt"] == (b"b", False)


@pytest.mark.parametrize("bundle", [GOOD, BIG_GOOD], ids=["small", "big"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: bytes, after: int) -> None:
    reader = ACME.open(bundle)
    real = os.write
    calls = 0

    def write(handle: int, data: Any) -> int:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr(os, "write", write)
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(InstallError, match="No space left") as info:
        unpack(reader, tmp_path / "out")
    assert info.value.code == "INSTALL_FAILED"
    assert os.listdir(tmp_path) == []
    assert len(os.listdir("/dev/fd")) == before


def test_writes_that_take_a_part_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data[:7])))
    unpack(ACME.open(GOOD), tmp_path / "out")
    monkeypatch.undo()
    assert read_folder(tmp_path / "out")["a/c/d.txt"][0] == b"d" * 100


class Folding:
    """Makes `os.open` and `os.mkdir` behave as on a disk that folds names in a way the path rules do not know."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: set[str] = set()
        self.open, self.mkdir = os.open, os.mkdir
        monkeypatch.setattr(os, "open", self._open)
        monkeypatch.setattr(os, "mkdir", self._mkdir)

    def _claim(self, path: Any) -> None:
        folded = os.fspath(path).casefold()
        if folded in self.names:
            raise FileExistsError(errno.EEXIST, "File exists", path)
        self.names.add(folded)

    def _open(self, path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
        if flags & os.O_CREAT:
            self._claim(path)
        return self.open(path, flags, mode, **options)

    def _mkdir(self, path: Any, mode: int = 0o777, **options: Any) -> None:
        self._claim(path)
        self.mkdir(path, mode, **options)


@pytest.mark.parametrize(
    "paths",
    [("\u00c9.txt", "\u00e9.txt"), ("\u00c9/a", "\u00e9/b"), ("d/\u00c9", "d/\u00e9/f")],
    ids=["files", "folders", "both"],
)
def test_a_disk_that_folds_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: tuple[str, str]) -> None:
    """Readers judge A to Z only, so such a bundle is good; two names that are one here are found when they collide."""
    tree = {paths[0]: b"one", paths[1]: b"two"}
    listing = forge.listing_of(tree)
    coded = [data for _, data in sorted(tree.items())]
    table = forge.encode_table([[0, 3, [0], []], [0, 3, [1], []]])
    plaintext = forge.release_plaintext(forge.release_for(listing), listing, table)
    data = forge.forge(ACME, plaintext, forge.seal_body(ACME, coded)).join()
    Folding(monkeypatch)
    assert code_of(unpack, ACME.open(data), tmp_path / "out") == "INSTALL_COLLISION"
    assert os.listdir(tmp_path) == []


def test_an_exception_of_the_caller_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack(ACME.open(GOOD), tmp_path / "out", progress=stop)
    assert os.listdir(tmp_path) == []


_SCRIPT = """
import sys
from support.publisher import Publisher
from bundlefmt.bundle.unpack import unpack
def wait(done, total):
    print("begun", flush=True)
    sys.stdin.read()
unpack(Publisher("unpack").open(sys.argv[1]), sys.argv[2], progress=wait)
"""


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    import signal

    bundle = tmp_path / "x.bndl"
    bundle.write_bytes(GOOD)
    work = tmp_path / "work"
    work.mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, bundle, work / "out"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"begun\n"
    assert len(os.listdir(work)) == 1
    child.send_signal(signal.SIGINT)
    assert child.wait(20) != 0
    assert child.stdin is not None
    child.stdin.close()
    child.stdout.close()
    assert os.listdir(work) == []


@pytest.mark.parametrize("system", ["linux", "other"])
def test_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    if system != "linux":
        monkeypatch.setattr(unpacking.sys, "platform", system)
    unpack(ACME.open(GOOD), tmp_path / "out", sync=True)
    assert synced[-1] == str(tmp_path)  # last, when the name is there
    if system != "linux":
        assert len(synced) == 5 + 3 + 1
        assert all(".partial" in name for name in synced[:-1])


def test_sync_falls_back_when_there_is_no_syncfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    class NoLibrary:
        @staticmethod
        def syncfs(_: int) -> int:
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda _: NoLibrary)
    count = 0

    def fsync(_: int) -> None:
        nonlocal count
        count += 1

    monkeypatch.setattr(os, "fsync", fsync)
    unpack(ACME.open(GOOD), tmp_path / "out", sync=True)
    assert count == 9


def test_syncing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "sync_tree", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "I/O error")))
    assert code_of(unpack, ACME.open(GOOD), tmp_path / "out", sync=True) == "INSTALL_FAILED"
    assert os.listdir(tmp_path) == []


def test_nothing_shows_before_the_end(tmp_path: Path) -> None:
    states = []
    unpack(ACME.open(GOOD), tmp_path / "out", progress=lambda *_: states.append((tmp_path / "out").exists()))
    assert not any(states)
    assert (tmp_path / "out").exists()


def test_the_private_folder_is_private_while_it_is_filled(tmp_path: Path) -> None:
    modes = []

    def look(*_: int) -> None:
        (work,) = tmp_path.iterdir()
        modes.append(work.stat().st_mode & 0o777)

    unpack(ACME.open(GOOD), tmp_path / "out", progress=look)
    assert set(modes) == {0o700}


def test_a_stream_is_unpacked_once(tmp_path: Path) -> None:
    reader = ACME.open(Pipe(GOOD))
    reader.extractall(tmp_path / "out")  # type: ignore[arg-type]
    with pytest.raises((io.UnsupportedOperation, InstallError)):
        reader.extractall(tmp_path / "again")  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == ["out"]


def test_two_threads_unpack_one_reader(tmp_path: Path) -> None:
    reader = ACME.open(BIG_GOOD)
    threads = [threading.Thread(target=unpack, args=(reader, tmp_path / str(n))) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(3):
        assert (tmp_path / str(number) / "big").read_bytes() == BIG
    assert time.monotonic() > 0


@pytest.mark.parametrize("status", ["real", "missing", "strange"])
def test_the_mask_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: str) -> None:
    from bundlefmt.bundle import workplace

    def opened(*_: Any) -> Any:
        if status == "missing":
            raise FileNotFoundError(2, "No such file")
        return io.BytesIO(b"Name: x\nUmask:\n")

    old = os.umask(0o026)
    try:
        if status != "real":
            monkeypatch.setattr("builtins.open", opened)
        assert workplace.umask() == 0o026
        assert os.umask(0o026) == 0o026
    finally:
        os.umask(old)
