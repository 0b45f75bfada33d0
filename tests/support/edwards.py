"""The byte rules of strict Ed25519 (EDS-1 to EDS-5) around OpenSSL, which by itself accepts more."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
_ROOT = pow(2, (P - 1) // 4, P)
_D = -121665 * pow(121666, P - 2, P) % P


def _even_root(square: int) -> int | None:
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square % P:
        root = root * _ROOT % P
    if root * root % P != square % P:
        return None
    return root if root % 2 == 0 else P - root


def _order_8() -> int:
    """The y of a point of order 8: its double has y = 0, so x^2 = -y^2 and d*y^4 + 2*y^2 - 1 = 0."""
    root = _even_root(1 + _D)
    assert root is not None
    for sign in (root, P - root):
        y = _even_root((sign - 1) * pow(_D, P - 2, P) % P)
        if y is not None and _even_root((y * y - 1) * pow(_D * y * y + 1, P - 2, P) % P) is not None:
            return y
    raise AssertionError


def small_order_encodings() -> frozenset[bytes]:
    """Every encoding of the eight points of small order, reduced or not: 14 byte strings."""
    eight = _order_8()
    found: set[bytes] = set()
    for y in (0, 1, P - 1, eight, P - eight):
        for value in (y, y + P):
            if value < 2**255:
                found |= {(value | sign << 255).to_bytes(32, "little") for sign in (0, 1)}
    return frozenset(found)


SMALL_ORDER = small_order_encodings()


def strictly_valid(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """The rule of section 3 of the specification, restated."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    point, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    if scalar >= L or int.from_bytes(public_key, "little") % 2**255 >= P:
        return False
    if public_key in SMALL_ORDER or point in SMALL_ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
