"""`--json` is an interface: its keys change only together with the version in `format`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.cli import OPEN, PACK, Shop

RELEASE_KEYS = {
    "product", "number", "version", "release_id", "tree", "created", "expires", "requires", "notes", "metadata",
    "new_identities",
}  # fmt: skip
TREE_KEYS = {"files", "contents", "records", "unpacked_size", "needed_tree"}
REFUSED = {"code", "phase", "rules", "detail"}


def run(shop: Shop, *arguments: str, code: int = 0) -> dict[str, Any]:
    """One command; its output is one object and nothing else, all in ASCII."""
    ended = shop.run(*arguments, "--json", code=code)
    assert ended.out.isascii()
    value: dict[str, Any] = json.loads(ended.out)
    verb = arguments[0]
    assert value.pop("format") == f"bundlefmt-{verb}/1"
    return value


def test_verify(stock: Shop) -> None:
    common = {
        "result", "kind", "publisher", "bundle_id", "trust_epoch", "newest_epoch", "learned_epochs", "signers",
        "ignored_signers", "threshold", "size", "opened", "decision",
    }  # fmt: skip
    value = run(stock, "verify", "app.bndl", "--trust", "acme.trust")
    assert set(value) == common
    assert (value["result"], value["kind"], value["opened"]) == ("verified", "release", False)
    assert value["size"] == stock.path("app.bndl").stat().st_size
    value = run(stock, "verify", "app.bndl", *OPEN)
    assert set(value) == common | {"release"}
    assert set(value["release"]) == RELEASE_KEYS | TREE_KEYS


def test_inspect(stock: Shop) -> None:
    keys = {
        "bundle", "size", "sections", "unverified_header", "unverified_signers", "unverified_trust",
        "unverified_recipients", "keys_given", "faults", "verified",
    }  # fmt: skip
    value = run(stock, "inspect", "app.bndl")
    assert set(value) == keys
    assert value["verified"] is None
    assert [set(row) for row in value["sections"]] == [{"name", "offset", "length", "present"}] * 8
    assert sum(row["length"] for row in value["sections"]) == value["size"]
    assert set(value["unverified_header"]) == {
        "kind", "publisher", "bundle_id", "trust_epoch", "manifest_len", "manifest_digest", "body_len", "body_root",
        "extensions",
    }  # fmt: skip
    assert set(value["unverified_recipients"][0]) == {"type", "type_name", "length", "hint", "keys", "opened"}
    value = run(stock, "inspect", "app.bndl", *OPEN)
    assert set(value["verified"]) == {
        "kind", "steps", "refused", "publisher", "newest_epoch", "signers", "threshold", "identities_tried", "release",
        "pointer", "decision",
    }  # fmt: skip
    assert [row["id"] for row in value["verified"]["steps"]] == [*(f"R{n}" for n in range(1, 11)), "R11-R14"]
    assert set(value["verified"]["release"]) == RELEASE_KEYS | TREE_KEYS
    assert value["unverified_recipients"][0]["opened"]
    value = run(stock, "inspect", "app.bndl", "--trust", "acme.trust", "-i", "other.key")
    assert set(value["verified"]["refused"]) == REFUSED
    assert value["verified"]["refused"]["code"] == "NO_IDENTITY"


def test_list(stock: Shop) -> None:
    value = run(stock, "list", "app.bndl", *OPEN)
    assert set(value) == {"release", "files"}
    assert [set(row) for row in value["files"]] == [{"path", "executable", "size", "sha256"}] * 2


def test_pack_and_unpack(shop: Shop) -> None:
    value = run(shop, "pack", "dist", "-o", "new.bndl", *PACK)
    assert set(value) == {
        "result", "output", "size", "verified", "release", "files", "contents", "records", "unpacked_size",
        "empty_folders",
    }  # fmt: skip
    assert set(value["release"]) == RELEASE_KEYS
    unpacked = run(shop, "unpack", "new.bndl", *OPEN)
    assert set(unpacked) == {"result", "output", "release"}
    assert unpacked["release"]["release_id"] == value["release"]["release_id"]


def test_publisher_show(stock: Shop) -> None:
    value = run(stock, "publisher", "show", "acme.trust")
    assert set(value) == {"publisher", "documents", "warnings"}
    assert set(value["documents"][0]) == {"epoch", "issued", "expires", "min_epoch", "roles"}
    assert set(value["documents"][0]["roles"]["root"]["keys"][0]) == {"alg", "kid", "public_key"}


@pytest.mark.parametrize(
    ("arguments", "name", "code"),
    [
        (("verify", "bad.bndl", "--trust", "acme.trust"), "BODY_DIGEST", 1),
        (("list", "app.bndl", "--trust", "acme.trust", "-i", "other.key"), "NO_IDENTITY", 1),
        (("unpack", "bad.bndl", *OPEN), "BODY_DIGEST", 1),
        (("verify", "missing", "--trust", "acme.trust"), "SOURCE_FAILED", 3),
        (("publisher", "show", "app.bndl"), "TRUST_FILE", 3),
        (("pack", "dist", "-o", "app.bndl", *PACK), "WRITE_FAILED", 3),
    ],
)
def test_refusals(stock: Shop, arguments: tuple[str, ...], name: str, code: int) -> None:
    value = run(stock, *arguments, code=code)
    assert set(value) == {"refused"}
    assert set(value["refused"]) == REFUSED
    assert value["refused"]["code"] == name


def test_pack_to_standard_output_has_no_room_for_json(stock: Shop) -> None:
    stock.run("pack", "dist", "-o", "-", *PACK, "--json", code=2)
