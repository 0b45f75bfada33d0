"""Test-only hybrid signing keys: Ed25519 and ML-DSA-65, both required (spec section 3, alg 2)."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from builder.cache import MLDSA
from builder.keys import COSE_ALG, KeyPair, Row, SigningKey, secret, sig_structure


class MlDsaKey:
    """An ML-DSA-65 key pair derived from a label. Its signatures are random, so they are kept."""

    def __init__(self, label: str) -> None:
        self._seed = secret(label)
        self._key = MLDSA65PrivateKey.from_seed_bytes(self._seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes, context: bytes = b"", slot: str = "0") -> bytes:
        """A signature over bytes as they are; `slot` tells several over the same bytes apart."""
        parts = [sha256(self._seed).digest(), message, context, slot.encode()]
        return MLDSA.get(parts, lambda: self._key.sign(message, context))


class HybridKey(KeyPair):
    """A hybrid key pair of two halves."""

    def __init__(self, first: SigningKey, second: MlDsaKey) -> None:
        self.first, self.second = first, second
        super().__init__(2, first.public + second.public)

    def signed(self, label: str, payload: bytes) -> bytes:
        """The bytes that both halves sign."""
        return sig_structure(label, self.kid, payload, COSE_ALG[2])

    def sign(self, message: bytes) -> bytes:
        """A signature over bytes as they are."""
        return self.first.sign(message) + self.second.sign(message)

    def row(self, label: str, payload: bytes) -> Row:
        """A correct row."""
        return Row(2, self.kid, self.sign(self.signed(label, payload)))


@cache
def hybrid(label: str) -> HybridKey:
    """The key of a label, with halves that occur nowhere else."""
    return HybridKey(SigningKey(f"{label} first half"), MlDsaKey(f"{label} second half"))
