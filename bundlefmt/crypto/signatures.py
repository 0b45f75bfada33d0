"""One way to ask about signatures of every algorithm. A key's length tells which it is, as each has its own (TRU-5)."""

from __future__ import annotations

from bundlefmt.crypto import ed25519, hybridsig


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature is valid, by the rule of its key's algorithm.

    Args:
        public_key: 32 bytes (Ed25519) or 1,984 bytes (hybrid).
        message: signed bytes.
        signature: bytes of any length; a wrong one is not valid.

    Returns:
        The verdict. A predicate for `bundlefmt.trust`, which turns it into a refusal.

    Raises:
        RuntimeError: the installed libraries cannot judge it.
    """
    judge = hybridsig.verifies if len(public_key) == hybridsig.KEY_LEN else ed25519.verifies
    return judge(public_key, message, signature)


def is_enrollable(public_key: bytes) -> bool:
    """Tell whether a public key may be enrolled: its Ed25519 key is canonical and of prime order (W-6).

    An ML-DSA-65 key has nothing to check: every 1,952 bytes are one.
    """
    if len(public_key) == hybridsig.KEY_LEN:
        public_key = public_key[: ed25519.KEY_LEN]
    return ed25519.is_enrollable(public_key)
