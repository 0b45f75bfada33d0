"""`recipients`, `keyring` and the options for identities that travel, as people use them."""

from __future__ import annotations

import json
import re
import stat
from typing import Any

import pytest
from support.cli import OPEN, PACK, SITE, Shop, read_tree

from bundlefmt.keys.sources import open_identities
from bundlefmt.wire.sections import PRELUDE_LEN, parse_prelude

BY = ("--trust", "acme.trust", "-i", "device.key")
CHANGED = {
    "action", "result", "output", "size", "head_only", "verified", "kind", "bundle_id", "entries", "added", "removed",
    "kept", "kept_unknown", "dropped", "doubtful", "notes",
}  # fmt: skip


@pytest.fixture
def keys(shop: Shop) -> Shop:
    for name in ("new", "third"):
        shop.run("keygen", "recipient", "-o", f"{name}.key", "-q")
    return shop


def run(shop: Shop, *arguments: str, code: int = 0) -> dict[str, Any]:
    ended = shop.run(*arguments, "--json", code=code)
    assert ended.out.isascii()
    value: dict[str, Any] = json.loads(ended.out)
    assert value.pop("format") == f"bundlefmt-{arguments[0]}/1"
    return value


def normal(text: str) -> str:
    text = re.sub(r"\b[0-9a-f]{32}\b", "BUNDLE", text)
    text = re.sub(r"\b[0-9a-f]{16}\b", "KEYID", text)
    text = re.sub(r"hint [0-9a-f]{8}\b", "hint HINT", text)
    text = re.sub(r"^  \d+  type-\d+ .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"entries: \d+;", "entries: N;", text)
    text = re.sub(r"entries    .*", "entries    N", text)
    text = re.sub(r"^  \d+  ", "  N  ", text, flags=re.MULTILINE)
    return re.sub(r"[0-9.]+ kB \(\d+ bytes\)|\d+ bytes", "SIZE", text)


def opens(shop: Shop, key: str, file: str = "app.bndl") -> bool:
    return shop.run("verify", file, "--trust", "acme.trust", "-i", key, code=None).code == 0


def rest(data: bytes) -> bytes:
    return data[parse_prelude(data[:PRELUDE_LEN]).front_len :]


def test_a_life(keys: Shop) -> None:
    """Add, rotate, remove; at every step the right keys open it, and no signing key is there."""
    before = keys.path("app.bndl").read_bytes()
    for name in ("ci.pem", "root.pem"):
        keys.path(name).unlink()
    ended = keys.run("recipients", "add", "app.bndl", *BY, "-r", "new.key.pub")
    assert normal(ended.out) == (
        "wrote and checked app.bndl: bundle of SIZE\n"
        "  bundle id  BUNDLE\n"
        "  entries    N\n"
        "  added      mlkem768-x25519 KEYID\n"
    )
    assert opens(keys, "device.key")
    assert opens(keys, "new.key")
    ended = keys.run(
        "recipients", "rotate", "app.bndl", *BY, "--from", "device.key.pub", "--to", "third.key.pub", "-o", "r.bndl"
    )
    assert "  removed    mlkem768-x25519" in ended.out
    assert ended.err == (
        "note: whoever could open it before keeps what they have: after a leak, publish a new bundle\n"
    )
    assert [opens(keys, f"{name}.key", "r.bndl") for name in ("device", "new", "third")] == [False, True, True]
    keys.run("recipients", "remove", "app.bndl", "--trust", "acme.trust", "-i", "new.key", "-r", "device.key.pub", "-q")
    assert not opens(keys, "device.key")
    keys.run("recipients", "rotate", "app.bndl", "--trust", "acme.trust", "-i", "new.key", "--only", "other.key.pub")
    assert [opens(keys, f"{name}.key") for name in ("device", "new", "third", "other")] == [False] * 3 + [True]
    keys.run("unpack", "app.bndl", "--trust", "acme.trust", "-i", "other.key", "-q")
    assert read_tree(keys.path("app")) == SITE
    assert rest(keys.path("app.bndl").read_bytes()) == rest(before)


def test_many_recipients_in_one_file(keys: Shop) -> None:
    text = "".join(keys.path(f"{name}.key.pub").read_text() for name in ("device", "new", "third"))
    keys.path("fleet.pub").write_text("# the fleet\n" + text)
    keys.run("pack", "dist", "-o", "fleet.bndl", *PACK[:4], "-r", "fleet.pub", *PACK[6:], "-q")
    assert all(opens(keys, f"{name}.key", "fleet.bndl") for name in ("device", "new", "third"))
    value = run(keys, "recipients", "rotate", "app.bndl", *BY, "--only", "fleet.pub")
    assert (value["entries"], len(value["added"]), value["kept"]) == (3, 3, 0)
    assert all(opens(keys, f"{name}.key") for name in ("device", "new", "third"))
    value = run(keys, "recipients", "list", "app.bndl", "-r", "fleet.pub")
    assert len(value["keys_given"]) == 3
    assert {len(row["keys"]) for row in value["unverified_recipients"]} == {1}


def test_list(keys: Shop) -> None:
    ended = keys.run("recipients", "list", "app.bndl", "-r", "device.key.pub", "-r", "new.key.pub")
    assert normal(ended.out) == (
        "app.bndl: recipients of bundle BUNDLE (UNVERIFIED)\n"
        "entries: N; they are never signed, so anyone may add some or take some out\n"
        "  N  mlkem768-x25519  hint HINT  for key KEYID (device.key.pub)\n"
        "  no entry is for it: key KEYID (new.key.pub)\n"
    )
    ended = keys.run("recipients", "list", "app.bndl", *BY)
    assert "UNVERIFIED" not in ended.out
    assert "opens with device.key" in ended.out
    value = run(keys, "recipients", "list", "app.bndl", *BY)
    assert set(value) == {"action", "verified", "head_only", "bundle_id", "unverified_recipients", "keys_given"}
    row = next(row for row in value["unverified_recipients"] if row["opened"])
    assert set(row) == {"type", "type_name", "length", "hint", "keys", "opened"}
    assert value["verified"]
    data = keys.path("app.bndl").read_bytes()
    assert "UNVERIFIED" not in keys.run("recipients", "list", "-", "--trust", "acme.trust", stdin=data).out


def test_anonymous_from_end_to_end(keys: Shop) -> None:
    keys.run("pack", "dist", "-o", "anon.bndl", *PACK, "--anonymous", "-q")
    assert opens(keys, "device.key", "anon.bndl")
    assert not opens(keys, "new.key", "anon.bndl")
    ended = keys.run("recipients", "list", "anon.bndl", "-r", "device.key.pub")
    assert "mlkem768-x25519  anonymous\n" in ended.out
    assert "an anonymous entry may be for it: key" in ended.out
    ended = keys.run("recipients", "list", "anon.bndl", *BY)
    assert "anonymous  opens with device.key" in ended.out
    value = run(keys, "recipients", "add", "anon.bndl", *BY, "-r", "new.key.pub")
    assert not any(row["hint"] for row in run(keys, "recipients", "list", "anon.bndl")["unverified_recipients"])
    # With a public key alone it cannot be known whose an entry is; with the secret key it can.
    value = run(keys, "recipients", "remove", "anon.bndl", *BY, "-r", "new.key.pub", code=3)
    assert value["refused"]["code"] == "INPUT_KEYS"
    assert "cannot be known" in value["refused"]["detail"]
    assert opens(keys, "new.key", "anon.bndl")
    value = run(keys, "recipients", "remove", "anon.bndl", *BY, "-i", "new.key", "-r", "new.key.pub")
    assert value["doubtful"] == 1
    assert any("cannot be known" in note for note in value["notes"])
    assert not opens(keys, "new.key", "anon.bndl")
    run(keys, "recipients", "rotate", "anon.bndl", *BY, "--only", "third.key.pub", "--no-anonymous")
    assert all(row["hint"] for row in run(keys, "recipients", "list", "anon.bndl")["unverified_recipients"])


def test_a_fleet_moves_to_hybrid_keys_by_a_second_head(keys: Shop) -> None:
    keys.run("pack", "dist", "-o", "old.bndl", *PACK[:4], "-r", "other.key.pub", *PACK[6:], "-q")
    by = ("--trust", "acme.trust", "-i", "other.key")
    value = run(keys, "recipients", "add", "old.bndl", *by, "-r", "new.key.pub", code=3)
    assert value["refused"]["code"] == "INPUT_KEYS"
    assert "W-4" in value["refused"]["rules"]
    value = run(keys, "recipients", "head", "old.bndl", *by, "-r", "new.key.pub", "-o", "hybrid.head")
    assert set(value) == CHANGED
    assert value["head_only"]
    keys.run("recipients", "head", "old.bndl", "--trust", "acme.trust", "-o", "plain.head")
    whole = keys.path("old.bndl").read_bytes()
    plain = keys.path("plain.head").read_bytes()
    assert whole.startswith(plain)
    keys.path("joined.bndl").write_bytes(keys.path("hybrid.head").read_bytes() + whole[len(plain) :])
    assert opens(keys, "new.key", "joined.bndl")
    assert not opens(keys, "other.key", "joined.bndl")
    # A change of recipients of a head is one new head.
    value = run(
        keys, "recipients", "add", "hybrid.head", "--trust", "acme.trust", "-i", "new.key", "-r", "third.key.pub"
    )
    assert value["head_only"]
    assert run(keys, "recipients", "list", "hybrid.head")["head_only"]


def test_json_of_a_change(keys: Shop) -> None:
    value = run(keys, "recipients", "add", "app.bndl", *BY, "-r", "new.key.pub")
    assert set(value) == CHANGED
    assert (value["action"], value["result"], value["verified"], value["kind"]) == ("add", "written", True, "release")
    assert [set(key) for key in value["added"]] == [{"type", "key_id"}]
    value = run(keys, "recipients", "add", "app.bndl", "-i", "device.key", "--unverified", "-r", "third.key.pub")
    assert (value["verified"], value["kind"]) == (False, None)
    ended = keys.run("recipients", "remove", "app.bndl", "-i", "device.key", "--unverified", "-r", "third.key.pub")
    assert "UNVERIFIED" in ended.err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("add", "app.bndl", "-i", "device.key", "-r", "other.key.pub"), "say --unverified"),
        (("add", "app.bndl", *BY, "--unverified", "-r", "other.key.pub"), "exclude each other"),
        (("add", "-", *BY, "-r", "other.key.pub"), "give -o OUT"),
        (("add", "app.bndl", *BY, "-r", "other.key.pub", "-o", "-"), "-o must be a file"),
        (("rotate", "app.bndl", *BY), "--from with --to"),
        (("rotate", "app.bndl", *BY, "--from", "device.key.pub"), "--from with --to"),
        (("rotate", "app.bndl", *BY, "--to", "device.key.pub", "--only", "device.key.pub"), "--from with --to"),
        (("head", "app.bndl", "--trust", "acme.trust", "-r", "device.key.pub", "-o", "x"), "-r and -i"),
        (("head", "app.bndl", *BY, "-r", "device.key.pub"), "required: -o"),
        (("add", "app.bndl", *BY), "required: -r"),
        (("add", "app.bndl", "--trust", "acme.trust", "-r", "device.key.pub"), "required: -i"),
        (("frob",), "invalid choice"),
        ((), "required"),
    ],
)
def test_wrong_usage(stock: Shop, arguments: tuple[str, ...], text: str) -> None:
    before = stock.names()
    assert text in stock.run("recipients", *arguments, code=2).err
    assert stock.names() == before


