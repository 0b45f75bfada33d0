"""Hybrid signatures: who counts, and halves that are bad, missing, swapped, stripped or reused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from builder.bundle import Bundle
from builder.cases import Case, case, flip
from builder.encode import cbor
from builder.forge import exact, identity_point, shifted
from builder.hybrid import HybridKey, MlDsaKey, hybrid
from builder.keys import (
    COSE_ALG,
    POINTER,
    RELEASE,
    TRUST,
    KeyPair,
    PublicKey,
    Row,
    SigningKey,
    hybrid_kid,
    sig_structure,
    thumbprint,
)
from builder.scenes import pointer, release
from builder.trust import Chain, role

KEY, OTHER = hybrid("hybrid release 1"), hybrid("hybrid release 2")
OLD = SigningKey("hybrid release 0")
FIRST = 64  # bytes of the Ed25519 half
INVALID, THRESHOLD = "SIGNATURE_INVALID", "SIGNATURE_THRESHOLD"


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _valid()
    yield from _chains()
    yield from _mixed_roles()
    yield from _lengths()
    yield from _halves()
    yield from _signed_bytes()
    yield from _stripped()
    yield from _roots()
    yield from _keys()


def _chain() -> Chain:
    """One hybrid release key, and Ed25519 keys in the other roles."""
    return Chain.start("hybrid", release=role(1, KEY))


def _signed(name: str, sign: Callable[[bytes], Row], chain: Chain | None = None) -> Bundle:
    """A release whose only row is made from the header by `sign`."""
    bundle = release(f"hybrid-{name}", chain or _chain())
    bundle.signers = []

    def add_row(header: bytes) -> bytes:
        bundle.extra_rows.append(sign(header))
        return header

    return bundle.hook("payload", add_row)


def _valid() -> Iterator[Case]:
    yield case(release("hybrid-release", _chain()), "A hybrid key signed.", "HYB-1 SIG-4", key_case=True)
    roles = {name: role(1, hybrid(f"hybrid all {name}")) for name in ("root", "release", "pointer")}
    chain = Chain.start("hybrid-all", **roles)
    yield case(release("hybrid-every-role", chain), "Every role has a hybrid key.", "HYB-1 TRU-11")
    yield case(pointer("hybrid-pointer", chain), "A pointer signed by a hybrid key.", "HYB-1")
    one = role(1, hybrid("hybrid one for all"))
    chain = Chain.start("hybrid-one", root=one, release=one, pointer=one)
    yield case(release("hybrid-one-key", chain), "One hybrid key holds every role.", "TRU-23 HYB-1")
    bundle = release("hybrid-one-key-asked-as-pointer", chain)
    comment = "One hybrid key holds every role; its release was asked for as a pointer."
    yield case(bundle, comment, "SIG-8 HYB-1", INVALID, kind=2)
    keys = [hybrid(f"hybrid sixteen {i}") for i in range(16)]
    chain = Chain.start("hybrid-sixteen", release=role(16, *keys))
    bundle = release("hybrid-sixteen-of-sixteen", chain)
    yield case(bundle, "Sixteen hybrid keys signed, and all are needed.", "SIG-6 TRU-3")
    bundle = release("hybrid-stranger-ignored", _chain())
    bundle.extra_rows = [Row(2, bytes(32), b"\xff" * 3373), Row(2, OLD.kid, bytes(3373))]
    yield case(bundle, "Hybrid rows of unknown keys are ignored.", "SIG-7")
    bundle = release("hybrid-stranger-only", _chain())
    bundle.signers = [OTHER]
    yield case(bundle, "Only a hybrid stranger signed.", "SIG-6", THRESHOLD)


def _chains() -> Iterator[Case]:
    chain = Chain.start("hybrid-roots", root=role(1, hybrid("hybrid root 1")))
    for epoch in (2, 3):
        chain = chain.extended(root=role(1, hybrid(f"hybrid root {epoch}")))
    comment = "Three epochs under hybrid roots, each new, walked from the first."
    yield case(release("hybrid-root-chain", chain), comment, "TRU-10 TRU-11 HYB-1")
    old_root, new_root = SigningKey("hybrid-move root 1"), hybrid("hybrid-move root 2")
    start = Chain.start("hybrid-move", release=role(1, OLD))
    both = start.extended(root=role(1, old_root, new_root), release=role(1, OLD, KEY), signers=[old_root])
    moved = both.extended(root=role(1, new_root), release=role(1, KEY), signers=[new_root])
    comment = "Ed25519 in epoch 1, either in epoch 2, hybrid alone in epoch 3."
    yield case(release("hybrid-migration", moved), comment, "TRU-10 TRU-11 HYB-1")
    bundle = release("hybrid-migration-old-key", moved)
    bundle.signers = [OLD]
    comment = "After the move to a hybrid key, the old Ed25519 key signed."
    yield case(bundle, comment, "SIG-6", THRESHOLD)
    bundle = release("hybrid-migration-old-bundle", moved)
    bundle.trust_epoch = 1
    yield case(bundle, "A bundle of epoch 1, signed anew by the hybrid key.", "HDR-8")
    reused = HybridKey(OLD, MlDsaKey("hybrid-reuse second half"))
    chain = start.extended(release=role(1, reused))
    comment = "Half of a hybrid key is the Ed25519 key of an older epoch."
    yield case(release("hybrid-half-of-older-epoch", chain), comment, "TRU-23")


def _mixed_roles() -> Iterator[Case]:
    chains = {
        "1-of-2": Chain.start("hybrid-1-of-2", release=role(1, OLD, KEY)),
        "2-of-2": Chain.start("hybrid-2-of-2", release=role(2, OLD, KEY)),
        "2-of-3": Chain.start("hybrid-2-of-3", release=role(2, OLD, KEY, OTHER)),
        "2-of-2-hybrid": Chain.start("hybrid-both", release=role(2, KEY, OTHER)),
    }
    rows: tuple[tuple[str, str, list[KeyPair], str | None, str], ...] = (
        ("1-of-2", "ed25519", [OLD], None, "The Ed25519 key of a mixed role signed."),
        ("1-of-2", "hybrid", [KEY], None, "The hybrid key of a mixed role signed."),
        ("1-of-2", "both", [OLD, KEY], None, "Both keys of a mixed role signed."),
        ("2-of-2", "both", [OLD, KEY], None, "An Ed25519 key and a hybrid key signed; both are needed."),
        ("2-of-2", "ed25519", [OLD], THRESHOLD, "Only the Ed25519 key signed; two are needed."),
        ("2-of-2", "hybrid", [KEY], THRESHOLD, "Only the hybrid key signed; its halves are one key."),
        ("2-of-3", "ed25519-and-hybrid", [OLD, OTHER], None, "An Ed25519 key and a hybrid key signed."),
        ("2-of-3", "hybrids", [KEY, OTHER], None, "Two hybrid keys signed."),
        ("2-of-3", "one-hybrid", [OTHER], THRESHOLD, "One hybrid key signed; two keys are needed."),
        ("2-of-2-hybrid", "both", [KEY, OTHER], None, "Two hybrid keys signed, and both are needed."),
        ("2-of-2-hybrid", "one", [KEY], THRESHOLD, "One of two hybrid keys signed."),
    )
    for which, name, signers, code, comment in rows:
        bundle = release(f"hybrid-role-{which}-{name}", chains[which])
        bundle.signers = signers
        yield case(bundle, comment, "SIG-6 HYB-1", code)
    for which, bad in (("1-of-2", KEY), ("2-of-3", OTHER)):
        bundle = release(f"hybrid-role-{which}-other-bad", chains[which])
        bundle.signers = [OLD] if which == "1-of-2" else [OLD, KEY]
        bundle.extra_rows = [Row(2, bad.kid, bytes(3373))]
        comment = "The threshold is met, and one more hybrid key has a bad signature."
        yield case(bundle, comment, "SIG-5 HYB-1", INVALID)
    bundle = release("hybrid-role-1-of-2-ed25519-bad", chains["1-of-2"])
    bundle.signers = [KEY]
    bundle.extra_rows = [Row(1, OLD.kid, bytes(64))]
    comment = "The hybrid key of a mixed role signed; the Ed25519 key has a bad signature."
    yield case(bundle, comment, "SIG-5", INVALID)

    def twice(rows: list[Row]) -> list[Row]:
        message = KEY.signed(RELEASE, built_header[0])
        again = KEY.first.sign(message) + KEY.second.sign(message, slot="1")
        return sorted([*rows, replace(rows[0], signature=again)], key=lambda row: row.signature)

    built_header: list[bytes] = []
    bundle = release("hybrid-two-signatures-of-one-key", chains["2-of-2-hybrid"])
    bundle.signers = [KEY]
    bundle.hook("payload", lambda header: built_header.append(header) or header).hook("rows", twice)
    comment = "One hybrid key signed twice, validly and differently; two keys are needed."
    yield case(bundle, comment, "SIG-2", "SIGNATURE_TABLE")


def _lengths() -> Iterator[Case]:
    for length in (0, 1, 64, 3309, 3372, 3374, 6746):
        bundle = release(f"hybrid-length-{length}", _chain())
        bundle.extra_rows = [Row(2570, bytes(32), b"grease")]
        bundle.hook("rows", lambda rows, n=length: [replace(rows[0], signature=(rows[0].signature * 2)[:n]), rows[1]])
        yield case(bundle, f"A row of algorithm 2 has a signature of {length} bytes.", "SIG-3", "SIGNATURE_TABLE")
    bundle = release("hybrid-length-first-half-missing", _chain())
    bundle.hook("rows", lambda rows: [replace(rows[0], signature=rows[0].signature[FIRST:])])
    yield case(bundle, "The Ed25519 half is missing.", "SIG-3", "SIGNATURE_TABLE")
    bundle = release("hybrid-length-3372-of-stranger", _chain())
    bundle.extra_rows = [Row(2, bytes(32), bytes(3372))]
    comment = "A row of algorithm 2 and an unknown kid has a signature of 3,372 bytes."
    yield case(bundle, comment, "SIG-3", "SIGNATURE_TABLE")
    chain = Chain.start("hybrid-frame-length").extended(extra=[Row(2, bytes(32), bytes(3374))])
    comment = "In a trust frame: a signature of algorithm 2 has 3,374 bytes."
    yield case(release("hybrid-length-3374-in-frame", chain), comment, "SIG-3", "TRUST_TABLE")


def _halves() -> Iterator[Case]:
    def bad(name: str, comment: str, change: Callable[[bytes], bytes], rules: str = "HYB-1 SIG-5") -> Case:
        bundle = release(f"hybrid-bad-{name}", _chain())
        bundle.hook("rows", lambda rows: [replace(rows[0], signature=change(rows[0].signature))])
        return case(bundle, comment, rules, INVALID)

    for at in (0, 32, 63):
        yield bad(
            f"ed25519-byte-{at}", f"Bit 0 of byte {at}, in the Ed25519 half, is wrong.", lambda s, n=at: flip(s, n)
        )
    for at in (64, 111, 112, 1700, 3311, 3372):
        yield bad(f"mldsa-byte-{at}", f"Bit 0 of byte {at}, in the ML-DSA half, is wrong.", lambda s, n=at: flip(s, n))
    for name, filler in (("zeros", b"\0"), ("ones", b"\xff")):
        yield bad(f"ed25519-{name}", f"The Ed25519 half is all {name}.", lambda s, f=filler: f * FIRST + s[FIRST:])
        yield bad(f"mldsa-{name}", f"The ML-DSA half is all {name}.", lambda s, f=filler: s[:FIRST] + f * 3309)
        yield bad(f"all-{name}", f"The signature is all {name}.", lambda s, f=filler: f * len(s))
    yield bad("swapped", "The ML-DSA half stands before the Ed25519 half.", lambda s: s[FIRST:] + s[:FIRST])

    def joined(name: str, comment: str, first: Any, second: Any, rules: str = "HYB-1") -> Case:
        def sign(header: bytes) -> Row:
            message = KEY.signed(RELEASE, header)
            return Row(2, KEY.kid, first(message) + second(message))

        return case(_signed(f"bad-{name}", sign), comment, rules, INVALID)

    yield joined("ed25519-of-other", "The Ed25519 half is another key's.", OTHER.first.sign, KEY.second.sign)
    yield joined("mldsa-of-other", "The ML-DSA half is another key's.", KEY.first.sign, OTHER.second.sign)
    yield joined("both-of-other", "Both halves are another key's.", OTHER.first.sign, OTHER.second.sign, "SIG-4 HYB-1")
    comment = "S of the Ed25519 half is L too large; without EDS-1 the signature is valid."
    yield joined("ed25519-s-plus-l", comment, shifted(KEY.first, 1), KEY.second.sign, "EDS-1 HYB-1")
    comment = "The ML-DSA half has a context: the label of its role."
    yield joined("mldsa-context", comment, KEY.first.sign, lambda m: KEY.second.sign(m, RELEASE.encode()))
    comment = "The ML-DSA half signs the digest of the signed bytes."
    yield joined("mldsa-digest", comment, KEY.first.sign, lambda m: KEY.second.sign(sha256(m).digest()))
    pair = role(1, KEY, OTHER)
    bundle = _signed(
        "bad-halves-of-two-keys",
        lambda header: Row(
            2, KEY.kid, KEY.row(RELEASE, header).signature[:FIRST] + OTHER.row(RELEASE, header).signature[FIRST:]
        ),
        Chain.start("hybrid-pair", release=pair),
    )
    comment = "One half of each of two keys of the role, both of correct signatures."
    yield case(bundle, comment, "HYB-1", INVALID)

    @dataclass(frozen=True)
    class SmallOrder(PublicKey):
        """A hybrid key whose Ed25519 half is the identity."""

        def row(self, label: str, payload: bytes) -> Row:
            message = sig_structure(label, self.kid, payload, COSE_ALG[2])
            first = exact(0, self.public[:32], 0)(message)
            return Row(2, self.kid, first + KEY.second.sign(message))

    small = SmallOrder(2, identity_point() + KEY.second.public)
    bundle = release("hybrid-ed25519-small-order", Chain.start("hybrid-small", release=role(1, small)))
    bundle.signers = [small]
    comment = "The Ed25519 half of the key is of order 1; both equations hold."
    yield case(bundle, comment, "EDS-3 HYB-1", INVALID)


def _signed_bytes() -> Iterator[Case]:
    def over(message: Callable[[bytes], bytes]) -> Callable[[bytes], Row]:
        return lambda header: Row(2, KEY.kid, KEY.sign(message(header)))

    numbers = (
        ("ed25519", COSE_ALG[1], "-19 (Ed25519)"),
        ("eddsa", b"\x27", "-8 (EdDSA)"),
        ("mldsa", b"\x38\x30", "-49 (ML-DSA-65)"),
        ("two", b"\x02", "2"),
        ("positive", b"\x1abndl", "the wanted one without its sign"),
        ("neighbour", b"\x3abndm", "one below the wanted one"),
        ("text", b"\x64bndl", "a text"),
    )
    for name, alg, word in numbers:
        bundle = _signed(f"signed-alg-{name}", over(lambda h, a=alg: sig_structure(RELEASE, KEY.kid, h, a)))
        yield case(bundle, f"The protected algorithm is {word}.", "HYB-1 SIG-5", INVALID)
    wrong: dict[str, tuple[Callable[[bytes], bytes], str]] = {
        "kid-first-half": (
            lambda h: sig_structure(RELEASE, KEY.first.kid, h, COSE_ALG[2]),
            "The protected kid is the Ed25519 half's.",
        ),
        "kid-other": (lambda h: sig_structure(RELEASE, OTHER.kid, h, COSE_ALG[2]), "The protected kid is another."),
        "label-pointer": (lambda h: KEY.signed(POINTER, h), "The label is the pointer's."),
        "label-trust": (lambda h: KEY.signed(TRUST, h), "The label is the trust document's."),
        "payload-digest": (lambda h: KEY.signed(RELEASE, sha256(h).digest()), "The payload is the header's digest."),
        "protected-without-kid": (
            lambda h: cbor(["Signature1", b"\xa1\x01" + COSE_ALG[2], RELEASE.encode(), h]),
            "The protected header has no kid.",
        ),
        "bare-header": (lambda h: h, "The header's bytes are signed without a Sig_structure."),
    }
    for name, (message, comment) in wrong.items():
        yield case(_signed(f"signed-{name}", over(message)), comment, "HYB-1 SIG-5", INVALID)
    ed25519 = lambda h: sig_structure(RELEASE, KEY.first.kid, h)  # noqa: E731
    for name, sign, comment in (
        (
            "first-half-alone",
            lambda h: KEY.first.sign(ed25519(h)) + KEY.second.sign(KEY.signed(RELEASE, h)),
            "The Ed25519 half is its own signature as algorithm 1.",
        ),
        (
            "second-half-alone",
            lambda h: KEY.first.sign(KEY.signed(RELEASE, h)) + KEY.second.sign(ed25519(h)),
            "The ML-DSA half signs the bytes of algorithm 1.",
        ),
    ):
        bundle = _signed(f"signed-{name}", lambda h, s=sign: Row(2, KEY.kid, s(h)))
        yield case(bundle, comment, "HYB-1 SIG-5", INVALID)
    label = b"bundlefmt/1 signer\0"
    for name, kid, comment in (
        ("thumbprint", thumbprint(KEY.public), "the thumbprint of the whole key"),
        ("first-half", KEY.first.kid, "the thumbprint of the Ed25519 half"),
        ("bare-hash", sha256(KEY.public).digest(), "the SHA-256 of the bare key"),
        ("without-alg", sha256(label + KEY.public).digest(), "computed without the algorithm"),
        ("alg-1", sha256(label + b"\0\1" + KEY.public).digest(), "computed with algorithm 1"),
        ("swapped", hybrid_kid(KEY.second.public + KEY.first.public), "that of the halves swapped"),
    ):
        bundle = _signed(
            f"kid-{name}",
            lambda h, k=kid: Row(2, k, KEY.sign(sig_structure(RELEASE, k, h, COSE_ALG[2]))),
        )
        yield case(bundle, f"The kid on the wire is {comment}.", "SIG-4", THRESHOLD)


def _stripped() -> Iterator[Case]:
    def row(h: bytes) -> Row:
        return KEY.row(RELEASE, h)

    for name, sign, comment in (
        (
            "to-alg-1",
            lambda h: Row(1, KEY.first.kid, row(h).signature[:FIRST]),
            "The Ed25519 half stands as a row of algorithm 1.",
        ),
        (
            "to-alg-1-same-kid",
            lambda h: Row(1, KEY.kid, row(h).signature[:FIRST]),
            "The Ed25519 half stands as a row of algorithm 1 under the hybrid kid.",
        ),
        ("signed-as-alg-1", lambda h: KEY.first.row(RELEASE, h), "The Ed25519 half signed alone, as algorithm 1."),
        (
            "to-mldsa",
            lambda h: Row(3, KEY.kid, row(h).signature[FIRST:]),
            "The ML-DSA half stands alone under an unknown algorithm.",
        ),
        ("unknown-alg", lambda h: replace(row(h), alg=3), "The row has an unknown algorithm instead of 2."),
        ("alg-zero", lambda h: replace(row(h), alg=0), "The row has algorithm 0 instead of 2."),
    ):
        yield case(_signed(f"stripped-{name}", sign), comment, "SIG-6 SIG-7 HYB-1", THRESHOLD)
    chain = Chain.start("hybrid-half-alone", release=role(1, KEY.first))
    bundle = _signed("stripped-half-is-a-key", lambda h: Row(1, KEY.first.kid, row(h).signature[:FIRST]), chain)
    comment = "Half of a hybrid signature as the row of an Ed25519 key that equals the half."
    yield case(bundle, comment, "SIG-5 HYB-1", INVALID)
    bundle = _signed("stripped-whole-row-of-half", row, chain)
    comment = "A hybrid row, where only its Ed25519 half is a key of the role."
    yield case(bundle, comment, "SIG-6 SIG-7", THRESHOLD)


def _roots() -> Iterator[Case]:
    old, new = hybrid("hybrid-quorum root 1"), hybrid("hybrid-quorum root 2")
    start = Chain.start("hybrid-quorum", root=role(1, old))
    document = start.extended(root=role(1, new)).frames[1].document
    digest = sha256(document).digest()
    good = {key: key.row(TRUST, digest) for key in (old, new)}

    def one(name: str, comment: str, rules: str, *rows: Row) -> Case:
        chain = start.extended(root=role(1, new), signers=[], extra=list(rows))
        return case(release(f"hybrid-root-{name}", chain), comment, rules, "TRUST_SIGNATURE")

    for word, key, rest in (("old", old, new), ("new", new, old)):
        rule = "TRU-10" if word == "old" else "TRU-11"
        for half, at in (("ed25519", 5), ("mldsa", 500)):
            bad = replace(good[key], signature=flip(good[key].signature, at))
            comment = f"The {half} half of the {word} root's signature is bad."
            yield one(f"{word}-{half}-bad", comment, f"{rule} HYB-1 SIG-5", bad, good[rest])
        yield one(f"{word}-missing", f"The {word} root did not sign.", rule, good[rest])
        stripped = Row(1, key.first.kid, good[key].signature[:FIRST])
        comment = f"The {word} root's signature is stripped to its Ed25519 half."
        yield one(f"{word}-stripped", comment, f"{rule} HYB-1", stripped, good[rest])
        alone = key.first.row(TRUST, digest)
        comment = f"The Ed25519 half of the {word} root signed alone."
        yield one(f"{word}-half-alone", comment, f"{rule} HYB-1", alone, good[rest])
    swapped = [replace(good[old], signature=good[new].signature), replace(good[new], signature=good[old].signature)]
    yield one("exchanged", "Two hybrid roots have each other's signatures.", "SIG-4 HYB-1", *swapped)


def _keys() -> Iterator[Case]:
    def document(name: str, comment: str, rules: str, code: str | None, **changes: Any) -> Case:
        signers = [SigningKey("hybrid-keys root 1")]
        chain = Chain.start("hybrid-keys", release=role(1, OLD)).extended(signers=signers, **changes)
        return case(release(f"hybrid-{name}", chain), comment, rules, code)

    for length in (0, 32, 1952, 1983, 1985):
        odd = PublicKey(2, (KEY.public * 2)[:length])
        comment = f"A key of algorithm 2 has {length} bytes."
        yield document(f"key-{length}-bytes", comment, "TRU-5", "TRUST_DOCUMENT", release=role(1, OLD, odd))
    root = SigningKey("hybrid-keys root 1")
    same_first = HybridKey(KEY.first, MlDsaKey("hybrid-shared second half"))
    same_second = HybridKey(SigningKey("hybrid-shared first half"), KEY.second)
    swapped = PublicKey(1, KEY.second.public[:32])
    shared: tuple[tuple[str, KeyPair, str], ...] = (
        ("ed25519-key", KEY.first, "The Ed25519 half of a hybrid key is also an Ed25519 key"),
        ("ed25519-half", same_first, "Two hybrid keys have one Ed25519 half"),
        ("mldsa-half", same_second, "Two hybrid keys have one ML-DSA half"),
    )
    for name, other, comment in shared:
        places: tuple[tuple[str, dict[str, Any]], ...] = (
            ("root", {"root": role(1, root, KEY, other)}),
            ("release", {"release": role(1, OLD, KEY, other)}),
            ("pointer", {"pointer": role(1, KEY, other)}),
            ("root-and-release", {"root": role(1, root, other), "release": role(1, OLD, KEY)}),
            ("root-and-pointer", {"root": role(1, root, KEY), "pointer": role(1, other)}),
            ("release-and-pointer", {"release": role(1, OLD, KEY), "pointer": role(1, other)}),
        )
        for place, changes in places:
            where = f"in the {place} role" if "-" not in place else f"in the roles {place.replace('-', ' ')}"
            yield document(f"shared-{name}-{place}", f"{comment}, {where}.", "TRU-23", "TRUST_DOCUMENT", **changes)
    both = HybridKey(KEY.first, OTHER.second)
    comment = "A third hybrid key is made of the halves of two others."
    yield document("shared-recombined", comment, "TRU-23", "TRUST_DOCUMENT", release=role(1, OLD, KEY, OTHER, both))
    for name, other_key, comment in (
        ("unknown-alg-ed25519", PublicKey(3, KEY.first.public), "A key of unknown algorithm equals an Ed25519 half."),
        ("unknown-alg-mldsa", PublicKey(3, KEY.second.public), "A key of unknown algorithm equals an ML-DSA half."),
        ("unknown-alg-whole", PublicKey(3, KEY.public), "A key of unknown algorithm equals a hybrid key."),
        ("prefix-of-half", swapped, "An Ed25519 key equals the first 32 bytes of an ML-DSA half."),
    ):
        chain = Chain.start(f"hybrid-apart-{name}", release=role(1, KEY, other_key))
        yield case(release(f"hybrid-apart-{name}", chain), comment, "TRU-14 TRU-23")
    chain = Chain.start("hybrid-first-shared", release=role(1, KEY, KEY.first))
    comment = "In the reader's own trust file: half of a hybrid key is also an Ed25519 key."
    yield case(release("hybrid-shared-in-trust-file", chain), comment, "TRU-23", "TRUST_DOCUMENT")
    descending = replace(role(1, OLD, KEY), keys=(KEY, OLD))
    comment = "A hybrid key precedes an Ed25519 key of the role."
    yield document("keys-by-alg", comment, "TRU-4", "TRUST_DOCUMENT", release=descending)
