"""The command line inside this process, in a folder of its own: for stories of many commands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bundlefmt.cli.main import main
from bundlefmt.keys.signers import FileSigner
from support.cli import Ended


class Desk:
    """A folder to run commands in.

    Args:
        folder: where; it is the working folder while a command runs.
        capsys: of the test.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def run(self, *args: str, code: int = 0) -> Ended:
        """Run one command; its exit code must be `code`."""
        before = os.getcwd()
        os.chdir(self.folder)
        try:
            self._capsys.readouterr()
            found = main(args)
        finally:
            os.chdir(before)
        out, err = self._capsys.readouterr()
        assert found == code, (args, found, out, err)
        return Ended(found, out, err)

    def json(self, *args: str, code: int = 0) -> dict[str, Any]:
        """Run one command with `--json`."""
        value: dict[str, Any] = json.loads(self.run(*args, "--json", code=code).out)
        return value

    def refused(self, *args: str, by: str, code: int = 1) -> str:
        """Run a command that is refused with a code; nothing in the folder may change, and nothing is printed."""
        before = self.state()
        ended = self.run(*args, code=code)
        assert f": {by}" in ended.err, ended
        assert self.state() == before
        return ended.err

    def state(self) -> dict[str, bytes]:
        """Every file and its bytes."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def path(self, name: str) -> Path:
        """A path in the folder."""
        return self.folder / name

    def read(self, name: str) -> bytes:
        """A file."""
        return self.path(name).read_bytes()

    def write(self, name: str, data: bytes | str) -> str:
        """Make a file; its name."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return name

    def signers(self, *names: str) -> None:
        """Make signing keys."""
        for name in names:
            self.run("keygen", "signer", "-o", f"{name}.pem", "-q")

    def signer(self, name: str) -> FileSigner:
        """A signing key made before."""
        return FileSigner.from_pem(self.read(f"{name}.pem"))

    def pack(self, output: str, number: int, *options: str, trust: str = "acme.trust") -> Ended:
        """Pack the folder `dist` for `device.key`; it holds the release's number."""
        self.write("dist/number.txt", f"{number}\n")
        return self.run(
            "pack", "dist", "-o", output, "--trust", trust, "-r", "device.key.pub", "--product", "com.example.app",
            "--version", f"{number}.0", "--number", str(number), "--created", "1700000000", *options,
        )  # fmt: skip