@pytest.mark.parametrize(
    ("arguments", "name", "code"),
    [
        (("add", "app.bndl", "--trust", "acme.trust", "-i", "other.key", "-r", "other.key.pub"), "NO_IDENTITY", 1),
        (("add", "app.bndl", *BY, "-r", "other.key.pub"), "INPUT_KEYS", 3),
        (("add", "app.bndl", *BY, "-r", "device.key"), "KEY_FILE", 3),
        (("remove", "app.bndl", *BY, "-r", "device.key.pub"), "INPUT_KEYS", 3),
        (("remove", "app.bndl", *BY, "-r", "other.key.pub"), "INPUT_KEYS", 3),
        (("add", "app.bndl", *BY, "-r", "device.key.pub", "-o", "bad.bndl"), "WRITE_FAILED", 3),
        (("add", "acme.trust", *BY, "-r", "device.key.pub"), "PRELUDE_MAGIC", 1),
        (("add", "missing", *BY, "-r", "device.key.pub"), "SOURCE_FAILED", 3),
        (("add", "app.bndl", *BY, "-r", "device.key.pub", "--kind", "pointer"), "SIGNATURE_INVALID", 1),
        (("list", "acme.trust"), "PRELUDE_MAGIC", 1),
    ],
)
def test_refusals(stock: Shop, arguments: tuple[str, ...], name: str, code: int) -> None:
    before = {path.name: path.read_bytes() for path in stock.folder.iterdir() if path.is_file()}
    value = run(stock, "recipients", *arguments, code=code)
    assert set(value) == {"refused"}
    assert value["refused"]["code"] == name
    assert {path.name: path.read_bytes() for path in stock.folder.iterdir() if path.is_file()} == before


