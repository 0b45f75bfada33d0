"""Hybrid signing keys: Ed25519 and ML-DSA-65, both required (specification section 3, alg 2)."""

from __future__ import annotations

from bundlefmt.crypto import hybridsig
from bundlefmt.crypto.digests import signer_kid
from bundlefmt.errors import refuse


def is_hybrid(data: bytes) -> bool:
    """Whether a file of signing keys is to be read as a hybrid one: it has more than one PEM block (ARM-3)."""
    return data.count(b"-----BEGIN ") > 1


class HybridSigner:
    """A hybrid signing key held in memory. Its seeds stay out of reprs.

    Args:
        ed25519_seed: 32-byte secret of the first half.
        mldsa_seed: 32-byte secret of the second half, which has nothing in common with the first.
    """

    __slots__ = ("_public", "_seeds")

    def __init__(self, ed25519_seed: bytes, mldsa_seed: bytes) -> None:
        if ed25519_seed == mldsa_seed:
            raise refuse("KEY_FILE", "both halves of the hybrid key have one seed: whoever finds one has both")
        self._seeds = bytes(ed25519_seed), bytes(mldsa_seed)
        self._public = hybridsig.public_key(*self._seeds)

    @classmethod
    def generate(cls) -> HybridSigner:
        """A fresh signing key."""
        return cls(*hybridsig.generate_seeds())

    @classmethod
    def from_pem(cls, data: bytes, password: bytes | None = None) -> HybridSigner:
        """Read a file of two PKCS#8 blocks.

        Args:
            data: the file's bytes.
            password: of both blocks, for an encrypted file.

        Raises:
            KeyFileError: KEY_FILE.
        """
        from bundlefmt.crypto import hybridpem  # noqa: PLC0415 - slow to import, and readers have no PEM

        return cls(*hybridpem.load_private(data, password))

    @property
    def public_key(self) -> bytes:
        """1,984 bytes: Ed25519, then ML-DSA-65."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Sign; 3,373 bytes."""
        return hybridsig.sign(*self._seeds, message)

    def private_pem(self) -> bytes:
        """Two PKCS#8 blocks; secret."""
        from bundlefmt.crypto import hybridpem  # noqa: PLC0415

        return hybridpem.private_pem(*self._seeds)

    def public_pem(self) -> bytes:
        """Two SubjectPublicKeyInfo blocks."""
        from bundlefmt.crypto import hybridpem  # noqa: PLC0415

        return hybridpem.public_pem(self._public)

    def __repr__(self) -> str:
        return f"HybridSigner(kid={signer_kid(self._public).hex()})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("signing keys are not pickled")
