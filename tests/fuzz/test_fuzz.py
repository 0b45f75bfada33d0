"""Structure-aware fuzzing of every layer that reads foreign bytes.

Deep layers are reached by encrypting and signing what was mutated; a fuzzer that only flips bytes
of a bundle never comes past its signature. Each target must meet several codes, so that one which
has stopped reaching its layer is noticed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from support import anycbor, forge, records, strictcbor
from support.fuzzing import Target, run
from support.mutate import mutate
from support.publisher import FAST, NOW, PRODUCT, Publisher, sign_document, signer
from support.reading import Pipe, collect, collect_once

from bundlefmt.bundle import assemble
from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.pointers import read_pointer
from bundlefmt.bundle.trees import BundleTree
from bundlefmt.crypto import keypem, suite
from bundlefmt.errors import BundleError
from bundlefmt.keys.recipients import HYBRID, ContentKey, format_recipient, parse_identities, parse_recipients
from bundlefmt.keys.signers import FileSigner
from bundlefmt.model.header import POINTER
from bundlefmt.model.listing import encode_listing, parse_listing
from bundlefmt.model.manifest import ManifestLayout, join_manifest
from bundlefmt.model.paths import check_collisions, check_path
from bundlefmt.model.pointer import Offer, OfferedBundle, PointerRecord
from bundlefmt.model.release import NewIdentity, ReleaseRecord, Requires
from bundlefmt.trust.chain import format_trust_file, parse_trust_file, walk
from bundlefmt.wire import armor, sections, zstd
from bundlefmt.wire.padding import padme

ACME = Publisher("fuzz")
OTHER = Publisher("fuzz other")
CHAIN = Publisher("fuzz chain")
YOUNG = CHAIN.chain
CHAIN.rotate()
MIDDLE = CHAIN.chain
CHAIN.rotate(min_epoch=2)

TREE = {
    "a/index.html": b"<p>" + b"text " * 40,
    "a/b/c.js": b"let x = 1;\n" * 9,
    "d": b"d",
    "e": b"",
    "f.bin": bytes(range(256)) * 8,
}
GOOD = ACME.pack(TREE)
GREASED = ACME.pack(
    TREE, FAST._replace(grease=True, share_small=1000), recipients=[ACME.identity.recipient, OTHER.identity.recipient]
)
LONG = CHAIN.pack(TREE)
LISTING = forge.listing_of(TREE)
OLD = {"a/index.html": b"<p>" + b"text " * 39, "old": b"old old old old"}
NEEDED = BundleTree(ACME.open(ACME.pack(OLD)))
BUILT = [records.build(ACME, Random(number), TREE, OLD if number % 2 else None) for number in range(6)]
RELEASE = ReleaseRecord(
    PRODUCT,
    7,
    "1.2.3",
    NOW,
    bytes(32),
    NOW + 5,
    Requires((1, 2), (3,), ("linux", "windows")),
    "notes",
    (("a", "b"), ("c", "d")),
    (NewIdentity(1, bytes(32)), NewIdentity(9, b"x")),
)
POINTED = PointerRecord(
    PRODUCT,
    "stable",
    3,
    NOW,
    NOW + 1000,
    60,
    (
        Offer(
            7,
            "1",
            bytes(32),
            bytes(32),
            Requires((1,), None, ("linux",)),
            10_000,
            (OfferedBundle("a" * 16, "b" * 64, 9, 9, bytes(32), b""),),
        ),
        Offer(
            8,
            "2",
            bytes(32),
            bytes(32),
            Requires(),
            1,
            (OfferedBundle("c" * 16, "d" * 20, 9, 9, bytes(32), bytes(32)),),
        ),
    ),
)


def read(data: bytes, rng: Random, publisher: Publisher = ACME, *, ways: int = 3) -> None:
    """Read in one of the ways there are; with 4, an audit is one of them, which sees nothing of the manifest."""
    way = rng.randrange(ways)
    options: dict[str, Any] = {
        "identities": [publisher.identity, ContentKey(forge.CEK)],
        "needed": NEEDED,
        "workers": 0,
    }
    options["trust"] = publisher.policy._replace(any_host=True)
    if way == 0:
        collect_once(publisher.open(Pipe(data, 1000), **options))
    elif way == 1:
        with publisher.open(data, **options) as reader:
            for name in reader.namelist():
                reader.read(name)
    elif way == 2:
        collect_once(publisher.open(data, **options))
    else:
        audit_bundle(data, trust=publisher.policy)


def whole_bundle(rng: Random) -> None:
    """Any change of a good bundle."""
    data = mutate(rng.choice((GOOD, GREASED)), rng, (GOOD, GREASED))
    read(data, rng, ways=4)
    if rng.random() < 0.5:  # accepted, so only an entry of another recipient can have changed
        assert collect(ACME.open(data)) == collect(ACME.open(GOOD))


def prelude(rng: Random) -> None:
    """The prelude alone, then tables that fit it or not."""
    parts = forge.split(rng.choice((GOOD, LONG)))
    start = mutate(GOOD[:32], rng)
    sections.parse_prelude(start)
    read(start + b"".join(parts), rng, ways=4)


def tables(rng: Random) -> None:
    """Sections before the manifest, with a prelude that fits what they became."""
    parts = forge.split(rng.choice((GOOD, GREASED, LONG)))
    field = rng.choice(("header", "signatures", "trust", "recipients"))
    changed = mutate(getattr(parts, field), rng, (parts.signatures, parts.trust, parts.recipients))
    data = parts._replace(**{field: changed}).join()
    if rng.random() < 0.2:
        read_pointer(data, trust=ACME.policy, identities=[ACME.identity])
    read(data, rng, rng.choice((ACME, CHAIN)), ways=4)


def header(rng: Random) -> None:
    """A header that is signed whatever it says."""

    def change(data: bytes) -> bytes:
        if rng.random() < 0.2:
            return mutate(data, rng)[:1024] or b"\0"
        value = strictcbor.decode(data)
        for _ in range(rng.choice((1, 1, 2))):
            value = anycbor.change(value, rng)
        return anycbor.encode(value, rng, rng.choice((0, 0, 0.1)))[:1024]

    plaintext = forge.release_plaintext(forge.release_for(LISTING), LISTING, b"\x80")
    read(forge.forge(ACME, plaintext, change_header=change).join(), rng)


def trust_frames(rng: Random) -> None:
    """Documents signed by the roots whatever they say, in sections and in trust files."""
    frames = list(CHAIN.chain.frames())
    at = rng.randrange(len(frames))
    roots = [CHAIN.root] if rng.random() < 0.8 else [signer("stranger")]
    if rng.random() < 0.8:
        value = anycbor.change(strictcbor.decode(frames[at].document), rng)
        document = anycbor.encode(value, rng, rng.choice((0, 0, 0.05)))
        frames[at] = sign_document(document, *roots)
    if rng.random() < 0.3:
        frames.insert(rng.randrange(len(frames) + 1), rng.choice(frames))
    if rng.random() < 0.3:
        del frames[rng.randrange(len(frames))]
    data = sections.build_trust(frames)
    if rng.random() < 0.3:
        data = mutate(data, rng)
    start = rng.choice((YOUNG, MIDDLE, CHAIN.chain))
    walked = walk(start, sections.parse_trust(data))
    assert walked.chain.links[: len(start.links)] == start.links
    assert walked.learned == len(walked.chain.links) - len(start.links)
    text = armor.armor(armor.TRUST, data)
    parse_trust_file(text)
    if walked.error:
        raise walked.error


def layout(rng: Random) -> None:
    """The manifest's plaintext: form, frames, padding."""
    form = rng.choice((b"\0", b"\1" + sha256(NEEDED.listing.encoded).digest()))
    prefix = NEEDED.listing.encoded if form[0] else b""
    plain = forge.release_plaintext(
        forge.release_for(LISTING), LISTING, b"\x80", needed=form[1:], needed_listing=prefix
    )
    read(forge.forge(ACME, mutate(plain, rng)).join(), rng)


