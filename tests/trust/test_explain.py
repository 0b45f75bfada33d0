"""Audit: which document decided, which keys counted, which rows were ignored and why."""

from __future__ import annotations

from typing import Any

import pytest
from support.desk import Desk
from support.forge import split

from bundlefmt.keys.signers import sign_row
from bundlefmt.wire.cose import LABEL_RELEASE
from bundlefmt.wire.sections import SignatureRow, build_signatures, parse_signatures


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """A bundle with a row of every sort, under a document of epoch 2 in which `old` is retired."""
    desk.signers("root", "a", "b", "old", "bot", "stranger")
    desk.run(
        "publisher", "init", "--root", "root.pem", "--signer", "a.pem.pub", "--signer", "old.pem.pub",
        "--pointer-signer", "bot.pem.pub", "-o", "acme.trust", "-q",
    )  # fmt: skip
    desk.run("publisher", "rotate", "acme.trust", "--replace", "old.pem", "b.pem.pub", "--root", "root.pem", "-q")
    desk.pack("app.bndl", 1, "--signer", "a.pem", "-q")
    parts = split(desk.read("app.bndl"))
    rows = [
        sign_row(desk.signer(name), LABEL_RELEASE, parts.header) for name in ("a", "old", "bot", "stranger", "root")
    ]
    rows.append(SignatureRow(61440, b"k" * 32, b"whatever"))
    desk.write("rows.bndl", parts._replace(signatures=build_signatures(rows)).join())
    return desk


def outcomes(decision: dict[str, Any]) -> dict[str, str]:
    return {row["kid"]: row["outcome"] for row in decision["rows"]}


def kid(desk: Desk, name: str) -> str:
    from bundlefmt.crypto.digests import signer_kid

    return signer_kid(desk.signer(name).public_key).hex()


@pytest.mark.parametrize("verb", ["verify", "inspect"])
def test_every_row_has_its_reason(shop: Desk, verb: str) -> None:
    value = shop.json(verb, "rows.bndl", "--trust", "acme.trust")
    decision = (value["verified"] if verb == "inspect" else value)["decision"]
    assert (decision["epoch"], decision["role"], decision["threshold"], decision["keys"]) == (2, "release", 1, 2)
    assert outcomes(decision) == {
        kid(shop, "a"): "counted",
        kid(shop, "old"): "retired",
        kid(shop, "bot"): "other-role",
        kid(shop, "root"): "other-role",
        kid(shop, "stranger"): "unknown-key",
        (b"k" * 32).hex(): "unknown-algorithm",
    }
    retired = next(row for row in decision["rows"] if row["outcome"] == "retired")
    assert (retired["held_until_epoch"], retired["roles"]) == (1, [])
    assert next(row for row in decision["rows"] if row["kid"] == kid(shop, "bot"))["roles"] == ["pointer"]


def test_the_document_is_named_by_its_digest(shop: Desk) -> None:
    from bundlefmt.crypto.digests import digest
    from bundlefmt.trust.chain import parse_trust_file

    chain = parse_trust_file(shop.read("acme.trust").decode())
    value = shop.json("verify", "rows.bndl", "--trust", "acme.trust")
    assert value["decision"]["document"] == digest(chain.links[-1].frame.document).hex()


def test_people_read_it_too(shop: Desk) -> None:
    words = (
        "ignored: retired, it held this role up to epoch 1",
        "ignored: it holds another role (pointer)",
        "ignored: it holds another role (root)",
        "ignored: no trust document names this key",
        "ignored: unknown algorithm 61440",
    )
    for verb in ("verify", "inspect"):
        out = shop.run(verb, "rows.bndl", "--trust", "acme.trust").out
        assert all(text in out for text in words), out
    assert "decided by epoch 2, which asks for 1 of 2 keys" in out


def test_a_refusal_says_why_nothing_counted(shop: Desk) -> None:
    parts = split(shop.read("rows.bndl"))
    rows = tuple(row for row in parse_signatures(parts.signatures) if row.kid.hex() != kid(shop, "a"))
    shop.write("rows.bndl", parts._replace(signatures=build_signatures(rows)).join())
    error = shop.json("verify", "rows.bndl", "--trust", "acme.trust", code=1)["refused"]
    assert error["code"] == "SIGNATURE_THRESHOLD"
    assert f"key {kid(shop, 'old')[:16]} is ignored: retired, it held this role up to epoch 1" in error["detail"]
    decision = shop.json("inspect", "rows.bndl", "--trust", "acme.trust")["verified"]["decision"]
    assert "counted" not in outcomes(decision).values()


def test_an_unverified_key_of_the_role_is_not_said_to_count(shop: Desk) -> None:
    parts = split(shop.read("app.bndl"))
    (row,) = parse_signatures(parts.signatures)
    bad = row._replace(signature=bytes(64))
    shop.write("app.bndl", parts._replace(signatures=build_signatures((bad,))).join())
    decision = shop.json("inspect", "app.bndl", "--trust", "acme.trust")["verified"]["decision"]
    assert outcomes(decision) == {kid(shop, "a"): "not-verified"}
    assert "a key of this role, not verified" in shop.run("inspect", "app.bndl", "--trust", "acme.trust").out
