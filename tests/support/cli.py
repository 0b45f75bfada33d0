"""Running the command line as a process, in a folder with a publisher made by it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import bundlefmt

SITE = {"index.html": b"<h1>Hello</h1>\n", "js/app.js": b"console.log('hello')\n" * 500}
RELEASE = ("--product", "com.example.app", "--version", "1.2.3", "--number", "7", "--created", "1700000000")
PACK = ("--trust", "acme.trust", "--signer", "ci.pem", "-r", "device.key.pub", *RELEASE)
OPEN = ("--trust", "acme.trust", "-i", "device.key")
COMMAND = [sys.executable, "-m", "bundlefmt"]


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """The package under test, whether installed or a checkout, and nothing that changes output."""
    home = str(Path(bundlefmt.__file__).parents[1])
    drop = ("SOURCE_DATE_EPOCH", "PYTHONUNBUFFERED", "COLUMNS")
    keep = {name: value for name, value in os.environ.items() if name not in drop}
    return {**keep, "PYTHONPATH": home, "PYTHONWARNINGS": "error", "LC_ALL": "C.UTF-8"}


class Shop:
    """A folder to run commands in.

    Args:
        folder: where.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self, *args: str, stdin: bytes | None = None, env: dict[str, str] | None = None, code: int | None = 0
    ) -> Ended:
        """Run one command; its exit code must be `code`."""
        ended = subprocess.run(
            [*COMMAND, *args],
            cwd=self.folder,
            env={**environment(), **(env or {})},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            timeout=60,
        )
        found = Ended(ended.returncode, ended.stdout.decode(errors="backslashreplace"), ended.stderr.decode())
        assert code is None or found.code == code, found
        return found

    def raw(self, *args: str, stdin: bytes | None = None) -> bytes:
        """Run one command that succeeds, for its bytes."""
        return subprocess.run(
            [*COMMAND, *args],
            cwd=self.folder,
            env=environment(),
            input=stdin,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout

    def names(self) -> set[str]:
        """Everything in the folder."""
        return set(os.listdir(self.folder))

    def path(self, name: str) -> Path:
        """A path in the folder."""
        return self.folder / name


def write_tree(folder: Path, tree: dict[str, bytes]) -> None:
    """Make files."""
    for name, data in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def read_tree(folder: Path) -> dict[str, bytes]:
    """Read files."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Keys, a trust file, a folder and its bundle; tests do not change them."""
    shop = Shop(tmp_path_factory.mktemp("stock"))
    write_tree(shop.path("dist"), SITE)
    shop.run("keygen", "signer", "-o", "root.pem")
    shop.run("keygen", "signer", "-o", "ci.pem")
    shop.run("keygen", "recipient", "-o", "device.key")
    shop.run("keygen", "recipient", "--x25519", "-o", "other.key")
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "ci.pem", "-o", "acme.trust")
    shop.run("pack", "dist", "-o", "app.bndl", *PACK)
    data = bytearray(shop.path("app.bndl").read_bytes())
    data[-1] ^= 1
    shop.path("bad.bndl").write_bytes(data)
    return shop


@pytest.fixture
def shop(stock: Shop, tmp_path: Path) -> Shop:
    """A folder of one's own with everything of `stock`."""
    for item in stock.folder.iterdir():
        if item.is_file():
            shutil.copy2(item, tmp_path / item.name)
    write_tree(tmp_path / "dist", SITE)
    return Shop(tmp_path)
