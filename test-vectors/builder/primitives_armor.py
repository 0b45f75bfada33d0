"""Vectors for the armor of trust chains, identities and recipients, ARM-1."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

from . import primitives_hpke as hpke
from .primitives_form import Case, VectorError, accept, pattern, refuse, require, test_only

IDENTITY, RECIPIENT, TRUST = "BUNDLEFMT IDENTITY", "BUNDLEFMT RECIPIENT", "BUNDLEFMT TRUST"
KEY_LENGTHS = {IDENTITY: {1: 32, 2: 32}, RECIPIENT: {1: 32, 2: 1216}}


def check(label: str, type_: int, key: bytes) -> bytes:
    """Four bytes that tell a damaged key from a key."""
    text = label.encode() + b"\x00" + type_.to_bytes(2, "big") + key
    return hashlib.sha256(text).digest()[:4]


def content(label: str, type_: int, key: bytes) -> bytes:
    """What stands inside the armor of a key."""
    return type_.to_bytes(2, "big") + key + check(label, type_, key)


def armor(label: str, data: bytes, width: int = 64) -> str:
    """A block in the strict form of RFC 7468, or with lines of another width."""
    text = base64.b64encode(data).decode()
    lines = [text[i : i + width] for i in range(0, len(text), width)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


class _Damaged(Exception):
    pass


def blocks(label: str, text: str) -> list[bytes]:
    """The contents of all blocks of a file, or `_Damaged`."""
    found: list[bytes] = []
    lines: list[str] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith(("-----BEGIN", "-----END")):
            if line == f"-----BEGIN {label}-----" and lines is None:
                lines = []
            elif line == f"-----END {label}-----" and lines:
                found.append(_body(lines))
                lines = None
            else:
                raise _Damaged
        elif lines is not None:
            lines.append(line)
    if lines is not None or not found:
        raise _Damaged
    return found


def _body(lines: list[str]) -> bytes:
    full = all(len(line) == 64 for line in lines[:-1]) and 1 <= len(lines[-1]) <= 64
    text = "".join(lines)
    if not full or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text, re.ASCII) or len(text) % 4:
        raise _Damaged
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise _Damaged
    return data


def parse(label: str, text: str) -> list[dict[str, Any]]:
    """The blocks of a file with their checks compared."""
    result: list[dict[str, Any]] = []
    for data in blocks(label, text):
        if label == TRUST:
            result.append({"content": data.hex()})
            continue
        type_, key = int.from_bytes(data[:2], "big"), data[2:-4]
        wrong_check = data != content(label, type_, key)
        if wrong_check or len(key) != KEY_LENGTHS[label].get(type_, len(key)):
            raise _Damaged
        result.append({"type": type_, "key": key.hex()})
    return result


def _good(name: str, comment: str, label: str, text: str) -> Case:
    inputs = {"of": "armor", "label": label, "text": text}
    return accept(f"armor-{name}", comment, "ARM-1", inputs, {"blocks": parse(label, text)})


def _bad(name: str, comment: str, label: str, text: str) -> Case:
    try:
        parse(label, text)
    except _Damaged:
        inputs = {"of": "armor", "label": label, "text": text}
        code = "TRUST_FILE" if label == TRUST else "KEY_FILE"
        return refuse(f"armor-{name}", comment, "ARM-1", inputs, code)
    raise VectorError(f"{name}: the file is sound")


def _keys() -> dict[str, tuple[str, int, bytes]]:
    keys = {}
    for type_ in (1, 2):
        key = hpke.RecipientKey(type_, test_only(f"armored identity of type {type_}"))
        keys[f"identity-{type_}"] = (IDENTITY, type_, key.secret)
        keys[f"recipient-{type_}"] = (RECIPIENT, type_, key.public)
    return keys


def _valid() -> Iterator[Case]:
    keys = _keys()
    for name, (label, type_, key) in keys.items():
        yield _good(name, "one block", label, armor(label, content(label, type_, key)))
    for length in (1, 2, 3, 47, 48, 49, 96, 300):
        yield _good(
            f"trust-{length}-bytes",
            "the armor alone; what is inside is judged elsewhere",
            TRUST,
            armor(TRUST, pattern(length)),
        )
    first, second = (armor(IDENTITY, content(*keys[name])) for name in ("identity-1", "identity-2"))
    yield _good("two-identities", "two blocks, one after the other", IDENTITY, first + second)
    comments = f"# of the test machine\n\n{first}\n# the newer one: ---\n{second}# end\n"
    yield _good("comments", "lines outside the armor are comments", IDENTITY, comments)
    yield _good(
        "carriage-returns",
        "RFC 7468 lets lines end in CR LF",
        IDENTITY,
        first.replace("\n", "\r\n"),
    )
    one = armor(RECIPIENT, content(*keys["recipient-1"]))
    two = armor(RECIPIENT, content(*keys["recipient-2"]))
    yield _good("two-recipients", "two blocks with a comment between", RECIPIENT, one + "second\n" + two)


def _wrong_lines() -> Iterator[Case]:
    data = content(*_keys()["recipient-2"])
    text = armor(RECIPIENT, data)
    lines = text.split("\n")
    begin, end = lines[0], lines[-2]
    body = lines[1:-2]

    def built(*inner: str) -> str:
        return "\n".join([begin, *inner, end, ""])

    identity = armor(IDENTITY, content(*_keys()["identity-1"]))
    short = identity.split("\n")[1]
    require(len(body) > 2 and short.endswith("="), "the texts to damage have another shape")
    for name, comment, damaged in (
        ("lines-of-76", "the lines of MIME", armor(RECIPIENT, data, 76)),
        ("lines-of-63", "one character short", armor(RECIPIENT, data, 63)),
        ("lines-of-60", "a multiple of four, and not 64", armor(RECIPIENT, data, 60)),
        ("one-line", "all in one line", armor(RECIPIENT, data, 10_000)),
        (
            "first-line-short",
            "the first line is shorter",
            built(body[0][:32], body[0][32:], *body[1:]),
        ),
        ("empty-line-inside", "an empty line inside", built(body[0], "", *body[1:])),
        ("empty-line-first", "an empty line after the first", built("", *body)),
        ("empty-line-last", "an empty line before the last", built(*body, "")),
        ("header-inside", "a header as in old PEM", built("Proc-Type: 4,ENCRYPTED", "", *body)),
        ("comment-inside", "a comment inside", built(body[0], "# a comment", *body[1:])),
        ("space-last", "a space at the end of a line", built(body[0] + " ", *body[1:])),
        ("space-first", "a space at the beginning of a line", built(" " + body[0], *body[1:])),
        ("tab-inside", "a tab in a line", built(body[0][:31] + "\t" + body[0][32:], *body[1:])),
        ("lines-swapped", "two lines in the wrong order", built(body[1], body[0], *body[2:])),
        ("line-missing", "a line is missing", built(body[0], *body[2:])),
        ("line-twice", "a line stands twice", built(body[0], *body)),
        ("cut", "the file ends inside the block", "\n".join([begin, *body, ""])),
        ("cut-first", "the block begins nowhere", "\n".join([*body, end, ""])),
        ("nothing-inside", "an empty block", built()),
        ("begin-twice", "a block begins inside a block", built(begin, *body)),
        ("end-twice", "a block ends twice", text + end + "\n"),
        ("empty-file", "no byte at all", ""),
        ("no-block", "only comments", "# nothing here\n"),
    ):
        yield _bad(f"recipient-{name}", comment, RECIPIENT, damaged)
    for name, comment, inner in (
        (
            "url-alphabet",
            "the alphabet of URLs",
            short.replace("+", "-").replace("/", "_") if "+" in short or "/" in short else "-" + short[1:],
        ),
        ("character", "a character of no alphabet", "!" + short[1:]),
        ("no-padding", "the padding is missing", short.rstrip("=")),
        ("too-much-padding", "one sign too many", short + "="),
        ("padding-inside", "padding in the middle", short[:4] + "=" + short[5:]),
        ("character-after-padding", "more after the padding", short + "AAAA"),
        ("unused-bits", "unused bits of the last character are set", _with_unused_bits(short)),
        ("character-missing", "one character is missing", short[1:]),
        ("unicode", "a fullwidth letter", "\uff21" + short[1:]),
    ):
        yield _bad(f"identity-{name}", comment, IDENTITY, identity.replace(short, inner))
    for name, end_of_line in (
        ("vertical-tab", "\v"),
        ("form-feed", "\f"),
        ("next-line", "\u0085"),
        ("line-separator", "\u2028"),
    ):
        yield _bad(
            f"recipient-lines-by-{name}",
            "a character that ends lines in some languages only",
            RECIPIENT,
            built(end_of_line.join(body)),
        )
    trust = armor(TRUST, pattern(100))
    for name, comment, damaged in (
        ("cut", "the file ends inside the block", "\n".join(trust.split("\n")[:-2])),
        ("lines-of-76", "the lines of MIME", armor(TRUST, pattern(100), 76)),
        (
            "character",
            "a character of no alphabet",
            trust.replace("AB", "A*", 1) if "AB" in trust else trust.replace("\nA", "\n*", 1),
        ),
        ("no-block", "only comments", "nothing\n"),
        ("empty-block", "an empty block", f"-----BEGIN {TRUST}-----\n-----END {TRUST}-----\n"),
    ):
        yield _bad(f"trust-{name}", comment, TRUST, damaged)


def _with_unused_bits(line: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = line.rstrip("=")
    return bare[:-1] + alphabet[alphabet.index(bare[-1]) + 1] + "=" * (len(line) - len(bare))


def _wrong_labels() -> Iterator[Case]:
    label, type_, key = _keys()["identity-1"]
    text = armor(label, content(label, type_, key))
    for name, comment, damaged in (
        (
            "of-recipient",
            "the block of a recipient in a file of identities",
            armor(RECIPIENT, content(*_keys()["recipient-1"])),
        ),
        (
            "relabelled",
            "an identity under the label of a recipient",
            text.replace(IDENTITY, RECIPIENT),
        ),
        (
            "end-differs",
            "the last line has another label",
            text.replace(f"END {IDENTITY}", f"END {RECIPIENT}"),
        ),
        ("lower-case", "the label in lower case", text.replace(IDENTITY, IDENTITY.lower())),
        ("unknown", "a label of nobody", text.replace(IDENTITY, "BUNDLEFMT SECRET")),
        ("private-key-before", "another block before it", armor("PRIVATE KEY", pattern(48)) + text),
        ("private-key-after", "another block after it", text + armor("PRIVATE KEY", pattern(48))),
        ("two-spaces", "two spaces in the label", text.replace("BUNDLEFMT ", "BUNDLEFMT  ")),
        (
            "four-dashes",
            "a dash is missing in the first line",
            text.replace("IDENTITY-----\n", "IDENTITY----\n", 1),
        ),
        (
            "space-after",
            "a space after the first line",
            text.replace("IDENTITY-----\n", "IDENTITY----- \n", 1),
        ),
    ):
        yield _bad(f"identity-label-{name}", comment, IDENTITY, damaged)


def _wrong_checks() -> Iterator[Case]:
    for name, (label, type_, key) in _keys().items():
        sound = content(label, type_, key)
        other = RECIPIENT if label == IDENTITY else IDENTITY
        number = type_.to_bytes(2, "big")
        short_type = hashlib.sha256(label.encode() + b"\x00" + bytes([type_]) + key).digest()[:4]
        for what, comment, data in (
            (
                "key-bit",
                "one bit of the key is flipped",
                sound[:10] + bytes([sound[10] ^ 1]) + sound[11:],
            ),
            ("check-bit", "one bit of the check is flipped", sound[:-1] + bytes([sound[-1] ^ 1])),
            ("type-bit", "the type is the other one", (type_ ^ 3).to_bytes(2, "big") + sound[2:]),
            ("type-high-byte", "the type is 256 more", b"\x01" + sound[1:]),
            (
                "check-of-other-label",
                "the check of the other label",
                number + key + check(other, type_, key),
            ),
            (
                "check-of-short-type",
                "the check over the type in one byte",
                number + key + short_type,
            ),
            ("check-missing", "no check", number + key),
            ("key-short", "one byte short, with its right check", content(label, type_, key[:-1])),
            (
                "key-long",
                "one byte too long, with its right check",
                content(label, type_, key + b"\x00"),
            ),
        ):
            yield _bad(f"{name}-{what}", comment, label, armor(label, data))
    yield _bad("identity-too-short", "less than a type and a check", IDENTITY, armor(IDENTITY, b"\x00\x01"))
    good = armor(IDENTITY, content(*_keys()["identity-2"]))
    _, type_, key = _keys()["identity-1"]
    damaged = armor(IDENTITY, content(IDENTITY, type_, key)[:-1] + b"\x00")
    yield _bad(
        "identity-second-damaged",
        "the second of two blocks is damaged: the whole file is refused",
        IDENTITY,
        good + damaged,
    )


def armor_cases() -> Iterator[Case]:
    """All cases of the armor."""
    yield from _valid()
    yield from _wrong_lines()
    yield from _wrong_labels()
    yield from _wrong_checks()
