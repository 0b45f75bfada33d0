"""The bytes that are signed (specification section 3; COSE Sig_structure, RFC 9052 section 4.4)."""

from __future__ import annotations

LABEL_RELEASE = b"bundlefmt/1 release"
LABEL_POINTER = b"bundlefmt/1 pointer"
LABEL_TRUST = b"bundlefmt/1 trust"

_START = b"\x84\x6aSignature1\x58\x26\xa2\x01\x32\x04\x58\x20"


def _byte_string(data: bytes) -> bytes:
    length = len(data)
    if length < 24:
        return bytes((0x40 | length,)) + data
    if length < 1 << 8:
        return b"\x58" + length.to_bytes(1, "big") + data
    return b"\x59" + length.to_bytes(2, "big") + data


def signed_bytes(kid: bytes, label: bytes, payload: bytes) -> bytes:
    """Build what one key signs.

    Args:
        kid: 32-byte key thumbprint of the signing key.
        label: one of the LABEL constants; it binds the role.
        payload: header bytes (up to 1,024), or the 32-byte SHA-256 of a trust document.

    Returns:
        The encoded `Sig_structure` with alg -19 (Ed25519).
    """
    if len(kid) != 32 or len(payload) > 4096:
        raise ValueError("kid must have 32 bytes and the payload at most 4096")
    return _START + kid + _byte_string(label) + _byte_string(payload)
