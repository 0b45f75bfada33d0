"""The recipients section and who can open a bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from builder.bundle import Bundle
from builder.cases import Case, built, case, flip
from builder.edwards import P
from builder.encode import u16
from builder.keys import DEVICE, HYBRID, OTHER, OTHER_HYBRID, RecipientKey
from builder.scenes import neighbour, pointer, release, standard
from builder.stream import expand
from builder.wrap import Wrap, entry, seal_x25519, wrap_info

ORDER_8 = 325606250916557431795983626356110631294008115727848805560023387167927233504

Entries = Sequence[Wrap | bytes]


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _kinds()
    yield from _tables()
    yield from _lengths()
    yield from _unknown()
    yield from _damaged()
    yield from _tried()
    yield from _stolen()


def _release(name: str, entries: Entries) -> Bundle:
    bundle = release(f"recipients-{name}")
    bundle.recipients = entries
    return bundle


def _decoys(amount: int, length: int = 84, kind: int = 1) -> list[bytes]:
    return [entry(kind, expand("decoy", str(i), length)) for i in range(amount)]


def _kinds() -> Iterator[Case]:
    for name, key in (("x25519", DEVICE), ("hybrid", HYBRID)):
        for hint in (True, False):
            word = "hinted" if hint else "anonymous"
            bundle = _release(f"{name}-{word}", [Wrap(key, hint=hint)])
            comment = f"One {word} entry of type {key.type}."
            yield case(bundle, comment, "RCP-3 RCP-6", identity=f"device-{name}")
    both: Entries = [Wrap(DEVICE), Wrap(HYBRID)]
    for name in ("x25519", "hybrid"):
        bundle = _release(f"both-types-{name}", both)
        comment = f"Entries of both types, opened by the identity of type {name}."
        yield case(bundle, comment, "RCP-5 RCP-6", identity=f"device-{name}")
    bundle = _release("keyring", [Wrap(DEVICE)])
    comment = "The reader has three identities, one of which opens."
    yield case(bundle, comment, "RCP-6", identity="keyring")
    bundle = _release("keyring-anonymous", [Wrap(HYBRID, hint=False)])
    yield case(bundle, "Three identities and an anonymous entry.", "RCP-6", identity="keyring")
    for name, key in (("x25519", DEVICE), ("hybrid", HYBRID)):
        made = pointer(f"recipients-pointer-{name}")
        made.recipients = [Wrap(key)]
        yield case(made, f"A pointer for type {name}.", "RCP-6", identity=f"device-{name}")


def _tables() -> Iterator[Case]:
    many: list[Wrap | bytes] = [Wrap(DEVICE), *_decoys(1023)]
    yield case(_release("1024-entries", many), "1,024 entries.", "RCP-1")
    many = [Wrap(DEVICE), *_decoys(1024)]
    yield case(_release("1025-entries", many), "1,025 entries.", "RCP-1", "RECIPIENT_TABLE")
    pair: Entries = [Wrap(DEVICE), Wrap(OTHER)]
    changes: dict[str, tuple[str, Callable[[list[bytes]], list[bytes]], str]] = {
        "descending": ("RCP-2", lambda e: e[::-1], "The entries descend."),
        "entry-twice": ("RCP-2", lambda e: [e[0], e[0], e[1]], "An entry is there twice."),
        "other-type-first": (
            "RCP-2",
            lambda e: [entry(2570, b"x"), *e],
            "An entry of a higher type precedes one of a lower.",
        ),
        "shorter-later": (
            "RCP-2",
            lambda e: [*e, entry(1, expand("decoy", "0", 80))],
            "An anonymous entry follows hinted ones of its type.",
        ),
        "trailing-byte": ("RCP-1", lambda e: [*e, b"\0"], "A byte follows the last entry."),
        "trailing-head": ("RCP-1", lambda e: [*e, u16(2570) + u16(1)], "An entry has no payload."),
        "entry-cut": ("RCP-1", lambda e: [*e, entry(2570, b"xx")[:-1]], "An entry is cut."),
        "length-beyond-section": (
            "RCP-1",
            lambda e: [*e, u16(2570) + u16(2048) + b"x"],
            "An entry goes beyond the section.",
        ),
    }
    for name, (rules, change, comment) in changes.items():
        bundle = _release(name, pair).hook("entries", change)
        yield case(bundle, comment, rules, "RECIPIENT_TABLE")


def _lengths() -> Iterator[Case]:
    for kind, lengths in (
        (1, (0, 1, 32, 79, 81, 83, 85, 1168, 1172)),
        (2, (0, 80, 84, 1120, 1167, 1169, 1171, 1173)),
    ):
        for length in lengths:
            wrong = entry(kind, expand("decoy", "length", length))
            bundle = _release(f"type-{kind}-length-{length}", [Wrap(DEVICE), wrong])
            comment = f"An entry of type {kind} has {length} bytes."
            yield case(bundle, comment, "RCP-3", "RECIPIENT_TABLE")
    for length, code in (
        (0, "RECIPIENT_TABLE"),
        (1, None),
        (2048, None),
        (2049, "RECIPIENT_TABLE"),
    ):
        odd = entry(6682, expand("decoy", "length", length))
        bundle = _release(f"unknown-type-length-{length}", [Wrap(DEVICE), odd])
        comment = f"An entry of unknown type has {length} bytes."
        yield case(bundle, comment, "RCP-3 RCP-5", code)


def _unknown() -> Iterator[Case]:
    types = (3, 2570, 6682, 61440, 65535)
    for amount, code in ((4, None), (5, "RECIPIENT_TABLE")):
        extra = [entry(kind, b"unknown") for kind in types[:amount]]
        bundle = _release(f"unknown-types-{amount}", [Wrap(DEVICE), *extra])
        yield case(bundle, f"{amount} entries of unknown types.", "RCP-4 RCP-5", code)
    extra = [entry(2570, bytes([i])) for i in range(5)]
    bundle = _release("unknown-type-5-times", [Wrap(DEVICE), *extra])
    comment = "Five entries of one unknown type."
    yield case(bundle, comment, "RCP-4", "RECIPIENT_TABLE")
    bundle = _release("type-zero", [entry(0, b"x"), Wrap(DEVICE)])
    yield case(bundle, "An entry of type 0 is ignored.", "RCP-5")
    bundle = _release("unknown-only", [entry(2570, b"x")])
    yield case(bundle, "Only an entry of unknown type.", "RCP-5 RCP-8", "NO_IDENTITY")
    bundle = _release("grease", [Wrap(DEVICE), entry(64250, expand("grease", "entry", 100))])
    yield case(bundle, "A GREASE entry.", "RCP-5 EXT-1")


def _changed_entry(name: str, key: RecipientKey, offset: int, comment: str, rules: str) -> Case:
    """One bit of the only entry's payload is wrong; the hint, if any, is kept right."""
    bundle = _release(name, [Wrap(key, hint=False)])

    def change(entries: list[bytes]) -> list[bytes]:
        sealed = flip(entries[0][4:], offset)
        enc = sealed[:32] if key.type == 1 else sealed[:1120]
        return [entry(key.type, key.hint(enc) + sealed)]

    bundle.hook("entries", change)
    identity = "device-x25519" if key.type == 1 else "device-hybrid"
    return case(bundle, comment, rules, "NO_IDENTITY", identity=identity)


