"""The bytes that are signed (specification section 3; COSE Sig_structure, RFC 9052 section 4.4)."""

from __future__ import annotations

from bundlefmt.wire.sections import ALG_ED25519, ALG_HYBRID

LABEL_RELEASE = b"bundlefmt/1 release"
LABEL_POINTER = b"bundlefmt/1 pointer"
LABEL_TRUST = b"bundlefmt/1 trust"

# Up to the kid: context string, then the protected header's length and {1: algorithm, 4: kid}. The number of alg 2
# is private, -1651401837, and occurs nowhere else, so that half of a hybrid signature is no signature of anything.
_STARTS = {
    ALG_ED25519: b"\x84\x6aSignature1\x58\x26\xa2\x01\x32\x04\x58\x20",
    ALG_HYBRID: b"\x84\x6aSignature1\x58\x2a\xa2\x01\x3abndl\x04\x58\x20",
}


def _byte_string(data: bytes) -> bytes:
    length = len(data)
    if length < 24:
        return bytes((0x40 | length,)) + data
    if length < 1 << 8:
        return b"\x58" + length.to_bytes(1, "big") + data
    return b"\x59" + length.to_bytes(2, "big") + data


def signed_bytes(kid: bytes, label: bytes, payload: bytes, alg: int = ALG_ED25519) -> bytes:
    """Build what one key signs.

    Args:
        kid: 32-byte key thumbprint of the signing key.
        label: one of the LABEL constants; it binds the role.
        payload: header bytes (up to 1,024), or the 32-byte SHA-256 of a trust document.
        alg: 1 or 2, of the signing key.

    Returns:
        The encoded `Sig_structure`.
    """
    if len(kid) != 32 or len(payload) > 4096:
        raise ValueError("kid must have 32 bytes and the payload at most 4096")
    return _STARTS[alg] + kid + _byte_string(label) + _byte_string(payload)