def manifest_message(rng: Random) -> None:
    """The manifest's ciphertext, signed as it is."""
    parts = forge.forge(ACME, b"\0" * 40)
    changed = mutate(parts.manifest, rng)[: 1 << 20]
    read(forge.forge(ACME, b"", seal=lambda _: changed).join(), rng)


def frames(rng: Random) -> None:
    """A zstd frame of the manifest, within a layout that is right."""
    items = [forge.release_for(LISTING), LISTING, b"\x80"]
    packed = [assemble.manifest_frame(item) for item in items]
    at = rng.randrange(3)
    packed[at] = mutate(packed[at], rng, tuple(packed))
    read(forge.forge(ACME, join_manifest(ManifestLayout(0, b"", tuple(packed)))).join(), rng)


def _changed(item: bytes, rng: Random) -> bytes:
    value = strictcbor.decode(item)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        value = anycbor.change(value, rng)
    return anycbor.encode(value, rng, rng.choice((0, 0, 0, 0.02)))


def release(rng: Random) -> None:
    """The release record over a listing that is right."""
    listing = forge.listing_of({"e": b""})
    item = _changed(RELEASE._replace(tree=sha256(listing).digest()).encode(), rng)
    read(forge.forge(ACME, forge.release_plaintext(item, listing, b"\x80")).join(), rng)


