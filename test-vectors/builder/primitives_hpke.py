"""HPKE base mode and recipient keys, written out so that a wrap can be made, and made wrongly.

Only test-only keys pass through here.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    Suite,
)

KEM_IDS = {1: 0x0020, 2: 0x647A}
ENC_LENGTH = {1: 32, 2: 1120}
_XWING_LABEL = bytes.fromhex("5c2e2f2f5e5c")


@dataclass(frozen=True)
class RecipientKey:
    """The identity of a type, with what follows from it."""

    type: int
    secret: bytes

    @property
    def expanded(self) -> bytes:
        """The 96 bytes of a type-2 seed: ML-KEM seed, X25519 secret."""
        return hashlib.shake_256(self.secret).digest(96)

    @property
    def x25519(self) -> X25519PrivateKey:
        """The X25519 half, which for type 1 is all."""
        own = self.secret if self.type == 1 else self.expanded[64:]
        return X25519PrivateKey.from_private_bytes(own)

    @property
    def mlkem(self) -> MLKEM768PrivateKey:
        """The ML-KEM half of type 2."""
        return MLKEM768PrivateKey.from_seed_bytes(self.expanded[:64])

    @property
    def public(self) -> bytes:
        """The public key as a recipient."""
        half = self.x25519.public_key().public_bytes_raw()
        return half if self.type == 1 else self.mlkem.public_key().public_bytes_raw() + half

    def open(self, payload: bytes, info: bytes) -> bytes | None:
        """What the library makes of a payload without hint."""
        suite = Suite(KEM.X25519 if self.type == 1 else KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
        key = self.x25519 if self.type == 1 else MLKEM768X25519PrivateKey(self.mlkem, self.x25519)
        try:
            return suite.decrypt(payload, key, info=info)
        except InvalidTag:
            return None


def wrap_info(suite: int, kind: int, publisher_id: bytes, bundle_id: bytes, type_: int) -> bytes:
    """The HPKE info that binds a wrap to its place."""
    head = b"bundlefmt/1 wrap\x00" + suite.to_bytes(2, "big") + bytes([kind])
    return head + publisher_id + bundle_id + type_.to_bytes(2, "big")


def hint(type_: int, enc: bytes, public: bytes) -> bytes:
    """Four bytes that tell the recipient which entry is its own."""
    text = b"bundlefmt/1 hint\x00" + type_.to_bytes(2, "big") + enc + public
    return hashlib.sha256(text).digest()[:4]


def key_id(type_: int, public: bytes) -> bytes:
    """The recipient key id that tools show."""
    text = b"bundlefmt/1 recipient\x00" + type_.to_bytes(2, "big") + public
    return hashlib.sha256(text).digest()[:8]


def _extract(salt: bytes, suite_id: bytes, label: bytes, data: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite_id + label + data, "sha256")


def _expand(secret: bytes, suite_id: bytes, label: bytes, data: bytes, length: int) -> bytes:
    # One block of HKDF is enough: nothing here is longer than 32 bytes.
    info = length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + data
    return hmac.digest(secret, info + b"\x01", "sha256")[:length]


def shared_type_1(dh: bytes, enc: bytes, public: bytes) -> bytes:
    """The DHKEM shared secret for a given X25519 result."""
    suite_id = b"KEM" + KEM_IDS[1].to_bytes(2, "big")
    secret = _extract(b"", suite_id, b"eae_prk", dh)
    return _expand(secret, suite_id, b"shared_secret", enc + public, 32)


def shared_type_2(mlkem_secret: bytes, dh: bytes, enc: bytes, public: bytes) -> bytes:
    """The X-Wing shared secret."""
    return hashlib.sha3_256(mlkem_secret + dh + enc[1088:] + public[1184:] + _XWING_LABEL).digest()


def seal(type_: int, shared: bytes, info: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """The ciphertext of the first message."""
    suite_id = b"HPKE" + KEM_IDS[type_].to_bytes(2, "big") + bytes.fromhex("00010002")
    context = b"\x00" + _extract(b"", suite_id, b"psk_id_hash", b"")
    context += _extract(b"", suite_id, b"info_hash", info)
    secret = _extract(shared, suite_id, b"secret", b"")
    key = _expand(secret, suite_id, b"key", context, 32)
    nonce = _expand(secret, suite_id, b"base_nonce", context, 12)
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def dh(secret: bytes, public: bytes) -> bytes:
    """X25519; a point of low order gives 32 zero bytes, where the library raises."""
    try:
        key = X25519PrivateKey.from_private_bytes(secret)
        return key.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return bytes(32)


def encapsulate_once(public: bytes) -> bytes:
    """A fresh ML-KEM ciphertext; the library draws its own randomness."""
    _, ciphertext = MLKEM768PublicKey.from_public_bytes(public[:1184]).encapsulate()
    return ciphertext
