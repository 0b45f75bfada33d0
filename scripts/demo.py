"""The whole story with a real application: keys, pack, inspect, verify, unpack, tamper, refuse.

    python scripts/demo.py             run it in a temporary folder
    python scripts/demo.py --readme    run it, and put it on the first screen of README.md

The application is pip, as it is installed beside this interpreter: some hundred files.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- demo -->\n", "<!-- end of demo -->\n"


class Step(NamedTuple):
    """One command and what it must end with."""

    title: str
    command: str
    code: int = 0


STEPS = (
    Step("Keys: an offline root, a signer for CI, and a device", "bundlefmt keygen signer -o root.pem -q"),
    Step("", "bundlefmt keygen signer -o ci.pem -q"),
    Step("", "bundlefmt keygen recipient -o device.key"),
    Step("A publisher", "bundlefmt publisher init --root root.pem --signer ci.pem -o acme.trust"),
    Step(
        "Pack a built application",
        "bundlefmt pack dist -o app.bndl --trust acme.trust --signer ci.pem -r device.key.pub \\\n"
        "      --product com.example.app --version 1.2.3 --number 7",
    ),
    Step("Anyone can look, and sees no name, version or size of a file", "bundlefmt inspect app.bndl"),
    Step(
        "Anyone who trusts the publisher can check every byte, without a key",
        "bundlefmt verify app.bndl --trust acme.trust",
    ),
    Step(
        "The device unpacks it, and has what was packed",
        "bundlefmt unpack app.bndl --trust acme.trust -i device.key && diff -r dist app && echo same",
    ),
    Step(
        "A few bytes are changed on the way",
        "cp app.bndl bad.bndl && printf tampered | dd of=bad.bndl bs=1 seek=500000 conv=notrunc status=none",
    ),
    Step("", "bundlefmt unpack bad.bndl --trust acme.trust -i device.key", 1),
    Step("Another device's key", "bundlefmt keygen recipient -o other.key -q"),
    Step("", "bundlefmt unpack app.bndl -o stolen --trust acme.trust -i other.key", 1),
    Step("Neither left anything behind", "ls -Am"),
)


def application(folder: Path) -> None:
    """Copy the application's files."""
    spec = importlib.util.find_spec("pip")
    if spec is None or spec.origin is None:
        sys.exit("demo: pip is not installed beside this interpreter")
    shutil.copytree(Path(spec.origin).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))


def environment(folder: Path) -> dict[str, str]:
    """An environment in which `bundlefmt` is this checkout's or this interpreter's."""
    command = folder / "bundlefmt"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bundlefmt "$@"\n')
    command.chmod(0o755)
    spec = importlib.util.find_spec("bundlefmt")
    home = Path(spec.origin).parents[1] if spec is not None and spec.origin else ROOT
    keep = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    path = f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**keep, "PATH": path, "PYTHONPATH": str(home), "LC_ALL": "C.UTF-8", "COLUMNS": "100"}


def run(show: bool = True) -> str:  # noqa: FBT001, FBT002 - a script
    """Run every step.

    Args:
        show: print while running.

    Returns:
        The transcript.
    """
    parts: list[str] = []

    def say(text: str) -> None:
        parts.append(text)
        if show:
            print(text, end="", flush=True)

    with tempfile.TemporaryDirectory(prefix="bundlefmt-demo.") as name:
        work = Path(name, "work")
        tools = Path(name, "tools")
        work.mkdir()
        tools.mkdir()
        application(work / "dist")
        env = environment(tools)
        for step in STEPS:
            if step.title:
                say(f"\n# {step.title}\n" if parts else f"# {step.title}\n")
            say(f"$ {step.command}\n")
            ended = subprocess.run(
                ["bash", "-c", step.command],
                cwd=work,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            say(ended.stdout)
            if ended.returncode:
                say(f"(exit code {ended.returncode})\n")
            if ended.returncode != step.code:
                sys.exit(f"demo: exit code {ended.returncode}, expected {step.code}")
    return "".join(parts)


def normal(text: str) -> str:
    """A transcript without what differs from run to run: ids, sizes, numbers of files, times, widths of columns."""
    # Some bundles carry values that nobody implements, so that every reader learns to ignore them (W-10).
    text = "".join(line for line in text.splitlines(keepends=True) if " ignored" not in line)
    text = re.sub(r"\b[0-9a-f]{8,}\b", "ID", text)
    text = re.sub(r"[0-9][0-9.,:TZ-]*", "N", text)
    return re.sub(r" +", " ", text)


def block(text: str) -> str:
    """The part of README.md between the marks."""
    return text[text.index(START) + len(START) : text.index(END)]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readme", action="store_true", help="write the transcript into README.md")
    readme = parser.parse_args().readme
    transcript = run()
    while readme and " ignored" in transcript:  # see `normal`
        transcript = run(show=False)
    if readme:
        file = ROOT / "README.md"
        text = file.read_text()
        start, end = text.index(START) + len(START), text.index(END)
        file.write_text(f"{text[:start]}```console\n{transcript}```\n{text[end:]}")


if __name__ == "__main__":
    main()
