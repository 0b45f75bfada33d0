"""Keys and signatures that Ed25519 verifiers disagree about, in the release role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from builder.bundle import Bundle
from builder.cases import Case, built, case
from builder.edwards import L, P, encode, raw_encoding, recover_x, signature
from builder.forge import (
    ForgedKey,
    NoSignatureError,
    Sign,
    exact,
    identity_point,
    mixed,
    prime_order_nonce,
    shifted,
    small_nonce,
    torsion,
)
from builder.keys import PublicKey, SigningKey
from builder.scenes import release
from builder.trust import Chain, role

MakeKey = Callable[..., tuple[bytes, Sign]]


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _scalars()
    yield from _small_keys()
    yield from _mixed_keys()
    yield from _small_nonces()
    yield from _thresholds()


def _signed(name: str, make: MakeKey) -> Bundle:
    """A release whose one key is forged; keys are tried until one can sign the header."""
    for attempt in count():
        public, sign = make(attempt)
        key = ForgedKey(1, public, sign)
        bundle = release(name, Chain.start(name, release=role(1, key)))
        bundle.signers = [key]
        try:
            built(bundle)
        except NoSignatureError:
            continue
        return bundle
    raise AssertionError


def _refused(name: str, make: MakeKey, comment: str, rules: str) -> Case:
    return case(_signed(f"ed25519-{name}", make), comment, rules, "SIGNATURE_INVALID")


def _scalars() -> Iterator[Case]:
    key = SigningKey("ed25519 scalar")
    for times, name in ((1, "plus-l"), (2, "plus-2l"), (14, "plus-14l")):
        comment = f"S is {times} times L too large; without EDS-1 the signature is valid."
        yield _refused(f"s-{name}", lambda _, t=times: (key.public, shifted(key, t)), comment, "EDS-1")

    def is_l(message: bytes) -> bytes:
        return signature(key.sign(message)[:32], L)

    yield _refused("s-is-l", lambda _: (key.public, is_l), "S equals L.", "EDS-1 EDS-5")


def _small_keys() -> Iterator[Case]:
    names = {0: "1", 4: "2", 2: "4", 6: "4-negative", 1: "8-a", 3: "8-b", 5: "8-c", 7: "8-d"}
    for multiple, name in names.items():
        a, public = mixed("", multiple)
        comment = f"A has order {name[0]}; the equation holds."
        sign = exact(a, public, multiple)
        yield _refused(f"a-order-{name}", lambda _, p=public, s=sign: (p, s), comment, "EDS-3")
    for name, multiple, y, sign_bit in (
        ("order-1-y-plus-p", 0, P + 1, 0),
        ("order-1-y-plus-p-sign", 0, P + 1, 1),
        ("order-1-sign", 0, 1, 1),
        ("order-2-sign", 4, P - 1, 1),
        ("order-4-y-plus-p", 2 if torsion(2)[0] % 2 == 0 else 6, P, 0),
        ("order-4-y-plus-p-sign", 2 if torsion(2)[0] % 2 == 1 else 6, P, 1),
    ):
        public = raw_encoding(y, sign_bit)
        sign = exact(0, public, multiple)
        comment = "A is an encoding of a point of small order that is not canonical."
        rules = "EDS-2 EDS-3"
        yield _refused(f"a-{name}", lambda _, p=public, s=sign: (p, s), comment, rules)
    odd_y = next(c for c in range(2, 19) if recover_x(c, 0) is not None)
    odd = raw_encoding(P + odd_y, 0)
    honest = SigningKey("ed25519 scalar")
    yield _refused(
        "a-y-plus-p",
        lambda _: (odd, honest.sign),
        "A is not canonical and has large order; nobody knows its secret.",
        "EDS-2 EDS-5",
    )
    no_point = next(c for c in range(2, 99) if recover_x(c, 0) is None)
    yield _refused(
        "a-no-point",
        lambda _: (raw_encoding(no_point, 0), honest.sign),
        "A is no point of the curve.",
        "EDS-2",
    )


def _mixed_keys() -> Iterator[Case]:
    for multiple, name in ((4, "2"), (2, "4"), (1, "8")):
        a, public = mixed("ed25519 mixed", multiple)
        sign = prime_order_nonce(a, public, multiple, cofactorless=False)
        comment = f"A has a part of order {name}; the equation holds only with the cofactor."
        yield _refused(f"a-mixed-{name}-cofactored", lambda _, p=public, s=sign: (p, s), comment, "EDS-5")
        sign = prime_order_nonce(a, public, multiple, cofactorless=True)
        bundle = _signed(f"ed25519-a-mixed-{name}-exact", lambda _, p=public, s=sign: (p, s))
        comment = f"A has a part of order {name}; the equation holds exactly."
        yield case(bundle, comment, "EDS-5")
        sign = exact(a, public, multiple)
        bundle = _signed(f"ed25519-r-mixed-{name}-exact", lambda _, p=public, s=sign: (p, s))
        comment = f"A, and perhaps R, has a part of order {name}; the equation holds exactly."
        yield case(bundle, comment, "EDS-5")


def _small_nonces() -> Iterator[Case]:
    a, public = mixed("ed25519 prime", 0)
    sign = small_nonce(a, public, 0, 0)
    comment = "R is the identity; the equation holds."
    yield _refused("r-order-1", lambda _: (public, sign), comment, "EDS-4")

    for nonce, name in ((4, "2"), (2, "4"), (6, "4-negative"), (1, "8-a"), (3, "8-b")):

        def make(attempt: int, nonce: int = nonce) -> tuple[bytes, Sign]:
            a, public = mixed(f"ed25519 nonce {attempt}", 1)
            return public, small_nonce(a, public, 1, nonce)

        comment = f"R has order {name[0]}; the equation holds."
        yield _refused(f"r-order-{name}", make, comment, "EDS-4")
    for name, nonce, y, bit in (
        ("order-1-y-plus-p", 0, P + 1, 0),
        ("order-1-y-plus-p-sign", 0, P + 1, 1),
        ("order-1-sign", 0, 1, 1),
        ("order-2-sign", 4, P - 1, 1),
        ("order-4-y-plus-p", 2 if torsion(6)[0] % 2 == 0 else 6, P, 0),
    ):
        raw = raw_encoding(y, bit)

        def lenient(attempt: int, nonce: int = nonce, raw: bytes = raw) -> tuple[bytes, Sign]:
            a, public = mixed(f"ed25519 nonce {attempt}", 1 if nonce else 0)
            return public, small_nonce(a, public, 1 if nonce else 0, nonce, raw)

        comment = "R is an encoding of a point of small order that is not canonical."
        yield _refused(f"r-{name}", lenient, comment, "EDS-4 EDS-5")


def _thresholds() -> Iterator[Case]:
    good = SigningKey("ed25519 good")
    for name, public in (
        ("identity", identity_point()),
        ("order-8", encode(torsion(1))),
        ("not-canonical", raw_encoding(P + 3, 0)),
        ("all-ones", b"\xff" * 32),
    ):
        chain = Chain.start(f"ed25519-unused-{name}", release=role(1, good, PublicKey(1, public)))
        bundle = release(f"ed25519-unused-{name}", chain)
        bundle.signers = [good]
        comment = "A key that no reader would verify with is listed and did not sign."
        yield case(bundle, comment, "TRU-5 EDS-3")
    public = identity_point()
    small = ForgedKey(1, public, exact(0, public, 0))
    chain = Chain.start("ed25519-identity-as-second", release=role(2, good, small))
    bundle = release("ed25519-identity-as-second", chain)
    bundle.signers = [good, small]
    comment = "The second of two signatures is by a key of small order."
    yield case(bundle, comment, "EDS-3", "SIGNATURE_INVALID")
    rows = [bytes(64), identity_point() + bytes(32)]
    for name, row in zip(("zero", "identity"), rows, strict=True):
        chain = Chain.start(f"ed25519-fixed-{name}", release=role(1, PublicKey(1, public)))
        bundle = release(f"ed25519-fixed-{name}", chain)
        key = ForgedKey(1, public, lambda _, value=row: value)
        bundle.signers = [key]
        comment = "One fixed signature that is valid for every message under a weak verifier."
        yield case(bundle, comment, "EDS-3 EDS-4", "SIGNATURE_INVALID")
