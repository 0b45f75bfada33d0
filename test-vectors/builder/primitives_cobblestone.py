"""Vectors for the key schedule and for messages of 16 KiB chunks (section 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

from .primitives_form import (
    Case,
    Family,
    VectorError,
    accept,
    by_pattern,
    pattern,
    refuse,
    require,
    test_only,
)
from .primitives_message import CHUNK, TAG, clen, context, decrypt, derive, encrypt

COMMENT = """
Cobblestone-256 messages. All inputs have cek, unit ('manifest' or 'record'), suite, kind,
publisher_id, bundle_id and, for a record, index. of = 'message': salt and plaintext by pattern
give context, key, base_nonce, commitment, message_len, message_sha256, and the message itself up
to 256 bytes. of = 'open': a message to decrypt; it is put together from material, a table of byte
strings of this file: each of its parts is the bytes from start to end of the material named, and
at each offset of flip the byte is XORed with 01 afterwards. An accepted one has plaintext_len and
plaintext_sha256. of = 'length': is message_len the length of any message, and of which plaintext?
"""
CEK, PUBLISHER = test_only("message cek"), test_only("message publisher")
BUNDLE = test_only("message bundle", 16)
PLACE: dict[str, Any] = {
    "cek": CEK.hex(),
    "unit": "record",
    "suite": 1,
    "kind": 1,
    "publisher_id": PUBLISHER.hex(),
    "bundle_id": BUNDLE.hex(),
    "index": 0,
}
CODES = {"record": "RECORD_DECRYPT", "manifest": "MANIFEST_DECRYPT"}


def _library(place: dict[str, Any], message: bytes) -> bytes | None:
    """The second opinion: the library's own decryptor."""
    decryptor = Cobblestone256Decryptor(bytes.fromhex(place["cek"]), context(place))
    try:
        return bytes(decryptor.update(message)) + bytes(decryptor.finalize())
    except InvalidTag:
        return None


def _messages() -> Iterator[Case]:
    for length in (
        0,
        1,
        16,
        127,
        16383,
        16384,
        16385,
        32767,
        32768,
        32769,
        255 * CHUNK,
        256 * CHUNK - 1,
        256 * CHUNK,
        256 * CHUNK + 1,
    ):
        count = length // CHUNK + 1
        yield _message(
            f"record-{length}",
            f"{count} chunks" if count > 1 else "one chunk",
            length,
            PLACE,
            f"message {length}",
        )
    for name, comment, changed in (
        ("manifest", "the context of a manifest has no index", {"unit": "manifest"}),
        ("manifest-pointer", "a pointer", {"unit": "manifest", "kind": 2}),
        ("record-1", "index 1", {"index": 1}),
        ("record-256", "an index of two bytes", {"index": 256}),
        ("record-524287", "the highest index of a record", {"index": 524287}),
        ("record-2-to-32-minus-1", "the highest index that can be written", {"index": 2**32 - 1}),
        ("suite-61440", "a private suite", {"suite": 61440}),
        ("other-bundle", "another bundle", {"bundle_id": "00" * 16}),
        ("other-cek", "another CEK", {"cek": "00" * 32}),
    ):
        yield _message(f"place-{name}", comment, 40, PLACE | changed, "one salt for all places")
    yield _message("salt-zero", "a salt of zeros", 40, PLACE, "", bytes(24))
    yield _message("salt-ones", "a salt of ones", 40, PLACE, "", b"\xff" * 24)


def _message(
    name: str,
    comment: str,
    length: int,
    place: dict[str, Any],
    purpose: str,
    salt: bytes | None = None,
) -> Case:
    salt = salt or test_only(purpose, 24)
    plaintext, bound = pattern(length), context(place)
    message = encrypt(place, salt, plaintext)
    require(len(message) == clen(length), f"{name}: another length")
    require(_library(place, message) == plaintext, f"{name}: the library does not open it")
    key, base, commitment = derive(bytes.fromhex(place["cek"]), salt, bound)
    if place["unit"] == "manifest":
        place = {key_: value for key_, value in place.items() if key_ != "index"}
    output: dict[str, Any] = {
        "context": bound.hex(),
        "key": key.hex(),
        "base_nonce": base.hex(),
        "commitment": commitment.hex(),
        "message_len": len(message),
        "message_sha256": hashlib.sha256(message).hexdigest(),
    }
    if len(message) <= 256:
        output["message"] = message.hex()
    inputs = {"of": "message", **place, "salt": salt.hex(), "plaintext": by_pattern(length)}
    return accept(f"message-{name}", comment, "ENC-1 ENC-3", inputs, output)