def _damaged() -> Iterator[Case]:
    for name, key, offset, comment in (
        ("x25519-enc-flipped", DEVICE, 5, "A bit of enc is wrong and the hint fits."),
        ("x25519-ciphertext-flipped", DEVICE, 40, "A bit of the ciphertext is wrong."),
        ("x25519-tag-flipped", DEVICE, -1, "A bit of the tag is wrong."),
        ("hybrid-mlkem-flipped", HYBRID, 700, "A bit of the ML-KEM half is wrong."),
        ("hybrid-mlkem-tail-flipped", HYBRID, 1087, "The last byte of the ML-KEM half is wrong."),
        ("hybrid-x25519-flipped", HYBRID, 1100, "A bit of the X25519 half is wrong."),
        ("hybrid-ciphertext-flipped", HYBRID, 1130, "A bit of the ciphertext is wrong."),
        ("hybrid-tag-flipped", HYBRID, -1, "A bit of the tag is wrong."),
    ):
        yield _changed_entry(name, key, offset, comment, "RCP-7 RCP-8")
    points = {
        "0": 0,
        "1": 1,
        "order-8": ORDER_8,
        "p-minus-1": P - 1,
        "p": P,
        "p-plus-1": P + 1,
    }
    for name, value in points.items():
        probe = release(f"recipients-low-order-{name}")
        enc = value.to_bytes(32, "little")
        info = wrap_info(1, standard().publisher_id, probe.bundle_id, 1)
        sealed = seal_x25519(DEVICE.public, enc, bytes(32), info, probe.cek)
        probe.recipients = [entry(1, DEVICE.hint(enc) + sealed)]
        comment = "enc is a point of low order; the all-zero secret would open the entry."
        yield case(probe, comment, "RCP-9 RCP-8", "NO_IDENTITY")


