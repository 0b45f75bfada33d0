"""Signing keys in a real ssh-agent."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.keyforms import PUBLIC, openssh, other_key, refused, ssh_line

from bundlefmt.keys import sources
from bundlefmt.keys.signers import sign_row
from bundlefmt.wire.cose import LABEL_TRUST


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An agent with three keys; fingerprints by comment."""
    pytest.importorskip("paramiko", reason="paramiko is not installed")
    if shutil.which("ssh-agent") is None or shutil.which("ssh-add") is None:
        pytest.skip("ssh-agent is not installed; scripts/test-tools.sh installs it")
    folder = tmp_path_factory.mktemp("agent")
    sock = folder / "s"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(sock)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()  # it listens when it says where
        before = os.environ.get("SSH_AUTH_SOCK")
        os.environ["SSH_AUTH_SOCK"] = str(sock)
        for number, (comment, data) in enumerate(
            (
                ("deploy@example.com", openssh()),
                ("twice", openssh(key=Ed25519PrivateKey.generate())),
                ("twice", openssh(key=Ed25519PrivateKey.generate())),
                ("not Ed25519", openssh(key=other_key())),
            )
        ):
            _add(folder / f"key{number}", comment, data)
        listed = subprocess.run(["ssh-add", "-l"], capture_output=True, check=True, text=True).stdout
        yield {line.split(" ", 2)[2].rpartition(" (")[0]: line.split()[1] for line in listed.splitlines()}
    finally:
        process.terminate()
        process.wait()
        if before is None:
            os.environ.pop("SSH_AUTH_SOCK", None)
        else:
            os.environ["SSH_AUTH_SOCK"] = before


def _add(path: Path, comment: str, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data)
    rename = ["ssh-keygen", "-q", "-c", "-C", comment, "-P", "", "-f", str(path)]
    subprocess.run(rename, check=True, capture_output=True)
    subprocess.run(["ssh-add", "-q", str(path)], check=True, capture_output=True)


def test_an_agent_signs(agent: dict[str, str]) -> None:
    for name in ("deploy@example.com", agent["deploy@example.com"], agent["deploy@example.com"] + "="):
        signer = sources.open_signer(f"agent:{name}")
        assert signer.public_key == PUBLIC
        assert sign_row(signer, LABEL_TRUST, bytes(32)).signature
    assert sources.open_verification_key("agent:deploy%40example.com") == PUBLIC


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("nobody", "no Ed25519 key"),
        ("twice", "more than one"),
        ("not Ed25519", "no Ed25519 key"),
        ("SHA256:AAAA", "no Ed25519 key"),
    ],
)
def test_keys_that_are_not_there(agent: dict[str, str], name: str, word: str) -> None:
    assert word in refused(sources.open_signer, f"agent:{name}", code="KEY_SOURCE")


def test_a_key_that_is_taken_away(agent: dict[str, str]) -> None:
    signer = sources.open_signer(f"agent:{agent['deploy@example.com']}")
    subprocess.run(["ssh-add", "-D"], check=True, capture_output=True)
    assert "any more" in refused(signer.sign, b"message", code="KEY_SOURCE")
    assert "no Ed25519 key" in refused(sources.open_signer, "agent:deploy@example.com", code="KEY_SOURCE")


def test_a_key_that_may_not_sign_this(agent: dict[str, str], tmp_path: Path) -> None:
    """A key that is restricted to a host signs logins there and nothing else."""
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_bytes(openssh())
    (tmp_path / "known").write_bytes(b"host.example " + ssh_line())
    command = ["ssh-add", "-q", "-H", str(tmp_path / "known"), "-h", "host.example", str(path)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this ssh-add cannot restrict keys")
    listed = subprocess.run(["ssh-add", "-l"], capture_output=True, check=True, text=True).stdout
    signer = sources.open_signer(f"agent:{listed.split()[1]}")
    assert "did not sign" in refused(signer.sign, b"message", code="KEY_SOURCE")


def test_no_agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("paramiko", reason="paramiko is not installed")
    assert "say which key" in refused(sources.open_signer, "agent:")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert "SSH_AUTH_SOCK is not set" in refused(sources.open_signer, "agent:x", code="KEY_SOURCE")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "none"))
    assert "no ssh-agent answers" in refused(sources.open_signer, "agent:x", code="KEY_SOURCE")


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_something_else_that_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("paramiko", reason="paramiko is not installed")
    path = str(tmp_path / "s")
    monkeypatch.setenv("SSH_AUTH_SOCK", path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def answer() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    if connection.recv(100):
                        connection.sendall(b"\0\0\0\1\x05")

        thread = threading.Thread(target=answer)
        thread.start()
        detail = refused(sources.open_signer, "agent:x", code="KEY_SOURCE")
        thread.join()
    assert "is not an ssh-agent" in detail
    gc.collect()  # what the library left open is closed under this test's filter
