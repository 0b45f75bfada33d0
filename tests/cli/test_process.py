"""The command line as a process: pipes, signals, terminals, full disks, and what start-up imports."""

from __future__ import annotations

import errno
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.cli import COMMAND, OPEN, PACK, SITE, Shop, environment, read_tree

TRUST = ("--trust", "acme.trust")


# Pipes


def test_a_bundle_through_pipes(shop: Shop) -> None:
    data = shop.raw("pack", "dist", "-o", "-", *PACK)
    assert shop.run("verify", "-", *TRUST, stdin=data).out.startswith("verified -: release")
    assert shop.run("verify", "-", *OPEN, stdin=data).code == 0
    assert shop.run("list", "-", *OPEN, stdin=data).out == "index.html\njs/app.js\n"
    assert shop.run("inspect", "-", *OPEN, stdin=data).out.startswith("-: a stream\n")
    shop.run("unpack", "-", "-o", "out", *OPEN, stdin=data)
    assert read_tree(shop.path("out")) == SITE
    assert "cat needs a regular file" in shop.run("cat", "-", "index.html", *OPEN, stdin=data, code=2).err


def test_a_damaged_pipe_leaves_nothing(shop: Shop) -> None:
    data = shop.path("app.bndl").read_bytes()
    before = shop.names()
    for bad in (data[:-1], data + b"x", shop.path("bad.bndl").read_bytes(), data[:100], b""):
        shop.run("unpack", "-", "-o", "out", *OPEN, stdin=bad, code=1)
        assert shop.names() == before


def test_standard_input_that_is_a_file_is_read_by_position(stock: Shop) -> None:
    with stock.path("app.bndl").open("rb") as file:
        out = subprocess.check_output(
            [*COMMAND, "cat", "-", "index.html", *OPEN], cwd=stock.folder, env=environment(), stdin=file
        )
    assert out == SITE["index.html"]


def test_keys_and_trust_from_standard_input(stock: Shop) -> None:
    key, trust = stock.path("device.key").read_bytes(), stock.path("acme.trust").read_bytes()
    assert stock.run("list", "app.bndl", *TRUST, "-i", "-", stdin=key).code == 0
    assert stock.run("verify", "app.bndl", "--trust", "-", stdin=trust).code == 0
    twice = stock.run("verify", "-", "--trust", "-", stdin=trust, code=2)
    assert "standard input (-) can be named once only" in twice.err


