"""Constant memory and 64-bit arithmetic, measured in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

MIB = 1 << 20
GIB = 1 << 30

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="peak memory in kilobytes")]

_START = """
import os, sys
from support.publisher import NOW, PRODUCT, Publisher
from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.unpack import unpack
from bundlefmt.bundle.writer import BundleWriter, PackOptions
from bundlefmt.model.release import ReleaseRecord
acme = Publisher("memory")
work = sys.argv[1]
bundle = os.path.join(work, "x.bndl")
def pack(**options):
    writer = BundleWriter(bundle, ReleaseRecord(PRODUCT, 1, "1", NOW, b""), chain=acme.chain, signers=[acme.signer],
                          recipients=[acme.identity.recipient], options=PackOptions(overwrite=True, **options))
    writer.add_folder(os.path.join(work, "in"))
    writer.close()
"""

# Not ru_maxrss, which starts with the memory of the process that forked.
_END = """
with open("/proc/self/status") as file:
    print(next(line.split()[1] for line in file if line.startswith("VmHWM")))
"""


def peak(work: Path, code: str) -> int:
    """Run code in a new process; return its peak memory in bytes."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    code = f"{_START}\n{code}\n{_END}"
    done = subprocess.run(
        [sys.executable, "-c", code, work], env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1]) * 1024


VERIFY = """
with acme.open(bundle) as reader:
    reader.verify_all()
"""
AUDIT = "audit_bundle(bundle, trust=acme.policy)"
CAT = """
with acme.open(bundle) as reader, reader.open(reader.namelist()[0]) as file:
    total = 0
    while data := file.read(1 << 20):
        total += len(data)
    assert total == reader.infolist()[0].size
"""
UNPACK = """
import shutil
out = os.path.join(work, "out")
with acme.open(bundle) as reader:
    unpack(reader, out)
shutil.rmtree(out)
"""
STREAM = """
import subprocess
with subprocess.Popen(["cat", bundle], stdout=subprocess.PIPE) as child:
    acme.open(child.stdout).verify_all()
"""


def _large(folder: Path, size: int, *, mixed: bool) -> None:
    """Zeros with holes; `mixed` has random bytes in every eighth part, so that records differ."""
    folder.mkdir()
    with (folder / "large").open("wb") as file:
        os.ftruncate(file.fileno(), size)
        if mixed:
            for start in range(0, size, 8 * MIB):
                os.pwrite(file.fileno(), os.urandom(MIB), start)


@pytest.mark.parametrize("level", [0, 3])
def test_one_gibibyte(tmp_path: Path, level: int) -> None:
    _large(tmp_path / "in", GIB, mixed=True)
    used = {"pack": peak(tmp_path, f"pack(level={level})")}
    for name, code in (("verify", VERIFY), ("audit", AUDIT), ("cat", CAT), ("stream", STREAM), ("unpack", UNPACK)):
        used[name] = peak(tmp_path, code)
    print({name: f"{value / MIB:.0f} MiB" for name, value in used.items()})
    assert used.pop("pack") <= 128_000_000
    assert max(used.values()) <= 96_000_000, used


def test_a_hundred_thousand_files(tmp_path: Path) -> None:
    for number in range(100_000):
        if number % 500 == 0:
            folder = tmp_path / "in" / f"folder {number // 500}"
            folder.mkdir(parents=True)
        (folder / f"file-{number}.txt").write_bytes(b"content of file %d\n" % number * (number % 9))
    used = {}
    for share in (0, 4 << 20):
        for name, code in (
            ("pack", f"pack(level=3, share_small={share})"),
            ("verify", VERIFY),
            ("audit", AUDIT),
            ("cat", CAT),
        ):
            used[f"{name} {share}"] = peak(tmp_path, code)
    used["unpack"] = peak(tmp_path, UNPACK)
    print({name: f"{value / MIB:.0f} MiB" for name, value in used.items()})
    assert max(used.values()) <= 300_000_000, used


def test_content_over_four_gibibytes(tmp_path: Path) -> None:
    """Sizes, offsets and progress beyond 32 bits."""
    size = 4 * GIB + 12_345
    _large(tmp_path / "in", size, mixed=False)
    with (tmp_path / "in" / "large").open("r+b") as file:
        os.pwrite(file.fileno(), b"beyond the border", 4 * GIB - 3)
    begun = time.monotonic()
    assert peak(tmp_path, "pack(level=1)") <= 128_000_000
    assert peak(tmp_path, AUDIT) <= 96_000_000
    code = f"""
with acme.open(bundle) as reader:
    assert reader.infolist()[0].size == {size}
    assert reader.manifest.table.records[-1].pieces[0].offset == 4 << 30
    total = 0
    for chunk in reader.contents():
        assert chunk.offset == total
        total += len(chunk.data)
        tail = bytes(chunk.data)[:14]
    assert total == {size} and chunk.last and tail == b"ond the border"
"""
    assert peak(tmp_path, code) <= 96_000_000
    assert time.monotonic() - begun < 120


def test_the_measurement_itself(tmp_path: Path) -> None:
    small = peak(tmp_path, "pass")
    assert peak(tmp_path, "x = b'x' * 100_000_000") >= small + 90_000_000
