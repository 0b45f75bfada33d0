"""Wrapping the content-encryption key (specification section 6; HPKE base mode, RFC 9180).

HPKE is the library's; here stand only exact lengths, the expansion of hybrid seeds, and one error
for every way in which a wrap does not open.
"""

from __future__ import annotations

import os
from functools import lru_cache
from hashlib import shake_256
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

X25519 = 1
HYBRID = 2
SECRET_LEN = 32
_MLKEM_PUBLIC = 1184


class _Kem(NamedTuple):
    suite: Suite
    public_len: int
    enc_len: int


_KEMS = {
    X25519: _Kem(Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM), 32, 32),
    HYBRID: _Kem(Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM), 1216, 1120),
}
TYPES = tuple(_KEMS)


def enc_len(recipient_type: int) -> int:
    """Bytes of the encapsulated key at the start of a wrap."""
    return _KEMS[recipient_type].enc_len


def public_len(recipient_type: int) -> int:
    """Bytes of a public key."""
    return _KEMS[recipient_type].public_len


def generate_secret() -> bytes:
    """A fresh secret of either type, 32 bytes."""
    return os.urandom(SECRET_LEN)


@lru_cache(maxsize=64)  # expanding a hybrid seed costs more than opening a wrap
def _private(recipient_type: int, secret: bytes) -> Any:
    if recipient_type == X25519:
        return X25519PrivateKey.from_private_bytes(secret)
    expanded = shake_256(secret).digest(96)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    )


def public_key(recipient_type: int, secret: bytes) -> bytes:
    """Public key of a 32-byte secret: 32 bytes, or 1,216 for the hybrid type."""
    if recipient_type == X25519:
        return bytes(_private(X25519, secret).public_key().public_bytes_raw())
    expanded = shake_256(secret).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return mlkem + X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()


def wrap(recipient_type: int, public: bytes, cek: bytes, info: bytes) -> bytes:
    """Encrypt the content-encryption key for one public key.

    Args:
        recipient_type: X25519 or HYBRID.
        public: its public key.
        cek: 32 bytes.
        info: from `suite.Binding.wrap_info`.

    Returns:
        `enc || ciphertext`, 80 or 1,168 bytes.

    Raises:
        ValueError: the public key is not usable.
    """
    kem = _KEMS[recipient_type]
    if len(public) != kem.public_len:
        raise ValueError(f"a public key of type {recipient_type} has {kem.public_len} bytes")
    key: Any
    if recipient_type == X25519:
        key = X25519PublicKey.from_public_bytes(public)
    else:
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC]),
            X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC:]),
        )
    return kem.suite.encrypt(cek, key, info=info)


def unwrap(recipient_type: int, secret: bytes, wrapped: bytes, info: bytes) -> bytes | None:
    """Try to open one wrap.

    Args:
        recipient_type: X25519 or HYBRID.
        secret: 32-byte identity secret.
        wrapped: `enc || ciphertext`.
        info: from `suite.Binding.wrap_info`.

    Returns:
        The 32-byte content-encryption key, or None when this wrap is not for this identity (RCP-7).
    """
    kem = _KEMS[recipient_type]
    if len(wrapped) != kem.enc_len + 32 + 16:
        return None
    try:
        cek = kem.suite.decrypt(wrapped, _private(recipient_type, secret), info=info)
    except (InvalidTag, ValueError):
        return None
    return cek if len(cek) == 32 else None