def _before(name: str, first: Callable[..., Wrap], last: Callable[..., Wrap]) -> Bundle:
    """A bundle whose entry `first` sorts before its entry `last`."""
    for attempt in count():
        bundle = _release(name, [first(f"first {attempt}"), last("last")])
        entries = built(bundle).at["entries"]
        alone = built(_release(name, [last("last")])).at["entries"][0]
        if entries[1] == alone:
            return bundle
    raise AssertionError


def _tried() -> Iterator[Case]:
    wrong_cek = expand("wrong", "cek", 32)
    for key, name in ((DEVICE, "x25519"), (HYBRID, "hybrid")):
        identity = f"device-{name}"
        for hint in (True, False):
            word = "hinted" if hint else "anonymous"
            bundle = _before(
                f"{name}-wrong-cek-first-{word}",
                lambda slot, k=key, h=hint: Wrap(k, hint=h, slot=slot, cek=wrong_cek),
                lambda slot, k=key, h=hint: Wrap(k, hint=h, slot=slot),
            )
            comment = "An entry that opens to another CEK precedes the right one."
            yield case(bundle, comment, "RCP-7 ENC-1", identity=identity)
        bundle = _release(f"{name}-wrong-cek", [Wrap(key, cek=wrong_cek)])
        comment = "The only entry opens to another CEK."
        yield case(bundle, comment, "RCP-7 ENC-1 RCP-8", "NO_IDENTITY", identity=identity)
        other = OTHER if key is DEVICE else OTHER_HYBRID
        bundle = _release(f"{name}-hint-of-another", [Wrap(key, hint_key=other)])
        comment = "The right wrap under the hint of another key is not tried."
        yield case(bundle, comment, "RCP-6 RCP-8", "NO_IDENTITY", identity=identity)
        bundle = _release(f"{name}-for-another", [Wrap(other)])
        comment = "There is no entry for the identity."
        yield case(bundle, comment, "RCP-8", "NO_IDENTITY", identity=identity)
        bundle = _release(f"{name}-hint-stolen", [Wrap(other, hint_key=key)])
        comment = "An entry for another key has the identity's hint."
        yield case(bundle, comment, "RCP-7 RCP-8", "NO_IDENTITY", identity=identity)
        bundle = _release(f"{name}-anonymous-for-another", [Wrap(other, hint=False)])
        comment = "An anonymous entry for another key."
        yield case(bundle, comment, "RCP-7 RCP-8", "NO_IDENTITY", identity=identity)
    bundle = _release("no-identity", [Wrap(DEVICE)])
    comment = "The reader has no identity; an audit needs none."
    yield case(bundle, comment, "RCP-8", "NO_IDENTITY", identity=None)
    anonymous = _decoys(20, 80)
    bundle = _release("anonymous-among-many", [Wrap(DEVICE, hint=False), *anonymous])
    comment = "An anonymous entry among twenty that do not open."
    yield case(bundle, comment, "RCP-6 RCP-7")
    bundle = _release("other-type", [Wrap(HYBRID)])
    comment = "The identity is of the other type."
    yield case(bundle, comment, "RCP-6 RCP-8", "NO_IDENTITY")
    bundle = _release("other-type-hybrid", [Wrap(DEVICE, hint=False)])
    comment = "The identity is of type 2, the anonymous entry of type 1."
    yield case(bundle, comment, "RCP-6 RCP-8", "NO_IDENTITY", identity="device-hybrid")
    bundle = _release("hint-without-type", [Wrap(DEVICE)])
    bundle.hook("entries", lambda e: [entry(1, _narrow_hint(e[0][8:40]) + e[0][8:])])
    comment = "The hint was computed with a type of one byte."
    yield case(bundle, comment, "RCP-6 RCP-8", "NO_IDENTITY")


