"""Every value that the key cases publish, computed again by the library."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from support import vectorpaths as paths
from support.vectorset import ROOT, VECTORS

from bundlefmt.crypto import digests, hpke, schedule
from bundlefmt.crypto.suite import Binding
from bundlefmt.keys.recipients import Identity
from bundlefmt.wire import cose

FILES = sorted((ROOT / "intermediates").glob("*.json"))
CASES = {case.name: case for case in VECTORS.bundles}
every_file = pytest.mark.parametrize(
    "found", [pytest.param(json.loads(path.read_text()), id=path.stem) for path in FILES]
)

Found = dict[str, Any]


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)


def _binding(found: Found) -> Binding:
    kind = paths.KINDS[CASES[found["case"]].kind]
    return Binding(kind, _hex(found["publisher_id"]), _hex(found["bundle_id"]))


def _signed(row: Found, label: bytes, payload: bytes) -> str:
    return cose.signed_bytes(_hex(row["kid"]), label, payload, row["alg"]).hex()


def test_each_belongs_to_a_case() -> None:
    assert FILES
    assert {path.stem for path in FILES} <= set(CASES)


@every_file
def test_signed_bytes_and_ids(found: Found) -> None:
    label = {1: cose.LABEL_RELEASE, 2: cose.LABEL_POINTER}[_binding(found).kind]
    for row in found["signatures"]:
        assert _signed(row, label, _hex(found["header"]["bytes"])) == row["sig_structure"]
    for frame in found["trust"]:
        document = _hex(frame["document"])
        assert sha256(document).hexdigest() == frame["payload"]
        for row in frame["rows"]:
            assert _signed(row, cose.LABEL_TRUST, _hex(frame["payload"])) == row["sig_structure"]
    assert digests.publisher_id(_hex(found["trust"][0]["document"])).hex() == found["publisher_id"]


@every_file
def test_wraps(found: Found) -> None:
    for entry in found["recipients"]:
        kind = entry["type"]
        if kind not in hpke.TYPES:
            continue
        info = _binding(found).wrap_info(kind)
        assert info.hex() == entry["info"]
        recipient = Identity(kind, _hex(entry["identity_secret"])).recipient
        assert recipient.public.hex() == entry["public_key"]
        assert recipient.key_id.hex() == entry["recipient_key_id"]
        if entry["hint"]:
            assert digests.recipient_hint(kind, _hex(entry["enc"]), recipient.public).hex() == entry["hint"]
        wrap = _hex(entry["enc"] + entry["ciphertext"])
        assert hpke.unwrap(kind, _hex(entry["identity_secret"]), wrap, info) == _hex(found["cek"])


def _require_message(found: Found, message: Found, context: bytes) -> None:
    assert context.hex() == message["context"]
    derived = schedule.derive(_hex(found["cek"]), context, _hex(message["salt"]))
    assert derived.key.hex() == message["key"]
    assert derived.base_nonce.hex() == message["base_nonce"]
    assert derived.commitment.hex() == message["commitment"]


@every_file
def test_messages(found: Found) -> None:
    binding, manifest = _binding(found), found["manifest"]
    _require_message(found, manifest, binding.manifest_context())
    sealed = schedule.message(
        _hex(found["cek"]), binding.manifest_context(), _hex(manifest["salt"]), _hex(manifest["plaintext"])
    )
    assert sealed.hex() == manifest["message"]
    for index, record in enumerate(found.get("records") or ()):
        _require_message(found, record, binding.record_context(index))


@every_file
def test_leaves(found: Found) -> None:
    length, leaves = found["body_len"], b"".join(map(_hex, found["leaves"]))
    assert digests.leaf_size(length) == found["leaf_size"]
    assert digests.body_root(length, leaves).hex() == found["body_root"]
    data = CASES[found["case"]].data()
    assert (len(data), sha256(data).hexdigest()) == (found["file_size"], found["file_sha256"])
    body = data[len(data) - length :] if length else b""
    for index in range(len(found["leaves"])):
        part = body[index * found["leaf_size"] : (index + 1) * found["leaf_size"]]
        assert digests.leaf_digest(index, part).hex() == found["leaves"][index]
