"""Secrets are looked for where they may show: arguments, environment, logs, tracebacks, reprs, pickles, output."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.cli import COMMAND, OPEN, RELEASE, Shop, environment
from support.keyforms import PASSPHRASE, SEED, assert_silent, openssh, pkcs8

from bundlefmt.cli.passphrase import CommandSecrets
from bundlefmt.crypto.keylock import LOG_N_MIN
from bundlefmt.crypto.pkcs8lock import lock_pem
from bundlefmt.errors import BundleError
from bundlefmt.keys import protected, sources
from bundlefmt.keys.guard import GuardedSigner
from bundlefmt.keys.passphrases import OneSecret
from bundlefmt.keys.recipients import X25519, Identity
from bundlefmt.keys.signers import FileSigner
from bundlefmt.wire.armor import dearmor

OURS = Identity(X25519, SEED)
LOCKED = protected.lock(OURS, PASSPHRASE, LOG_N_MIN)


def secrets_by_variable() -> CommandSecrets:
    secrets = CommandSecrets(variable="KEY_PHRASE")
    os.environ["KEY_PHRASE"] = PASSPHRASE.decode()
    try:
        assert secrets.ask("x") == PASSPHRASE
    finally:
        del os.environ["KEY_PHRASE"]
    return secrets


HOLDERS: list[Callable[[], Any]] = [
    lambda: OneSecret(PASSPHRASE),
    secrets_by_variable,
    lambda: GuardedSigner("theirs:x", lambda: FileSigner(SEED)),
    lambda: OURS,
]


@pytest.mark.parametrize("make", HOLDERS)
def test_reprs_and_pickles(make: Callable[[], Any]) -> None:
    holder = make()
    assert_silent(f"{holder} {holder!r} {[holder]} {vars(type(holder))}")
    assert not hasattr(holder, "__dict__")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(holder)
    with pytest.raises(TypeError, match="not pickled"):
        copy.deepcopy(holder)


def test_a_locked_identity_tells_its_name_alone() -> None:
    locked = protected.parse(dearmor(LOCKED)[0].data)
    assert_silent(f"{locked} {locked!r}")
    assert repr(locked) == f"Locked({OURS})"


# Logs and tracebacks

BAD: list[tuple[Callable[..., Any], bytes, bytes]] = [
    (sources.open_signer, pkcs8()[:-30], PASSPHRASE),
    (sources.open_signer, pkcs8().replace(b"\n", b" "), PASSPHRASE),
    (sources.open_signer, pkcs8().replace(b"C", b"!"), PASSPHRASE),
    (sources.open_signer, lock_pem(pkcs8(), b"other"), PASSPHRASE),
    (sources.open_signer, openssh()[:-60], PASSPHRASE),
    (sources.open_signer, OURS.armored().encode(), PASSPHRASE),
    (sources.open_identities, OURS.armored().encode()[:-30], PASSPHRASE),
    (sources.open_identities, OURS.armored().replace("A", "B").encode(), PASSPHRASE),
    (sources.open_identities, LOCKED.encode(), b"wrong " + PASSPHRASE),
    (sources.open_identities, pkcs8(), PASSPHRASE),
    (sources.open_recipients, OURS.armored().encode(), PASSPHRASE),
    (sources.open_verification_key, lock_pem(pkcs8(), b"other"), PASSPHRASE),
]


@pytest.mark.parametrize(("action", "data", "phrase"), BAD)
@pytest.mark.parametrize("place", ["file", "env"])
def test_bad_keys_say_nothing(
    action: Callable[..., Any],
    data: bytes,
    phrase: bytes,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "key").write_bytes(data)
    monkeypatch.setenv("KEY_TEXT", data.decode())
    uri = f"file:{tmp_path}/key" if place == "file" else "env:KEY_TEXT"
    before = dict(os.environ)
    with pytest.raises(BundleError) as info:
        action(uri) if action is sources.open_recipients else action(uri, OneSecret(phrase))
    assert info.value.code == "KEY_FILE"
    told = "".join(traceback.format_exception(info.value)) + caplog.text
    assert_silent(told)
    for line in data.decode().splitlines():
        assert line.startswith("-----") or len(line) < 8 or line not in told
    assert dict(os.environ) == before


def test_good_keys_log_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for data in (pkcs8(), openssh(), lock_pem(pkcs8(), PASSPHRASE)):
        (tmp_path / "key").write_bytes(data)
        sources.open_signer(str(tmp_path / "key"), OneSecret(PASSPHRASE)).sign(b"message")
    (tmp_path / "key").write_text(LOCKED)
    sources.open_identities(str(tmp_path / "key"), OneSecret(PASSPHRASE))
    assert_silent(caplog.text)


# The process, seen from outside


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_arguments_and_environment_of_a_process(shop: Shop) -> None:
    shop.path("locked.pem").write_bytes(lock_pem(pkcs8(), PASSPHRASE))
    read, write = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "keygen", "show", "locked.pem", "--passphrase-fd", str(read)],
        cwd=shop.folder,
        env=environment(),
        pass_fds=(read,),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(read)
    place = Path(f"/proc/{process.pid}")
    seen = b""
    os.write(write, PASSPHRASE[:4])
    for _ in range(10):
        time.sleep(0.05)
        seen += place.joinpath("cmdline").read_bytes() + place.joinpath("environ").read_bytes()
    os.write(write, PASSPHRASE[4:] + b"\n")
    os.close(write)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert b"keygen" in seen
    assert_silent(seen + out + err)


def test_output_of_whole_commands(shop: Shop) -> None:
    """A key in the environment of a command reaches neither its output nor a bundle, also when it fails."""
    shop.path("own.pem").write_bytes(lock_pem(pkcs8(), PASSPHRASE))
    shop.path("own.key").write_text(LOCKED)
    shop.path("own.key.pub").write_text(shop.path("device.key.pub").read_text())
    env = {
        "KEY_PHRASE": PASSPHRASE.decode(),
        "KEY_TEXT": pkcs8().decode(),
        "BAD_TEXT": pkcs8().decode().replace("\n", "\\n"),
        "PYTHONDEVMODE": "1",
        "PYTHONWARNINGS": "default",
    }
    how = ("--passphrase-env", "KEY_PHRASE")
    pack = (*RELEASE, "-r", "device.key.pub")
    said = ""
    for args, code in (
        (("publisher", "init", "--root", "root.pem", "--signer", "env:KEY_TEXT", "-o", "own.trust"), 0),
        (("pack", "dist", "-o", "a.bndl", "--trust", "own.trust", "--signer", "own.pem", *pack, *how), 0),
        (("pack", "dist", "-o", "b.bndl", "--trust", "own.trust", "--signer", "env:KEY_TEXT", *pack), 0),
        (("pack", "dist", "-o", "c.bndl", "--trust", "own.trust", "--signer", "env:BAD_TEXT", *pack), 3),
        (("pack", "dist", "-o", "c.bndl", "--trust", "own.trust", "--signer", pkcs8().decode(), *pack), 3),
        (("list", "a.bndl", *OPEN[:1], "own.trust", "-i", "own.key", *how), 1),
        (("list", "a.bndl", *OPEN[:1], "own.trust", "-i", "env:KEY_TEXT", "--json"), 3),
        (("keygen", "show", "--json", "own.pem", "own.key", *how), 0),
    ):
        ended = shop.run(*args, env=env, code=code)
        said += ended.out + ended.err
    for name in ("a.bndl", "b.bndl", "own.trust"):
        assert_silent(shop.path(name).read_bytes())
    assert_silent(said)
    assert pkcs8().splitlines()[1].decode() not in said
    assert "Traceback" not in said


def test_a_crash_shows_no_secret(tmp_path: Path) -> None:
    """An error that is no refusal ends in a traceback; values of variables are not in it."""
    (tmp_path / "key").write_text(LOCKED)
    code = (
        "import sys; from bundlefmt.keys import protected, sources; from bundlefmt.keys.passphrases import OneSecret\n"
        "def boom(*_): raise RuntimeError('crash')\n"
        "protected.Identity = boom\n"
        "sources.open_identities(sys.argv[1], OneSecret(sys.stdin.buffer.read()))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code, str(tmp_path / "key")],
        env=environment(),
        input=PASSPHRASE,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 1
    assert b"RuntimeError: crash" in ended.stderr
    assert_silent(ended.stdout + ended.stderr)
