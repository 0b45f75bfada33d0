"""SHA-256 in its places: ids, leaves, roots (specification sections 3, 5, 6, 8 and 9)."""

from __future__ import annotations

from hashlib import sha256

from bundlefmt.crypto import suite
from bundlefmt.crypto.leaves import leaf_count as leaf_count  # noqa: PLC0414 - one module for whoever hashes leaves
from bundlefmt.crypto.leaves import leaf_size as leaf_size  # noqa: PLC0414

EMPTY = sha256(b"").digest()
_PUBLISHER_AT = 21  # after the fixed bytes of a trust document
HINT_LEN = 4
_ED25519_LEN = 32


def digest(data: bytes | memoryview) -> bytes:
    """SHA-256, 32 bytes."""
    return sha256(data).digest()


def signer_kid(public_key: bytes) -> bytes:
    """Kid of a public key; it selects, it never authorises (SIG-4).

    Args:
        public_key: 32 bytes (Ed25519: the COSE key thumbprint, RFC 9679) or 1,984 (hybrid). The length tells
            which, as each algorithm has its own (TRU-5).
    """
    start = suite.THUMBPRINT_ED25519 if len(public_key) == _ED25519_LEN else suite.HYBRID_SIGNER_LABEL
    return sha256(start + public_key).digest()


def recipient_key_id(recipient_type: int, public_key: bytes) -> bytes:
    """8-byte id of a recipient's public key, shown by tools and never in a bundle."""
    return sha256(suite.RECIPIENT_LABEL + recipient_type.to_bytes(2, "big") + public_key).digest()[:8]


def recipient_hint(recipient_type: int, enc: bytes, public_key: bytes) -> bytes:
    """4-byte hint of a recipient entry; it differs from bundle to bundle, because `enc` does."""
    return sha256(suite.HINT_LABEL + recipient_type.to_bytes(2, "big") + enc + public_key).digest()[:HINT_LEN]


def publisher_id(first_document: bytes) -> bytes:
    """Publisher id of a trust document of epoch 1: its SHA-256 with the id's own 32 bytes set to zero (TRU-7)."""
    start, end = _PUBLISHER_AT, _PUBLISHER_AT + 32
    return sha256(first_document[:start] + bytes(32) + first_document[end:]).digest()


def leaf_digest(index: int, data: bytes | memoryview) -> bytes:
    """Digest of leaf `index`, counted from 0."""
    state = sha256(b"\0" + index.to_bytes(8, "big"))
    state.update(data)
    return state.digest()


def body_root(body_len: int, leaves: bytes | bytearray | memoryview) -> bytes:
    """Root over all leaves, 32 bytes each, joined."""
    state = sha256(b"\1" + body_len.to_bytes(8, "big") + leaf_size(body_len).to_bytes(4, "big"))
    state.update(leaves)
    return state.digest()
