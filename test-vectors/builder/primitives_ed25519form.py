"""Cases of Ed25519: keys for tests, three verifiers to ask, and what they say."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import CryptoError

from . import primitives_curve as curve
from .primitives_form import Case, accept, refuse, require, test_only

Triple = tuple[bytes, bytes, bytes]


class TestKey:
    """A key pair for tests: scalar `a`, point `A = [a]B` plus a point of small order."""

    def __init__(self, purpose: str, torsion: int = 0) -> None:
        digest = hashlib.sha512(test_only(purpose)).digest()
        clamped = int.from_bytes(digest[:32], "little") & ~7 & (2**254 - 1) | 2**254
        self.scalar = clamped % curve.L
        self.torsion = torsion
        point = curve.multiply(clamped, curve.BASE)
        self.public = curve.encode(curve.add(point, curve.TORSION[torsion]))
        self._prefix = digest[32:]

    def nonce(self, message: bytes) -> int:
        """The deterministic nonce of RFC 8032."""
        digest = hashlib.sha512(self._prefix + message).digest()
        return int.from_bytes(digest, "little") % curve.L

    def sign(self, message: bytes, *, torsion: int = 0, add_order: int = 0) -> bytes:
        """A signature with a point of small order added to R, or multiples of L to S."""
        r = self.nonce(message)
        point = curve.add(curve.multiply(r, curve.BASE), curve.TORSION[torsion])
        return self.finish(curve.encode(point), r, message, add_order)

    def finish(self, r_bytes: bytes, r: int, message: bytes, add_order: int = 0) -> bytes:
        """`R || S` for a given encoding of R."""
        k = curve.challenge(r_bytes, self.public, message)
        s = (r + k * self.scalar) % curve.L + add_order * curve.L
        return r_bytes + s.to_bytes(32, "little")


def signing(key: TestKey, torsion: int = 0) -> Callable[[bytes], Triple]:
    """A maker of signatures by `key`, with a point of small order added to R."""
    return lambda message: (key.public, message, key.sign(message, torsion=torsion))


def with_r(key: TestKey, r_bytes: bytes) -> Callable[[bytes], Triple]:
    """A maker of signatures whose R is the one given and whose nonce is 0."""
    return lambda message: (key.public, message, key.finish(r_bytes, 0, message))


HONEST = TestKey("ed25519 key one")
OTHER = TestKey("ed25519 key two")


def search(make: Callable[[bytes], Triple], wanted: Callable[[Triple], bool], label: str) -> Triple:
    """The first message of a counted series whose triple is as wanted."""
    for i in range(10_000):
        triple = make(f"{label} {i}".encode())
        if wanted(triple):
            return triple
    require(condition=False, message=f"no message found for {label}")
    raise AssertionError


def by_openssl(triple: Triple) -> bool:
    return curve.as_openssl(*triple)


def by_cofactored(triple: Triple) -> bool:
    return curve.as_cofactored(*triple)


def libsodium(triple: Triple) -> bool:
    """The verdict of `crypto_sign_open`, lengths checked first."""
    public_key, message, signature = triple
    if len(public_key) != 32 or len(signature) != 64:
        return False
    try:
        return crypto_sign_open(signature + message, public_key) == message
    except CryptoError:
        return False


def openssl(triple: Triple) -> bool:
    """The verdict of OpenSSL through its Python binding."""
    public_key, message, signature = triple
    if len(public_key) != 32 or len(signature) != 64:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _inputs(triple: Triple) -> dict[str, str]:
    public_key, message, signature = triple
    return {
        "public_key": public_key.hex(),
        "message": message.hex(),
        "signature": signature.hex(),
    }


def good(name: str, comment: str, triple: Triple) -> Case:
    """A signature that every reader accepts."""
    require(curve.strict(*triple), f"{name}: the rule refuses it")
    require(libsodium(triple), f"{name}: libsodium refuses it")
    return accept(name, comment, "EDS-1 EDS-2 EDS-3 EDS-4 EDS-5", _inputs(triple), {})


def bad(name: str, comment: str, rules: str, triple: Triple, lax: str = "") -> Case:
    """A signature that every reader refuses; `lax` says who would not."""
    require(not curve.strict(*triple), f"{name}: the rule accepts it")
    require(not libsodium(triple), f"{name}: libsodium accepts it")
    found = [label for label, model in (("openssl", by_openssl), ("cofactored", by_cofactored)) if model(triple)]
    require(found == lax.split(), f"{name}: accepted by {found}, expected {lax.split()}")
    require(openssl(triple) == ("openssl" in found), f"{name}: OpenSSL differs from its model")
    case = refuse(name, comment, rules, _inputs(triple))
    case["lax"] = found
    return case
