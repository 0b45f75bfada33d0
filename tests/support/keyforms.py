"""Keys in the forms of other tools, and a search for their secrets in whatever a program says."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bundlefmt.errors import BundleError

SEED = bytes(range(100, 132))  # test only
PASSPHRASE = b"correct horse"
PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = PRIVATE.public_key().public_bytes_raw()


def pkcs8(passphrase: bytes | None = None, key: Any = PRIVATE) -> bytes:
    """PKCS#8 as the library writes it."""
    return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, _protection(passphrase))


def openssh(passphrase: bytes | None = None, key: Any = PRIVATE) -> bytes:
    """An OpenSSH private key."""
    if passphrase is not None:
        pytest.importorskip("bcrypt", reason="encrypted OpenSSH keys need bcrypt")
    return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.OpenSSH, _protection(passphrase))


def spki(key: Any = PRIVATE) -> bytes:
    """A SubjectPublicKeyInfo block."""
    return key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)


def ssh_line(key: Any = PRIVATE, comment: str = "somebody@example.com") -> bytes:
    """An OpenSSH public key."""
    line = key.public_key().public_bytes(forms.Encoding.OpenSSH, forms.PublicFormat.OpenSSH)
    return line + f" {comment}\n".encode()


def other_key() -> Any:
    """A key of another algorithm."""
    return ec.generate_private_key(ec.SECP256R1())


def _protection(passphrase: bytes | None) -> Any:
    return forms.NoEncryption() if passphrase is None else forms.BestAvailableEncryption(passphrase)


def traces(secret: bytes) -> list[bytes]:
    """Forms in which a secret may show: raw, hexadecimal, as Python writes it, base64 at every offset."""
    found = [secret, secret.hex().encode(), repr(secret)[2:-1].encode()]
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + secret)
        found.append(text[4 if shift else 0 :][:24])
    return found


def assert_silent(said: str | bytes, *secrets: bytes) -> None:
    """Nothing that was said holds a secret."""
    data = said if isinstance(said, bytes) else said.encode("utf-8", "surrogateescape")
    for secret in secrets or (SEED, PASSPHRASE):
        for trace in traces(secret):
            assert trace not in data, data


def refused(action: Any, *args: Any, code: str = "KEY_FILE", secrets: tuple[bytes, ...] = ()) -> str:
    """The detail of a refusal, which is one line without a secret and without a chain of causes."""
    with pytest.raises(BundleError) as info:
        action(*args)
    exc = info.value
    assert exc.code == code, exc
    assert exc.phase == "key"
    assert "\n" not in exc.detail
    assert exc.__cause__ is None
    assert exc.__suppress_context__ or exc.__context__ is None
    assert_silent(f"{exc} {exc!r} {exc.args}", SEED, PASSPHRASE, *secrets)
    return exc.detail
