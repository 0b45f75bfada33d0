"""Signature tables, what is signed, and who counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

from builder.bundle import Bundle
from builder.cases import Case, built, case
from builder.encode import cbor, u16
from builder.keys import LABELS, POINTER, RELEASE, TRUST, PublicKey, Row, SigningKey, sig_structure
from builder.scenes import pointer, release
from builder.trust import Chain, role

RELEASE_KEY = SigningKey("standard release 1")
POINTER_KEY = SigningKey("standard pointer 1")
STRANGER = SigningKey("stranger")


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _rows()
    yield from _lengths()
    yield from _unknown()
    yield from _signed_bytes()
    yield from _roles()
    yield from _thresholds()


def _resigned(name: str, sign: Callable[[bytes], Row], kind: int = 1) -> Bundle:
    """A bundle whose only row is made from the header by `sign`."""
    bundle = release(name) if kind == 1 else pointer(name)
    bundle.signers = []

    def add_row(header: bytes) -> bytes:
        bundle.extra_rows.append(sign(header))
        return header

    return bundle.hook("payload", add_row)


def _strangers(count: int) -> list[Row]:
    return [Row(1, sha256(b"stranger %d" % i).digest(), bytes(64)) for i in range(count)]


def _rows() -> Iterator[Case]:
    bundle = release("signatures-sixteen-rows")
    bundle.extra_rows = _strangers(15)
    yield case(bundle, "Sixteen rows, one of them known.", "SIG-1 SIG-7")
    bundle = release("signatures-seventeen-rows")
    bundle.extra_rows = _strangers(16)
    yield case(bundle, "Seventeen rows.", "SIG-1", "SIGNATURE_TABLE")
    bundle = release("signatures-descending")
    bundle.extra_rows = _strangers(1)
    bundle.hook("rows", lambda rows: rows[::-1])
    yield case(bundle, "Two rows descend.", "SIG-2", "SIGNATURE_TABLE")
    bundle = release("signatures-descending-alg")
    bundle.extra_rows = [Row(2570, bytes(32), b"x")]
    bundle.hook("rows", lambda rows: rows[::-1])
    yield case(bundle, "A higher algorithm precedes a lower one.", "SIG-2", "SIGNATURE_TABLE")
    bundle = release("signatures-row-twice")
    bundle.hook("rows", lambda rows: rows * 2)
    yield case(bundle, "A row is there twice.", "SIG-2", "SIGNATURE_TABLE")
    bundle = release("signatures-kid-twice")
    bundle.hook("rows", lambda rows: [*rows, replace(rows[0], signature=bytes(64))])
    comment = "Two rows have one kid and different signatures."
    yield case(bundle, comment, "SIG-2", "SIGNATURE_TABLE")
    bundle = release("signatures-unknown-kid-twice")
    bundle.extra_rows = _strangers(1) * 2
    yield case(bundle, "A row of an unknown key is there twice.", "SIG-2", "SIGNATURE_TABLE")
    bundle = release("signatures-trailing-byte")
    bundle.hook("signatures", lambda s: s + b"\0")
    yield case(bundle, "A byte follows the last row.", "SIG-1", "SIGNATURE_TABLE")
    bundle = release("signatures-row-head-cut")
    bundle.hook("signatures", lambda s: s + bytes.fromhex("0a0a") + b"\xff" * 33)
    yield case(bundle, "A second row ends inside its length.", "SIG-1", "SIGNATURE_TABLE")
    bundle = release("signatures-row-cut")
    bundle.hook("signatures", lambda s: s + Row(2570, bytes(32), bytes(9)).encode()[:-1])
    yield case(bundle, "A second row lacks its last byte.", "SIG-1", "SIGNATURE_TABLE")


def _lengths() -> Iterator[Case]:
    for length in (0, 1, 63, 65, 128):
        bundle = release(f"signatures-ed25519-length-{length}")
        bundle.extra_rows = [Row(2570, bytes(32), b"grease")]
        bundle.hook(
            "rows",
            lambda rows, n=length: [
                replace(rows[0], signature=(rows[0].signature * 2)[:n]),
                rows[1],
            ],
        )
        comment = f"A row of algorithm 1 has a signature of {length} bytes."
        yield case(bundle, comment, "SIG-3", "SIGNATURE_TABLE")
    bundle = release("signatures-ed25519-unknown-length-63")
    bundle.extra_rows = [Row(1, bytes(32), bytes(63))]
    comment = "A row of algorithm 1 and an unknown kid has 63 bytes."
    yield case(bundle, comment, "SIG-3", "SIGNATURE_TABLE")
    for length, code in (
        (0, "SIGNATURE_TABLE"),
        (1, None),
        (8192, None),
        (8193, "SIGNATURE_TABLE"),
    ):
        bundle = release(f"signatures-unknown-alg-length-{length}")
        bundle.extra_rows = [Row(3, bytes(32), bytes(length))]
        comment = f"A row of another algorithm has a signature of {length} bytes."
        yield case(bundle, comment, "SIG-3", code)
    bundle = release("signatures-length-beyond-section")
    bundle.hook("signatures", lambda s: s + u16(2570) + bytes(32) + b"\x20\x00" + b"x")
    comment = "A row's length goes beyond the section."
    yield case(bundle, comment, "SIG-1", "SIGNATURE_TABLE")


def _unknown() -> Iterator[Case]:
    known = RELEASE_KEY.kid
    for name, row, comment in (
        ("kid", Row(1, bytes(32), b"\xff" * 64), "A row of an unknown kid is ignored."),
        (
            "alg-zero",
            Row(0, known, b"\1"),
            "The algorithm 0 is ignored, with the kid of a known key.",
        ),
        ("alg-next", Row(3, known, bytes(3373)), "The next algorithm is ignored."),
        ("alg-grease", Row(2570, known, b"grease"), "A GREASE algorithm is ignored."),
        ("alg-private", Row(65535, b"\xff" * 32, b"p"), "A private algorithm is ignored."),
        (
            "root-key",
            SigningKey("standard root 1").row(RELEASE, b"x"),
            "A root key's row is ignored.",
        ),
        ("pointer-key", POINTER_KEY.row(POINTER, b"x"), "A bad row of the pointer key is ignored."),
    ):
        bundle = release(f"signatures-ignored-{name}")
        bundle.extra_rows = [row]
        yield case(bundle, comment, "SIG-7 EXT-1")
    bundle = _resigned(
        "signatures-kid-is-the-key",
        lambda header: Row(
            1,
            RELEASE_KEY.public,
            RELEASE_KEY.sign(sig_structure(RELEASE, RELEASE_KEY.public, header)),
        ),
    )
    comment = "The kid on the wire is the public key instead of its thumbprint."
    yield case(bundle, comment, "SIG-4", "SIGNATURE_THRESHOLD")
    bundle = _resigned(
        "signatures-kid-short-hash",
        lambda header: Row(
            1,
            sha256(RELEASE_KEY.public).digest(),
            RELEASE_KEY.sign(sig_structure(RELEASE, sha256(RELEASE_KEY.public).digest(), header)),
        ),
    )
    comment = "The kid on the wire is the SHA-256 of the bare key."
    yield case(bundle, comment, "SIG-4", "SIGNATURE_THRESHOLD")
    bundle = _resigned(
        "signatures-stranger-under-known-kid",
        lambda header: Row(1, known, STRANGER.sign(sig_structure(RELEASE, known, header))),
    )
    comment = "A stranger signed under the kid of a known key."
    yield case(bundle, comment, "SIG-4 SIG-5", "SIGNATURE_INVALID")
    bundle = release("signatures-stranger-only")
    bundle.signers = [STRANGER]
    yield case(bundle, "Only a stranger signed.", "SIG-6", "SIGNATURE_THRESHOLD")


def _row_over(message: Callable[..., bytes], key: SigningKey = RELEASE_KEY) -> Callable[[bytes], Row]:
    return lambda header: Row(1, key.kid, key.sign(message(header)))


def _signed_bytes() -> Iterator[Case]:
    kid = RELEASE_KEY.kid
    other = STRANGER.kid
    wrong: dict[str, tuple[Callable[[bytes], bytes], str]] = {
        "label-pointer": (lambda h: sig_structure(POINTER, kid, h), "The label is the pointer's."),
        "label-trust": (
            lambda h: sig_structure(TRUST, kid, h),
            "The label is the trust document's.",
        ),
        "label-empty": (lambda h: sig_structure("", kid, h), "The label is empty."),
        "label-nul": (lambda h: sig_structure(RELEASE + "\0", kid, h), "The label ends in a NUL."),
        "alg-eddsa": (
            lambda h: sig_structure(RELEASE, kid, h, b"\x27"),
            "The protected algorithm is -8 (EdDSA) instead of -19.",
        ),
        "alg-positive": (
            lambda h: sig_structure(RELEASE, kid, h, b"\x01"),
            "The protected algorithm is 1.",
        ),
        "protected-kid": (
            lambda h: sig_structure(RELEASE, other, h),
            "The protected kid is another.",
        ),
        "protected-without-kid": (
            lambda h: cbor(["Signature1", b"\xa1\x01\x32", RELEASE.encode(), h]),
            "The protected header has no kid.",
        ),
        "protected-empty": (
            lambda h: cbor(["Signature1", b"", RELEASE.encode(), h]),
            "The protected header is empty.",
        ),
        "context-signature": (
            lambda h: cbor(["Signature", *_parts(kid, h)]),
            "The context string is that of a multiple signature.",
        ),
        "label-text": (
            lambda h: cbor(["Signature1", _parts(kid, h)[0], RELEASE, h]),
            "The label is a text instead of a byte string.",
        ),
        "payload-digest": (
            lambda h: sig_structure(RELEASE, kid, sha256(h).digest()),
            "The payload is the digest of the header.",
        ),
        "payload-empty": (lambda h: sig_structure(RELEASE, kid, b""), "The payload is empty."),
        "payload-extended": (
            lambda h: sig_structure(RELEASE, kid, h + b"\0"),
            "The payload has a byte more than the header.",
        ),
        "bare-header": (lambda h: h, "The header's bytes are signed without a Sig_structure."),
        "bare-digest": (lambda h: sha256(h).digest(), "The header's digest is signed bare."),
        "tagged": (
            lambda h: b"\xd2" + sig_structure(RELEASE, kid, h),
            "The Sig_structure has the tag 18.",
        ),
    }
    for name, (message, comment) in wrong.items():
        bundle = _resigned(f"signatures-signed-{name}", _row_over(message))
        yield case(bundle, comment, "SIG-5", "SIGNATURE_INVALID")
    for name, label in (("release", RELEASE), ("trust", TRUST)):
        row = _row_over(lambda h, text=label: sig_structure(text, POINTER_KEY.kid, h), POINTER_KEY)
        bundle = _resigned(f"signatures-pointer-signed-label-{name}", row, kind=2)
        comment = f"A pointer is signed with the label of kind {name}."
        yield case(bundle, comment, "SIG-5 SIG-8", "SIGNATURE_INVALID")
    for name, bit in (("r", 0), ("s", 32), ("last", 63)):
        bundle = release(f"signatures-flipped-{name}")
        bundle.hook("rows", lambda rows, at=bit: [_flipped(rows[0], at)])
        yield case(bundle, f"Bit 0 of signature byte {bit} is wrong.", "SIG-5", "SIGNATURE_INVALID")
    for name, value in (("zeros", bytes(64)), ("ones", b"\xff" * 64)):
        bundle = release(f"signatures-all-{name}")
        bundle.hook("rows", lambda rows, v=value: [replace(rows[0], signature=v)])
        yield case(bundle, f"The signature is all {name}.", "SIG-5", "SIGNATURE_INVALID")


def _parts(kid: bytes, header: bytes) -> list[bytes]:
    return [b"\xa2\x01\x32\x04\x58\x20" + kid, RELEASE.encode(), header]


def _flipped(row: Row, at: int) -> Row:
    data = bytearray(row.signature)
    data[at] ^= 1
    return replace(row, signature=bytes(data))


def _roles() -> Iterator[Case]:
    for name, kind, key, label, comment in (
        ("release-by-pointer-key", 1, POINTER_KEY, RELEASE, "The pointer key signed a release."),
        (
            "release-by-pointer-key-as-pointer",
            1,
            POINTER_KEY,
            POINTER,
            "The pointer key signed a release with the pointer's label.",
        ),
        ("pointer-by-release-key", 2, RELEASE_KEY, POINTER, "The release key signed a pointer."),
        ("release-by-root-key", 1, SigningKey("standard root 1"), RELEASE, "The root key signed."),
    ):
        bundle = release(f"signatures-{name}") if kind == 1 else pointer(f"signatures-{name}")
        bundle.signers, bundle.label = [key], label
        yield case(bundle, comment, "SIG-6 SIG-8", "SIGNATURE_THRESHOLD")
    bundle = release("signatures-release-asked-as-pointer")
    comment = "A correct release, and a pointer was asked for."
    yield case(bundle, comment, "SIG-8", "SIGNATURE_THRESHOLD", kind=2)
    bundle = pointer("signatures-pointer-asked-as-release")
    comment = "A correct pointer, and a release was asked for."
    yield case(bundle, comment, "SIG-8", "SIGNATURE_THRESHOLD", kind=1)
    both = SigningKey("one for all release")
    chain = Chain.start("one-for-all", release=role(1, both), pointer=role(1, both))
    bundle = release("signatures-one-key-two-roles-release", chain)
    yield case(bundle, "One key holds both roles and signed a release.", "SIG-8")
    bundle = release("signatures-one-key-two-roles-asked-as-pointer", chain)
    comment = "One key holds both roles; its release was asked for as a pointer."
    yield case(bundle, comment, "SIG-8 SIG-5", "SIGNATURE_INVALID", kind=2)
    chain = Chain.start("dropping").extended(release=role(1, SigningKey("dropping release 2")))
    bundle = release("signatures-dropped-key", chain)
    bundle.trust_epoch, bundle.signers = 1, [SigningKey("dropping release 1")]
    comment = "A release key that the newest document dropped signed."
    yield case(bundle, comment, "SIG-6", "SIGNATURE_THRESHOLD")


def _thresholds() -> Iterator[Case]:
    keys = [SigningKey(f"committee release {i}") for i in range(5)]
    pointers = [SigningKey(f"committee pointer {i}") for i in range(2)]
    chains = {
        (need, of): Chain.start(
            f"committee-{need}-of-{of}",
            release=role(need, *keys[:of]),
            pointer=role(1, *pointers),
        )
        for need, of in ((1, 2), (2, 3), (3, 5), (5, 5))
    }
    rows = (
        ("1-of-2-first", (1, 2), [0], None),
        ("1-of-2-second", (1, 2), [1], None),
        ("1-of-2-both", (1, 2), [0, 1], None),
        ("2-of-3-one", (2, 3), [1], "SIGNATURE_THRESHOLD"),
        ("2-of-3-two", (2, 3), [0, 2], None),
        ("2-of-3-all", (2, 3), [0, 1, 2], None),
        ("3-of-5-two", (3, 5), [0, 4], "SIGNATURE_THRESHOLD"),
        ("3-of-5-three", (3, 5), [0, 2, 4], None),
        ("5-of-5-four", (5, 5), [0, 1, 2, 3], "SIGNATURE_THRESHOLD"),
        ("5-of-5-all", (5, 5), [0, 1, 2, 3, 4], None),
    )
    for name, size, signers, code in rows:
        bundle = release(f"signatures-threshold-{name}", chains[size])
        bundle.signers = [keys[i] for i in signers]
        comment = f"{len(signers)} of {size[1]} keys signed; the threshold is {size[0]}."
        yield case(bundle, comment, "SIG-6", code)
    for name, size, met, bad in (
        ("1-of-2-other-bad", (1, 2), [0], 1),
        ("2-of-3-third-bad", (2, 3), [0, 1], 2),
    ):
        bundle = release(f"signatures-threshold-{name}", chains[size])
        bundle.signers = [keys[i] for i in met]
        bundle.extra_rows = [Row(1, keys[bad].kid, bytes(64))]
        comment = "The threshold is met, and one more known key has a bad signature."
        yield case(bundle, comment, "SIG-5", "SIGNATURE_INVALID")
    bundle = release("signatures-threshold-2-of-3-strangers", chains[2, 3])
    bundle.signers = [keys[0], STRANGER, SigningKey("stranger 2")]
    comment = "One known key and two strangers signed; two known ones are needed."
    yield case(bundle, comment, "SIG-6 SIG-7", "SIGNATURE_THRESHOLD")
    bundle = release("signatures-threshold-2-of-3-pointer-keys", chains[2, 3])
    bundle.signers = [keys[0], *pointers]
    comment = "One release key and two pointer keys signed; two release keys are needed."
    yield case(bundle, comment, "SIG-6 SIG-8", "SIGNATURE_THRESHOLD")
    bundle = release("signatures-threshold-2-of-3-other-algs", chains[2, 3])
    bundle.signers = [keys[0]]
    good = keys[0].kid
    bundle.extra_rows = [Row(alg, good, b"x" * 64) for alg in (0, 3, 2570)]
    comment = "One key signed under four algorithms; two keys are needed."
    yield case(bundle, comment, "SIG-6 SIG-7", "SIGNATURE_THRESHOLD")
    bundle = release("signatures-threshold-2-of-3-row-twice", chains[2, 3])
    bundle.signers = [keys[0]]
    bundle.hook("rows", lambda found: found * 2)
    comment = "One key's row is there twice; two keys are needed."
    yield case(bundle, comment, "SIG-2", "SIGNATURE_TABLE")
    future = PublicKey(2570, b"a key of an algorithm to come")
    chain = Chain.start("committee-future", release=role(1, keys[0], future))
    bundle = release("signatures-threshold-with-unknown-alg-key", chain)
    yield case(bundle, "A key of unknown algorithm beside a sufficient one.", "TRU-14 SIG-6")
    bundle = release("signatures-threshold-pointer-label", chains[1, 2])
    bundle.signers, bundle.label = [keys[0]], LABELS[2]
    yield case(bundle, "A release key signed with the pointer's label.", "SIG-8", "SIGNATURE_INVALID")
    if built(bundle).at["rows"][0].kid != keys[0].kid:
        raise ValueError("the row is not the key's")
