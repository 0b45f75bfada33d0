"""Records that do not open, and contents that are not what the listing says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from builder.bundle import Bundle, File, Record, context
from builder.cases import Case, built, case, flip
from builder.changes import tree
from builder.cobblestone import derive, encrypt, nonce
from builder.encode import u32
from builder.frames import raw_frame
from builder.scenes import wide
from builder.stream import expand

CHUNK = 16400
START = 56


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _contexts()
    yield from _places()
    yield from _damage()
    yield from _chunks()
    yield from _contents()


def message(bundle: Bundle, place: int, plain: bytes, **other: Any) -> bytes:
    """The message of a record, with parts of its context or its CEK replaced."""
    binding = context(
        other.get("label", "bundlefmt/1 record"),
        other.get("kind", 1),
        other.get("publisher_id", bundle.chain.publisher_id),
        other.get("bundle_id", bundle.bundle_id),
    )
    binding += other.get("suffix", u32(place))
    salt = expand(bundle.name, f"salt record {place}", 24)
    return encrypt(other.get("cek", bundle.cek), binding, salt, plain)


def _second(bundle: Bundle, make: Callable[..., bytes]) -> Bundle:
    """Three stored records, of which the second has another message."""
    bundle.records = [
        Record([0]),
        Record([1], message=make(bundle, bundle.files[1].data)),
        Record([2]),
    ]
    return bundle


def _contexts() -> Iterator[Case]:
    other = expand("body", "other", 32)
    for name, values, comment in (
        ("index-next", {"suffix": u32(2)}, "the index of the next record"),
        ("index-previous", {"suffix": u32(0)}, "the index of the record before"),
        ("index-little-endian", {"suffix": b"\1\0\0\0"}, "a little-endian index"),
        ("index-u64", {"suffix": bytes(7) + b"\1"}, "an index of eight bytes"),
        ("index-missing", {"suffix": b""}, "no index"),
        ("label-manifest", {"label": "bundlefmt/1 manifest"}, "the label of a manifest"),
        ("kind", {"kind": 2}, "kind 2"),
        ("bundle-id", {"bundle_id": other[:16]}, "another bundle_id"),
        ("publisher", {"publisher_id": other}, "another publisher_id"),
    ):
        bundle = wide(f"body-context-{name}")
        _second(bundle, lambda b, plain, values=values: message(b, 1, plain, **values))
        comment = f"The second record is encrypted under a context with {comment}."
        yield case(bundle, comment, "ENC-3 RDG-5", "RECORD_DECRYPT", stop=1)
    bundle = _second(wide("body-other-cek"), lambda b, plain: message(b, 1, plain, cek=other))
    comment = "The second record is encrypted under another CEK."
    yield case(bundle, comment, "ENC-3 RDG-5", "RECORD_DECRYPT", stop=1)


def _equal(name: str) -> Bundle:
    """Three records of one length."""
    return tree(name, *(File(letter, expand("body", letter, 5000)) for letter in "abc"))


def _places() -> Iterator[Case]:
    for name, order, stop, comment in (
        (
            "swapped",
            (1, 0, 2),
            0,
            "The first two records were swapped before the leaves were made.",
        ),
        ("rotated", (0, 2, 1), 1, "The last two records were swapped before the leaves were made."),
        ("twice", (0, 0, 2), 1, "The first record stands in the place of the second, too."),
    ):
        bundle = _equal(f"body-records-{name}")
        bundle.hook("messages", lambda m, order=order: [m[i] for i in order])
        yield case(bundle, comment, "ENC-3 RDG-5", "RECORD_DECRYPT", stop=stop)
    donor = built(_equal("body-records-donor")).at["messages"]
    bundle = _equal("body-records-other-bundle")
    bundle.hook("messages", lambda m: [m[0], donor[1], m[2]])
    comment = "The second record is the same record of another bundle."
    yield case(bundle, comment, "ENC-3", "RECORD_DECRYPT", stop=1)


def _damage() -> Iterator[Case]:
    for name, offset, comment in (
        ("salt", 0, "The salt of the second record was changed before the leaves were made."),
        ("commitment", 24, "The commitment of the second record was changed."),
        ("commitment-last-byte", 55, "The last byte of its commitment was changed."),
        ("ciphertext", 56, "The first byte of its first chunk was changed."),
        ("tag-first-chunk", START + CHUNK - 1, "The tag of its first chunk was changed."),
        ("ciphertext-last-chunk", START + CHUNK, "The first byte of its last chunk was changed."),
        ("tag", -1, "The tag of its last chunk was changed."),
    ):
        bundle = wide(f"body-record-{name}")
        _second(bundle, lambda b, p, at=offset: _flipped(message(b, 1, p), at))
        yield case(bundle, comment, "ENC-3 BDY-4 RDG-5", "RECORD_DECRYPT", stop=1)
    bundle = tree("body-record-compressed-tag", File("a", b"a" * 99), File("b", b"b" * 99))
    coded = raw_frame(bundle.files[1].data)
    damaged = _flipped(message(bundle, 1, coded), -1)
    bundle.records = [Record([0]), Record([1], coding=1, coded=coded, message=damaged)]
    comment = "The tag of a compressed record was changed; it must not be decompressed."
    yield case(bundle, comment, "ENC-3 BDY-4", "RECORD_DECRYPT", stop=1)


def _flipped(data: bytes, offset: int) -> bytes:
    return flip(data, offset % len(data))


def _chunked(bundle: Bundle, plain: bytes, counters: list[int], pieces: list[bytes]) -> bytes:
    """A message of any plaintext pieces under any counters; the commitment is right."""
    binding = context("bundlefmt/1 record", 1, bundle.chain.publisher_id, bundle.bundle_id)
    whole = message(bundle, 1, plain)
    derived = derive(bundle.cek, binding + u32(1), whole[:24])
    aead = AESGCM(derived.key)
    pairs = zip(counters, pieces, strict=True)
    chunks = [aead.encrypt(nonce(derived.base_nonce, k), piece, None) for k, piece in pairs]
    return whole[:START] + b"".join(chunks)


def _three_chunks(name: str) -> Bundle:
    """Rows of three contents; the second has two full chunks and a short one."""
    sizes = (100, 40_000, 100)
    names = zip("abc", sizes, strict=True)
    return tree(name, *(File(letter, expand("body", letter, n)) for letter, n in names))


def _chunks() -> Iterator[Case]:
    yield case(_three_chunks("body-chunks-fine"), "The second record has three chunks.", "ENC-3")
    first, second = START, START + CHUNK
    for name, change, comment in (
        (
            "swapped",
            lambda m: m[:first] + m[second:][:CHUNK] + m[first:second] + m[second + CHUNK :],
            "Two chunks were swapped.",
        ),
        (
            "twice",
            lambda m: m[:second] + m[first:second] + m[second + CHUNK :],
            "The first chunk stands in the place of the second, too.",
        ),
        (
            "zeros",
            lambda m: m[:second] + bytes(CHUNK) + m[second + CHUNK :],
            "The second chunk is zeros.",
        ),
    ):
        bundle = _three_chunks(f"body-chunks-{name}")
        _second(bundle, lambda b, plain, change=change: change(message(b, 1, plain)))
        yield case(bundle, comment, "ENC-3 RDG-5", "RECORD_DECRYPT", stop=1)
    for name, counters, comment in (
        ("counter-from-1", [1, 2, 3], "The chunks are counted from 1."),
        ("counter-same", [0, 0, 0], "Every chunk has the counter 0."),
        ("counter-last-marked", [0, 1, 2 | 1 << 88], "The last chunk is marked in its nonce."),
    ):
        bundle = _three_chunks(f"body-chunks-{name}")

        def remade(b: Bundle, plain: bytes, counters: list[int] = counters) -> bytes:
            return _chunked(b, plain, counters, [plain[:16384], plain[16384:32768], plain[32768:]])

        yield case(_second(bundle, remade), comment, "ENC-3", "RECORD_DECRYPT", stop=1)
    for name, change, comment in (
        ("empty-tag", lambda m: _flipped(m, -1), "The tag of the empty last chunk was changed."),
        ("empty-missing", lambda m: m[:-16] + bytes(16), "Zeros stand for the empty last chunk."),
    ):
        files = [File("a", b"a"), File("b", expand("body", "b", 16384)), File("c", b"c")]
        bundle = tree(f"body-chunks-{name}", *files)
        _second(bundle, lambda b, plain, change=change: change(message(b, 1, plain)))
        yield case(bundle, comment, "ENC-3", "RECORD_DECRYPT", stop=1)


def _changed(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _contents() -> Iterator[Case]:
    bundle = wide("body-content-stored")
    bundle.records = [Record([0]), Record([1], plain=_changed(bundle.files[1].data)), Record([2])]
    comment = "A stored content has another digest; the record before was released."
    yield case(bundle, comment, "BDY-5 RDG-5", "CONTENT_DIGEST", stop=1)
    bundle = wide("body-content-compressed")
    false = _changed(bundle.files[1].data)
    bundle.records = [Record([0]), Record([1], coding=1, plain=false), Record([2])]
    comment = "A compressed content has another digest."
    yield case(bundle, comment, "BDY-5 RDG-5", "CONTENT_DIGEST", stop=1)
    bundle = wide("body-contents-swapped")
    bundle.files = [File(letter, expand("body", letter, 500)) for letter in "abc"]
    a, b, _ = (file.data for file in bundle.files)
    bundle.records = [Record([0], plain=b), Record([1], plain=a), Record([2])]
    comment = "Two contents of equal length are swapped."
    yield case(bundle, comment, "BDY-5 RDG-5", "CONTENT_DIGEST", stop=0)
    for name, wrong, comment in (
        ("second-half", 2, "The second half of a content is wrong; the first was released."),
        (
            "first-half",
            1,
            "The first half of a content is wrong, was released and must be discarded.",
        ),
    ):
        bundle = wide(f"body-content-{name}")
        data = bundle.files[1].data
        halves = {1: data[:9000], 2: data[9000:]}
        halves[wrong] = _changed(halves[wrong])
        bundle.records = [
            Record([0]),
            Record([[1, 0, 9000]], plain=halves[1]),
            Record([[1, 9000, 11_000]], plain=halves[2]),
            Record([2]),
        ]
        yield case(bundle, comment, "BDY-5 RDG-5", "CONTENT_DIGEST", stop=2)
    for name, place, comment in (
        ("first", 0, "Of three contents in a record the first is wrong."),
        ("last", 2, "Of three contents in a record the last is wrong."),
    ):
        files = [File(letter, expand("body", letter, 500)) for letter in "abc"]
        bundle = tree(f"body-content-shared-{name}", *files, File("0", b"before"))
        parts = [file.data for file in files]
        parts[place] = _changed(parts[place])
        bundle.records = [Record([0]), Record([1, 2, 3], coding=1, plain=b"".join(parts))]
        comment += " Nothing of the record is released."
        yield case(bundle, comment, "BDY-5 RDG-5", "CONTENT_DIGEST", stop=1)
    bundle = tree("body-content-tail-shared", File("a", expand("body", "a", 600)), File("b", b"b"))
    data = bundle.files[0].data
    bundle.records = [
        Record([[0, 0, 300]]),
        Record([[0, 300, 300], 1], plain=_changed(data[300:]) + b"b"),
    ]
    comment = "A wrong content ends in a record in which another, right one follows."
    yield case(bundle, comment, "BDY-5 RDG-5", "CONTENT_DIGEST", stop=1)
    for name, cuts, comment in (
        ("one-record", (0, 5999, 6000), "One record yields a wrong content in two pieces."),
        ("last-record", (2000, 5999, 6000), "The last record of a wrong content yields two pieces of it."),
    ):
        files = [File("a", b"a"), File("b", expand("body", "b", 6000))]
        bundle = tree(f"body-content-pieces-{name}", *files)
        false = _changed(files[1].data)
        before = [Record([0])] + [Record([[1, 0, at]]) for at in cuts[:1] if at]
        pieces = [[1, start, end - start] for start, end in pairwise(cuts)]
        bundle.records = [*before, Record(pieces, plain=false[cuts[0] :])]
        comment += " Nothing of that record is released."
        yield case(bundle, comment, "BDY-5 RDG-5", "CONTENT_DIGEST", stop=len(before))
    bundle = tree("body-digest-of-other", File("a", b"a" * 50), File("b", b"b" * 50))
    bundle.hook("listing_item", lambda rows: [[*rows[0][:3], bytes(32)], rows[1]])
    comment = "The listing has a digest of zeros for a content."
    yield case(bundle, comment, "BDY-5", "CONTENT_DIGEST", stop=0)
