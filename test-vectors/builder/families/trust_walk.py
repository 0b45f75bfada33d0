"""Trust sections that are walked: which documents a reader takes, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

from builder.bundle import Bundle
from builder.cases import NOW, Case, case, flip
from builder.encode import u32
from builder.keys import PublicKey, Row, SigningKey, table
from builder.scenes import neighbour, pointer, release, rotated, steady
from builder.trust import Chain, Frame, role

FUTURE = PublicKey(2570, b"a key of an algorithm to come")


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _sections()
    yield from _gaps()
    yield from _known()
    yield from _forks()
    yield from _steps()
    yield from _expiry()
    yield from _unsupported()


def _release(name: str, chain: Chain, *frames: Frame | int) -> Bundle:
    """A release with chosen frames in its trust section; numbers are epochs of the chain."""
    bundle = release(name, chain)
    chosen = [chain.frames[one - 1] if isinstance(one, int) else one for one in frames]
    bundle.trust = b"".join(one.encode() for one in chosen)
    return bundle


def _sections() -> Iterator[Case]:
    chain = rotated()
    for epochs in range(1, 6):
        bundle = release(f"trust-walk-from-{epochs}", chain)
        comment = f"The whole chain of five; the reader knows {epochs}."
        yield case(bundle, comment, "TRU-9 TRU-10 TRU-11", pin=chain.pin(epochs))
    for name, frames, pin, comment in (
        ("last-two-known", (4, 5), 5, "The section begins inside what the reader knows."),
        ("last-two-new", (4, 5), 3, "The section begins with the first new document."),
        ("newest-only", (5,), 5, "The section holds only the newest document, which is known."),
        ("newest-only-new", (5,), 4, "The section holds only the next document."),
        ("empty-known", (), 5, "The section is empty and the reader knows the newest document."),
        ("older-than-reader", (1, 2), 5, "The section ends before the reader's newest document."),
        ("overlapping", (2, 3, 4, 5), 3, "The section begins with known documents and adds two."),
        ("one-old", (3,), 5, "The section holds one old document."),
    ):
        bundle = _release(f"trust-section-{name}", chain, *frames)
        yield case(bundle, comment, "TRU-1 TRU-9", pin=chain.pin(pin))
    bundle = _release("trust-section-empty-unknown", chain)
    comment = "The section is empty and the reader does not know the keys that signed."
    yield case(bundle, comment, "SIG-6", "SIGNATURE_THRESHOLD")


def _gaps() -> Iterator[Case]:
    for chain, code, rule in (
        (rotated(), "TRUST_SIGNATURE", "TRU-22"),
        (steady(), "TRUST_EPOCH", "TRU-9"),
    ):
        keys = "new keys" if chain is rotated() else "the same keys"
        for name, frames, comment in (
            ("first-new-missing", (3, 4, 5), "The second document is missing at the start"),
            ("second-missing", (1, 3, 4, 5), "The second document is missing"),
            ("third-missing", (1, 2, 4, 5), "The third document is missing"),
        ):
            bundle = _release(f"trust-{chain.name}-{name}", chain, *frames)
            yield case(bundle, f"{comment}; {keys} in each epoch.", rule, code)
    bundle = _release("trust-known-second-missing", steady(), 1, 3, 4, 5)
    comment = "The second document is missing and the reader knows all five."
    yield case(bundle, comment, "TRU-22", "TRUST_SIGNATURE", pin=steady().pin(5))
    bundle = _release("trust-descending", rotated(), 2, 1)
    comment = "The frames descend; the reader knows both."
    yield case(bundle, comment, "TRU-22", "TRUST_SIGNATURE", pin=rotated().pin(2))
    bundle = _release("trust-new-document-twice", rotated(), 1, 2, 2, 3, 4, 5)
    yield case(bundle, "A new document is there twice.", "TRU-9", "TRUST_EPOCH")
    bundle = _release("trust-first-document-twice", steady(), 1, 1, 2, 3, 4, 5)
    comment = "The document of epoch 1 is there twice, and it is all the reader knows."
    yield case(bundle, comment, "TRU-9", "TRUST_EPOCH")
    foreign = neighbour().frames[0]
    bundle = _release("trust-foreign-document", steady(), foreign)
    yield case(bundle, "A document of another publisher.", "TRU-22", "TRUST_SIGNATURE")
    bundle = _release("trust-foreign-document-after", steady(), 1, 2, 3, 4, 5, foreign)
    comment = "A document of another publisher follows the chain."
    yield case(bundle, comment, "TRU-22", "TRUST_SIGNATURE")
    junk = Frame(b"\x9f" * 54, table([Row(1, SigningKey("stranger").kid, bytes(64))]))
    bundle = _release("trust-garbage", steady(), 1, junk)
    comment = "A frame that nobody signed is not decoded: it is no CBOR."
    yield case(bundle, comment, "TRU-22 RDG-1", "TRUST_SIGNATURE")


def _known() -> Iterator[Case]:
    chain = rotated()
    pin = chain.pin(5)
    old = chain.frames[1]
    for name, frame, comment in (
        (
            "document-flipped",
            replace(old, document=flip(old.document, 60)),
            "A bit of a known document is wrong.",
        ),
        (
            "document-last-flipped",
            replace(old, document=flip(old.document, -1)),
            "The last byte of a known document is wrong.",
        ),
        (
            "signature-flipped",
            replace(old, table=flip(old.table, 50)),
            "A bit in the first signature of a known document is wrong.",
        ),
        (
            "last-signature-flipped",
            replace(old, table=flip(old.table, -1)),
            "The last bit of the last signature of a known document is wrong.",
        ),
        (
            "row-of-predecessor-missing",
            old.signed(SigningKey("rotated root 2")),
            "A known document lacks the signature of the root before it.",
        ),
        (
            "own-row-missing",
            old.signed(SigningKey("rotated root 1")),
            "A known document lacks the signature of its own root.",
        ),
        (
            "rows-of-strangers",
            old.signed(SigningKey("stranger")),
            "A known document is signed by strangers only.",
        ),
    ):
        bundle = _release(f"trust-known-{name}", chain, 1, frame, 3, 4, 5)
        rules = "TRU-22" if "document" in name else "TRU-10 TRU-11 SIG-5"
        yield case(bundle, comment, rules, "TRUST_SIGNATURE", pin=pin)
    first = chain.frames[0]
    bundle = _release("trust-known-first-flipped", chain, replace(first, table=flip(first.table, -1)))
    comment = "The last bit of the signature of the first document is wrong."
    yield case(bundle, comment, "TRU-11 SIG-5", "TRUST_SIGNATURE", pin=pin)
    newest = chain.frames[4]
    flipped = replace(newest, document=flip(newest.document, -1))
    bundle = _release("trust-known-newest-flipped", chain, 4, flipped)
    comment = "The last byte of the reader's newest document is wrong."
    yield case(bundle, comment, "TRU-22", "TRUST_SIGNATURE", pin=pin)
    strangers = [Row(1, bytes(32), bytes(64)), Row(2570, bytes(32), b"grease")]
    roots = [SigningKey(f"rotated root {i}") for i in (1, 2)]
    bundle = _release("trust-known-more-rows", chain, 1, old.signed(*roots, extra=strangers), 3, 4, 5)
    comment = "A known document has rows of unknown keys besides."
    yield case(bundle, comment, "SIG-7 EXT-1", pin=pin)
    bundle = _release("trust-new-more-rows", chain, 1, old.signed(*roots, extra=strangers), 3, 4, 5)
    yield case(bundle, "A new document has rows of unknown keys besides.", "SIG-7 EXT-1")


def _forks() -> Iterator[Case]:
    first = Chain.start("disputed")
    roots = {name: SigningKey(f"disputed root {name}") for name in ("2", "2 other", "3")}
    own = first.extended(root=role(1, roots["2"]))
    other = first.extended(root=role(1, roots["2 other"]), expires=NOW + 10**6)
    healed = own.extended(root=role(1, roots["3"]))
    worse = other.extended(expires=0)
    pin = own.pin(2)
    alien = other.frames[1]
    disputes: tuple[tuple[str, Chain, tuple[Frame | int, ...], str], ...] = (
        ("later", own, (1, alien), "Another document of the reader's epoch follows the first."),
        ("first", own, (alien,), "The section begins with another document of the reader's epoch."),
        ("both", own, (1, alien, own.frames[1]), "The reader's document follows the other one."),
        ("continued", own, (1, alien, worse.frames[2]), "The other document has a successor."),
        ("first-continued", own, (alien, worse.frames[2]), "The other history stands alone."),
    )
    for name, chain, frames, comment in disputes:
        bundle = _release(f"trust-fork-{name}", chain, *frames)
        yield case(bundle, comment, "TRU-21", "TRUST_FORK", pin=pin)
    for name, frames, comment in (
        ("healed", (1, alien, 3), "A successor of the reader's own document ends the dispute."),
        ("first-healed", (alien, 3), "The same, and the section begins with the other document."),
    ):
        yield case(_release(f"trust-fork-{name}", healed, *frames), comment, "TRU-21", pin=pin)
    bundle = _release("trust-fork-older", healed, 1, alien, 3)
    comment = "Another document of an epoch before the reader's newest."
    yield case(bundle, comment, "TRU-22", "TRUST_SIGNATURE", pin=healed.pin(3))
    bundle = _release("trust-fork-in-new-documents", healed, 1, 2, alien)
    comment = "Another document of an epoch that this section brought."
    yield case(bundle, comment, "TRU-22", "TRUST_SIGNATURE")
    stranger = SigningKey("stranger")
    forged = first.extended(root=role(1, stranger), signers=[stranger])
    bundle = _release("trust-fork-forged", own, 1, forged.frames[1])
    comment = "Another document of the reader's epoch that the root before did not sign."
    yield case(bundle, comment, "TRU-22", "TRUST_SIGNATURE", pin=pin)
    same = Chain.start("disputed-same-root")
    mine, theirs = same.extended(), same.extended(expires=NOW + 10**6)
    bundle = _release("trust-fork-same-root", mine, 1, theirs.frames[1])
    comment = "Another document of the reader's epoch, under a root that never changed."
    yield case(bundle, comment, "TRU-21", "TRUST_FORK", pin=mine.pin(2))
    bundle = _release("trust-fork-same-root-first", mine, theirs.frames[1])
    comment = "The same as first frame: signed by the reader's root, and of the reader's epoch."
    yield case(bundle, comment, "TRU-21", "TRUST_FORK", pin=mine.pin(2))
    onward = mine.extended()
    bundle = _release("trust-fork-same-root-first-healed", onward, theirs.frames[1], 3)
    comment = "The same, healed by a successor of the reader's own document."
    yield case(bundle, comment, "TRU-21", pin=mine.pin(2))


def _steps() -> Iterator[Case]:
    start = Chain.start("marching")
    chain: Chain = reduce(lambda one, _: one.extended(), range(257), start)
    bundle = release("trust-steps-256", chain.prefix(257))
    yield case(bundle, "256 new documents.", "TRU-16")
    bundle = release("trust-steps-257", chain)
    yield case(bundle, "257 new documents.", "TRU-16", "TRUST_STEPS")
    bundle = release("trust-steps-257-one-known", chain)
    comment = "257 documents after the first, one of which the reader knows."
    yield case(bundle, comment, "TRU-16", pin=chain.pin(2))
    junk = u32(54) + u32(37) + bytes(54) + Row(2570, bytes(32), b"\0").encode()
    for count, code, rule in ((1024, "TRUST_SIGNATURE", "TRU-22"), (1025, "TRUST_TABLE", "TRU-1")):
        bundle = release(f"trust-frames-{count}")
        bundle.trust = junk * count
        yield case(bundle, f"{count} frames that nobody signed.", f"TRU-1 {rule}", code)


def _expiry() -> Iterator[Case]:
    for name, expires, code in (
        ("before", NOW + 1, None),
        ("at", NOW, "TRUST_EXPIRED"),
        ("after", NOW - 1, "TRUST_EXPIRED"),
    ):
        chain = Chain.start(f"expiring-{name}", expires=expires)
        bundle = pointer(f"trust-expiry-pointer-{name}", chain)
        yield case(bundle, f"A pointer, read {name} the second its document expires.", "TRU-18", code)
        bundle = release(f"trust-expiry-release-{name}", chain)
        comment = f"A release, read {name} the second its document expires."
        yield case(bundle, comment, "TRU-18")
    chain = Chain.start("expiring-renewed", expires=NOW - 1000).extended(expires=NOW + 1000)
    bundle = pointer("trust-expiry-renewed", chain)
    yield case(bundle, "The reader's document expired; the bundle brings its successor.", "TRU-17")
    chain = chain.extended(expires=1).extended(expires=0)
    bundle = pointer("trust-expiry-intermediate", chain)
    yield case(bundle, "A new document in the middle expired long ago.", "TRU-17")
    chain = Chain.start("expiring-next").extended(expires=NOW - 5)
    bundle = pointer("trust-expiry-brought", chain)
    comment = "The bundle brings a successor that expired already."
    yield case(bundle, comment, "TRU-18", "TRUST_EXPIRED")


def _unsupported() -> Iterator[Case]:
    own = SigningKey("migrating release 1")
    for name, threshold, keys, code in (
        ("below", 1, (own, FUTURE), None),
        ("at", 2, (own, FUTURE), "TRUST_UNSUPPORTED"),
        ("only", 1, (FUTURE,), "TRUST_UNSUPPORTED"),
    ):
        chain = Chain.start(f"migrating-{name}", release=role(threshold, *keys))
        bundle = release(f"trust-unknown-alg-release-{name}", chain)
        comment = f"The release role needs {threshold} of {len(keys)} keys, one of unknown algorithm."
        yield case(bundle, comment, "TRU-14 TRU-15", code)
        bundle = pointer(f"trust-unknown-alg-release-{name}-pointer", chain)
        comment = "The same publisher's pointers are not concerned."
        yield case(bundle, comment, "TRU-14 TRU-15")
    for name, threshold, code in (("below", 1, None), ("at", 2, "TRUST_UNSUPPORTED")):
        start = Chain.start("migrating-root")
        chain = start.extended(root=role(threshold, SigningKey("migrating root 2"), FUTURE))
        bundle = release(f"trust-unknown-alg-root-{name}", chain)
        comment = f"A new root needs {threshold} of 2 keys, one of unknown algorithm."
        yield case(bundle, comment, "TRU-13 TRU-14", code)
    for name, number in (("unknown", 4096), ("grease", 2570)):
        chain = Chain.start("extending").extended(critical=(number,), extensions={number: 0})
        bundle = release(f"trust-critical-{name}", chain)
        comment = "A new document has an unknown critical extension."
        yield case(bundle, comment, "TRU-13", "TRUST_UNSUPPORTED")
    chain = Chain.start("extending").extended(extensions={4096: [b"x"], 64250: {}})
    bundle = release("trust-extension-unknown", chain)
    yield case(bundle, "A new document has unknown extensions.", "TRU-20 EXT-1")
    chain = Chain.start("extending-first", extensions={2570: 1})
    bundle = release("trust-extension-in-first", chain)
    yield case(bundle, "The first document has an unknown extension.", "TRU-20 EXT-1")