class Opening:
    """Makes cases of messages put together from parts of the material."""

    def __init__(self) -> None:
        three = encrypt(PLACE, test_only("three chunks", 24), pattern(2 * CHUNK + 100))
        manifest = PLACE | {"unit": "manifest"}
        self.material = {
            "three": three,
            "exact": encrypt(PLACE, test_only("exact chunk", 24), pattern(CHUNK)),
            "short": encrypt(PLACE, test_only("short", 24), pattern(100)),
            "empty": encrypt(PLACE, test_only("empty", 24), b""),
            "other": encrypt(PLACE | {"index": 1}, test_only("other", 24), pattern(100)),
            "manifest": encrypt(manifest, test_only("manifest", 24), pattern(100)),
            "zeros": bytes(64),
        }

    def whole(self, name: str) -> tuple[str, int, int]:
        """All of one material."""
        return name, 0, len(self.material[name])

    def case(
        self,
        name: str,
        comment: str,
        rules: str,
        parts: list[tuple[str, int, int]],
        flip: tuple[int, ...] = (),
        *,
        good: bool = False,
        **place: Any,
    ) -> Case:
        """One message and its verdict."""
        where = PLACE | place
        message = bytearray(b"".join(self.material[m][start:end] for m, start, end in parts))
        for offset in flip:
            message[offset] ^= 1
        plaintext = decrypt(where, bytes(message))
        require(plaintext == _library(where, bytes(message)), f"{name}: the library differs")
        if where["unit"] == "manifest":
            where.pop("index")
        listed = [{"material": m, "start": start, "end": end} for m, start, end in parts]
        inputs = {"of": "open", **where, "parts": listed}
        if flip:
            inputs["flip"] = list(flip)
        if good:
            if plaintext is None:
                raise VectorError(f"{name}: does not open")
            digest = hashlib.sha256(plaintext).hexdigest()
            output = {"plaintext_len": len(plaintext), "plaintext_sha256": digest}
            return accept(f"open-{name}", comment, rules, inputs, output)
        require(plaintext is None, f"{name}: opens")
        return refuse(f"open-{name}", comment, rules, inputs, CODES[where["unit"]])


