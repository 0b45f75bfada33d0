"""edwards25519 in plain integers, to make signatures that no library would make.

Slow and not constant-time: it handles test-only keys and public points, nothing else.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
_SQRT_M1 = pow(2, (P - 1) // 4, P)

# A point in extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z.
Point = tuple[int, int, int, int]
IDENTITY: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The complete addition law, so that no input is special."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m = (y1 - x1) * (y2 - x2) % P
    n = (y1 + x1) * (y2 + x2) % P
    c = 2 * D * t1 * t2 % P
    d = 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Point) -> Point:
    """`[scalar] point`, for a scalar of any size, also beyond the order."""
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def negate(point: Point) -> Point:
    """`-point`."""
    x, y, z, t = point
    return -x % P, y, z, -t % P


def encode(point: Point) -> bytes:
    """The canonical 32 bytes of a point."""
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data: bytes, *, canonical: bool) -> Point | None:
    """The point of an encoding, or None.

    With `canonical`, y must be below p and x = 0 must not carry a sign (RFC 8032); without, both
    are let through, as OpenSSL does.
    """
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if canonical and y >= P:
        return None
    y %= P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        if (v * x * x + u) % P:
            return None
        x = x * _SQRT_M1 % P
    if x == 0 and sign and canonical:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


def is_small_order(point: Point) -> bool:
    """Whether eight times the point is the identity."""
    return encode(multiply(8, point)) == encode(IDENTITY)


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"), canonical=True) or IDENTITY


def _torsion_generator() -> Point:
    """The point of order 8 found first when y counts upward, times the prime order."""
    y = 2
    while True:
        point = decode(y.to_bytes(32, "little"), canonical=True)
        if point is not None:
            torsion = multiply(L, point)
            if encode(multiply(4, torsion)) != encode(IDENTITY):
                return torsion
        y += 1


TORSION: tuple[Point, ...] = tuple(multiply(i, _torsion_generator()) for i in range(8))


def small_order_encodings() -> list[bytes]:
    """All 14 encodings of the 8 points of small order: 8 canonical, then 6 that are not."""
    canonical = [encode(point) for point in TORSION]
    others = []
    for y in (0, 1, P - 1):
        for written in (y, y + P):
            for sign in (0, 1):
                if written < 2**255:
                    data = (written | sign << 255).to_bytes(32, "little")
                    if data not in canonical:
                        others.append(data)
    return canonical + others


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    """`k = SHA-512(R || A || M) mod L`."""
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


def strict(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """The rule of the specification: EDS-1 to EDS-5."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    point = decode(public_key, canonical=True)
    if s >= L or point is None or is_small_order(point) or r in small_order_encodings():
        return False
    return _recomputed(point, r, s, public_key, message) == r


def as_openssl(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """A model of OpenSSL: any encoding of A, any order, R compared as bytes."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    point = decode(public_key, canonical=False)
    return s < L and point is not None and _recomputed(point, r, s, public_key, message) == r


def as_cofactored(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """A model of cofactored verifiers with the ZIP 215 rules."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    point, commitment = decode(public_key, canonical=False), decode(r, canonical=False)
    if s >= L or point is None or commitment is None:
        return False
    k = challenge(r, public_key, message)
    rest = add(add(multiply(s, BASE), negate(multiply(k, point))), negate(commitment))
    return is_small_order(rest)


def _recomputed(point: Point, r: bytes, s: int, public_key: bytes, message: bytes) -> bytes:
    k = challenge(r, public_key, message)
    return encode(add(multiply(s, BASE), negate(multiply(k, point))))
