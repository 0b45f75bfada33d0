"""Points of edwards25519 in plain integers, for keys and signatures no library makes.

Slow and not constant-time: it signs test vectors with test-only keys and nothing else.
"""

from __future__ import annotations

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """Affine addition; the formula is complete on this curve."""
    t = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + t, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P) % P
    return x, y


def negate(a: Point) -> Point:
    """The inverse of a point."""
    return -a[0] % P, a[1]


def multiply(scalar: int, point: Point) -> Point:
    """Scalar multiplication; the scalar is not reduced, so torsion counts."""
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def recover_x(y: int, sign: int) -> int | None:
    """The x of a point with this y and sign, or None where there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_M1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return x if x & 1 == sign else P - x


def encode(point: Point) -> bytes:
    """The canonical 32 bytes of a point."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def raw_encoding(y: int, sign: int) -> bytes:
    """Any y below 2^255 and any sign, canonical or not."""
    return (y | sign << 255).to_bytes(32, "little")


BASE: Point = (recover_x(4 * pow(5, -1, P) % P, 0) or 0, 4 * pow(5, -1, P) % P)


def _order_eight() -> Point:
    """A generator of the eight points of small order: L times any suitable point."""
    y = 2
    while True:
        x = recover_x(y, 0)
        if x is not None:
            torsion = multiply(L, (x, y))
            if multiply(4, torsion) != IDENTITY:
                return torsion
        y += 1


TORSION: Point = _order_eight()


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    """k = SHA-512(R || A || M) mod L."""
    return int.from_bytes(sha512(r + a + message).digest(), "little") % L


def scalar(data: bytes) -> int:
    """A scalar below L from 64 bytes."""
    return int.from_bytes(data, "little") % L


def signature(r: bytes, s: int) -> bytes:
    """R || S."""
    return r + s.to_bytes(32, "little")
