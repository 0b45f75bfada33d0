"""Strict Ed25519 (specification section 3, rules EDS-1 to EDS-5), from libsodium.

libsodium's verification is the specification's rule. A build of it with ED25519_COMPAT is not, so
the first verification runs a self-test and refuses to work with such a library.
"""

from __future__ import annotations

import os

from nacl import bindings as _sodium
from nacl.exceptions import BadSignatureError

KEY_LEN = 32
SIGNATURE_LEN = 64

_tested = False


def _verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    if len(public_key) != KEY_LEN or len(signature) != SIGNATURE_LEN:
        return False
    try:
        _sodium.crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        return False
    return True


def _self_test() -> None:
    global _tested  # noqa: PLW0603 - once for the process
    public, secret = _sodium.crypto_sign_seed_keypair(bytes(32))
    good = _sodium.crypto_sign(b"m", secret)[:SIGNATURE_LEN]
    order = 2**252 + 27742317777372353535851937790883648493
    raised = (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")
    identity = b"\1" + bytes(31)
    bad = (
        (public, b"n", good),
        (public, b"m", good[:32] + raised),  # EDS-1
        (
            identity,
            b"m",
            _sodium.crypto_scalarmult_ed25519_base_noclamp(b"\2" + bytes(31)) + b"\2" + bytes(31),
        ),  # EDS-3
        (public, b"m", identity + bytes(32)),  # EDS-4
    )
    if not _verify(public, b"m", good) or any(_verify(*case) for case in bad):
        raise RuntimeError("this libsodium does not verify Ed25519 strictly; install the PyNaCl wheel")
    _tested = True


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature is valid under the strict rule.

    Args:
        public_key: 32 bytes.
        message: signed bytes.
        signature: 64 bytes.

    Returns:
        The verdict. A predicate for `bundlefmt.trust`, which turns it into a refusal.

    Raises:
        RuntimeError: the installed libsodium is a lax build.
    """
    if not _tested:
        _self_test()
    return _verify(public_key, message, signature)


def generate_seed() -> bytes:
    """A fresh secret seed, 32 bytes."""
    return os.urandom(32)


def sign(seed: bytes, message: bytes) -> bytes:
    """Sign with a 32-byte secret seed.

    Returns:
        64 bytes.
    """
    _, secret = _sodium.crypto_sign_seed_keypair(seed)
    return _sodium.crypto_sign(message, secret)[:SIGNATURE_LEN]


def public_key(seed: bytes) -> bytes:
    """Public key of a 32-byte secret seed, 32 bytes."""
    return _sodium.crypto_sign_seed_keypair(seed)[0]


def is_enrollable(public: bytes) -> bool:
    """Tell whether a public key may be enrolled: canonical, on the curve, of prime order (W-6)."""
    return len(public) == KEY_LEN and bool(_sodium.crypto_core_ed25519_is_valid_point(public))
