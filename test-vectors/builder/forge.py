"""Ed25519 keys and signatures at the edges of the strict rule (spec section 3, EDS-1 to EDS-5).

A forged key is A = [a]B + T with T of small order. Its signatures are exact in every respect but
the one a case is about, found by trying nonces until the challenge has the right remainder mod 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from builder.edwards import (
    BASE,
    IDENTITY,
    TORSION,
    L,
    Point,
    add,
    challenge,
    encode,
    multiply,
    negate,
    scalar,
    signature,
)
from builder.keys import PublicKey, Row, SigningKey, sig_structure
from builder.stream import expand

Sign = Callable[..., bytes]


class NoSignatureError(Exception):
    """This message has no signature of the wanted kind under this key; try another key."""


@dataclass(frozen=True)
class ForgedKey(PublicKey):
    """A key whose signatures come from a function."""

    sign: Sign

    def row(self, label: str, payload: bytes) -> Row:
        """A row over the right bytes, however signed."""
        return Row(1, self.kid, self.sign(sig_structure(label, self.kid, payload)))


def torsion(multiple: int) -> Point:
    """One of the eight points of small order; the multiple of a generator of order 8."""
    return multiply(multiple, TORSION)


def mixed(label: str, multiple: int, public: bytes | None = None) -> tuple[int, bytes]:
    """The scalar and encoding of A = [a]B + T; an empty label stands for a = 0."""
    a = scalar(expand(label, "scalar", 64)) if label else 0
    point = add(multiply(a, BASE), torsion(multiple))
    return a, public or encode(point)


def exact(a: int, public: bytes, multiple: int) -> Sign:
    """Signatures that satisfy EDS-5 to the byte, whatever A is."""

    def sign(message: bytes) -> bytes:
        for attempt in range(1000):
            r = scalar(expand("forge", f"{attempt} {message.hex()}", 64))
            nonce = multiply(r, BASE)
            for j in range(8):
                point = encode(add(nonce, negate(torsion(j * multiple))))
                k = challenge(point, public, message)
                if (k - j) * multiple % 8 == 0:
                    return signature(point, (r + k * a) % L)
        raise NoSignatureError

    return sign


def prime_order_nonce(a: int, public: bytes, multiple: int, cofactorless: bool) -> Sign:
    """R = [r]B under a mixed A: valid without cofactor, or with cofactor only."""

    def sign(message: bytes) -> bytes:
        for attempt in range(1000):
            r = scalar(expand("forge", f"{attempt} {message.hex()}", 64))
            point = encode(multiply(r, BASE))
            k = challenge(point, public, message)
            if (k * multiple % 8 == 0) == cofactorless:
                return signature(point, (r + k * a) % L)
        raise NoSignatureError

    return sign


def small_nonce(a: int, public: bytes, multiple: int, nonce: int, raw: bytes | None = None) -> Sign:
    """R of small order, -nonce times the generator, in any encoding; S = k * a.

    The equation holds for the point R; for a canonical encoding it holds as bytes too.
    """

    def sign(message: bytes) -> bytes:
        point = raw or encode(negate(torsion(nonce)))
        k = challenge(point, public, message)
        if (k * multiple - nonce) % 8:
            raise NoSignatureError
        return signature(point, k * a % L)

    return sign


def shifted(key: SigningKey, times: int) -> Sign:
    """A correct signature with S + times * L."""

    def sign(message: bytes) -> bytes:
        good = key.sign(message)
        s = int.from_bytes(good[32:], "little") + times * L
        return signature(good[:32], s)

    return sign


def identity_point() -> bytes:
    """The canonical encoding of the identity."""
    return encode(IDENTITY)