def listing(rng: Random) -> None:
    """The listing, named by a release record that is right."""
    item = _changed(LISTING, rng)
    read(forge.forge(ACME, forge.release_plaintext(forge.release_for(item), item, b"\x80")).join(), rng)


def record_table(rng: Random) -> None:
    """The record table, over a body that is right for what it was."""
    number = rng.randrange(len(BUILT))
    built = BUILT[number]
    tree = dict(built.tree)
    listing_bytes = forge.listing_of(tree)
    needed = NEEDED.listing.encoded if number % 2 else b""
    table: Any = built.table
    for _ in range(rng.choice((1, 1, 2))):
        table = anycbor.change(table, rng)
    plaintext = forge.release_plaintext(
        forge.release_for(listing_bytes),
        listing_bytes,
        anycbor.encode(table, rng, rng.choice((0, 0, 0.02))),
        needed=sha256(needed).digest() if needed else b"",
        needed_listing=needed,
    )
    total = 0
    if isinstance(table, list) and rng.random() < 0.8:  # a body length that agrees, so that records are reached
        lengths = [
            row[1]
            for row in table
            if isinstance(row, list) and len(row) > 1 and type(row[1]) is int and 0 <= row[1] < 1 << 22
        ]
        total = sum(suite.message_len(length) for length in lengths)
    body = forge.split(built.data).body
    body = body.ljust(padme(total), b"\0")[: padme(total)] if total else body
    read(forge.forge(ACME, plaintext, body).join(), rng)


def record_frames(rng: Random) -> None:
    """Coded records, encrypted as they became, with a table and sizes that agree."""
    plain = rng.choice((b"text " * 400, rng.randbytes(50), b"ab"))
    coded = zstd.Compressor(rng.choice((1, 9))).compress(plain)
    coded = mutate(coded, rng, (coded,))[: 1 << 16] or b"\0"
    digest_of = plain if rng.random() < 0.8 else plain[::-1]
    listing_bytes = encode_listing([forge.entry("a", digest_of)])
    table = anycbor.encode([[1, len(coded), [0], []]])
    plaintext = forge.release_plaintext(forge.release_for(listing_bytes), listing_bytes, table)
    read(forge.forge(ACME, plaintext, forge.seal_body(ACME, [coded])).join(), rng)


def pointer(rng: Random) -> None:
    """A pointer that is signed whatever it says."""
    plaintext = forge.pointer_plaintext(_changed(POINTED.encode(), rng))
    if rng.random() < 0.1:
        plaintext = mutate(plaintext, rng)
    data = forge.forge(ACME, plaintext, kind=POINTER).join()
    read_pointer(data, trust=ACME.policy, identities=[ACME.identity])


def paths(rng: Random) -> None:
    """Any texts as paths, alone and together."""
    letters = ["a", "A", "/", ".", "b", "\u00e9"]
    if rng.random() < 0.5:
        letters += [
            "/",
            "..",
            " ",
            "con",
            "NUL",
            "\\",
            ":",
            "\u00b9",
            "com",
            "1",
            "\x7f",
            "\x85",
            "\u0130",
            "\U0001f600",
            "b" * 200,
        ]
    found = ["".join(rng.choices(letters, k=rng.randrange(1, 6))) for _ in range(rng.choice((1, 2, 5)))]
    rows = [[path, 0, 1, sha256(b"x" + path.encode()).digest()] for path in sorted(set(found), key=str.encode)]
    parse_listing(anycbor.encode(rows))
    for path in found:
        check_path(path)
    check_collisions(dict.fromkeys(found))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def key_files(rng: Random) -> None:
    """Identities, recipients, PEM keys."""
    hybrid = Publisher("fuzz hybrid", HYBRID)
    texts = [
        ACME.identity.armored(),
        hybrid.identity.armored(),
        format_recipient(ACME.identity.recipient),
        format_recipient(hybrid.identity.recipient),
    ]
    text = mutate(rng.choice(texts).encode(), rng, tuple(each.encode() for each in texts))
    outcome: BundleError | None = None
    for parse in (parse_identities, parse_recipients):
        try:
            found = parse(_text(text))
            assert found
            assert all(repr(each) for each in found)
        except BundleError as exc:
            outcome = exc
    private = ACME.signer.private_pem()
    public = keypem.public_pem(ACME.signer.public_key)
    for data in (private, public):
        inside = base64.b64decode(b"".join(data.splitlines()[1:-1]))
        shell = data.splitlines()
        changed = mutate(data, rng)
        if rng.random() < 0.5:  # a change of the DER, not of its text
            changed = b"\n".join((shell[0], base64.b64encode(mutate(inside, rng)), shell[-1], b""))
        for load in (FileSigner.from_pem, partial(FileSigner.from_pem, password=b"x"), keypem.load_public):
            try:
                load(changed)
            except BundleError as exc:
                outcome = exc
    if outcome:
        raise outcome


