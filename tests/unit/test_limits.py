"""Limits: as the specification lists them, accepted up to them, refused beyond."""

from __future__ import annotations

import csv
import dataclasses
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support import anycbor, forge
from support.publisher import Publisher, sign_document

from bundlefmt.errors import BundleError
from bundlefmt.limits import LIMITS
from bundlefmt.model import listing as listings
from bundlefmt.model import records as tables
from bundlefmt.model.listing import parse_listing
from bundlefmt.model.records import parse_records
from bundlefmt.trust.chain import walk
from bundlefmt.wire import sections
from bundlefmt.wire.cose import signed_bytes

SPEC = Path(__file__).parents[2] / "spec"


def code_of(action: Any, *args: Any) -> str:
    with pytest.raises(BundleError) as info:
        action(*args)
    return info.value.code


def test_limits_are_those_of_the_specification() -> None:
    with (SPEC / "limits.csv").open() as file:
        listed = {row["name"]: int(row["value"]) for row in csv.DictReader(file)}
    assert listed == (LIMITS._asdict() if hasattr(LIMITS, "_asdict") else dataclasses.asdict(LIMITS))


def _row(number: int, size: int = 1) -> list[Any]:
    return [f"{number:07}", 0, size, sha256(b"%d" % number).digest()]


def test_files() -> None:
    rows = [b"\x84\x67%07d\x00\x01\x58\x20" % number + number.to_bytes(32, "big") for number in range(LIMITS.files + 1)]
    assert code_of(parse_listing, anycbor.head(4, len(rows)) + b"".join(rows)) == "MANIFEST_LIMIT"
    rows.pop()
    assert len(parse_listing(anycbor.head(4, len(rows)) + b"".join(rows)).files) == LIMITS.files


def test_sizes() -> None:
    assert parse_listing(anycbor.encode([_row(1, 1 << 40)])).files[0].size == 1 << 40
    assert code_of(parse_listing, anycbor.encode([_row(1, (1 << 40) + 1)])) == "LISTING"


def test_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """With limits of this test's own, as tables of half a million rows take seconds."""
    small = LIMITS._replace(records=3, pieces=4, ranges=5, prefix_ranges=3)
    monkeypatch.setattr(tables, "LIMITS", small)
    listing = parse_listing(anycbor.encode([_row(number, 100) for number in range(6)]))

    def parse(*rows: Any) -> tables.RecordTable:
        return parse_records(anycbor.encode(list(rows)), listing, listing)

    one = [1, 5, [0], []]
    assert code_of(parse, one, one, one, one) == "MANIFEST_LIMIT"
    assert code_of(parse, [1, 5, [0, 1, 2, 3, 4], []]) == "MANIFEST_LIMIT"
    assert code_of(parse, [1, 5, [0, 1], []], [1, 5, [2, 3, 4], []]) == "MANIFEST_LIMIT"
    reach = [1, 0, 0, 10]
    assert len(parse([1, 5, [0], [reach] * 3]).records) == 1
    assert code_of(parse, [1, 5, [0], [reach] * 4]) == "RECORD_PREFIX"
    assert code_of(parse, [1, 5, [0], [reach] * 3], [1, 5, [1], [reach] * 3]) == "MANIFEST_LIMIT"
    assert len(parse([0, 400, [0, 1, 2, 3], []]).records) == 1


def test_new_documents_in_one_reading() -> None:
    publisher = Publisher("long chain")
    start = publisher.chain
    frames = list(start.frames())
    document = start.newest
    for _ in range(LIMITS.trust_steps + 1):
        document = document._replace(epoch=document.epoch + 1)
        frames.append(sign_document(document.encode(), publisher.root))
    good = walk(start, tuple(frames[:-1]))
    assert good.error is None
    assert good.learned == LIMITS.trust_steps
    late = walk(start, tuple(frames))
    assert late.error is not None
    assert late.error.code == "TRUST_STEPS"
    assert late.learned == LIMITS.trust_steps
    assert walk(late.chain, tuple(frames)).error is None


def test_trust_frames() -> None:
    frame = Publisher("frames").chain.frames()[0]
    assert len(sections.parse_trust(sections.build_trust([frame] * LIMITS.trust_frames))) == LIMITS.trust_frames
    assert code_of(sections.parse_trust, sections.build_trust([frame] * (LIMITS.trust_frames + 1))) == "TRUST_TABLE"


def test_signature_rows() -> None:
    rows = [sections.SignatureRow(7, bytes((number,)) * 32, b"x") for number in range(17)]
    assert len(sections.parse_signatures(sections.build_signatures(rows[:16]))) == 16
    assert code_of(sections.parse_signatures, sections.build_signatures(rows)) == "SIGNATURE_TABLE"


def test_recipient_entries() -> None:
    entries = [sections.RecipientEntry(1, b"", number.to_bytes(80, "big")) for number in range(1025)]
    assert len(sections.parse_recipients(sections.build_recipients(entries[:1024]))) == 1024
    assert code_of(sections.parse_recipients, sections.build_recipients(entries)) == "RECIPIENT_TABLE"


def test_payloads_that_are_signed() -> None:
    assert signed_bytes(bytes(32), b"l" * 300, b"p" * 4096).endswith(b"p" * 4096)
    for kid, payload in ((bytes(31), b""), (bytes(32), bytes(4097))):
        with pytest.raises(ValueError, match="kid"):
            signed_bytes(kid, b"label", payload)


def test_sections_in_the_prelude() -> None:
    good = sections.Prelude(100, 100, 0, 5)
    bounds = {
        "header_len": (1, 1024),
        "signatures_len": (37, 131_648),
        "trust_len": (0, 2 << 20),
        "recipients_len": (5, 2 << 20),
    }
    for name, (low, high) in bounds.items():
        for value in (low, high):
            assert (
                getattr(sections.parse_prelude(sections.build_prelude(good._replace(**{name: value}))), name) == value
            )
        for value in (low - 1, high + 1):
            if value >= 0:
                assert (
                    code_of(sections.parse_prelude, sections.build_prelude(good._replace(**{name: value})))
                    == "SECTION_LIMIT"
                )


def test_listing_limits_are_those_of_the_module() -> None:
    assert listings.LIMITS is LIMITS
    assert forge.listing_of({}) == b"\x80"


def test_extension_numbers() -> None:
    from bundlefmt.model.header import parse_header

    fields = ["bundlefmt/1", 1, 1, bytes(32), bytes(16), 1, [73, bytes(32)], [0, bytes(32)], []]
    assert parse_header(anycbor.encode([*fields, {65535: 0}])).extensions == ((65535, 0),)
    assert code_of(parse_header, anycbor.encode([*fields, {65536: 0}])) == "HEADER_SHAPE"


def test_items_of_a_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    from bundlefmt.bundle import assemble

    monkeypatch.setattr(assemble, "LIMITS", LIMITS._replace(table_item_len=100))
    assert assemble.manifest_frame(bytes(100))
    assert code_of(assemble.manifest_frame, bytes(101)) == "WRITE_LIMIT"
