"""New trust documents with one fault, their tables and frames, and trust files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from builder.bundle import Bundle
from builder.cases import Case, case, flip
from builder.edwards import encode
from builder.encode import cbor, u16, u32
from builder.forge import ForgedKey, exact, identity_point, torsion
from builder.keys import POINTER, RELEASE, TRUST, PublicKey, Row, SigningKey, armor, sig_structure
from builder.scenes import neighbour, release, rotated, standard
from builder.trust import Chain, Document, Role, make_frame, role

KEYS = [SigningKey(f"document key {i}") for i in range(17)]
STRANGER = SigningKey("stranger")


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _signers()
    yield from _labels()
    yield from _shapes()
    yield from _roles()
    yield from _keys()
    yield from _epochs()
    yield from _frames()
    yield from _tables()
    yield from _files()


def _start() -> Chain:
    return Chain.start("documents")


def _case(name: str, comment: str, rules: str, code: str | None, **changes: Any) -> Case:
    """A release whose trust section brings one new document."""
    return case(release(f"trust-{name}", _start().extended(**changes)), comment, rules, code)


def _signers() -> Iterator[Case]:
    old = [SigningKey(f"quorum root {i}") for i in range(3)]
    new = [SigningKey(f"quorum root 2-{i}") for i in range(3)]
    start = Chain.start("quorum", root=role(2, *old))
    for name, signers, rules, code, comment in (
        ("both", [*old[:2], *new[:2]], "TRU-10 TRU-11", None, "Both roots reach their threshold."),
        ("all", [*old, *new], "TRU-10 TRU-11", None, "All keys of both roots signed."),
        ("old-only", old, "TRU-11", "TRUST_SIGNATURE", "Only the old root signed."),
        ("new-only", new, "TRU-10", "TRUST_SIGNATURE", "Only the new root signed."),
        ("old-below", [old[0], *new], "TRU-10", "TRUST_SIGNATURE", "One of two old keys signed."),
        ("new-below", [*old, new[2]], "TRU-11", "TRUST_SIGNATURE", "One of two new keys signed."),
        ("nobody", [STRANGER], "TRU-10", "TRUST_SIGNATURE", "Only a stranger signed."),
    ):
        chain = start.extended(root=role(2, *new), signers=signers)
        yield case(release(f"trust-signers-{name}", chain), comment, rules, code)
    bad = [Row(1, old[2].kid, bytes(64))]
    chain = start.extended(root=role(2, *new), signers=[*old[:2], *new[:2]], extra=bad)
    comment = "The old threshold is met; a third old key has a bad signature."
    yield case(release("trust-signers-old-bad", chain), comment, "SIG-5", "TRUST_SIGNATURE")
    bad = [Row(1, new[2].kid, bytes(64))]
    chain = start.extended(root=role(2, *new), signers=[*old[:2], *new[:2]], extra=bad)
    comment = "The new threshold is met; a third new key has a bad signature."
    yield case(release("trust-signers-new-bad", chain), comment, "SIG-5", "TRUST_SIGNATURE")
    chain = start.extended(root=role(2, old[2], *new[:2]), signers=[old[0], old[2], new[0]])
    comment = "A key of both roots counts for both."
    yield case(release("trust-signers-shared", chain), comment, "TRU-10 TRU-11")
    other_roles = [SigningKey("quorum release 1"), SigningKey("quorum pointer 1")]
    chain = start.extended(signers=other_roles)
    comment = "The release and pointer keys signed a trust document."
    yield case(release("trust-signers-other-roles", chain), comment, "TRU-10", "TRUST_SIGNATURE")
    good = SigningKey("fragile root")
    public = identity_point()
    small = ForgedKey(1, public, exact(0, public, 0))
    start = Chain.start("fragile", root=role(1, good, small))
    chain = start.extended(signers=[small])
    comment = "A root key of small order signed."
    yield case(release("trust-signers-small-order", chain), comment, "EDS-3", "TRUST_SIGNATURE")
    public = encode(torsion(1))
    small = ForgedKey(1, public, exact(0, public, 1))
    start = Chain.start("fragile-successor")
    chain = start.extended(root=role(1, small), signers=[SigningKey("fragile-successor root 1"), small])
    comment = "A new root has one key, of order 8; its equation holds."
    yield case(release("trust-signers-small-order-new", chain), comment, "EDS-3", "TRUST_SIGNATURE")


def _labels() -> Iterator[Case]:
    root = SigningKey("documents root 1")
    wrong: dict[str, tuple[Callable[[bytes], bytes], str]] = {
        "label-release": (
            lambda d: sig_structure(RELEASE, root.kid, sha256(d).digest()),
            "The label is the release's.",
        ),
        "label-pointer": (
            lambda d: sig_structure(POINTER, root.kid, sha256(d).digest()),
            "The label is the pointer's.",
        ),
        "payload-document": (
            lambda d: sig_structure(TRUST, root.kid, d),
            "The payload is the document instead of its digest.",
        ),
        "payload-double": (
            lambda d: sig_structure(TRUST, root.kid, sha256(sha256(d).digest()).digest()),
            "The payload is hashed twice.",
        ),
        "bare": (lambda d: sha256(d).digest(), "The digest is signed without a Sig_structure."),
    }
    for name, (message, comment) in wrong.items():
        start = _start()
        document = start.extended().frames[1].document
        rows = [Row(1, root.kid, root.sign(message(document)))]
        chain = start.extended(signers=[], extra=rows)
        bundle = release(f"trust-signed-{name}", chain)
        yield case(bundle, comment, "SIG-5", "TRUST_SIGNATURE")


def _put(index: int, value: Any) -> Callable[[list[Any]], Any]:
    return lambda item: [*item[:index], value, *item[index + 1 :]]


def _shapes() -> Iterator[Case]:
    one = KEYS[0].item()
    shapes: dict[str, tuple[Callable[[list[Any]], Any], str]] = {
        "element-missing": (lambda d: d[:10], "A document has ten elements."),
        "element-extra": (lambda d: [*d, 0], "A document has twelve elements."),
        "not-an-array": (lambda d: dict(enumerate(d)), "A document is a map."),
        "format-other": (_put(0, "bundlefmt/2 trust"), "The format string is another."),
        "format-header": (_put(0, "bundlefmt/1"), "The format string is that of a header."),
        "format-bytes": (_put(0, b"bundlefmt/1 trust"), "The format is a byte string."),
        "publisher-short": (lambda d: _put(1, d[1][:31])(d), "The publisher id has 31 bytes."),
        "publisher-text": (_put(1, "p" * 32), "The publisher id is a text."),
        "epoch-text": (_put(2, "2"), "The epoch is a text."),
        "epoch-true": (_put(2, True), "The epoch is true."),
        "issued-text": (_put(3, "now"), "The time of issue is a text."),
        "expires-false": (_put(4, False), "The expiry is false instead of 0."),
        "min-epoch-true": (_put(5, True), "min_epoch is true."),
        "root-flat": (_put(6, [1, *one]), "A role holds a key instead of a list of keys."),
        "root-number": (_put(6, 1), "A role is a number."),
        "release-extra": (_put(7, [1, [one], 0]), "A role has three elements."),
        "release-no-keys": (_put(7, [1]), "A role has no list of keys."),
        "pointer-map": (_put(8, {0: 1, 1: [one]}), "A role is a map."),
        "threshold-true": (_put(7, [True, [one]]), "A threshold is true."),
        "threshold-text": (_put(7, ["1", [one]]), "A threshold is a text."),
        "key-flat": (_put(7, [1, [KEYS[0].public]]), "A key is a byte string."),
        "key-extra": (_put(7, [1, [[*one, 0]]]), "A key has three elements."),
        "key-alg-true": (_put(7, [1, [[True, KEYS[0].public]]]), "A key's algorithm is true."),
        "key-alg-text": (_put(7, [1, [["EdDSA", KEYS[0].public]]]), "A key's algorithm is a text."),
        "key-text": (_put(7, [1, [[1, "k" * 32]]]), "A public key is a text."),
        "critical-map": (_put(9, {}), "The critical list is a map."),
        "critical-text": (_put(9, ["0"]), "A critical number is a text."),
        "extensions-array": (_put(10, []), "The extensions are an array."),
    }
    for name, (change, comment) in shapes.items():
        yield _case(f"document-{name}", comment, "TRU-2", "TRUST_DOCUMENT", item=change)
    for name, critical, extensions, comment in (
        ("not-present", (4096,), {}, "A critical number names no extension."),
        ("unsorted", (5000, 4096), {4096: 0, 5000: 0}, "The critical list descends."),
        ("twice", (4096, 4096), {4096: 0}, "A critical number is listed twice."),
    ):
        yield _case(
            f"document-critical-{name}",
            comment,
            "TRU-20",
            "TRUST_DOCUMENT",
            critical=critical,
            extensions=extensions,
        )


def _roles() -> Iterator[Case]:
    def many(count: int) -> tuple[PublicKey, ...]:
        return role(1, *KEYS[:count]).keys

    for which in ("root", "release", "pointer"):
        for name, threshold, count in (
            ("threshold-zero", 0, 1),
            ("threshold-above-keys", 2, 1),
            ("no-keys", 1, 0),
            ("threshold-zero-no-keys", 0, 0),
        ):
            changed = {which: Role(threshold, many(count))}
            comment = f"The {which} role has threshold {threshold} and {count} keys."
            yield _case(f"{which}-{name}", comment, "TRU-3", "TRUST_DOCUMENT", **changed)
    yield _case(
        "release-17-keys",
        "A role has 17 keys.",
        "TRU-3",
        "TRUST_DOCUMENT",
        release=Role(1, many(17)),
    )
    every = Role(16, many(16))
    bundle = release("trust-release-16-keys", Chain.start("sixteen", root=every, release=every))
    yield case(bundle, "Two roles have 16 keys and need them all.", "TRU-3 SIG-1")
    yield _case(
        "release-threshold-17",
        "A threshold is 17, with 16 keys.",
        "TRU-3",
        "TRUST_DOCUMENT",
        release=Role(17, many(16)),
    )


def _keys() -> Iterator[Case]:
    two = role(1, *KEYS[:2]).keys
    for which in ("root", "release", "pointer"):
        yield _case(
            f"{which}-keys-descending",
            f"The keys of the {which} role descend.",
            "TRU-4",
            "TRUST_DOCUMENT",
            **{which: Role(1, two[::-1])},
        )
        yield _case(
            f"{which}-key-twice",
            f"A key of the {which} role is listed twice, to reach a threshold of two.",
            "TRU-4",
            "TRUST_DOCUMENT",
            **{which: Role(2, (KEYS[0], KEYS[0]))},
        )
    yield _case(
        "release-keys-by-alg",
        "A key of a higher algorithm precedes one of a lower.",
        "TRU-4",
        "TRUST_DOCUMENT",
        release=Role(1, (PublicKey(2570, b"\0"), KEYS[0])),
    )
    for length in (0, 31, 33):
        odd = PublicKey(1, (KEYS[0].public * 2)[:length])
        comment = f"A key of algorithm 1 has {length} bytes."
        changed = {"release": role(1, KEYS[1], odd)}
        yield _case(f"key-ed25519-{length}-bytes", comment, "TRU-5", "TRUST_DOCUMENT", **changed)
    for length, code in ((0, "TRUST_DOCUMENT"), (1, None), (4096, None), (4097, "TRUST_DOCUMENT")):
        changed = {"release": role(1, KEYS[1], PublicKey(3, bytes(length)))}
        comment = f"A key of an unknown algorithm has {length} bytes."
        yield _case(f"key-unknown-alg-{length}-bytes", comment, "TRU-5 TRU-14", code, **changed)


def _epochs() -> Iterator[Case]:
    yield _case("epoch-skipped", "A document skips epoch 2.", "TRU-9", "TRUST_EPOCH", epoch=3)
    yield _case("epoch-repeated", "A document repeats epoch 1.", "TRU-9", "TRUST_EPOCH", epoch=1)
    yield _case("epoch-far", "A document has epoch 2^53-1.", "TRU-9", "TRUST_EPOCH", epoch=2**53 - 1)
    yield _case(
        "epoch-zero",
        "A document has epoch 0.",
        "TRU-2 TRU-6",
        "TRUST_DOCUMENT",
        epoch=0,
        min_epoch=0,
    )
    yield _case("min-epoch-zero", "min_epoch is 0.", "TRU-6", "TRUST_DOCUMENT", min_epoch=0)
    comment = "min_epoch is above the document's epoch."
    yield _case("min-epoch-above", comment, "TRU-6", "TRUST_DOCUMENT", min_epoch=3)
    yield _case("min-epoch-own", "min_epoch is the document's epoch.", "TRU-6", None, min_epoch=2)
    chain = _start().extended(min_epoch=2).extended(min_epoch=1)
    comment = "min_epoch falls from 2 to 1."
    yield case(release("trust-min-epoch-falling", chain), comment, "TRU-12", "TRUST_EPOCH")
    other = neighbour().publisher_id
    comment = "A successor carries another publisher's id."
    yield _case("publisher-other", comment, "TRU-8", "TRUST_PUBLISHER", publisher_id=other)
    start = Chain.start("twins", root=role(1, SigningKey("shared root")))
    twin = Chain.start("twins-other", root=role(1, SigningKey("shared root")))
    bundle = release("trust-publisher-shared-root", start)
    bundle.trust = twin.extended().section(2)
    comment = "Another publisher under the same root key brings its second document."
    yield case(bundle, comment, "TRU-8", "TRUST_PUBLISHER")


def _section(name: str, section: bytes) -> Bundle:
    bundle = release(name)
    bundle.trust = section
    return bundle


def _frames() -> Iterator[Case]:
    good = standard().section()
    frame = standard().frames[0]
    for name, section, comment in (
        ("trailing-byte", good + b"\0", "A byte follows the last frame."),
        (
            "trailing-head",
            good + u32(54) + u32(37),
            "The head of a frame without its bytes follows.",
        ),
        ("half-head", good + u32(54)[:3], "Three bytes of a frame's head follow."),
        ("zeros", good + bytes(8), "A frame of two empty parts follows."),
        (
            "document-53",
            good + u32(53) + u32(37) + bytes(53) + Row(2570, bytes(32), b"\0").encode(),
            "A document has 53 bytes.",
        ),
        (
            "document-131073",
            good + u32(131_073) + u32(37) + bytes(131_073) + Row(2570, bytes(32), b"\0").encode(),
            "A document has 131,073 bytes.",
        ),
        ("table-36", good + u32(54) + u32(36) + bytes(54 + 36), "A table has 36 bytes."),
        ("table-empty", good + u32(54) + u32(0) + bytes(54), "A table is empty."),
        ("table-131649", good + u32(54) + u32(131_649) + bytes(90), "A table has 131,649 bytes."),
        (
            "document-overflow",
            u32(0xFFFFFFFF) + u32(len(frame.table)) + frame.document + frame.table,
            "A document has 2^32-1 bytes.",
        ),
        (
            "table-overflow",
            u32(len(frame.document)) + u32(0xFFFFFFFF) + frame.document + frame.table,
            "A table has 2^32-1 bytes.",
        ),
        (
            "document-beyond-section",
            u32(131_072) + u32(len(frame.table)) + frame.document + frame.table,
            "A document goes beyond the section.",
        ),
        (
            "table-beyond-section",
            u32(len(frame.document)) + u32(131_648) + frame.document + frame.table,
            "A table goes beyond the section.",
        ),
    ):
        bundle = _section(f"trust-frame-{name}", section)
        yield case(bundle, comment, "TRU-1", "TRUST_TABLE")


def _tables() -> Iterator[Case]:
    frame = rotated().frames[1]
    row = Row(2570, bytes(32), b"x").encode()
    filler = b"".join(Row(2570, bytes([i]) + bytes(31), b"x").encode() for i in range(15))
    half = len(frame.table) // 2
    for name, table, rule, comment in (
        ("trailing-byte", frame.table + b"\0", "SIG-1", "A byte follows the rows."),
        ("seventeen-rows", frame.table + filler, "SIG-1", "A table has seventeen rows."),
        ("row-cut", frame.table + row[:-1], "SIG-1", "A row lacks its last byte."),
        ("descending", frame.table[half:] + frame.table[:half], "SIG-2", "The rows descend."),
        ("row-twice", frame.table[:half] * 2, "SIG-2", "A row is there twice."),
        (
            "length-63",
            frame.table[:half] + frame.table[half : half + 34] + u16(63) + bytes(63),
            "SIG-3",
            "A signature of algorithm 1 has 63 bytes.",
        ),
        ("length-0", frame.table + row[:34] + u16(0), "SIG-3", "A signature has no bytes."),
        (
            "length-8193",
            frame.table + row[:34] + u16(8193) + bytes(8193),
            "SIG-3",
            "A signature has 8,193 bytes.",
        ),
    ):
        chain = rotated().with_frame(2, replace(frame, table=table))
        bundle = release(f"trust-table-{name}", chain)
        yield case(bundle, f"In a trust frame: {comment}", rule, "TRUST_TABLE")


def _files() -> Iterator[Case]:
    section = standard().section()
    label = "BUNDLEFMT TRUST"
    good = armor(label, section)
    lines = good.splitlines()
    short = "\n".join([lines[0], lines[1][:-4], lines[1][-4:], *lines[2:], ""])
    for name, text, rules, comment in (
        (
            "starts-at-epoch-2",
            armor(label, rotated().section(2)),
            "ARM-2",
            "The reader's trust file starts at epoch 2.",
        ),
        ("empty", armor(label, b""), "ARM-2", "The reader's trust file holds no document."),
        ("no-block", "test-only\n", "ARM-1", "The reader's trust file has no block."),
        (
            "other-label",
            armor("BUNDLEFMT RECIPIENT", section),
            "ARM-1",
            "The reader's trust file has the label of a recipient.",
        ),
        ("line-short", short, "ARM-1", "A line inside the armor has fewer than 64 characters."),
        (
            "line-missing",
            good.replace(lines[2] + "\n", "*" * 64 + "\n"),
            "ARM-1",
            "A line is no base64.",
        ),
        ("no-end", good.replace(lines[-1], ""), "ARM-1", "The armor has no end line."),
        ("frames-cut", armor(label, section[:-1]), "ARM-2", "The last byte inside the armor is missing."),
        ("frames-trailing", armor(label, section + b"\0"), "ARM-2", "A byte follows the last frame."),
        ("twice", good + good, "ARM-2", "The reader's trust file holds its block twice."),
    ):
        chain = rotated() if "epoch" in name else standard()
        bundle = release(f"trustfile-{name}", chain)
        pin = replace(chain.pin(), name=f"file-{name}", text=text)
        yield case(bundle, comment, rules, "TRUST_FILE", pin=pin)
    root = SigningKey("misnamed root 1")
    one = Role(1, (root,))
    document = Document(one, one, one, publisher_id=sha256(b"misnamed").digest())
    frame = make_frame(cbor(document.item()), [root])
    chain = Chain("misnamed", (document,), (frame,))
    comment = "The reader's first document does not hash to its publisher id."
    bundle = release("trustfile-publisher-id-wrong", chain)
    yield case(bundle, comment, "TRU-7", "TRUST_PUBLISHER")
    chain = standard().with_frame(1, standard().frames[0].signed(STRANGER))
    bundle = release("trustfile-first-unsigned", chain)
    comment = "The reader's first document is not signed by its own root."
    pin = chain.renamed("file-first-unsigned").pin()
    yield case(bundle, comment, "TRU-11", "TRUST_SIGNATURE", pin=pin)
    second = rotated().frames[1]
    chain = rotated().with_frame(2, replace(second, table=flip(second.table, -1)))
    bundle = release("trustfile-second-flipped", rotated())
    comment = "A signature inside the reader's trust file is wrong."
    pin = chain.renamed("file-second-flipped").pin(2)
    yield case(bundle, comment, "TRU-10 TRU-11", "TRUST_SIGNATURE", pin=pin)