def _narrow_hint(enc: bytes) -> bytes:
    from hashlib import sha256

    return sha256(b"bundlefmt/1 hint\0\1" + enc + DEVICE.public).digest()[:4]


def _stolen() -> Iterator[Case]:
    for key, name in ((DEVICE, "x25519"), (HYBRID, "hybrid")):
        source = _release(f"{name}-hinted", [Wrap(key)])
        moved = built(source).at["entries"]
        bundle = _release(f"{name}-moved", moved)
        comment = "The entry was moved here from another bundle."
        identity = f"device-{name}"
        yield case(bundle, comment, "RCP-7 RCP-8", "NO_IDENTITY", identity=identity)
    publisher_id, bundle_id = standard().publisher_id, _release("x", []).bundle_id
    wrongs: dict[str, Callable[[bytes], bytes]] = {
        "info-kind": lambda b: wrap_info(2, publisher_id, b, 1),
        "info-type": lambda b: wrap_info(1, publisher_id, b, 2),
        "info-publisher": lambda b: wrap_info(1, neighbour().publisher_id, b, 1),
        "info-bundle": lambda _: wrap_info(1, publisher_id, bundle_id, 1),
        "info-label": lambda b: wrap_info(1, publisher_id, b, 1).replace(b"/1 ", b"/2 "),
        "info-short": lambda b: wrap_info(1, publisher_id, b, 1)[:-1],
        "info-suite": lambda b: wrap_info(1, publisher_id, b, 1).replace(b"\0\0\1\1", b"\0\0\2\1"),
    }
    for name, make in wrongs.items():
        bundle = release(f"recipients-{name}")
        bundle.recipients = [Wrap(DEVICE, info=make(bundle.bundle_id))]
        comment = f"The wrap is bound to another value: {name.split('-')[1]}."
        yield case(bundle, comment, "RCP-7 RCP-8", "NO_IDENTITY")
    for rewrapped in (False, True):
        victim = release(f"recipients-re-signed-{'rewrapped' if rewrapped else 'copied'}")
        thief = release(victim.name, neighbour())
        original = built(victim).at
        thief.hook("manifest", lambda _, at=original: at["manifest"])
        thief.hook("body", lambda _, at=original: at["body"])
        if not rewrapped:
            thief.recipients = original["entries"]
            comment = "Another publisher re-signed a copied manifest, body and entries."
        else:
            comment = "Another publisher, knowing the CEK, re-signed a copy and wrapped it anew."
        yield case(thief, comment, "RCP-7 ENC-1 RCP-8", "NO_IDENTITY")
