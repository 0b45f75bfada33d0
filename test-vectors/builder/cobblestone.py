"""Cobblestone-256 messages with a chosen salt, and their lengths (spec section 7).

Library encryptors draw their own salt; a reproducible vector cannot use them.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CHUNK = 16384
LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


@dataclass(frozen=True)
class Derived:
    """What one salt and context derive from a CEK."""

    key: bytes
    base_nonce: bytes
    commitment: bytes


def derive(cek: bytes, context: bytes, salt: bytes) -> Derived:
    """Key, base nonce and commitment of one message."""
    data = HKDFExpand(SHA512(), 76, LABEL + salt + context).derive(cek)
    return Derived(data[:32], data[32:44], data[44:])


def nonce(base: bytes, counter: int) -> bytes:
    """The nonce of chunk `counter`."""
    return (int.from_bytes(base, "big") ^ counter).to_bytes(12, "big")


def encrypt(cek: bytes, context: bytes, salt: bytes, plaintext: bytes) -> bytes:
    """salt || commitment || chunks; the last chunk is short and possibly empty."""
    derived = derive(cek, context, salt)
    aead = AESGCM(derived.key)
    parts = [salt, derived.commitment]
    for k in range(len(plaintext) // CHUNK + 1):
        piece = plaintext[k * CHUNK : (k + 1) * CHUNK]
        parts.append(aead.encrypt(nonce(derived.base_nonce, k), piece, None))
    return b"".join(parts)


def clen(length: int) -> int:
    """The length of a message over `length` bytes."""
    return 56 + length + 16 * (length // CHUNK + 1)
