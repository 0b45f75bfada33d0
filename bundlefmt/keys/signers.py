"""Signing keys (specification section 3). Anything with `public_key` and `sign` can be a signer."""

from __future__ import annotations

from typing import Protocol

from bundlefmt.crypto import ed25519, signatures
from bundlefmt.crypto.digests import signer_kid
from bundlefmt.errors import refuse
from bundlefmt.model.trustdoc import Key
from bundlefmt.wire.cose import signed_bytes
from bundlefmt.wire.sections import SignatureRow


class Signer(Protocol):
    """A holder of a signing key: a file, a token, a key service. The algorithm follows from the key's length."""

    @property
    def public_key(self) -> bytes:
        """32 bytes (Ed25519), or 1,984 bytes (hybrid: Ed25519, then ML-DSA-65)."""

    def sign(self, message: bytes) -> bytes:
        """Sign at most 4 KiB; 64 bytes, or 3,373 bytes (hybrid, in the same order)."""


class FileSigner:
    """A signing key held in memory. Its seed stays out of reprs.

    Args:
        seed: 32-byte Ed25519 secret.
    """

    __slots__ = ("_public", "_seed")

    def __init__(self, seed: bytes) -> None:
        self._seed = bytes(seed)
        self._public = ed25519.public_key(self._seed)

    @classmethod
    def generate(cls) -> FileSigner:
        """A fresh signing key."""
        return cls(ed25519.generate_seed())

    @classmethod
    def from_pem(cls, data: bytes, password: bytes | None = None) -> FileSigner:
        """Read a PKCS#8 PEM file.

        Args:
            data: the file's bytes.
            password: for an encrypted file.

        Raises:
            KeyFileError: KEY_FILE.
        """
        from bundlefmt.crypto import keypem  # noqa: PLC0415 - slow to import, and readers have no PEM

        return cls(keypem.load_private(data, password))

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Sign; 64 bytes."""
        return ed25519.sign(self._seed, message)

    def private_pem(self) -> bytes:
        """PKCS#8 PEM; secret."""
        from bundlefmt.crypto import keypem  # noqa: PLC0415

        return keypem.private_pem(self._seed)

    def public_pem(self) -> bytes:
        """SubjectPublicKeyInfo PEM."""
        from bundlefmt.crypto import keypem  # noqa: PLC0415

        return keypem.public_pem(self._public)

    def __repr__(self) -> str:
        return f"FileSigner(kid={signer_kid(self._public).hex()})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("signing keys are not pickled")


def sign_row(signer: Signer, label: bytes, payload: bytes) -> SignatureRow:
    """Sign one payload and check the result at once.

    A token or service that answers with a bad signature is found here and not by the devices.

    Args:
        signer: who signs.
        label: one of the labels of `bundlefmt.wire.cose`.
        payload: header bytes, or the digest of a trust document.

    Raises:
        WriteError: INPUT_KEYS.
    """
    public = signer.public_key
    alg = Key.of(public).alg
    if not signatures.is_enrollable(public):
        raise refuse("INPUT_KEYS", "the signing key is not a point of prime order (W-6)")
    kid = signer_kid(public)
    message = signed_bytes(kid, label, payload, alg)
    signature = signer.sign(message)
    if not signatures.verifies(public, message, signature):
        raise refuse("INPUT_KEYS", f"the signer of key {kid.hex()[:16]} returned a signature that does not verify")
    return SignatureRow(alg, kid, signature)
