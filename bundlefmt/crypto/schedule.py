"""The Cobblestone-256 key schedule with a given salt (specification section 7).

For conformance answers and worked examples alone: nothing that is published may be sealed through
this module, because a salt that comes from outside can come twice, and with it the nonces.
`bundlefmt.crypto.cobblestone` seals, under fresh random salts.
"""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bundlefmt.crypto import suite

_KEY_LEN = 32
_NONCE_LEN = 12


class Derived(NamedTuple):
    """What CEK, salt and context give.

    Attributes:
        key: AES-256 key of every chunk.
        base_nonce: XORed with the chunk's number.
        commitment: stands in the message behind the salt.
    """

    key: bytes
    base_nonce: bytes
    commitment: bytes


def derive(cek: bytes, context: bytes, salt: bytes) -> Derived:
    """Derive the values of one message.

    Args:
        cek: 32-byte content-encryption key.
        context: of the message.
        salt: 24 bytes.
    """
    length = _KEY_LEN + _NONCE_LEN + suite.COMMITMENT_LEN
    data = HKDFExpand(SHA512(), length, suite.DERIVE_LABEL + salt + context).derive(cek)
    return Derived(data[:_KEY_LEN], data[_KEY_LEN : _KEY_LEN + _NONCE_LEN], data[_KEY_LEN + _NONCE_LEN :])


def message(cek: bytes, context: bytes, salt: bytes, plaintext: bytes) -> bytes:
    """Build the one message of a salt and a plaintext, to be compared with a published one."""
    derived = derive(cek, context, salt)
    aead = AESGCM(derived.key)
    base = int.from_bytes(derived.base_nonce, "big")
    parts = [salt, derived.commitment]
    # One chunk more than full ones, so that a message of a whole number of chunks ends in an empty one.
    for number in range(len(plaintext) // suite.CHUNK + 1):
        chunk = plaintext[number * suite.CHUNK : (number + 1) * suite.CHUNK]
        parts.append(aead.encrypt((base ^ number).to_bytes(_NONCE_LEN, "big"), chunk, b""))
    return b"".join(parts)
