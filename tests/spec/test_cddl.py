"""Every CBOR item of the accepted vectors has the shape that bundlefmt.cddl gives it.

Two judges: a small one of our own, exact for the part of CDDL that the file uses, and pycddl, to
which the file must be sound CDDL. pycddl alone would be a weak one: it takes bytes behind an item
and arrays of anything, and refuses empty arrays and ranges as keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pycddl
import pytest
from support import vectorpaths as paths
from support.cddl import Schema
from support.vectorset import VECTORS

from bundlefmt.bundle.front import open_front
from bundlefmt.bundle.source import BytesSource
from bundlefmt.conformance.vectors import BundleCase
from bundlefmt.crypto import cobblestone
from bundlefmt.errors import BundleError
from bundlefmt.keys.recipients import open_entries
from bundlefmt.limits import LIMITS
from bundlefmt.model import manifest as layouts
from bundlefmt.model.header import check_lengths, parse_header
from bundlefmt.model.trustdoc import parse_trust_document
from bundlefmt.wire import cbor

TEXT = (Path(__file__).resolve().parents[2] / "spec" / "bundlefmt.cddl").read_text()
SCHEMA = Schema(TEXT)
STARTS = ("header", "trust-document", "release-record", "listing", "record-table", "pointer-record")


def _items(case: BundleCase) -> Iterator[tuple[str, bytes]]:
    """Start symbol and bytes of every item of an accepted bundle."""
    with paths.setting(case) as given:
        front, section = open_front(BytesSource(case.data()), given.policy, paths.KINDS[case.kind])
        yield "header", front.header_bytes
        for frame in front.frames:
            yield "trust-document", frame.document
        cek = open_entries(front.entries, given.identities, front.binding, section)
        plaintext = cobblestone.unseal(cek, front.binding.manifest_context(), section, "MANIFEST_DECRYPT")
        layout = layouts.split_manifest(plaintext, front.header.kind)
        if case.kind == "pointer":
            yield "pointer-record", layouts.inflate(layout.frames[0], LIMITS.record_item_len)
            return
        needed = given.needed_tree()
        prefix = needed.listing.encoded if needed and layout.needed_tree else b""
        yield "release-record", layouts.inflate(layout.frames[0], LIMITS.record_item_len)
        yield "listing", layouts.inflate(layout.frames[1], LIMITS.table_item_len, prefix)
        yield "record-table", layouts.inflate(layout.frames[2], LIMITS.table_item_len, prefix)


def _matches(start: str, item: bytes) -> bool:
    return SCHEMA.matches(start, cbor.decode(item, "HEADER_ENCODING"))


ACCEPTED = [pytest.param(case, id=case.name) for case in VECTORS.bundles if case.accepted]


@pytest.mark.parametrize("case", ACCEPTED)
def test_items_of_accepted_bundles(case: BundleCase) -> None:
    for start, item in _items(case):
        assert _matches(start, item), start


def _first_items() -> dict[str, bytes]:
    by_name = {case.name: case for case in VECTORS.bundles}
    found: dict[str, bytes] = {}
    for name in ("valid-minimal", "valid-pointer"):
        found |= dict(_items(by_name[name]))
    return found


def test_every_start_symbol_is_seen() -> None:
    assert set(_first_items()) == set(STARTS)


@pytest.mark.parametrize("start", STARTS)
def test_any_change_of_a_type_is_refused(start: str) -> None:
    """No field can hold another type, be left out, or come twice."""
    value = cbor.decode(_first_items()[start], "HEADER_ENCODING")
    assert SCHEMA.matches(start, value)
    wrongs: list[Any] = [None, -1, 1.5, b"", "", [], {}, {-1: 0}, [[]], True]
    fields = range(len(value)) if isinstance(value, list) else list(value)
    for field in fields:
        for wrong in wrongs:
            if type(wrong) is type(value[field]):
                continue
            changed = list(value) if isinstance(value, list) else dict(value)
            changed[field] = wrong
            assert not SCHEMA.matches(start, changed), (field, wrong)
    if isinstance(value, dict):
        assert not SCHEMA.matches(start, {**value, 63: 0})
        assert SCHEMA.matches(start, {**value, 64: 0})
        for field in value:
            without = {key: item for key, item in value.items() if key != field}
            assert not SCHEMA.matches(start, without), field
    else:
        assert not SCHEMA.matches(start, [*value, 0])


@pytest.mark.parametrize("section", ["header", "trust-document"])
def test_the_schema_refuses_no_more_than_the_prose(section: str) -> None:
    """Of refused bundles: what the schema refuses, the decoder refuses for its shape."""

    def parse(item: bytes) -> None:
        if section == "header":
            check_lengths(parse_header(item))
        else:
            parse_trust_document(item)

    refused = 0
    for item in _refused_items(section):
        try:
            value = cbor.decode(item, "HEADER_ENCODING")
        except BundleError:
            continue
        if not SCHEMA.matches(section, value):
            refused += 1
            with pytest.raises(BundleError):
                parse(item)
    assert refused > 10


def _refused_items(section: str) -> Iterator[bytes]:
    for case in VECTORS.bundles:
        if case.open.get("code") not in ("HEADER_SHAPE", "TRUST_DOCUMENT", "UNSUPPORTED_SUITE", "HEADER_LIMIT"):
            continue
        data = case.data()
        header_len, signatures_len, trust_len = (int.from_bytes(data[at : at + 4], "big") for at in (12, 16, 20))
        if section == "header":
            yield data[32 : 32 + header_len]
            continue
        at = 32 + header_len + signatures_len
        end = at + trust_len
        while at < end:
            document_len = int.from_bytes(data[at : at + 4], "big")
            yield data[at + 8 : at + 8 + document_len]
            at += 8 + document_len + int.from_bytes(data[at + 4 : at + 8], "big")


@pytest.mark.parametrize("start", STARTS)
def test_the_file_is_sound_cddl(start: str) -> None:
    schema = pycddl.Schema(f"start = {start}\n{TEXT}")
    with pytest.raises(pycddl.ValidationError):
        schema.validate_cbor(b"\x01")


def test_an_independent_judge_agrees_where_it_can() -> None:
    for start in ("listing", "record-table"):
        pycddl.Schema(f"start = {start}\n{TEXT}").validate_cbor(_first_items()[start])


@pytest.mark.parametrize("text", ["a = 1 & 2", "a = 1\na = 2", "time = 1", "a = [1", "a 1"])
def test_our_judge_takes_nothing_that_it_does_not_know(text: str) -> None:
    with pytest.raises(ValueError, match=r"grammar|defined|expected"):
        Schema(text)
