"""Signing requests and signature files: shapes only (requests specification, sections 2 and 3)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.header import is_bytes
from bundlefmt.wire import armor, cbor
from bundlefmt.wire.sections import SignatureRow, build_signatures, parse_signatures

REQUEST = "bundlefmt/1 request"
ANSWERS = "bundlefmt/1 signatures"
REQUEST_LABEL = "BUNDLEFMT REQUEST"
ANSWERS_LABEL = "BUNDLEFMT SIGNATURES"

RELEASE, POINTER, TRUST = 1, 2, 3
PURPOSES = {RELEASE: "release", POINTER: "pointer", TRUST: "trust document"}

MAX_ITEMS = 64
MAX_REQUEST = 256 << 20
MAX_ANSWERS = 16 << 20
_ARMOR_UP_TO = 1 << 20
_CODE = "REQUEST_FILE"


class HeaderItem(NamedTuple):
    """One header to be signed.

    Attributes:
        header: its bytes.
        manifest: the manifest section it names by digest.
        recipients: recipient entries that wrap the content-encryption key for signers, or nothing.
    """

    header: bytes
    manifest: bytes
    recipients: bytes


class TrustItem(NamedTuple):
    """A trust document to be signed.

    Attributes:
        document: its bytes.
        chain: the trust section of every epoch before it; empty for epoch 1.
    """

    document: bytes
    chain: bytes


class Request(NamedTuple):
    """What signers are asked for.

    Attributes:
        purpose: RELEASE, POINTER or TRUST.
        items: one or more headers in ascending order, or one trust document.
    """

    purpose: int
    items: tuple[HeaderItem, ...] | tuple[TrustItem, ...]

    def encode(self) -> bytes:
        """The request's bytes, armored up to 1 MiB.

        Raises:
            WriteError: WRITE_LIMIT.
        """
        data = cbor.encode([REQUEST, self.purpose, [list(item) for item in sorted(self.items)]])
        if len(data) > MAX_REQUEST or len(self.items) > MAX_ITEMS:
            raise refuse("WRITE_LIMIT", f"a signing request of {len(data)} bytes for {len(self.items)} headers")
        return armor.armor(REQUEST_LABEL, data).encode() if len(data) <= _ARMOR_UP_TO else data


class Answer(NamedTuple):
    """Signatures over one header or document.

    Attributes:
        digest: SHA-256 of the header's or the document's bytes.
        rows: a signature table.
    """

    digest: bytes
    rows: tuple[SignatureRow, ...]


class SignatureFile(NamedTuple):
    """What a signer returns.

    Attributes:
        purpose: as in the request.
        answers: in ascending order of digest.
    """

    purpose: int
    answers: tuple[Answer, ...]

    def encode(self) -> bytes:
        """The file's bytes, armored."""
        rows = [[answer.digest, build_signatures(answer.rows)] for answer in sorted(self.answers)]
        return armor.armor(ANSWERS_LABEL, cbor.encode([ANSWERS, self.purpose, rows])).encode()


def is_armored(data: bytes, label: str) -> bool:
    """Whether the bytes hold an armored block with a label."""
    return f"-----BEGIN {label}-----".encode() in data


def parse_request(data: bytes) -> Request:
    """Decode a signing request, armored or not.

    Raises:
        BundleError: REQUEST_FILE.
    """
    purpose, rows = _open(data, REQUEST, REQUEST_LABEL, MAX_REQUEST)
    if purpose == TRUST:
        return Request(purpose, (_trust_item(rows),))
    items = tuple(_header_item(row) for row in rows)
    if any(a.header >= b.header for a, b in pairwise(items)):
        raise refuse(_CODE, "the headers of the request are not in strictly ascending order")
    return Request(purpose, items)


def parse_answers(data: bytes) -> SignatureFile:
    """Decode a signature file, armored or not.

    Raises:
        BundleError: REQUEST_FILE.
    """
    purpose, rows = _open(data, ANSWERS, ANSWERS_LABEL, MAX_ANSWERS)
    answers: list[Answer] = []
    for row in rows:
        if type(row) is not list or len(row) != 2 or not is_bytes(row[0], 32) or type(row[1]) is not bytes:
            raise refuse(_CODE, "an answer must be a digest and a signature table")
        if len(row[1]) > LIMITS.signatures_len:
            raise refuse(_CODE, f"a signature table of {len(row[1])} bytes")
        answers.append(Answer(row[0], parse_signatures(row[1], _CODE)))
    if any(a.digest >= b.digest for a, b in pairwise(answers)):
        raise refuse(_CODE, "the answers are not in strictly ascending order")
    return SignatureFile(purpose, tuple(answers))


def _open(data: bytes, name: str, label: str, limit: int) -> tuple[int, list[Any]]:
    """Take the armor off, decode, and check what both kinds of file share."""
    if len(data) > limit * 3 // 2:  # base64 and its line ends add 36 %
        raise refuse(_CODE, f"more than {limit} bytes")
    if data[:1] != b"\x83":
        data = _dearmor(data, label)
    if len(data) > limit:
        raise refuse(_CODE, f"more than {limit} bytes")
    value = cbor.decode(data, _CODE)
    if type(value) is not list or len(value) != 3 or value[0] != name:
        raise refuse(_CODE, f"this is no {name.removeprefix('bundlefmt/1 ')} file of bundlefmt/1")
    _, purpose, rows = value
    if type(purpose) is not int or purpose not in PURPOSES:
        raise refuse(_CODE, "what is to be signed is of an unknown kind")
    if type(rows) is not list or not 1 <= len(rows) <= MAX_ITEMS:
        raise refuse(_CODE, f"it must hold 1 to {MAX_ITEMS} items")
    return purpose, rows


def _dearmor(data: bytes, label: str) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise refuse(_CODE, "it is neither text nor the binary form") from None
    blocks = armor.dearmor(text, _CODE)
    if len(blocks) != 1 or blocks[0].label != label:
        raise refuse(_CODE, f"expected one block {label!r}")
    return blocks[0].data


def _header_item(row: Any) -> HeaderItem:
    if type(row) is not list or len(row) != 3 or any(type(part) is not bytes for part in row):
        raise refuse(_CODE, "an item must be a header, a manifest section and recipient entries")
    item = HeaderItem(*row)
    ok = 1 <= len(item.header) <= LIMITS.header_len and len(item.manifest) <= LIMITS.manifest_len
    if not ok or len(item.recipients) > LIMITS.recipients_len:
        raise refuse(_CODE, "a part of an item is longer than its section may be")
    return item


def _trust_item(rows: list[Any]) -> TrustItem:
    row = rows[0]
    if len(rows) != 1 or type(row) is not list or len(row) != 2 or any(type(part) is not bytes for part in row):
        raise refuse(_CODE, "it must hold one trust document and the chain before it")
    item = TrustItem(*row)
    if not 54 <= len(item.document) <= LIMITS.trust_document_len or len(item.chain) > LIMITS.trust_len:
        raise refuse(_CODE, "the trust document or its chain is outside its limits")
    return item
