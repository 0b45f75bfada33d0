"""Vectors for the strict Ed25519 rule, EDS-1 to EDS-5.

The verdict of each case is written down with the case, computed once more from the rule in plain
integers, and asked of libsodium. "lax" names the verifiers that accept what is refused here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from . import primitives_curve as curve
from .primitives_ed25519form import (
    HONEST,
    OTHER,
    TestKey,
    Triple,
    bad,
    by_cofactored,
    by_openssl,
    good,
    search,
    signing,
    with_r,
)
from .primitives_form import Case, Family, pattern

COMMENT = """
Strict verification of Ed25519 (EDS-1 to EDS-5). Input: public_key, message, signature in
hexadecimal. 'lax' lists who accepts what is refused here: 'openssl' is OpenSSL 4.0 (any encoding
of A, any order, R compared as bytes), 'cofactored' is the rule of ZIP 215. Lengths other than 32
and 64 bytes are refused before any library sees them.
"""


def _valid() -> Iterator[Case]:
    for length in (0, 1, 32, 63, 64, 111, 112, 127, 128, 1024, 4021):
        message = pattern(length)
        yield good(
            f"valid-{length}-bytes",
            f"an honest signature over {length} bytes",
            (HONEST.public, message, HONEST.sign(message)),
        )
    message = b"second key"
    yield good(
        "valid-other-key",
        "an honest signature of another key",
        (OTHER.public, message, OTHER.sign(message)),
    )
    mixed = TestKey("ed25519 key mixed", torsion=1)
    yield good(
        "valid-mixed-order-key",
        "A has a part of order 8 and k is a multiple of 8: the cofactorless equation holds",
        search(signing(mixed), by_openssl, "mixed A, whole R"),
    )
    yield good(
        "valid-mixed-order-key-and-r",
        "A and R both have parts of small order that cancel in the cofactorless equation",
        search(signing(mixed, torsion=3), by_openssl, "mixed A, mixed R"),
    )
    two = TestKey("ed25519 key with order 2 part", torsion=4)
    yield good(
        "valid-key-with-order-2-part",
        "A has a part of order 2 and k is even",
        search(signing(two), by_openssl, "order 2 part"),
    )


def _scalar() -> Iterator[Case]:
    message = b"malleable"
    signature = HONEST.sign(message)
    for times in (1, 2, 4, 8, 14):
        yield bad(
            f"s-plus-{times}-l",
            f"a valid signature whose S has {times} times L added",
            "EDS-1",
            (HONEST.public, message, HONEST.sign(message, add_order=times)),
        )
    for label, s in (
        ("l", curve.L),
        ("l-plus-1", curve.L + 1),
        ("2-to-252", 2**252),
        ("2-to-253", 2**253),
        ("all-ones", 2**256 - 1),
        ("zero", 0),
    ):
        rule = "EDS-5" if s < curve.L else "EDS-1"
        yield bad(
            f"s-is-{label}",
            "R of a valid signature with another S",
            rule,
            (HONEST.public, message, signature[:32] + s.to_bytes(32, "little")),
        )
    for bit in (253, 254, 255):
        s = int.from_bytes(signature[32:], "little") | 1 << bit
        yield bad(
            f"s-with-bit-{bit}",
            f"a valid signature with bit {bit} of S set; old libraries ignored the top bits",
            "EDS-1",
            (HONEST.public, message, signature[:32] + s.to_bytes(32, "little")),
        )
    identity = curve.encode(curve.IDENTITY)
    yield bad(
        "s-is-l-with-identity-r",
        "A is the identity, R the identity, S = L: the equation holds for every message",
        "EDS-1 EDS-3 EDS-4",
        (identity, b"anything", identity + curve.L.to_bytes(32, "little")),
    )


def _small_order_keys() -> Iterator[Case]:
    for i, encoding in enumerate(curve.small_order_encodings()):
        kind = "canonical" if i < 8 else "not canonical"
        rules = "EDS-3" if i < 8 else "EDS-2 EDS-3"

        def forged(message: bytes, encoding: bytes = encoding) -> Triple:
            r = HONEST.nonce(message)
            point = curve.multiply(r, curve.BASE)
            return encoding, message, curve.encode(point) + r.to_bytes(32, "little")

        yield bad(
            f"small-order-key-{i}",
            f"A is encoding {i} of the 14 of small order ({kind}); made without any secret",
            rules,
            search(forged, by_openssl, f"small order key {i}"),
            "openssl cofactored",
        )
    identity = curve.encode(curve.IDENTITY)
    yield bad(
        "small-order-key-and-r",
        "A and R are the identity and S is 0: valid for every message where nothing is checked",
        "EDS-3 EDS-4",
        (identity, b"any message at all", identity + bytes(32)),
        "openssl cofactored",
    )
    yield bad(
        "all-zero-key-and-signature",
        "32 zero bytes are a point of order 4, and so is R",
        "EDS-3 EDS-4",
        search(lambda m: (bytes(32), m, bytes(64)), by_openssl, "all zero"),
        "openssl cofactored",
    )


def _small_order_r() -> Iterator[Case]:
    mixed = TestKey("ed25519 key for small R", torsion=1)
    for i, encoding in enumerate(curve.small_order_encodings()):
        canonical = i < 8
        signer = HONEST if i == 0 else mixed
        wanted = by_openssl if canonical else by_cofactored
        yield bad(
            f"small-order-r-{i}",
            f"R is encoding {i} of the 14 of small order; "
            + ("the equation holds as bytes" if canonical else "the equation holds for the point, not for its bytes"),
            "EDS-4" if canonical else "EDS-4 EDS-5",
            search(
                with_r(signer, encoding),
                wanted,
                f"small order R {i}",
            ),
            "openssl cofactored" if canonical else "cofactored",
        )


def _encodings() -> Iterator[Case]:
    message = b"encodings"
    signature = HONEST.sign(message)
    for offset in range(2, 19):
        encoding = (curve.P + offset).to_bytes(32, "little")
        on_curve = curve.decode(encoding, canonical=False) is not None
        if offset in (2, 3, 4, 18) or (on_curve and offset < 10):
            yield bad(
                f"key-not-canonical-p-plus-{offset}",
                f"A has y = p + {offset}, " + ("on" if on_curve else "not on") + " the curve after reduction",
                "EDS-2",
                (encoding, message, signature),
            )
    found = 0
    y = 2
    while found < 3:
        encoding = y.to_bytes(32, "little")
        if curve.decode(encoding, canonical=True) is None:
            yield bad(
                f"key-not-on-curve-{y}",
                f"A has y = {y}, which is on no point",
                "EDS-2",
                (encoding, message, signature),
            )
            found += 1
        y += 1
    yield bad("key-all-ones", "A is 32 bytes ff", "EDS-2", (b"\xff" * 32, message, signature))
    flipped = HONEST.public[:31] + bytes([HONEST.public[31] ^ 0x80])
    yield bad(
        "key-negated",
        "the sign bit of A is flipped: another valid key",
        "EDS-5",
        (flipped, message, signature),
    )
    negated = signature[:31] + bytes([signature[31] ^ 0x80]) + signature[32:]
    yield bad("r-negated", "the sign bit of R is flipped", "EDS-5", (HONEST.public, message, negated))
    for offset in (3, 18):
        r = (curve.P + offset).to_bytes(32, "little")
        yield bad(
            f"r-not-canonical-p-plus-{offset}",
            "R is not reduced and not of small order",
            "EDS-5",
            (HONEST.public, message, HONEST.finish(r, HONEST.nonce(message), message)),
        )
    yield bad(
        "r-all-ones",
        "R is 32 bytes ff",
        "EDS-5",
        (HONEST.public, message, b"\xff" * 32 + signature[32:]),
    )


def _cofactor() -> Iterator[Case]:
    for torsion in (1, 2, 4, 7):
        message = f"only with the cofactor {torsion}".encode()
        yield bad(
            f"cofactored-only-r-{torsion}",
            f"R has the small-order part {torsion}; the equation holds only times 8",
            "EDS-5",
            (HONEST.public, message, HONEST.sign(message, torsion=torsion)),
            "cofactored",
        )
    for torsion in (1, 2, 4):
        mixed = TestKey(f"ed25519 key for cofactored A {torsion}", torsion=torsion)
        yield bad(
            f"cofactored-only-a-{torsion}",
            f"A has the small-order part {torsion} and k does not cancel it",
            "EDS-5",
            search(
                signing(mixed),
                lambda t: not by_openssl(t),
                f"cofactored A {torsion}",
            ),
            "cofactored",
        )


def _damaged() -> Iterator[Case]:
    message = b"the message that was signed"
    signature = HONEST.sign(message)
    for label, bit in (
        ("first-bit-of-r", 0),
        ("middle-of-r", 130),
        ("first-bit-of-s", 256),
        ("middle-of-s", 391),
    ):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        yield bad(
            f"flipped-{label}",
            "one bit of the signature is flipped",
            "EDS-5",
            (HONEST.public, message, bytes(changed)),
        )
    for label, other in (
        ("flipped", b"The message that was signed"),
        ("shorter", message[:-1]),
        ("longer", message + b"\x00"),
        ("empty", b""),
    ):
        yield bad(
            f"message-{label}",
            "not the message that was signed",
            "EDS-5",
            (HONEST.public, other, signature),
        )
    yield bad("wrong-key", "a valid signature of another key", "EDS-5", (OTHER.public, message, signature))
    swapped = signature[32:] + signature[:32]
    r_as_s = int.from_bytes(signature[:32], "little")
    yield bad(
        "halves-swapped",
        "S and R in the wrong order",
        "EDS-1" if r_as_s >= curve.L else "EDS-5",
        (HONEST.public, message, swapped),
    )
    yield bad(
        "all-zero-signature",
        "64 zero bytes: R is of order 4",
        "EDS-4",
        (HONEST.public, message, bytes(64)),
    )
    prehashed = hashlib.sha512(message).digest()
    yield bad(
        "prehashed",
        "signed was SHA-512 of the message",
        "EDS-5",
        (HONEST.public, message, HONEST.sign(prehashed)),
    )
    for label, triple, rule in (
        ("key-31-bytes", (HONEST.public[:31], message, signature), "TRU-5"),
        ("key-33-bytes", (HONEST.public + b"\x00", message, signature), "TRU-5"),
        ("signature-63-bytes", (HONEST.public, message, signature[:63]), "SIG-3"),
        ("signature-65-bytes", (HONEST.public, message, signature + b"\x00"), "SIG-3"),
        ("signature-empty", (HONEST.public, message, b""), "SIG-3"),
    ):
        yield bad(label, "wrong length", rule, triple)


def build() -> Family:
    """The family ed25519."""
    cases = [
        *_valid(),
        *_scalar(),
        *_small_order_keys(),
        *_small_order_r(),
        *_encodings(),
        *_cofactor(),
        *_damaged(),
    ]
    return Family("ed25519", COMMENT, cases)
