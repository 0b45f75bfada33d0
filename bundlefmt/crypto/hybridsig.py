"""Hybrid signatures: Ed25519 and ML-DSA-65, both required (specification section 3, alg 2, HYB-1).

Keys and signatures are the two joined, Ed25519 first. Both halves sign the same bytes; that these name
the algorithm and the whole key is the business of `bundlefmt.wire.cose`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bundlefmt.crypto import ed25519

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

SEED_LEN = 32  # of either half
MLDSA_KEY_LEN = 1952
MLDSA_SIGNATURE_LEN = 3309
KEY_LEN = ed25519.KEY_LEN + MLDSA_KEY_LEN
SIGNATURE_LEN = ed25519.SIGNATURE_LEN + MLDSA_SIGNATURE_LEN

_tested = False


def _private(seed: bytes) -> MLDSA65PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow to import, and few need it
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey  # noqa: PLC0415

    try:
        return MLDSA65PrivateKey.from_seed_bytes(seed)
    except UnsupportedAlgorithm:
        raise RuntimeError("this build of cryptography has no ML-DSA; install its wheel") from None


def _verify_mldsa(public_key: bytes, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey  # noqa: PLC0415

    if len(public_key) != MLDSA_KEY_LEN or len(signature) != MLDSA_SIGNATURE_LEN:
        return False
    try:
        MLDSA65PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _self_test() -> None:
    """The library has ML-DSA-65, pure and with the context that it is given: an empty one here."""
    global _tested  # noqa: PLW0603 - once for the process
    key = _private(bytes(SEED_LEN))
    public = key.public_key().public_bytes_raw()
    good, bound = key.sign(b"m"), key.sign(b"m", b"context")
    bad = ((b"n", good), (b"m", good[:-1] + bytes((good[-1] ^ 1,))), (b"m", bound))
    if not _verify_mldsa(public, b"m", good) or any(_verify_mldsa(public, *case) for case in bad):
        raise RuntimeError("this build of cryptography does not verify ML-DSA-65; install its wheel")
    _tested = True


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a hybrid signature is valid: both halves are.

    Args:
        public_key: 1,984 bytes.
        message: signed bytes.
        signature: 3,373 bytes.

    Raises:
        RuntimeError: the installed libraries cannot judge it.
    """
    if not _tested:
        _self_test()
    if len(public_key) != KEY_LEN or len(signature) != SIGNATURE_LEN:
        return False
    return ed25519.verifies(
        public_key[: ed25519.KEY_LEN], message, signature[: ed25519.SIGNATURE_LEN]
    ) and _verify_mldsa(public_key[ed25519.KEY_LEN :], message, signature[ed25519.SIGNATURE_LEN :])


def generate_seeds() -> tuple[bytes, bytes]:
    """Fresh secret seeds of both halves, which have nothing in common; 32 bytes each."""
    return ed25519.generate_seed(), ed25519.generate_seed()


def public_key(ed25519_seed: bytes, mldsa_seed: bytes) -> bytes:
    """Public key of two secret seeds, 1,984 bytes."""
    return ed25519.public_key(ed25519_seed) + _private(mldsa_seed).public_key().public_bytes_raw()


def sign(ed25519_seed: bytes, mldsa_seed: bytes, message: bytes) -> bytes:
    """Sign with both halves; the second is randomised.

    Returns:
        3,373 bytes.
    """
    return ed25519.sign(ed25519_seed, message) + _private(mldsa_seed).sign(message)
