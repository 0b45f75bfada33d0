"""Keys in the keyring of the operating system, through its file fallback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.keyforms import PUBLIC, SEED, assert_silent, pkcs8, refused

from bundlefmt.keys import sources
from bundlefmt.keys.recipients import HYBRID, Identity

keyring: Any = pytest.importorskip("keyring", reason="keyring is not installed")


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """A keyring in a file."""
    fallback: Any = pytest.importorskip("keyrings.alt.file", reason="keyrings.alt is not installed")

    class Store(fallback.PlaintextKeyring):  # type: ignore[misc]
        file_path = str(tmp_path / "keyring.cfg")

    before = keyring.get_keyring()
    keyring.set_keyring(Store())
    yield keyring
    keyring.set_keyring(before)


def test_keys_come_from_the_keyring(store: Any) -> None:
    one = Identity(HYBRID, SEED)
    store.set_password("acme", "ci", pkcs8().decode())
    store.set_password("acme", "device", one.armored().rstrip())
    store.set_password("a service", "team/ci", pkcs8().decode().replace("\n", "\r\n"))
    assert sources.open_signer("keyring:acme/ci").public_key == PUBLIC
    assert sources.open_signer("keyring:a%20service/team/ci").public_key == PUBLIC
    assert sources.open_signer("keyring:a%20service/team%2Fci").public_key == PUBLIC
    assert sources.open_verification_key("keyring:acme/ci") == PUBLIC
    assert [each.recipient for each in sources.open_identities("keyring:acme/device")] == [one.recipient]
    assert "a secret" in refused(sources.open_recipients, "keyring:acme/device")


@pytest.mark.parametrize("name", ["acme/nothing", "nobody/ci"])
def test_keys_that_are_not_there(store: Any, name: str) -> None:
    store.set_password("acme", "ci", pkcs8().decode())
    assert "holds nothing" in refused(sources.open_signer, f"keyring:{name}", code="KEY_SOURCE")


@pytest.mark.parametrize("name", ["", "acme", "/ci", "acme/"])
def test_names_that_are_none(name: str) -> None:
    assert "SERVICE/NAME" in refused(sources.open_signer, f"keyring:{name}")


def test_damaged_keys(store: Any) -> None:
    store.set_password("acme", "ci", pkcs8().decode().replace("\n", " "))
    assert "line ends were lost" in refused(sources.open_signer, "keyring:acme/ci")
    store.set_password("acme", "ci", "a password")
    assert "no private key" in refused(sources.open_signer, "keyring:acme/ci")


def test_keyrings_that_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (keyring.errors.NoKeyringError("x"), keyring.errors.KeyringLocked("x"), OSError(SEED.hex())):

        def fail(*_: str, error: Exception = error) -> str:
            raise error

        monkeypatch.setattr(keyring, "get_password", fail)
        detail = refused(sources.open_signer, "keyring:acme/ci", code="KEY_SOURCE")
        assert type(error).__name__ in detail
        assert_silent(detail)