def test_nobody_reads_the_output(stock: Shop) -> None:
    process = subprocess.Popen(
        [*COMMAND, "list", "app.bndl", *OPEN], cwd=stock.folder, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_output_to_a_full_device(stock: Shop) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [*COMMAND, "list", "app.bndl", *OPEN], cwd=stock.folder, env=environment(), stdout=full,
            stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert ended.returncode == 3
    assert ended.stderr.decode() == f"bundlefmt: failed: {os.strerror(errno.ENOSPC)}\n"


# Signals


@pytest.fixture(scope="module")
def large(stock: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Enough contents for work to last until a signal arrives."""
    shop = Shop(tmp_path_factory.mktemp("large"))
    for name in ("acme.trust", "ci.pem", "device.key", "device.key.pub"):
        (shop.folder / name).write_bytes(stock.path(name).read_bytes())
        (shop.folder / name).chmod(0o600)
    shop.path("dist").mkdir()
    for number in range(24):
        shop.path(f"dist/{number}").write_bytes(os.urandom(4096) * 1024)
    shop.run("pack", "dist", "-o", "large.bndl", *PACK, "--store", "-q")
    return shop


def _wait_for_partial(folder: Path) -> None:
    end = time.monotonic() + 30
    while not any(name.endswith(".partial") for name in os.listdir(folder)):
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize(
    "arguments",
    [
        ("unpack", "large.bndl", "-o", "out", *OPEN),
        ("pack", "dist", "-o", "out", *PACK, "--level", "19"),
        ("cat", "large.bndl", *map(str, range(24)), "-o", "out", *OPEN),
    ],
    ids=["unpack", "pack", "cat"],
)
def test_a_signal_leaves_nothing_behind(large: Shop, arguments: tuple[str, ...], number: signal.Signals) -> None:
    before = large.names()
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=large.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    _wait_for_partial(large.folder)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (128 + number, b"", b"")
    assert large.names() == before


def test_an_ignored_signal_stays_ignored(large: Shop) -> None:
    process = subprocess.Popen(
        [*COMMAND, "unpack", "large.bndl", "-o", "kept", *OPEN, "-q"], cwd=large.folder, env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # noqa: PLW1509 - one thread
    )  # fmt: skip
    _wait_for_partial(large.folder)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0
    assert "kept" in large.names()


def test_main_puts_handlers_back() -> None:
    from bundlefmt.cli.main import main

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert main(["verify"]) == 2
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


# Terminals


def _on_terminal(shop: Shop, *arguments: str) -> tuple[int, str]:
    """Run a command whose standard error is a terminal; what it wrote there."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=shop.folder, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=secondary,
    )  # fmt: skip
    os.close(secondary)
    parts: list[bytes] = []
    while select.select([primary], [], [], 60)[0]:
        try:
            part = os.read(primary, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(primary)
    return process.wait(60), b"".join(parts).decode()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("unpack", "large.bndl", "-o", "seen", *OPEN), "unpacking"),
        (("verify", "large.bndl", *TRUST), "verifying"),
        (("verify", "large.bndl", *OPEN), "verifying"),
        (("pack", "dist", "-o", "seen.bndl", *PACK, "--store"), "packing"),
    ],
)
def test_progress_on_a_terminal(large: Shop, arguments: tuple[str, ...], word: str) -> None:
    began = time.monotonic()
    code, text = _on_terminal(large, *arguments)
    assert code == 0
    drawings = text.count(f"\r{word} [")
    assert 1 <= drawings <= 12 * (time.monotonic() - began) + 2
    assert "] 100% " in text or "%" in text
    assert text.endswith("\r\x1b[K")
    quiet = {"unpack": "seen2", "pack": "seen2.bndl"}.get(arguments[0])
    again = tuple(quiet if quiet and part in ("seen", "seen.bndl") else part for part in arguments)
    assert _on_terminal(large, *again, "-q") == (0, "")


def test_no_progress_in_a_pipe(large: Shop) -> None:
    assert large.run("verify", "large.bndl", *TRUST).err == ""


def test_a_bundle_does_not_go_to_a_terminal(stock: Shop) -> None:
    primary, secondary = pty.openpty()
    ended = subprocess.run(
        [*COMMAND, "pack", "dist", "-o", "-", *PACK], cwd=stock.folder, env=environment(), stdout=secondary,
        stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(secondary)
    os.close(primary)
    assert ended.returncode == 2
    assert b"a bundle is not for a terminal" in ended.stderr


# Locales and start-up


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_output(shop: Shop, encoding: str) -> None:
    shop.path("dist/f\u00fcr \u65e5\u672c.txt").write_text("x")
    shop.run("pack", "dist", "-o", "new.bndl", *PACK, "--notes", "\u65e5\u672c \u00fc", "-q")
    env = {"PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
    for verb in ("list", "verify", "inspect"):
        shop.run(verb, "new.bndl", *OPEN, env=env)


HEAVY = (
    "cryptography",
    "nacl",
    "backports",
    "compression",
    "hashlib",
    "tempfile",
    "shutil",
    "dataclasses",
    "inspect",
    "logging",
    "concurrent",
    "threading",
    "pathlib",
    "json",
    "random",
    "urllib",
    "socket",
    "subprocess",
    "importlib.metadata",
    "shtab",
)


def test_inspect_without_keys_imports_little(stock: Shop) -> None:
    code = (
        "import sys; from bundlefmt.cli.main import main; assert main(['inspect', 'app.bndl']) == 0;"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-S", "-c", _with_path(code)], cwd=stock.folder, env=environment(), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert ended.stderr == "[]\n"


def _with_path(code: str) -> str:
    """`-S` leaves out what start-up files of other packages import; the path is given instead."""
    return f"import sys; sys.path[:] = {sys.path!r}; {code}"


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import bundlefmt; print([name for name in sys.modules if name.startswith('bundlefmt.')])"
    ended = subprocess.run(
        [sys.executable, "-S", "-c", _with_path(code)], env=environment(), capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"
