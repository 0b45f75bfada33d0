"""Every case of test-vectors/primitives/ through the function of the library that decides it."""

from __future__ import annotations

import json
from hashlib import sha256

import jsonschema
import pytest
from support.vectorset import ROOT, VECTORS

from bundlefmt.conformance import judge, primitives, protocol, transports
from bundlefmt.conformance.vectors import PrimitiveCase
from bundlefmt.crypto import cobblestone, suite
from bundlefmt.errors import BundleError

every_primitive = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in VECTORS.primitives])


def test_every_file_is_read_and_has_its_shape() -> None:
    schema = json.loads((ROOT / "primitives" / "schema.json").read_text())
    count = 0
    for path in (ROOT / "primitives").glob("*.json"):
        if path.name == "schema.json":
            continue
        table = json.loads(path.read_text())
        jsonschema.Draft202012Validator(schema).validate(table)
        assert path.stem == table["family"]
        count += len(table["cases"])
    assert count == len(VECTORS.primitives)
    names = [case.name for case in VECTORS.primitives]
    assert len(set(names)) == len(names)


@every_primitive
def test_primitive(case: PrimitiveCase) -> None:
    reply = transports.DirectTransport().ask(
        protocol.Question(("primitive", case.question), json.dumps(case.input).encode())
    )
    try:
        judge.judge_primitive(case, reply)
    except judge.Failure as failure:
        pytest.fail(f"expected {failure.expected}, got {failure.got}")


def test_an_unknown_question_is_no_answer() -> None:
    for family, given in (("unknown", {}), ("leaves", {"of": "unknown"})):
        with pytest.raises(primitives.UnknownQuestion):
            primitives.answer(family, given)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name)
        for case in VECTORS.primitives
        if case.question == "cobblestone" and case.input["of"] == "open"
    ],
)
@pytest.mark.parametrize("step", [1, 4099, 16400, 1 << 20])
def test_messages_in_pieces(case: PrimitiveCase, step: int) -> None:
    """The incremental decryptor and the commitment agree with the whole message."""
    given = case.input
    message = memoryview(bytes.fromhex(given["message"]))
    if step == 1 and len(message) > 1000:
        step = 977
    cek, context = bytes.fromhex(given["cek"]), primitives.context(given)
    plaintext = memoryview(bytearray(max(suite.plain_len(len(message)), 0)))
    opener = cobblestone.Opener(cek, context, "RECORD_DECRYPT")

    def read() -> None:
        for start in range(0, len(message), step):
            opener.feed(message[start : start + step], plaintext)
        opener.finish(plaintext)

    if not case.accepted:
        with pytest.raises(BundleError, match="RECORD_DECRYPT"):
            read()
        return
    read()
    assert len(plaintext) == case.output["plaintext_len"]
    assert sha256(plaintext).hexdigest() == case.output["plaintext_sha256"]
    assert cobblestone.matches_commitment(cek, context, bytes(message[: suite.MESSAGE_HEAD]))
