"""Requests and signature files as bytes: one form, limits, and refusals for anything else (RQ-4 to RQ-9)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from support.publisher import Publisher

from bundlefmt.errors import BundleError
from bundlefmt.keys.signers import sign_row
from bundlefmt.model import request as forms
from bundlefmt.model.request import (
    ANSWERS,
    ANSWERS_LABEL,
    RELEASE,
    REQUEST,
    REQUEST_LABEL,
    TRUST,
    Answer,
    HeaderItem,
    Request,
    SignatureFile,
    TrustItem,
    parse_answers,
    parse_request,
)
from bundlefmt.wire import armor, cbor
from bundlefmt.wire.cose import LABEL_RELEASE
from bundlefmt.wire.sections import build_signatures

ITEM = HeaderItem(b"h" * 100, b"m" * 100, b"")
DOCUMENT = bytes(60)
ROW = sign_row(Publisher().signer, LABEL_RELEASE, b"x")
TABLE = build_signatures((ROW,))


def refused(parse: Any, data: bytes) -> str:
    with pytest.raises(BundleError) as info:
        parse(data)
    assert info.value.code == "REQUEST_FILE"
    return info.value.detail


def request_bytes(*value: Any) -> bytes:
    return cbor.encode(list(value))


def test_requests_come_back_armored_and_binary() -> None:
    for request in (
        Request(RELEASE, (ITEM, ITEM._replace(header=b"i" * 100))),
        Request(TRUST, (TrustItem(DOCUMENT, b""),)),
    ):
        data = request.encode()
        assert data.startswith(b"-----BEGIN BUNDLEFMT REQUEST-----\n")
        assert parse_request(data) == request
        assert parse_request(b"A comment.\n" + data.replace(b"\n", b"\r\n")) == request
        assert parse_request(armor.dearmor(data.decode())[0].data) == request
    big = Request(RELEASE, (ITEM._replace(manifest=bytes(1 << 20)),))
    assert big.encode()[:1] == b"\x83"
    assert parse_request(big.encode()) == big


def test_items_are_put_in_order() -> None:
    items = (ITEM._replace(header=b"i" * 100), ITEM)
    assert parse_request(Request(RELEASE, items).encode()).items == items[::-1]


ROWS = [list(ITEM)]
BAD_REQUESTS: dict[str, Any] = {
    "another format": ["bundlefmt/2 request", 1, ROWS],
    "an answer": [ANSWERS, 1, ROWS],
    "purpose 0": [REQUEST, 0, ROWS],
    "purpose 4": [REQUEST, 4, ROWS],
    "purpose true": [REQUEST, True, ROWS],
    "purpose text": [REQUEST, "1", ROWS],
    "no items": [REQUEST, 1, []],
    "too many items": [REQUEST, 1, [[bytes((n,)), b"", b""] for n in range(65)]],
    "items no list": [REQUEST, 1, {}],
    "item no list": [REQUEST, 1, [b"x"]],
    "item too short": [REQUEST, 1, [[b"h", b"m"]]],
    "item too long": [REQUEST, 1, [[b"h", b"m", b"", b""]]],
    "text header": [REQUEST, 1, [["h", b"m", b""]]],
    "no header": [REQUEST, 1, [[b"", b"m", b""]]],
    "long header": [REQUEST, 1, [[bytes(1025), b"m", b""]]],
    "long recipients": [REQUEST, 1, [[b"h", b"m", bytes(2_097_153)]]],
    "twice": [REQUEST, 1, [*ROWS, *ROWS]],
    "descending": [REQUEST, 1, [[b"b", b"", b""], [b"a", b"", b""]]],
    "two documents": [REQUEST, 3, [[DOCUMENT, b""], [DOCUMENT, b""]]],
    "document as header": [REQUEST, 3, ROWS],
    "short document": [REQUEST, 3, [[bytes(53), b""]]],
    "long document": [REQUEST, 3, [[bytes(131_073), b""]]],
    "long chain": [REQUEST, 3, [[DOCUMENT, bytes(2_097_153)]]],
    "header as document": [REQUEST, 1, [[DOCUMENT, b""]]],
    "one more": [REQUEST, 1, ROWS, 0],
    "a map": {0: REQUEST},
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_bad_requests(name: str) -> None:
    data = cbor.encode(BAD_REQUESTS[name])
    refused(parse_request, armor.armor(REQUEST_LABEL, data).encode())
    refused(parse_request, data)


ANSWER = [bytes(32), TABLE]
BAD_ANSWERS: dict[str, Any] = {
    "a request": [REQUEST, 1, [ANSWER]],
    "purpose 9": [ANSWERS, 9, [ANSWER]],
    "nothing": [ANSWERS, 1, []],
    "too many": [ANSWERS, 1, [[bytes(31) + bytes((n,)), TABLE] for n in range(65)]],
    "short digest": [ANSWERS, 1, [[bytes(31), TABLE]]],
    "no table": [ANSWERS, 1, [[bytes(32)]]],
    "empty table": [ANSWERS, 1, [[bytes(32), b""]]],
    "cut table": [ANSWERS, 1, [[bytes(32), TABLE[:-1]]]],
    "longer table": [ANSWERS, 1, [[bytes(32), TABLE + b"\0"]]],
    "row twice": [ANSWERS, 1, [[bytes(32), TABLE + TABLE]]],
    "huge table": [ANSWERS, 1, [[bytes(32), bytes(131_649)]]],
    "text table": [ANSWERS, 1, [[bytes(32), "x"]]],
    "digest twice": [ANSWERS, 1, [ANSWER, ANSWER]],
    "descending": [ANSWERS, 1, [[b"\1" + bytes(31), TABLE], ANSWER]],
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_bad_signature_files(name: str) -> None:
    data = cbor.encode(BAD_ANSWERS[name])
    refused(parse_answers, armor.armor(ANSWERS_LABEL, data).encode())
    refused(parse_answers, data)


def test_bad_armor_and_bad_cbor() -> None:
    good = cbor.encode([REQUEST, 1, ROWS])
    block = armor.armor(REQUEST_LABEL, good).encode()
    for data in (
        b"", b"x", b"\xff\xfe", block + block, block[:-3], good + b"\0", good[:-1],
        good.replace(b"\x83", b"\x98\x03", 1), armor.armor(ANSWERS_LABEL, good).encode(),
        armor.armor(armor.IDENTITY, bytes(38)).encode(),
    ):  # fmt: skip
        refused(parse_request, data)


def test_lengths_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MAX_REQUEST", 1000)
    data = cbor.encode([REQUEST, 1, [[b"h", bytes(1000), b""]]])
    assert "more than 1000 bytes" in refused(parse_request, data)
    assert "more than 1000 bytes" in refused(parse_request, data + bytes(1000))
    with pytest.raises(BundleError, match="WRITE_LIMIT"):
        Request(RELEASE, (HeaderItem(b"h", bytes(1000), b""),)).encode()


def test_random_changes_give_refusals_only() -> None:
    random = Random(7)
    seeds = [
        (parse_request, cbor.encode([REQUEST, 1, ROWS])),
        (parse_request, Request(TRUST, (TrustItem(DOCUMENT, b"abc"),)).encode()),
        (parse_answers, SignatureFile(RELEASE, (Answer(bytes(32), (ROW,)),)).encode()),
    ]
    for parse, good in seeds:
        for _ in range(1500):
            data = bytearray(good)
            for _ in range(random.randint(1, 3)):
                place = random.randrange(len(data))
                choice = random.randrange(3)
                if choice == 0:
                    data[place] ^= 1 << random.randrange(8)
                elif choice == 1:
                    del data[place : place + random.randint(1, 9)]
                else:
                    data[place:place] = random.randbytes(random.randint(1, 9))
                data = data or bytearray(b"\0")
            try:
                parse(bytes(data))
            except BundleError as exc:
                assert exc.code == "REQUEST_FILE"  # noqa: PT017 - many of them stay good
