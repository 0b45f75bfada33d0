"""Vectors for hybrid signatures: Ed25519 and ML-DSA-65, both required."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from . import primitives_curve as curve
from . import primitives_mldsa as mldsa
from .primitives_ed25519form import TestKey
from .primitives_form import Case, Family, accept, frozen, pattern, refuse, require, test_only
from .primitives_signed import POINTER, RELEASE, TRUST, byte_string
from .primitives_signed import kid as thumbprint
from .primitives_signed import structure as ed25519_structure

COMMENT = """
Hybrid signatures (section 3, alg 2). of = 'kid': public_key gives kid. of = 'structure': kid, label
(text) and payload (hexadecimal) give to_be_signed. of = 'signature': is the signature of public_key
valid over the payload under this label? Public key and signature are the Ed25519 one followed by the
ML-DSA-65 one. Some keys have the t1 of ML-DSA all zero: anyone can sign for such a half, so that its
signatures can be taken to the limits of FIPS 204; nothing there refuses the key.
"""
NUMBER = -1_651_401_837
PAYLOAD = pattern(200)
Z_LIMIT = mldsa.GAMMA1 - mldsa.BETA


class HybridKey:
    """A key pair; with `weak`, the ML-DSA half has a t1 of zero and a signature is forged for it."""

    def __init__(self, purpose: str, torsion: int = 0, *, weak: bool = False) -> None:
        self.first = TestKey(f"{purpose} first", torsion)
        self._seed = test_only(f"{purpose} second")
        private = MLDSA65PrivateKey.from_seed_bytes(self._seed)
        second = private.public_key().public_bytes_raw()
        self.second = second[:32] + bytes(1920) if weak else second
        self._private = private
        self.public = self.first.public + self.second

    def sign_second(self, message: bytes, context: bytes = b"") -> bytes:
        """The ML-DSA half, made once and kept."""
        name = hashlib.sha256(self._seed + context + b"\0" + message).hexdigest()[:24]
        return bytes.fromhex(frozen("mldsa", name, lambda: self._private.sign(message, context).hex()))

    def sign(self, message: bytes) -> bytes:
        """Both halves."""
        return self.first.sign(message) + self.sign_second(message)


def kid(public_key: bytes) -> bytes:
    """The kid of a hybrid key."""
    return hashlib.sha256(b"bundlefmt/1 signer" + b"\x00" + b"\x00\x02" + public_key).digest()


def structure(key_id: bytes, label: str, payload: bytes, number: int = NUMBER) -> bytes:
    """The COSE `Sig_structure`: by a general encoder, and for the right number by hand as well."""
    inner = cbor2.dumps({1: number, 4: key_id}, canonical=True)
    signed = cbor2.dumps(["Signature1", inner, label.encode(), payload], canonical=True)
    if number == NUMBER:
        again = bytes.fromhex("846a") + b"Signature1" + bytes.fromhex("582aa2013a626e646c045820") + key_id
        again += byte_string(label.encode()) + byte_string(payload)
        require(signed == again, "the two encoders differ")
    return signed


@cache
def _verdicts(public_key: bytes, message: bytes, signature: bytes) -> tuple[bool, bool]:
    """What the rule says of each half; the library must agree about ML-DSA."""
    if len(public_key) != 32 + mldsa.KEY_LEN or len(signature) != 64 + mldsa.SIGNATURE_LEN:
        return False, False
    first = curve.strict(public_key[:32], message, signature[:64])
    second = mldsa.verifies(public_key[32:], message, signature[64:])
    try:
        MLDSA65PublicKey.from_public_bytes(public_key[32:]).verify(signature[64:], message)
        library = True
    except InvalidSignature:
        library = False
    require(second == library, "the library judges an ML-DSA half otherwise")
    return first, second


def _inputs(public_key: bytes, signature: bytes, label: str, payload: bytes) -> dict[str, str]:
    values = {"public_key": public_key.hex(), "label": label, "payload": payload.hex(), "signature": signature.hex()}
    return {"of": "signature", **values}


def _good(name: str, comment: str, rules: str, key: HybridKey, signature: bytes, label: str = RELEASE) -> Case:
    message = structure(kid(key.public), label, PAYLOAD)
    require(_verdicts(key.public, message, signature) == (True, True), f"{name}: not valid")
    return accept(name, comment, rules, _inputs(key.public, signature, label, PAYLOAD), {})


def _bad(
    name: str,
    comment: str,
    rules: str,
    public_key: bytes,
    signature: bytes,
    label: str = RELEASE,
    payload: bytes = PAYLOAD,
    halves: tuple[bool, bool] = (False, False),
) -> Case:
    """A refused signature; `halves` says which half is valid all the same."""
    message = structure(kid(public_key), label, payload)
    require(_verdicts(public_key, message, signature) == halves, f"{name}: the halves are not {halves}")
    require(halves != (True, True), f"{name}: valid")
    return refuse(name, comment, rules, _inputs(public_key, signature, label, payload))


def _kids() -> Iterator[Case]:
    for name, public_key in (
        ("kid-of-key-0", HybridKey("hybrid key 0").public),
        ("kid-of-key-1", HybridKey("hybrid key 1").public),
        ("kid-of-all-zero-key", bytes(1984)),
        ("kid-of-all-ones-key", b"\xff" * 1984),
    ):
        comment = "over label, algorithm and both halves"
        yield accept(
            name, comment, "SIG-4", {"of": "kid", "public_key": public_key.hex()}, {"kid": kid(public_key).hex()}
        )


def _structures() -> Iterator[Case]:
    key_id = kid(HybridKey("hybrid key 0").public)
    for label in (RELEASE, POINTER, TRUST):
        word = label.split()[1]
        for length in (32,) if label == TRUST else (1, 23, 24, 255, 256, 1024):
            payload = pattern(length)
            yield accept(
                f"{word}-payload-{length}",
                "the head of the payload at the edge of a width",
                "SIG-8 HYB-1",
                {"of": "structure", "kid": key_id.hex(), "label": label, "payload": payload.hex()},
                {"to_be_signed": structure(key_id, label, payload).hex()},
            )


def _flip(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def _signatures() -> Iterator[Case]:
    key, other = HybridKey("hybrid key 0"), HybridKey("hybrid key 1")
    key_id = kid(key.public)
    signed = {label: key.sign(structure(key_id, label, PAYLOAD)) for label in (RELEASE, POINTER, TRUST)}
    for label, signature in signed.items():
        word = label.split()[1]
        yield _good(f"signature-{word}", "valid under its own label", "HYB-1 SIG-8", key, signature, label)
        for wrong in signed:
            if wrong != label:
                name = f"signature-{word}-as-{wrong.split()[1]}"
                yield _bad(name, "valid under another label only", "SIG-8", key.public, signature, wrong)
    message, good = structure(key_id, RELEASE, PAYLOAD), signed[RELEASE]
    first, second = good[:64], good[64:]
    foreign = other.sign(message)
    for name, comment, signature, halves in (
        ("first-flipped", "a bit of the Ed25519 half is wrong", _flip(good, 3), (False, True)),
        ("second-flipped-challenge", "a bit of the ML-DSA challenge is wrong", _flip(good, 64), (True, False)),
        ("second-flipped-z", "a bit of the ML-DSA response is wrong", _flip(good, 1000), (True, False)),
        ("first-zero", "the Ed25519 half is all zero", bytes(64) + second, (False, True)),
        ("second-zero", "the ML-DSA half is all zero", first + bytes(3309), (True, False)),
        ("first-of-other", "the Ed25519 half is another key's", foreign[:64] + second, (False, True)),
        ("second-of-other", "the ML-DSA half is another key's", first + foreign[64:], (True, False)),
        ("both-of-other", "both halves are another key's", foreign, (False, False)),
        ("swapped", "the ML-DSA half stands first", second + first, (False, False)),
        ("second-context", "the ML-DSA half has a context", first + key.sign_second(message, b"c"), (True, False)),
        (
            "second-over-digest",
            "the ML-DSA half signs the digest of the bytes",
            first + key.sign_second(hashlib.sha256(message).digest()),
            (True, False),
        ),
        ("first-alone", "there is no ML-DSA half", first, (False, False)),
        ("second-alone", "there is no Ed25519 half", second, (False, False)),
        ("short", "the last byte is missing", good[:-1], (False, False)),
        ("long", "there is a byte more", good + b"\0", (False, False)),
        ("empty", "there is no signature", b"", (False, False)),
    ):
        yield _bad(f"bad-{name}", comment, "HYB-1", key.public, signature, halves=halves)
    for name, comment, public_key in (
        ("short", "the key lacks its last byte", key.public[:-1]),
        ("long", "the key has a byte more", key.public + b"\0"),
        ("first-alone", "the key is the Ed25519 half", key.first.public),
        ("swapped", "the halves of the key are swapped", key.second + key.first.public),
    ):
        yield _bad(f"key-{name}", comment, "TRU-5 HYB-1", public_key, good)
    for name, comment, tried in (
        ("ed25519", "signed as algorithm 1: -19, and the thumbprint of the Ed25519 half",
         ed25519_structure(thumbprint(key.first.public), RELEASE, PAYLOAD)),
        ("number-ed25519", "the number in the protected header is -19", structure(key_id, RELEASE, PAYLOAD, -19)),
        ("number-mldsa", "the number in the protected header is -49", structure(key_id, RELEASE, PAYLOAD, -49)),
        ("number-next", "the number is one too low", structure(key_id, RELEASE, PAYLOAD, NUMBER - 1)),
        ("kid-of-other", "the signed kid is another key's", structure(kid(other.public), RELEASE, PAYLOAD)),
        ("label-missing", "the label is missing", structure(key_id, "", PAYLOAD)),
        ("bare", "over the bare payload", PAYLOAD),
    ):  # fmt: skip
        yield _bad(f"over-{name}", comment, "HYB-1", key.public, key.sign(tried))
    yield _bad(
        "over-other-payload", "a byte of the payload differs", "SIG-5", key.public, good, payload=_flip(PAYLOAD, 0)
    )


def _ed25519_edges() -> Iterator[Case]:
    key = HybridKey("hybrid key 0")
    message = structure(kid(key.public), RELEASE, PAYLOAD)
    second = key.sign_second(message)
    raised = key.first.sign(message, add_order=1) + second
    yield _bad("first-s-plus-l", "S is L too large", "EDS-1 HYB-1", key.public, raised, halves=(False, True))
    shifted = key.first.sign(message, torsion=1) + second
    comment = "R has a component of small order; valid with cofactor"
    yield _bad("first-r-mixed", comment, "EDS-5 HYB-1", key.public, shifted, halves=(False, True))
    small = curve.encode(curve.IDENTITY)
    public_key = small + key.second
    message = structure(kid(public_key), RELEASE, PAYLOAD)
    base = curve.encode(curve.BASE)
    signature = base + (1).to_bytes(32, "little") + key.sign_second(message)
    comment = "the Ed25519 key is of small order; its equation holds"
    yield _bad("first-key-small-order", comment, "EDS-3 HYB-1", public_key, signature, halves=(False, True))


def _packed(rows: list[list[int]]) -> bytes:
    """Hints as Algorithm 20 writes them, for any places in any order."""
    places = bytes(place for row in rows for place in row)
    ends = bytes(sum(map(len, rows[: i + 1])) for i in range(mldsa.ROWS))
    return places.ljust(mldsa.OMEGA, b"\0") + ends


def _mldsa_edges() -> Iterator[Case]:
    key = HybridKey("hybrid key weak", weak=True)
    message = structure(kid(key.public), RELEASE, PAYLOAD)

    def signature(packed: bytes, rows: list[list[int]], extreme: int = 5) -> bytes:
        z = [[(i * 37 + j * 101) % 2001 - 1000 for i in range(mldsa.N)] for j in range(mldsa.COLUMNS)]
        z[2][77] = extreme
        marked = [set(row) for row in rows]
        return key.first.sign(message) + mldsa.forge(key.second, message, z, packed, marked)

    none: list[list[int]] = [[] for _ in range(6)]
    some = [[3, 200], [], [0, 1, 255], [17], [], [90]]
    most = [list(range(i, i + 9)) for i in range(5)] + [list(range(10, 20))]
    comment = "t1 is zero: anyone can make the ML-DSA half; FIPS 204 checks no keys"
    yield _good("second-t1-zero", comment, "HYB-1", key, signature(_packed(none), none))
    yield _good("second-hints", "hints in four rows", "HYB-1", key, signature(_packed(some), some))
    yield _good("second-hints-55", "55 hints, the most there may be", "HYB-1", key, signature(_packed(most), most))
    for sign, word in ((1, "high"), (-1, "low")):
        inside, outside = sign * (Z_LIMIT - 1), sign * Z_LIMIT
        comment = "a coefficient of z at the limit"
        yield _good(f"second-z-{word}", comment, "HYB-1", key, signature(_packed(none), none, inside))
        yield _bad(
            f"second-z-too-{word}",
            "a coefficient of z beyond the limit by one; all else holds",
            "HYB-1",
            key.public,
            signature(_packed(none), none, outside),
            halves=(True, False),
        )
    padded = bytearray(_packed(some))
    padded[54] = 1
    above = bytearray(_packed(most))
    above[-1] = 56
    falling = bytearray(_packed(some))
    falling[mldsa.OMEGA + 1] = 1
    for name, comment, packed, rows in (
        ("descending", "the hints of a row descend", _packed([[200, 3], *some[1:]]), some),
        ("twice", "a hint is there twice", _packed([[3, 3, 200], *some[1:]]), some),
        ("padding", "a byte behind the last hint is not zero", bytes(padded), some),
        ("falling", "the number of hints falls from row to row", bytes(falling), some),
        ("56", "the number of hints is 56", bytes(above), most),
    ):
        case = (f"second-hints-{name}", f"{comment}; a lenient decoder would accept", "HYB-1")
        yield _bad(*case, key.public, signature(packed, rows), halves=(True, False))


def build() -> Family:
    """The family hybrid-signature."""
    cases = [*_kids(), *_structures(), *_signatures(), *_ed25519_edges(), *_mldsa_edges()]
    return Family("hybrid-signature", COMMENT, cases)
