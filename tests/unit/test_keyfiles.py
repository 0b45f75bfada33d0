"""Key files on the disk: never replaced, private from the first moment, read within bounds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from support.publisher import identity, signer

from bundlefmt.errors import BundleError
from bundlefmt.keys import files, sources
from bundlefmt.keys.passphrases import OneSecret
from bundlefmt.keys.recipients import HYBRID


def code_of(action: Any, *args: Any) -> str:
    with pytest.raises(BundleError) as info:
        action(*args)
    return info.value.code


def test_signers(tmp_path: Path) -> None:
    path = str(tmp_path / "ci.pem")
    one = signer("one")
    public = files.write_signer(path, one)
    assert public == path + ".pub"
    assert sources.open_signer(path).public_key == one.public_key
    assert sources.open_verification_key(public) == sources.open_verification_key(path) == one.public_key
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert not files.is_exposed(path)
    os.chmod(path, 0o644)
    assert files.is_exposed(path)
    assert not files.is_exposed(str(tmp_path / "missing"))
    assert not files.is_exposed(str(tmp_path))


def test_identities(tmp_path: Path) -> None:
    path = str(tmp_path / "device.key")
    one = identity("one", HYBRID)
    public = files.write_identity(path, one)
    assert [each.recipient for each in sources.open_identities(path)] == [one.recipient]
    assert sources.open_recipients(public) == [one.recipient]
    assert sources.open_keys(public) == ([], [one.recipient])
    assert [each.recipient for each in sources.open_keys(path)[0]] == [one.recipient]
    for action, wrong in (
        (sources.open_identities, public),
        (sources.open_recipients, path),
        (sources.open_signer, path),
        (sources.open_verification_key, path),
    ):
        with pytest.raises(BundleError, match="KEY_FILE") as info:
            action(wrong)
        assert wrong in info.value.detail


@pytest.mark.parametrize("taken", ["key", "key.pub"])
@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_nothing_is_replaced(tmp_path: Path, taken: str, kind: str) -> None:
    place = tmp_path / taken
    {"file": lambda: place.write_text("mine"), "link": lambda: place.symlink_to("x"), "folder": place.mkdir}[kind]()
    assert code_of(files.write_signer, str(tmp_path / "key"), signer("one")) == "WRITE_FAILED"
    assert code_of(files.write_identity, str(tmp_path / "key"), identity("one")) == "WRITE_FAILED"
    assert os.listdir(tmp_path) == [taken]


def test_a_full_disk_leaves_no_half_of_a_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.fsync, 0

    def fsync(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    assert code_of(files.write_signer, str(tmp_path / "key"), signer("one")) == "WRITE_FAILED"
    assert os.listdir(tmp_path) == []
    calls = 1
    assert code_of(files.write_new, str(tmp_path / "one"), b"x") == "WRITE_FAILED"
    assert os.listdir(tmp_path) == []
    assert code_of(files.write_new, str(tmp_path / "no" / "one"), b"x") == "WRITE_FAILED"


def test_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert code_of(files.read_file, str(path)) == "KEY_FILE"
    assert code_of(files.read_file, str(path), "TRUST_FILE") == "TRUST_FILE"
    path.write_bytes(bytes(files.MAX_LEN + 1))
    assert code_of(files.read_file, str(path)) == "KEY_FILE"
    path.write_bytes(bytes(files.MAX_LEN))
    assert len(files.read_file(str(path))) == files.MAX_LEN
    path.write_bytes(b"\xff")
    assert code_of(files.read_text, str(path)) == "KEY_FILE"


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_text("text")
    saved = os.dup(0)
    with path.open("rb") as file:
        os.dup2(file.fileno(), 0)
        try:
            assert files.read_text("-") == "text"
            os.fstat(0)
        finally:
            os.dup2(saved, 0)
            os.close(saved)


def test_encrypted_signers(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    path = tmp_path / "locked.pem"
    path.write_bytes(
        key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.BestAvailableEncryption(b"right"))
    )
    public = key.public_key().public_bytes_raw()
    assert sources.open_signer(str(path), OneSecret(b"right")).public_key == public
    assert code_of(sources.open_signer, str(path)) == "KEY_SOURCE"
    assert code_of(sources.open_signer, str(path), OneSecret(b"wrong")) == "KEY_FILE"