def trust_files(rng: Random) -> None:
    """The text of trust files."""
    text = format_trust_file(rng.choice((CHAIN.chain, ACME.chain)))
    if rng.random() < 0.2:
        text = text.replace("\n", rng.choice(("\r\n", "\r", "\n\n", " \n", "\x0b", "\u2028")))
    parse_trust_file(_text(mutate(text.encode(), rng, (ACME.identity.armored().encode(),))))


def armored(rng: Random) -> None:
    """Armor of any label and any data."""
    blocks = [
        armor.armor(
            rng.choice((armor.TRUST, armor.IDENTITY, "X")), rng.randbytes(rng.choice((0, 1, 2, 3, 47, 48, 49, 200)))
        )
        for _ in range(2)
    ]
    text = _text(
        mutate(
            "comment\n".join(blocks).encode(), rng, (b"-----BEGIN X-----\n", b"-----END X-----", b"\r", b"\xef\xbb\xbf")
        )
    )
    for block in armor.dearmor(text):
        assert armor.dearmor(armor.armor(block.label, block.data)) in ([block], [])


CODES: dict[Callable[[Random], None], tuple[int, set[str]]] = {
    whole_bundle: (800, {"BODY_DIGEST", "TRUNCATED", "TRAILING_DATA", "MANIFEST_DIGEST"}),
    prelude: (1500, {"PRELUDE_MAGIC", "PRELUDE_MAJOR", "PRELUDE_RESERVED", "SECTION_LIMIT", "TRUNCATED"}),
    tables: (
        1500,
        {"SIGNATURE_TABLE", "TRUST_TABLE", "RECIPIENT_TABLE", "SIGNATURE_INVALID", "NO_IDENTITY", "TRUST_SIGNATURE"},
    ),
    header: (
        1500,
        {"HEADER_ENCODING", "HEADER_SHAPE", "UNSUPPORTED_SUITE", "KIND_MISMATCH", "MANIFEST_DIGEST", "TRUST_WITHHELD"},
    ),
    trust_frames: (1000, {"TRUST_ENCODING", "TRUST_DOCUMENT", "TRUST_PUBLISHER", "TRUST_EPOCH", "TRUST_SIGNATURE"}),
    layout: (1000, {"MANIFEST_LAYOUT", "MANIFEST_FRAME", "NEEDED_TREE"}),
    manifest_message: (400, {"MANIFEST_DECRYPT", "NO_IDENTITY"}),
    frames: (1000, {"MANIFEST_FRAME", "TREE_DIGEST", "MANIFEST_ENCODING"}),
    release: (1500, {"RELEASE_RECORD", "MANIFEST_ENCODING"}),
    listing: (2000, {"LISTING", "MANIFEST_ENCODING", "PATH_INVALID", "CONTENT_MISSING"}),
    record_table: (
        2500,
        {"RECORD_TABLE", "RECORD_PIECES", "RECORD_PREFIX", "CONTENT_MISSING", "BODY_LENGTH", "RECORD_DECRYPT"},
    ),
    record_frames: (1500, {"RECORD_FRAME", "CONTENT_DIGEST", "accepted"}),
    pointer: (1500, {"POINTER_RECORD", "MANIFEST_ENCODING", "accepted"}),
    paths: (3000, {"PATH_INVALID", "PATH_COLLISION", "accepted"}),
    key_files: (500, {"KEY_FILE"}),
    trust_files: (800, {"TRUST_FILE", "accepted"}),
    armored: (1500, {"KEY_FILE", "accepted"}),
}


@pytest.mark.parametrize("target", CODES, ids=lambda target: target.__name__)
def test_only_refusals_escape(target: Target, fuzz_seconds: float | None) -> None:
    cases, expected = CODES[target]  # type: ignore[index]
    outcomes = run(target, cases, fuzz_seconds)
    if fuzz_seconds is None:
        assert expected <= outcomes.keys(), outcomes
    print(dict(outcomes))
