"""Hybrid signing keys in PEM: two blocks, Ed25519 and then ML-DSA-65 (specification section 11, ARM-3)."""

from __future__ import annotations

import re

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bundlefmt.crypto import keypem
from bundlefmt.crypto.ed25519 import KEY_LEN
from bundlefmt.errors import refuse

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----\s*", re.DOTALL)
_PAIR = 2


def _pair(data: bytes, labels: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Both blocks of a file."""
    blocks = [match[0] for match in _BLOCK.finditer(data) if match[1] in labels]
    if len(blocks) != _PAIR or data.count(b"-----BEGIN ") != _PAIR:
        raise refuse("KEY_FILE", "a hybrid key is an Ed25519 key and an ML-DSA-65 key, in two whole blocks (ARM-3)")
    return blocks[0], blocks[1]


def load_private(data: bytes, password: bytes | None) -> tuple[bytes, bytes]:
    """Read two PKCS#8 blocks.

    Args:
        data: the file's bytes.
        password: of both blocks, or None.

    Returns:
        The seeds, 32 bytes each: Ed25519, ML-DSA-65.

    Raises:
        KeyFileError: KEY_FILE; the message holds nothing of the file.
    """
    first, second = _pair(data, (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY"))
    ed25519_seed = keypem.load_private(first, password)
    try:
        key = load_pem_private_key(second, password)
    except TypeError:
        raise refuse("KEY_FILE", "one block is encrypted and the other is not") from None
    except (ValueError, UnsupportedAlgorithm, InternalError):
        raise refuse("KEY_FILE", "the second block of the key file is damaged") from None
    if not isinstance(key, MLDSA65PrivateKey):
        raise refuse("KEY_FILE", "the second block is not an ML-DSA-65 key")
    return ed25519_seed, key.private_bytes_raw()


def load_public(data: bytes) -> bytes:
    """Read two SubjectPublicKeyInfo blocks.

    Returns:
        The public key, 1,984 bytes; its Ed25519 key is of prime order (W-6).

    Raises:
        KeyFileError: KEY_FILE.
    """
    first, second = _pair(data, (b"PUBLIC KEY",))
    ed25519_public = keypem.load_public(first)
    try:
        key = load_pem_public_key(second)
    except (ValueError, UnsupportedAlgorithm, InternalError):
        raise refuse("KEY_FILE", "the second block of the key file is damaged") from None
    if not isinstance(key, MLDSA65PublicKey):
        raise refuse("KEY_FILE", "the second block is not an ML-DSA-65 key")
    return ed25519_public + key.public_bytes_raw()


def private_pem(ed25519_seed: bytes, mldsa_seed: bytes) -> bytes:
    """Two PKCS#8 blocks, not encrypted."""
    second = MLDSA65PrivateKey.from_seed_bytes(mldsa_seed)
    return keypem.private_pem(ed25519_seed) + second.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(public: bytes) -> bytes:
    """Two SubjectPublicKeyInfo blocks of a 1,984-byte public key."""
    second = MLDSA65PublicKey.from_public_bytes(public[KEY_LEN:])
    return keypem.public_pem(public[:KEY_LEN]) + second.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
