"""HPKE wraps of the CEK and recipient entries (spec section 6).

Type 1 is written out from RFC 9180, so that the ephemeral secret and even the shared secret can be
chosen. Type 2 comes from a library and is kept in the cache.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from builder.cache import WRAPS
from builder.encode import u16
from builder.keys import RecipientKey
from builder.stream import expand

KEM_ID = {1: 0x0020, 2: 0x647A}
ENC_LENGTH = {1: 32, 2: 1120}


def wrap_info(kind: int, publisher_id: bytes, bundle_id: bytes, kem_type: int) -> bytes:
    """The HPKE info string of an entry."""
    binding = b"\x00\x01" + bytes([kind]) + publisher_id + bundle_id
    return b"bundlefmt/1 wrap\0" + binding + u16(kem_type)


def _extract(salt: bytes, suite: bytes, label: bytes, data: bytes) -> bytes:
    mac = HMAC(salt or bytes(32), SHA256())
    mac.update(b"HPKE-v1" + suite + label + data)
    return mac.finalize()


def _expand(prk: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = u16(length) + b"HPKE-v1" + suite + label + info
    return HKDFExpand(SHA256(), length, labeled).derive(prk)


def seal_x25519(public: bytes, enc: bytes, dh: bytes, info: bytes, cek: bytes) -> bytes:
    """enc || ciphertext in base mode, for a given Diffie-Hellman result."""
    kem = b"KEM" + u16(KEM_ID[1])
    eae_prk = _extract(b"", kem, b"eae_prk", dh)
    shared = _expand(eae_prk, kem, b"shared_secret", enc + public, 32)
    hpke = b"HPKE" + u16(KEM_ID[1]) + u16(1) + u16(2)
    psk_id_hash = _extract(b"", hpke, b"psk_id_hash", b"")
    context = b"\0" + psk_id_hash + _extract(b"", hpke, b"info_hash", info)
    prk = _extract(shared, hpke, b"secret", b"")
    key = _expand(prk, hpke, b"key", context, 32)
    nonce = _expand(prk, hpke, b"base_nonce", context, 12)
    return enc + AESGCM(key).encrypt(nonce, cek, b"")


def seal(key: RecipientKey, info: bytes, cek: bytes, slot: str) -> bytes:
    """enc || ciphertext for a recipient; `slot` tells several wraps of one CEK apart."""
    if key.type == 1:
        ephemeral = X25519PrivateKey.from_private_bytes(expand(slot, "ephemeral " + cek.hex() + info.hex(), 32))
        dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(key.public))
        enc = ephemeral.public_key().public_bytes_raw()
        return seal_x25519(key.public, enc, dh, info, cek)

    def make() -> bytes:
        public = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(key.public[:1184]),
            X25519PublicKey.from_public_bytes(key.public[1184:]),
        )
        suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
        return suite.encrypt(cek, public, info=info)

    return WRAPS.get([info, key.public, cek, slot.encode()], make)


def entry(kem_type: int, payload: bytes) -> bytes:
    """The bytes of an entry."""
    return u16(kem_type) + u16(len(payload)) + payload


@dataclass(frozen=True)
class Wrap:
    """An entry to make: for whom, and what is unusual about it."""

    key: RecipientKey
    hint: bool = True
    slot: str = "0"
    cek: bytes | None = None
    info: bytes | None = None
    hint_key: RecipientKey | None = None

    def build(self, kind: int, publisher_id: bytes, bundle_id: bytes, cek: bytes) -> bytes:
        """The entry for a bundle's values, with this wrap's own ones in their place."""
        info = self.info or wrap_info(kind, publisher_id, bundle_id, self.key.type)
        sealed = seal(self.key, info, self.cek or cek, self.slot)
        enc = sealed[: ENC_LENGTH[self.key.type]]
        hint = (self.hint_key or self.key).hint(enc) if self.hint else b""
        return entry(self.key.type, hint + sealed)