def _openings(opening: Opening) -> Iterator[Case]:
    case, whole = opening.case, opening.whole
    for name, comment in (
        ("three", "three chunks, the last one short"),
        ("exact", "a full chunk and an empty one"),
        ("short", "one short chunk"),
        ("empty", "an empty plaintext: one tag"),
    ):
        yield case(name, comment, "ENC-3", [whole(name)], good=True)
    yield case(
        "manifest",
        "the message of a manifest",
        "ENC-2",
        [whole("manifest")],
        good=True,
        unit="manifest",
    )
    end = clen(2 * CHUNK + 100)
    second, third = 56 + CHUNK + TAG, 56 + 2 * (CHUNK + TAG)
    head, one, two, last = (
        ("three", 0, 56),
        ("three", 56, second),
        ("three", second, third),
        ("three", third, end),
    )
    for name, comment, parts in (
        (
            "cut-at-chunk",
            "cut between two chunks: every chunk that is left authenticates",
            [head, one, two],
        ),
        ("cut-at-first-chunk", "cut after the first chunk", [head, one]),
        ("cut-to-head", "no chunk at all", [head]),
        ("cut-in-last-tag", "one byte is missing", [("three", 0, end - 1)]),
        ("cut-in-chunk", "cut inside the second chunk", [("three", 0, second + 5000)]),
        ("cut-in-chunk-tag", "less than a tag of the last chunk", [("three", 0, third + 15)]),
        (
            "cut-to-tag-length",
            "as long as a tag is left of the last chunk",
            [("three", 0, third + 16)],
        ),
        ("cut-in-head", "less than a head", [("three", 0, 55)]),
        ("nothing", "no byte at all", []),
        ("chunks-swapped", "the first two chunks change places", [head, two, one, last]),
        ("chunk-missing", "the first chunk is missing", [head, two, last]),
        ("chunk-missing-middle", "the second chunk is missing", [head, one, last]),
        ("chunk-twice", "the first chunk stands twice", [head, one, one, two, last]),
        ("last-chunk-first", "the short chunk comes first", [head, last, one, two]),
        ("last-chunk-twice", "the short chunk stands twice", [head, one, two, last, last]),
        (
            "exact-without-empty-chunk",
            "a full chunk without the empty one after it",
            [("exact", 0, second)],
        ),
        (
            "empty-chunk-only",
            "only the empty last chunk",
            [("exact", 0, 56), ("exact", second, second + 16)],
        ),
        ("byte-after", "one byte after the end", [whole("three"), ("zeros", 0, 1)]),
        (
            "tag-of-zeros-after",
            "a chunk of zeros after the end",
            [whole("short"), ("zeros", 0, 16)],
        ),
        (
            "empty-chunk-of-other",
            "the empty chunk of another message after a full one",
            [("exact", 0, second), ("empty", 56, 72)],
        ),
        (
            "chunks-of-other",
            "the head of one message, the chunks of another",
            [("short", 0, 56), ("other", 56, clen(100))],
        ),
        (
            "salt-of-other",
            "the salt of another message",
            [("other", 0, 24), ("short", 24, clen(100))],
        ),
        (
            "commitment-of-other",
            "the commitment of another message",
            [("short", 0, 24), ("other", 24, 56), ("short", 56, clen(100))],
        ),
        (
            "commitment-zero",
            "a commitment of zeros",
            [("short", 0, 24), ("zeros", 0, 32), ("short", 56, clen(100))],
        ),
        ("all-zero", "64 zeros", [whole("zeros")]),
    ):
        yield case(name, comment, "ENC-3", parts)
    for name, offset in (
        ("salt", 0),
        ("salt-last", 23),
        ("commitment", 24),
        ("commitment-last", 55),
        ("chunk", 56),
        ("first-tag", 56 + CHUNK),
        ("second-chunk", second),
        ("last-chunk", third),
        ("last-tag", end - 1),
    ):
        yield case(f"flipped-{name}", "one bit is flipped", "ENC-3", [whole("three")], (offset,))
    for name, comment, place in (
        ("index", "another index: the record has moved", {"index": 1}),
        ("index-high", "an index 2^24 higher", {"index": 2**24}),
        ("kind", "another kind", {"kind": 2}),
        ("suite", "another suite", {"suite": 2}),
        ("publisher", "another publisher", {"publisher_id": BUNDLE.hex() * 2}),
        ("bundle", "another bundle", {"bundle_id": PUBLISHER[:16].hex()}),
        ("cek", "another CEK", {"cek": PUBLISHER.hex()}),
    ):
        yield case(f"other-{name}", comment, "ENC-3", [whole("short")], **place)
    yield case(
        "record-as-manifest",
        "a record where the manifest stands",
        "ENC-2",
        [whole("short")],
        unit="manifest",
    )
    yield case("manifest-as-record", "a manifest where a record stands", "ENC-3", [whole("manifest")])
    for name, comment, parts, flip in (
        ("cut", "one byte is missing", [("manifest", 0, clen(100) - 1)], ()),
        ("byte-after", "one byte after the end", [whole("manifest"), ("zeros", 0, 1)], ()),
        ("flipped-commitment", "one bit of the commitment is flipped", [whole("manifest")], (40,)),
        ("flipped-tag", "one bit of the tag is flipped", [whole("manifest")], (clen(100) - 1,)),
    ):
        yield case(f"manifest-{name}", comment, "ENC-2", parts, flip, unit="manifest")
    yield case("manifest-other-kind", "another kind", "ENC-2", [whole("manifest")], unit="manifest", kind=2)


def _lengths() -> Iterator[Case]:
    step = CHUNK + TAG
    lengths = {
        0,
        1,
        55,
        56,
        71,
        72,
        73,
        56 + CHUNK,
        56 + step - 1,
        56 + step,
        56 + step + 1,
        56 + step + 15,
        56 + step + 16,
        56 + step + 17,
        56 + 2 * step,
        56 + 2 * step + 16,
        67_108_864,
        56 + 512 * step + 15,
        56 + 512 * step + 16,
    }
    for length in sorted(lengths):
        chunks = max(-(-(length - 56) // step), 1)
        plain = length - 56 - TAG * chunks
        inputs = {"of": "length", "message_len": length}
        if plain >= 0 and clen(plain) == length:
            yield accept(
                f"length-{length}",
                "a length that some plaintext has",
                "ENC-2",
                inputs,
                {"plaintext_len": plain},
            )
        else:
            yield refuse(
                f"length-{length}",
                "a length that no plaintext has",
                "ENC-2",
                inputs,
                "MANIFEST_DECRYPT",
            )


def build() -> Family:
    """The family cobblestone."""
    opening = Opening()
    cases = [*_messages(), *_openings(opening), *_lengths()]
    material = {name: data.hex() for name, data in opening.material.items()}
    return Family("cobblestone", COMMENT, cases, material)
