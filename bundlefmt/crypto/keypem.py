"""Ed25519 keys as other tools write them: PKCS#8, SubjectPublicKeyInfo and OpenSSH files (spec/keys.md)."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from bundlefmt.crypto.ed25519 import is_enrollable
from bundlefmt.errors import refuse

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_FAULTS = (ValueError, UnsupportedAlgorithm, InternalError)  # an Ed448 key of 32 bytes is the last


def _load(data: bytes, password: bytes | None) -> Any:
    return load_ssh_private_key(data, password) if _OPENSSH in data else load_pem_private_key(data, password)


def is_locked(data: bytes) -> bool:
    """Whether a file of a private key asks for a passphrase. A damaged file does not."""
    try:
        _load(data, None)
    except TypeError:
        return True
    except _FAULTS:
        pass
    return False


def _require_one(data: bytes) -> None:
    """The library takes the first block of several, which could be half of a hybrid key (ARM-3)."""
    if data.count(b"-----BEGIN ") > 1:
        raise refuse("KEY_FILE", "more than one key in the file")


def load_private(data: bytes, password: bytes | None) -> bytes:
    """Read a PKCS#8 PEM or OpenSSH file.

    Args:
        data: the file's bytes.
        password: or None.

    Returns:
        The 32-byte seed.

    Raises:
        KeyFileError: KEY_FILE; the message holds nothing of the file.
        KeySourceError: KEY_SOURCE, when an encrypted OpenSSH file needs a library that is not installed.
    """
    if b"-----BEGIN BUNDLEFMT" in data:
        raise refuse("KEY_FILE", "this is a bundlefmt key file for decryption, not a signing key")
    if b"PRIVATE KEY-----" not in data:
        raise refuse("KEY_FILE", "no private key in PEM form in the file")
    _require_one(data)
    try:
        key = _load(data, password)
    except TypeError:
        needed = password is None
        raise refuse("KEY_FILE", "the key file is encrypted" if needed else "the key file is not encrypted") from None
    except _FAULTS as exc:
        if isinstance(exc, UnsupportedAlgorithm) and _OPENSSH in data and not _has_bcrypt():
            raise refuse(
                "KEY_SOURCE", "an encrypted OpenSSH key needs an extra; run: pip install 'bundlefmt[openssh]'"
            ) from None
        detail = "the key file is damaged" if password is None else "wrong passphrase, or a damaged key file"
        raise refuse("KEY_FILE", detail) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise refuse("KEY_FILE", "the private key is not an Ed25519 key")
    return key.private_bytes_raw()


def _has_bcrypt() -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - only to explain a failure

    return find_spec("bcrypt") is not None


def _public(key: object) -> bytes:
    if not isinstance(key, Ed25519PublicKey):
        raise refuse("KEY_FILE", "the public key is not an Ed25519 key")
    public = key.public_bytes_raw()
    if not is_enrollable(public):
        raise refuse("KEY_FILE", "the public key is not a point of prime order")
    return public


def load_public(data: bytes) -> bytes:
    """Read a SubjectPublicKeyInfo PEM file.

    Returns:
        The 32-byte public key, a point of prime order (W-6).

    Raises:
        KeyFileError: KEY_FILE.
    """
    if b"PRIVATE KEY-----" in data:
        raise refuse("KEY_FILE", "this is a private key; give its public half")
    _require_one(data)
    try:
        key = load_pem_public_key(data)
    except _FAULTS:
        raise refuse("KEY_FILE", "no public key in PEM form in the file, or it is damaged") from None
    return _public(key)


def load_public_der(data: bytes) -> bytes:
    """Read SubjectPublicKeyInfo in DER, as key services answer it; see `load_public`."""
    try:
        key = load_der_public_key(data)
    except _FAULTS:
        raise refuse("KEY_FILE", "the public key is damaged") from None
    return _public(key)


def load_public_line(line: str) -> bytes:
    """Read one OpenSSH line, `ssh-ed25519 AAAA... comment`; see `load_public`."""
    try:
        key = load_ssh_public_key(line.encode())
    except _FAULTS:
        raise refuse("KEY_FILE", "the OpenSSH public key is damaged or of a kind that is not supported") from None
    return _public(key)


def private_pem(seed: bytes) -> bytes:
    """PKCS#8 PEM of a 32-byte seed, not encrypted."""
    return Ed25519PrivateKey.from_private_bytes(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(public: bytes) -> bytes:
    """SubjectPublicKeyInfo PEM of a 32-byte public key."""
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
