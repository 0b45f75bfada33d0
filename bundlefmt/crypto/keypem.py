"""Ed25519 keys in PEM: PKCS#8 for secrets, SubjectPublicKeyInfo for public keys."""

from __future__ import annotations

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bundlefmt.crypto.ed25519 import is_enrollable
from bundlefmt.errors import refuse


def _single(data: bytes) -> None:
    """The library takes the first block of several, which could be half of a hybrid key (ARM-3)."""
    if data.count(b"-----BEGIN ") > 1:
        raise refuse("KEY_FILE", "more than one key in the file")


def load_private(data: bytes, password: bytes | None) -> bytes:
    """Read a PKCS#8 PEM file.

    Args:
        data: the file's bytes.
        password: or None.

    Returns:
        The 32-byte seed.

    Raises:
        KeyFileError: KEY_FILE; the message holds nothing of the file.
    """
    if b"-----BEGIN BUNDLEFMT" in data:
        raise refuse("KEY_FILE", "this is a bundlefmt key file for decryption, not a signing key")
    if b"PRIVATE KEY-----" not in data:
        raise refuse("KEY_FILE", "no private key in PEM form in the file")
    _single(data)
    try:
        key = load_pem_private_key(data, password)
    except TypeError:
        needed = password is None
        raise refuse("KEY_FILE", "the key file is encrypted" if needed else "the key file is not encrypted") from None
    except (ValueError, UnsupportedAlgorithm, InternalError):  # an Ed448 key of 32 bytes is the last
        detail = "the key file is damaged" if password is None else "wrong passphrase, or a damaged key file"
        raise refuse("KEY_FILE", detail) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise refuse("KEY_FILE", "the private key is not an Ed25519 key")
    return key.private_bytes_raw()


def load_public(data: bytes) -> bytes:
    """Read a SubjectPublicKeyInfo PEM file.

    Returns:
        The 32-byte public key, a point of prime order (W-6).

    Raises:
        KeyFileError: KEY_FILE.
    """
    if b"PRIVATE KEY-----" in data:
        raise refuse("KEY_FILE", "this is a private key; give its public half")
    _single(data)
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm, InternalError):  # an Ed448 key of 32 bytes is the last
        raise refuse("KEY_FILE", "no public key in PEM form in the file, or it is damaged") from None
    if not isinstance(key, Ed25519PublicKey):
        raise refuse("KEY_FILE", "the public key is not an Ed25519 key")
    public = key.public_bytes_raw()
    if not is_enrollable(public):
        raise refuse("KEY_FILE", "the public key is not a point of prime order")
    return public


def private_pem(seed: bytes) -> bytes:
    """PKCS#8 PEM of a 32-byte seed, not encrypted."""
    return Ed25519PrivateKey.from_private_bytes(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(public: bytes) -> bytes:
    """SubjectPublicKeyInfo PEM of a 32-byte public key."""
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