def test_a_pipe_is_rewritten_to_a_file(keys: Shop) -> None:
    data = keys.path("app.bndl").read_bytes()
    keys.run("recipients", "add", "-", *BY, "-r", "new.key.pub", "-o", "piped.bndl", "-q", stdin=data)
    assert opens(keys, "new.key", "piped.bndl")


@pytest.mark.parametrize("action", ["list", "add", "remove", "rotate", "head"])
def test_help_of_every_action_has_an_example(stock: Shop, action: str) -> None:
    assert f"  bundlefmt recipients {action} " in stock.run("recipients", action, "--help").out.split("example:")[1]


# Identities inside releases


def test_new_identities_reach_the_keyring(keys: Shop) -> None:
    keys.run("pack", "dist", "-o", "next.bndl", *PACK, "--new-identity", "new.key", "--new-identity", "third.key", "-q")
    ended = keys.run("unpack", "next.bndl", *OPEN)
    assert "--keyring FILE, or keyring accept, takes them" in ended.err
    keys.run("pack", "dist", "-o", "last.bndl", *PACK[:4], "-r", "third.key.pub", *PACK[6:], "-q")
    assert not opens(keys, "device.key", "last.bndl")
    old = keys.path("device.key").read_text()
    ended = keys.run("unpack", "next.bndl", *OPEN, "-o", "again", "--keyring", "device.key")
    assert len(re.findall(r"^  new in device.key: mlkem768-x25519 [0-9a-f]{16}$", ended.out, re.MULTILINE)) == 2
    text = keys.path("device.key").read_text()
    assert text.startswith(old)
    assert stat.S_IMODE(keys.path("device.key").stat().st_mode) == 0o600
    assert opens(keys, "device.key", "last.bndl")
    assert opens(keys, "device.key", "app.bndl")
    value = run(keys, "unpack", "next.bndl", *OPEN, "-o", "third", "--keyring", "device.key")
    assert value["new_in_keyring"] == []
    assert keys.path("device.key").read_text() == text


