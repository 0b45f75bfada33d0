"""Keys on the command line: keygen, passphrases, key sources in every verb that asks for a key."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest
from support.cli import COMMAND, RELEASE, Shop, environment, read_tree
from support.keyforms import PUBLIC, assert_silent, openssh, pkcs8, spki, ssh_line

from bundlefmt.crypto.digests import signer_kid

AGE = json.loads((Path(__file__).parent / "age_keys.json").read_text())
PHRASE = "correct horse"
KID = signer_kid(PUBLIC).hex()
OPEN = ("--trust", "acme.trust")


def with_descriptor(shop: Shop, *args: str, data: bytes = PHRASE.encode() + b"\n") -> subprocess.CompletedProcess[str]:
    """Run one command with a passphrase in a pipe."""
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)
    try:
        return subprocess.run(
            [*COMMAND, *args, "--passphrase-fd", str(read)],
            cwd=shop.folder,
            env=environment(),
            pass_fds=(read,),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(read)


def test_protected_keys_from_end_to_end(shop: Shop) -> None:
    env = {"PHRASE": PHRASE}
    how = ("--passphrase-env", "PHRASE")
    shop.run("keygen", "signer", "-o", "locked.pem", "-q", *how, env=env)
    shop.run("keygen", "recipient", "-o", "locked.key", "--passphrase", "-q", *how, env=env)
    for name in ("locked.pem", "locked.key"):
        assert "ENCRYPTED" in shop.path(name).read_text()
        assert shop.path(name).stat().st_mode & 0o777 == 0o600
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "locked.pem.pub", "-o", "new.trust", "-q")
    pack = ("--trust", "new.trust", "--signer", "locked.pem", "-r", "locked.key.pub", *RELEASE)
    assert "nobody can be asked" in shop.run("pack", "dist", "-o", "new.bndl", *pack, code=3).err
    shop.run("pack", "dist", "-o", "new.bndl", *pack, *how, env=env)
    done = with_descriptor(shop, "unpack", "new.bndl", "-o", "out", "--trust", "new.trust", "-i", "locked.key")
    assert done.returncode == 0, done
    assert read_tree(shop.path("out")) == read_tree(shop.path("dist"))
    wrong = with_descriptor(shop, "list", "new.bndl", "--trust", "new.trust", "-i", "locked.key", data=b"other\r\n")
    assert wrong.returncode == 3
    assert wrong.stderr.startswith("bundlefmt: failed: KEY_FILE")
    assert "locked.key: wrong passphrase for mlkem768-x25519" in wrong.stderr
    assert wrong.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "env", "word"),
    [
        (("--passphrase-env", "NOTHING"), {}, "no variable 'NOTHING'"),
        (("--passphrase-env", "EMPTY"), {"EMPTY": ""}, "or it is empty"),
        (("--passphrase-fd", "97"), {}, "Bad file descriptor"),
        (("--passphrase-fd", "0"), {}, "gives no passphrase"),
        (("--passphrase",), {}, "nobody can be asked"),
    ],
)
def test_passphrases_that_do_not_come(shop: Shop, args: tuple[str, ...], env: dict[str, str], word: str) -> None:
    before = shop.names()
    ended = shop.run("keygen", "signer", "-o", "new.pem", *args, env=env, code=3)
    assert "KEY_SOURCE" in ended.err
    assert word in ended.err
    assert shop.names() == before


def test_a_passphrase_and_a_bundle_on_standard_input(shop: Shop) -> None:
    env = {"PHRASE": PHRASE}
    shop.run("keygen", "recipient", "-o", "locked.key", "-q", "--passphrase-env", "PHRASE", env=env)
    pack = (*OPEN, "--signer", "ci.pem", "-r", "locked.key.pub", *RELEASE)
    data = shop.raw("pack", "dist", "-o", "-", *pack)
    stdin = PHRASE.encode() + b"\n" + data
    listed = shop.run("list", "-", *OPEN, "-i", "locked.key", "--passphrase-fd", "0", stdin=stdin)
    assert listed.out == "index.html\njs/app.js\n"


def test_passphrases_are_not_arguments(shop: Shop) -> None:
    for args in (("--passphrase-fd", PHRASE), ("--passphrase", PHRASE), ("--passphrase-fd=-1",)):
        shop.run("keygen", "signer", "-o", "new.pem", *args, code=2)


def test_keys_from_the_environment(shop: Shop) -> None:
    env = {
        "CI_KEY": "\ufeff" + shop.path("ci.pem").read_text().replace("\n", "\r\n").rstrip(),
        "ROOT_KEY": shop.path("root.pem").read_text(),
        "DEVICE": shop.path("device.key").read_text(),
        "DEVICE_PUB": shop.path("device.key.pub").read_text(),
    }
    init = ("publisher", "init", "--root", "env:ROOT_KEY", "--signer", "env:CI_KEY", "-o", "env.trust")
    shop.run(*init, env=env)
    pack = ("--trust", "env.trust", "--signer", "env:CI_KEY", "-r", "env:DEVICE_PUB", *RELEASE)
    shop.run("pack", "dist", "-o", "env.bndl", *pack, env=env)
    for verb in ("list", "verify", "inspect"):
        shop.run(verb, "env.bndl", "--trust", "env.trust", "-i", "env:DEVICE", env=env)


def test_keys_of_other_tools(shop: Shop) -> None:
    shop.path("id_ed25519").write_bytes(openssh())
    shop.path("id_ed25519.pub").write_bytes(ssh_line())
    shop.path("id_ed25519").chmod(0o600)
    shop.path("age.key").write_text(f"# public key: x\n{AGE['hybrid']['identity']}\n")
    shop.path("age.key").chmod(0o600)
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "id_ed25519.pub", "-o", "ssh.trust")
    pack = ("--trust", "ssh.trust", "--signer", "id_ed25519", "-r", AGE["hybrid"]["recipient"], *RELEASE)
    shop.run("pack", "dist", "-o", "ssh.bndl", *pack)
    ended = shop.run("unpack", "ssh.bndl", "-o", "out", "--trust", "ssh.trust", "-i", "age.key")
    assert ended.err == ""
    assert read_tree(shop.path("out")) == read_tree(shop.path("dist"))


def test_keygen_show(shop: Shop) -> None:
    env = {"PHRASE": PHRASE, "AGE_KEY": AGE["x25519"]["identity"]}
    shop.run("keygen", "recipient", "-o", "locked.key", "-q", "--passphrase-env", "PHRASE", env=env)
    shop.run("keygen", "signer", "--hybrid", "-o", "hybrid.pem", "-q", "--passphrase-env", "PHRASE", env=env)
    for name, data in (("a.pem", pkcs8()), ("a.pub", spki()), ("ssh", openssh()), ("ssh.pub", ssh_line())):
        shop.path(name).write_bytes(data)
    keys = ("a.pem", "a.pub", "ssh", "ssh.pub", "device.key", "device.key.pub", "locked.key", "env:AGE_KEY")
    shown = shop.run("keygen", "show", *keys, AGE["x25519"]["recipient"], env=env)
    lines = shown.out.splitlines()
    assert lines[:8] == [
        "a.pem", f"  signer ed25519 {KID}", "a.pub", f"  verification key ed25519 {KID}",
        "ssh", f"  signer ed25519 {KID}", "ssh.pub", f"  verification key ed25519 {KID}",
    ]  # fmt: skip
    assert lines[9].replace("identity", "recipient") == lines[11]
    assert lines[13].endswith(", under a passphrase")
    assert lines[15].replace("identity", "recipient") == lines[17]
    assert_silent(shown.out + shown.err)
    found = json.loads(shop.run("keygen", "show", "--json", "locked.key", "hybrid.pem", "--passphrase-env", "PHRASE",
                                env=env).out)  # fmt: skip
    assert found["format"] == "bundlefmt-keygen/1"
    assert [(row["use"], row["type"], row["protected"]) for row in found["keys"]] == [
        ("identity", "mlkem768-x25519", True),
        ("signer", "ed25519-mldsa65", True),
    ]
    assert "nobody can be asked" in shop.run("keygen", "show", "hybrid.pem", code=3).err
    assert "KEY_FILE" in shop.run("keygen", "show", "acme.trust", code=3).err


@pytest.mark.parametrize(
    "args",
    [
        ("show",),
        ("show", "ci.pem", "-o", "x"),
        ("show", "-", "-"),
        ("signer",),
        ("signer", "x", "-o", "y"),
        ("signer", "-o", "y", "--json"),
        ("recipient", "-o", "y", "--passphrase-fd", "3", "--passphrase-env", "X"),
    ],
)
def test_wrong_usage(shop: Shop, args: tuple[str, ...]) -> None:
    shop.run("keygen", *args, code=2)


# At a terminal


def at_a_terminal(shop: Shop, args: tuple[str, ...], *answers: str) -> tuple[int, str]:
    """Type answers when they are asked for; what was shown."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(shop.folder)
        os.execve(COMMAND[0], [*COMMAND, *args], environment())
    shown = b""
    left = list(answers)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            data = os.read(master, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if shown.endswith(b": ") and left:
            time.sleep(0.05)
            os.write(master, left.pop(0).encode() + b"\n")
    os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_a_passphrase_is_typed_and_not_shown(shop: Shop) -> None:
    code, shown = at_a_terminal(shop, ("keygen", "signer", "-o", "new.pem", "--passphrase"), PHRASE, PHRASE)
    assert code == 0, shown
    assert "new passphrase of new.pem: " in shown
    assert "again: " in shown
    assert PHRASE not in shown
    code, shown = at_a_terminal(shop, ("keygen", "show", "new.pem"), PHRASE)
    assert (code, PHRASE in shown) == (0, False)
    assert "signer ed25519" in shown


def test_a_passphrase_that_is_typed_in_two_ways(shop: Shop) -> None:
    before = shop.names()
    code, shown = at_a_terminal(shop, ("keygen", "signer", "-o", "new.pem", "--passphrase"), PHRASE, "other")
    assert code == 3
    assert "the passphrases differ" in shown
    code, shown = at_a_terminal(shop, ("keygen", "recipient", "-o", "new.key", "--passphrase"), "")
    assert code == 3
    assert "empty passphrase" in shown
    assert shop.names() == before