def test_keyring_accept_and_list(keys: Shop) -> None:
    keys.run("pack", "dist", "-o", "next.bndl", *PACK, "--new-identity", "new.key", "-q")
    value = run(keys, "keyring", "accept", "next.bndl", *OPEN, "--keyring", "ring.key")
    assert set(value) == {"action", "keyring", "brought", "added"}
    assert (value["brought"], len(value["added"])) == (1, 1)
    ended = keys.run("keyring", "accept", "next.bndl", *OPEN, "--keyring", "ring.key")
    assert ended.out == "verified next.bndl: it brings 1 identities, 0 new in ring.key\n"
    assert run(keys, "keyring", "list", "ring.key")["identities"] == value["added"]
    assert keys.run("keyring", "list", "ring.key").out == f"mlkem768-x25519 {value['added'][0]['key_id']}\n"
    value = run(keys, "keyring", "accept", "app.bndl", *OPEN, "--keyring", "none.key")
    assert (value["brought"], value["added"]) == (0, [])
    assert "none.key" not in keys.names()


def test_a_refused_release_brings_nothing(keys: Shop) -> None:
    keys.run("pack", "dist", "-o", "next.bndl", *PACK, "--new-identity", "new.key", "-q")
    data = bytearray(keys.path("next.bndl").read_bytes())
    data[-1] ^= 1
    keys.path("next.bndl").write_bytes(data)
    before = keys.path("device.key").read_bytes()
    for arguments in (("unpack", "next.bndl", *OPEN, "-o", "out"), ("keyring", "accept", "next.bndl", *OPEN)):
        assert run(keys, *arguments, "--keyring", "device.key", code=1)["refused"]["code"] == "BODY_DIGEST"
    assert keys.path("device.key").read_bytes() == before
    for arguments in ((*OPEN, "--min-number", "8"), (*OPEN, "--product", "com.other")):
        keys.run("keyring", "accept", "next.bndl", *arguments, "--keyring", "device.key", code=1)
    assert keys.path("device.key").read_bytes() == before


def test_no_secret_is_printed(keys: Shop) -> None:
    import base64

    secrets = [each.exported()[1] for each in open_identities(str(keys.path("new.key")))]
    commands = [
        ("pack", "dist", "-o", "next.bndl", *PACK, "--new-identity", "new.key"),
        ("inspect", "next.bndl", *OPEN),
        ("inspect", "next.bndl", *OPEN, "--json"),
        ("verify", "next.bndl", *OPEN, "--json"),
        ("keyring", "accept", "next.bndl", *OPEN, "--keyring", "ring.key", "--json"),
        ("keyring", "list", "ring.key", "--json"),
        ("recipients", "add", "next.bndl", *BY, "-r", "new.key.pub", "--json"),
        ("recipients", "list", "next.bndl", *BY),
    ]
    for command in commands:
        ended = keys.run(*command)
        for secret in secrets:
            for form in (secret.hex(), base64.b64encode(secret).decode()[:40], repr(secret)[2:-1]):
                assert form not in ended.out + ended.err


def test_too_many_new_identities(keys: Shop) -> None:
    for number in range(17):
        keys.run("keygen", "recipient", "-o", f"n{number}.key", "-q")
    text = "".join(keys.path(f"n{number}.key").read_text() for number in range(17))
    keys.path("many.key").write_text(text)
    keys.path("many.key").chmod(0o600)
    ended = keys.run("pack", "dist", "-o", "next.bndl", *PACK, "--new-identity", "many.key", code=2)
    assert "a release holds 16" in ended.err


def test_a_keyring_is_a_file(stock: Shop) -> None:
    for verb in (("unpack", "app.bndl", "-o", "x"), ("keyring", "accept", "app.bndl")):
        assert "--keyring is a file" in stock.run(*verb, *OPEN, "--keyring", "env:RING", code=2).err
    assert "x" not in stock.names()


def test_keys_from_the_environment(keys: Shop) -> None:
    """Where keys live is said in one way, for every verb."""
    env = {"ARCHIVE": keys.path("device.key").read_text(), "NEW": keys.path("new.key").read_text()}
    by = ("--trust", "acme.trust", "-i", "env:ARCHIVE")
    keys.run("recipients", "add", "app.bndl", *by, "-r", "new.key.pub", "-q", env=env)
    assert (
        "opens with env:NEW"
        in keys.run("recipients", "list", "app.bndl", "--trust", "acme.trust", "-i", "env:NEW", env=env).out
    )
    keys.run("pack", "dist", "-o", "n.bndl", *PACK, "--new-identity", "env:NEW", "-q", env=env)
    assert len(run(keys, "keyring", "accept", "n.bndl", *OPEN, "--keyring", "file:ring")["added"]) == 1
    assert "ring" in keys.names()
