"""Every verb as people use it: what it prints, what it makes, how it ends."""

from __future__ import annotations

import json
import re
import stat

import pytest
from support.cli import OPEN, PACK, RELEASE, SITE, Shop, read_tree

from bundlefmt import __version__
from bundlefmt.cli.main import EXIT_CODES, VERBS

TRUST = ("--trust", "acme.trust")


def normal(text: str) -> str:
    """Output without what differs from run to run."""
    text = "".join(line for line in text.splitlines(keepends=True) if " ignored" not in line)
    text = re.sub(r"\b[0-9a-f]{32,}\b", "ID", text)
    text = re.sub(r"\b[0-9a-f]{16}\b", "KEYID", text)
    text = re.sub(r"hint [0-9a-f]{8}\b", "hint HINT", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    text = re.sub(r"[0-9.]+ kB \(\d+ bytes\)", "SIZE", text)
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


# The program


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_has_an_example(stock: Shop, verb: str) -> None:
    text = stock.run(verb, "--help").out
    assert text.startswith(f"usage: bundlefmt {verb}")
    assert f"  bundlefmt {verb}" in text.split("example", 1)[1]


def test_publisher_sign_is_sign(stock: Shop) -> None:
    assert stock.run("publisher", "sign", "--help").out == stock.run("sign", "--help").out


def test_top_level_help_lists_verbs_and_exit_codes(stock: Shop) -> None:
    text = stock.run("--help").out
    assert all(re.search(rf"^  {verb} ", text, re.MULTILINE) for verb in VERBS)
    assert EXIT_CODES in text


def test_version(stock: Shop) -> None:
    assert stock.run("--version").out == f"bundlefmt {__version__} (format bundlefmt/1)\n"


def test_no_verb_is_wrong_usage(stock: Shop) -> None:
    assert stock.run(code=2).err.startswith("usage: bundlefmt VERB")


@pytest.mark.parametrize(
    "arguments", [("frobnicate",), ("--frobnicate",), ("pack",), ("verify", "app.bndl"), ("keygen", "x")]
)
def test_wrong_usage(stock: Shop, arguments: tuple[str, ...]) -> None:
    ended = stock.run(*arguments, code=2)
    assert not ended.out
    assert "error: " in ended.err


def test_complaints_about_arguments_are_escaped(stock: Shop) -> None:
    for arguments in (("verify", "a", "\x1b[31mb", *TRUST), ("\x1b]0;title\x07",), ("keygen", "\u202ex", "-o", "f")):
        ended = stock.run(*arguments, code=2)
        assert "\x1b" not in ended.err
        assert "\u202e" not in ended.err


# keygen


def test_keygen_signer(shop: Shop) -> None:
    ended = shop.run("keygen", "signer", "-o", "new.pem")
    assert normal(ended.out) == "new.pem  secret, keep it\nnew.pem.pub  public, give it away\nkey id ID\n"
    assert stat.S_IMODE(shop.path("new.pem").stat().st_mode) == 0o600
    assert shop.path("new.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert shop.path("new.pem.pub").read_text().startswith("-----BEGIN PUBLIC KEY-----\n")


@pytest.mark.parametrize(("option", "kind"), [((), 2), (("--x25519",), 1)])
def test_keygen_recipient(shop: Shop, option: tuple[str, ...], kind: int) -> None:
    from bundlefmt import parse_identities, parse_recipients

    ended = shop.run("keygen", "recipient", "-o", "new.key", *option)
    assert normal(ended.out) == "new.key  secret, keep it\nnew.key.pub  public, give it away\nkey id KEYID\n"
    assert stat.S_IMODE(shop.path("new.key").stat().st_mode) == 0o600
    (identity,) = parse_identities(shop.path("new.key").read_text())
    assert identity.type == kind
    assert parse_recipients(shop.path("new.key.pub").read_text()) == [identity.recipient]
    assert identity.recipient.key_id.hex() in ended.out


@pytest.mark.parametrize("taken", ["new.pem", "new.pem.pub"])
def test_keygen_never_replaces_and_leaves_nothing(shop: Shop, taken: str) -> None:
    shop.path(taken).write_text("mine")
    before = shop.names()
    ended = shop.run("keygen", "signer", "-o", "new.pem", code=3)
    assert ended.err == (
        f"bundlefmt: failed: WRITE_FAILED: {taken} exists already; keys are never replaced; "
        "check permissions and free space and try again\n"
    )
    assert shop.path(taken).read_text() == "mine"
    assert shop.names() == before


def test_keygen_follows_no_link(shop: Shop) -> None:
    shop.path("new.pem").symlink_to("elsewhere")
    shop.run("keygen", "signer", "-o", "new.pem", code=3)
    assert "elsewhere" not in shop.names()


def test_keygen_mode_does_not_depend_on_the_umask(shop: Shop) -> None:
    import subprocess
    import sys

    from support.cli import environment

    subprocess.run(
        [sys.executable, "-m", "bundlefmt", "keygen", "signer", "-o", "u.pem"],
        cwd=shop.folder, env=environment(), umask=0, check=True, capture_output=True,
    )  # fmt: skip
    assert stat.S_IMODE(shop.path("u.pem").stat().st_mode) == 0o600


def test_keygen_x25519_signer_is_wrong_usage(shop: Shop) -> None:
    assert "--x25519 is for recipients" in shop.run("keygen", "signer", "--x25519", "-o", "x", code=2).err


# publisher


def test_publisher_init_and_show(shop: Shop) -> None:
    ended = shop.run("publisher", "init", "--root", "root.pem", "--signer", "ci.pem.pub", "-o", "new.trust")
    assert normal(ended.out) == (
        "new.trust  give it to everybody who verifies; it holds no secret\n"
        "publisher ID\n"
        "keep the root keys offline: they are needed only to replace keys, and they alone can\n"
    )
    shown = shop.run("publisher", "show", "new.trust")
    assert normal(shown.out) == (
        "publisher ID\n"
        "epoch 1\n"
        "  issued   TIME\n"
        "  expires  never\n"
        "  voids    nothing\n"
        "  root     1 of 1\n"
        "           ed25519 ID\n"
        "  release  1 of 1\n"
        "           ed25519 ID\n"
        "  pointer  1 of 1\n"
        "           ed25519 ID\n"
    )
    assert ended.out.splitlines()[1] == shown.out.splitlines()[0]


def test_publisher_with_thresholds(shop: Shop) -> None:
    for name in ("r2", "s2", "s3", "p"):
        shop.run("keygen", "signer", "-o", f"{name}.pem", "-q")
    shop.run(
        "publisher",
        "init",
        "--root",
        "root.pem",
        "--root",
        "r2.pem",
        "--root-threshold",
        "2",
        "--signer",
        "ci.pem.pub",
        "--signer",
        "s2.pem.pub",
        "--signer",
        "s3.pem",
        "--threshold",
        "2",
        "--pointer-signer",
        "p.pem.pub",
        "--issued",
        "2026-01-01",
        "--expires",
        "2027-01-01T00:00:00Z",
        "-o",
        "new.trust",
        "-q",
    )
    document = json.loads(shop.run("publisher", "show", "new.trust", "--json").out)["documents"][0]
    assert {name: (role["threshold"], len(role["keys"])) for name, role in document["roles"].items()} == {
        "root": (2, 2), "release": (2, 3), "pointer": (1, 1),
    }  # fmt: skip
    assert (document["issued"], document["expires"]) == (1767225600, 1798761600)
    pack = ("pack", "dist", "--trust", "new.trust", "-r", "device.key.pub", *RELEASE)
    ended = shop.run(*pack, "-o", "new.bndl", "--signer", "ci.pem", code=3)
    assert "INPUT_KEYS" in ended.err
    shop.run(*pack, "-o", "new.bndl", "--signer", "ci.pem", "--signer", "s3.pem")
    assert "threshold  2" in shop.run("verify", "new.bndl", "--trust", "new.trust").out


def test_too_few_secret_root_keys(shop: Shop) -> None:
    init = ("publisher", "init", "--root", "root.pem.pub", "--signer", "ci.pem", "-o", "new.trust")
    assert "INPUT_KEYS" in shop.run(*init, code=3).err
    assert "new.trust" not in shop.names()


def test_one_key_for_all_only_on_purpose(shop: Shop) -> None:
    same = ("publisher", "init", "--root", "ci.pem", "--signer", "ci.pem.pub", "-o", "new.trust")
    assert "say --single-key" in shop.run(*same, code=2).err
    assert "--root is required" in shop.run("publisher", "init", "--signer", "ci.pem", "-o", "new.trust", code=2).err
    assert "new.trust" not in shop.names()
    ended = shop.run("publisher", "init", "--single-key", "--signer", "ci.pem", "-o", "new.trust")
    assert "nothing can revoke it" in ended.out
    shop.run(*same[:-1], "other.trust", "--single-key", "-q")


def test_publisher_init_never_replaces(shop: Shop) -> None:
    before = shop.path("acme.trust").read_bytes()
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "ci.pem", "-o", "acme.trust", code=3)
    assert shop.path("acme.trust").read_bytes() == before


def test_a_publisher_is_reproducible_apart_from_its_keys(shop: Shop) -> None:
    for name in ("a", "b"):
        shop.run(
            "publisher", "init", "--root", "root.pem", "--signer", "ci.pem", "-o", f"{name}.trust",
            env={"SOURCE_DATE_EPOCH": "1700000000"},
        )  # fmt: skip
    assert shop.path("a.trust").read_bytes() == shop.path("b.trust").read_bytes()


# pack


def test_pack(shop: Shop) -> None:
    shop.path("dist/empty/inner").mkdir(parents=True)
    ended = shop.run("pack", "dist", "-o", "new.bndl", *PACK)
    assert normal(ended.out) == (
        "packed and verified new.bndl\n"
        "  release     com.example.app 1.2.3, number 7\n"
        "  release id  ID\n"
        "  files       2, SIZE\n"
        "  bundle      SIZE\n"
    )
    assert ended.err == "note: empty folders are not kept: empty/inner\n"


def test_pack_replaces_only_with_force(shop: Shop) -> None:
    before = shop.path("app.bndl").read_bytes()
    ended = shop.run("pack", "dist", "-o", "app.bndl", *PACK, code=3)
    assert ended.err.startswith("bundlefmt: failed: WRITE_FAILED: app.bndl exists already")
    assert shop.path("app.bndl").read_bytes() == before
    shop.run("pack", "dist", "-o", "app.bndl", "-f", *PACK, "-q")
    assert shop.path("app.bndl").read_bytes() != before


def test_pack_takes_every_option(shop: Shop) -> None:
    shop.path("notes.txt").write_text("First line\nSecond line\n")
    ended = shop.run(
        "pack", "dist", "-o", "new.bndl", *PACK[:-2], "--level", "3", "--share-small", "4MiB", "--sync", "--anonymous",
        "--expires", "+90d", "--requires-host", "2.1..3", "--platform", "linux", "--platform", "android",
        "--notes-file", "notes.txt", "--metadata", "b=2", "--metadata", "a=1=1", "--json", "-r", "device.key.pub",
        env={"SOURCE_DATE_EPOCH": "1700000000"},
    )  # fmt: skip
    packed = json.loads(ended.out)
    release = packed["release"]
    assert packed["records"] == 1
    assert (release["created"], release["expires"]) == (1700000000, 1700000000 + 90 * 86400)
    assert release["requires"] == {"at_least": "2.1", "below": "3", "platforms": ["android", "linux"]}
    assert release["notes"] == "First line\nSecond line\n"
    assert release["metadata"] == {"a": "1=1", "b": "2"}
    expect = ("--at", "1700000001")
    text = shop.run("verify", "new.bndl", *OPEN, *expect).out
    assert all(part in text for part in ("2.1 or later, below 3", "android, linux", "meta a", "Second line"))
    assert "anonymous" in shop.run("inspect", "new.bndl").out
    shop.run("unpack", "new.bndl", "-o", "out", *OPEN, *expect, "--host", "2.5", "--platform", "linux", "--sync", "-q")
    assert read_tree(shop.path("out")) == SITE


@pytest.mark.parametrize("size", ["4194304", "4M", "4MiB", "4m", "4096K", "4MB", "8MiB"])
def test_sizes_that_are_taken(size: str) -> None:
    from bundlefmt.cli.pack import share_size

    assert 4_000_000 <= share_size(size) <= 8 << 20


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--share-small", "9MiB"),
        ("--share-small", "4 apples"),
        ("--level", "0"),
        ("--level", "23"),
        ("--number", "0"),
        ("--number", "-1"),
        ("--number", str(1 << 53)),
        ("--created", "yesterday"),
        ("--created", "1969-01-01"),
        ("--expires", "+0d"),
        ("--expires", "+3x"),
        ("--requires-host", ".."),
        ("--requires-host", "3..2"),
        ("--requires-host", "1.2.3.4.5"),
        ("--platform", "Linux!"),
        ("--metadata", "novalue"),
        ("--metadata", "=x"),
        ("--product", "no spaces"),
        ("--expires", "2020-01-01"),
    ],
)
def test_values_that_are_wrong_usage(shop: Shop, option: str, value: str) -> None:
    ended = shop.run("pack", "dist", "-o", "new.bndl", *PACK, option, value, code=2)
    assert "error: " in ended.err
    assert "new.bndl" not in shop.names()


def test_pack_twice_the_same_metadata_key(shop: Shop) -> None:
    ended = shop.run("pack", "dist", "-o", "new.bndl", *PACK, "--metadata", "a=1", "--metadata", "a=2", code=2)
    assert "given twice" in ended.err


def test_pack_what_a_bundle_cannot_carry(shop: Shop) -> None:
    shop.path("dist/link").symlink_to("index.html")
    ended = shop.run("pack", "dist", "-o", "new.bndl", *PACK, code=3)
    assert ended.err == (
        "bundlefmt: failed: INPUT_TREE (W-5): 'link' is a symbolic link; rename or remove it, then pack again\n"
    )
    assert "new.bndl" not in shop.names()


def test_pack_a_folder_that_is_not_there(shop: Shop) -> None:
    ended = shop.run("pack", "nowhere", "-o", "new.bndl", *PACK, code=3)
    assert ended.err.startswith("bundlefmt: failed: ")
    assert "nowhere" in ended.err


def test_pack_with_mixed_recipients(shop: Shop) -> None:
    assert "W-4" in shop.run("pack", "dist", "-o", "new.bndl", *PACK, "-r", "other.key.pub", code=3).err


def test_encrypted_signing_key_without_a_terminal(shop: Shop) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    form = Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    shop.path("locked.pem").write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
    shop.path("locked.pem").chmod(0o600)
    ended = shop.run("pack", "dist", "-o", "new.bndl", *PACK, "--signer", "locked.pem", code=3)
    assert "KEY_SOURCE: locked.pem: the passphrase of locked.pem is needed" in ended.err
    assert "secret" not in ended.err


# inspect


def test_inspect_without_keys(stock: Shop) -> None:
    text = normal(stock.run("inspect", "app.bndl").out)
    assert "UNVERIFIED: this is what the file says of itself; --trust FILE tells what of it is true\n" in text
    assert [line.split()[0] for line in text.split("section", 1)[1].splitlines()[1:9]] == [
        "prelude", "header", "signatures", "trust", "recipients", "manifest", "leaves", "body",
    ]  # fmt: skip
    assert "header (UNVERIFIED)\n  kind       release\n  publisher  ID\n" in text
    assert "signatures (UNVERIFIED)\n  ed25519 ID\n" in text
    assert "trust documents (UNVERIFIED)\n  epoch 1, issued TIME, root 1 of 1, release 1 of 1, pointer 1 of 1" in text
    assert "recipients (never signed: anyone may add entries)\n" in text
    assert "mlkem768-x25519  hint HINT\n" in text
    assert "1.2.3" not in text


@pytest.mark.parametrize("key", ["device.key", "device.key.pub"])
def test_inspect_tells_whose_entry_it_is(stock: Shop, key: str) -> None:
    text = normal(stock.run("inspect", "app.bndl", "-i", key).out)
    assert f"hint HINT  for key KEYID ({key})\n" in text
    assert "opens" not in text


def test_inspect_with_trust_and_identity(stock: Shop) -> None:
    text = normal(stock.run("inspect", "app.bndl", *OPEN).out)
    assert "UNVERIFIED" not in text
    assert "ed25519 ID  counted\n" in text
    assert "opens with a key given  for key KEYID (device.key)\n" in text
    assert re.findall(r"^  (R\S+) .*(passed|not judged.*)$", text, re.MULTILINE) == [
        *((f"R{number}", "passed") for number in range(1, 11)),
        ("R11-R14", "not judged: verify and unpack read it"),
    ]
    assert "release\n  product     com.example.app\n  version     1.2.3\n  number      7\n" in text
    assert "  files       2 (2 distinct contents in 2 records)\n" in text


def test_inspect_names_the_keys_that_were_tried(stock: Shop) -> None:
    text = normal(stock.run("inspect", "app.bndl", "--trust", "acme.trust", "-i", "other.key").out)
    assert "no entry carries the hint of key KEYID (other.key)\n" in text
    assert "refused: NO_IDENTITY (RCP-6 RCP-7 RCP-8 RCP-9 ENC-1): " in text
    assert "identities tried: x25519 KEYID\n" in text
    assert "R10     leaf table       passed" in text


@pytest.mark.parametrize("data", [b"", b"\x89BN", b"PK\3\4 and so on", bytes(100)])
def test_inspect_what_is_no_bundle(shop: Shop, data: bytes) -> None:
    shop.path("x").write_bytes(data)
    ended = shop.run("inspect", "x", code=1)
    assert ended.err.startswith("bundlefmt: refused: PRELUDE_MAGIC (PRE-1): ")
    body = json.loads(shop.run("inspect", "x", "--json", code=1).out)
    assert (body["bundle"], body["faults"][0]["code"]) == (False, "PRELUDE_MAGIC")


@pytest.mark.parametrize("cut", [8, 20, 32, 40, 300, 2000, -1])
def test_inspect_a_cut_file_tells_what_is_there(shop: Shop, cut: int) -> None:
    shop.path("x").write_bytes(shop.path("app.bndl").read_bytes()[:cut])
    text = shop.run("inspect", "x").out
    assert "faults\n" in text
    assert "TRUNCATED (PRE-8)" in text
    text = shop.run("inspect", "x", "--trust", "acme.trust").out
    assert "refused: TRUNCATED" in text or cut < 32


def test_inspect_a_refused_file_is_not_an_error_but_is_told(stock: Shop) -> None:
    shop = stock
    wrong = shop.run("inspect", "app.bndl", "--trust", "acme.trust", "--kind", "pointer")
    assert "judged with acme.trust as pointer\n" in wrong.out
    assert "header (UNVERIFIED)" in wrong.out
    assert "R4      signatures       refused: SIGNATURE_THRESHOLD" in wrong.out or "SIGNATURE_INVALID" in wrong.out


def test_inspect_expectations_need_trust(stock: Shop) -> None:
    assert "--product needs --trust" in stock.run("inspect", "app.bndl", "--product", "x", code=2).err


# verify


def test_verify_without_a_key(stock: Shop) -> None:
    assert normal(stock.run("verify", "app.bndl", *TRUST).out) == (
        "verified app.bndl: release, signatures and every byte of SIZE\n"
        "  publisher  ID\n"
        "  epoch      1, newest known 1\n"
        "  signed by  ID\n"
        "  threshold  1\n"
        "not judged without an identity: names, contents, product, number and expiry\n"
        "not covered by signatures: who the recipients are\n"
    )


def test_verify_with_a_key_judges_the_release(stock: Shop) -> None:
    text = stock.run("verify", "app.bndl", *OPEN, "--product", "com.example.app", "--min-number", "7").out
    assert "  version     1.2.3\n" in text
    assert stock.run("verify", "app.bndl", *OPEN, "-q") == (0, "", "")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--product", "com.example.other"), "PRODUCT_MISMATCH (POL-1)"),
        (("--min-number", "8"), "ROLLBACK (POL-2)"),
    ],
)
@pytest.mark.parametrize("verb", ["verify", "list", "unpack"])
def test_expectations_refuse(shop: Shop, verb: str, options: tuple[str, ...], code: str) -> None:
    ended = shop.run(verb, "app.bndl", *OPEN, *options, code=1)
    assert ended.err.startswith(f"bundlefmt: refused: {code}: ")
    assert ended.err.count("\n") == 1
    assert not ended.out
    assert "app" not in shop.names()


def test_expiry_and_host_are_judged_by_what_is_given(shop: Shop) -> None:
    options = ("--expires", "1800000000", "--requires-host", "2..3", "--platform", "linux")
    shop.run("pack", "dist", "-o", "new.bndl", *PACK, *options, "-q")
    at = ("--at", "1799999999")
    shop.run("list", "new.bndl", *OPEN, *at)
    assert "RELEASE_EXPIRED" in shop.run("list", "new.bndl", *OPEN, "--at", "1800000000", code=1).err
    shop.run("list", "new.bndl", *OPEN, *at, "--host", "2.9", "--platform", "linux")
    for wrong in (("--host", "3", "--platform", "linux"), ("--host", "2"), ("--platform", "linux")):
        assert "HOST_MISMATCH" in shop.run("list", "new.bndl", *OPEN, *at, *wrong, code=1).err


@pytest.mark.parametrize(
    "options", [("--product", "x"), ("--host", "1"), ("--min-number", "1"), ("--base", "x"), ("--channel", "x")]
)
def test_verify_refuses_to_pretend(stock: Shop, options: tuple[str, ...]) -> None:
    ended = stock.run("verify", "app.bndl", *TRUST, *options, code=2)
    assert f"{options[0]} needs -i" in ended.err


def test_verify_as_a_pointer(stock: Shop) -> None:
    assert "SIGNATURE_" in stock.run("verify", "app.bndl", *TRUST, "--kind", "pointer", code=1).err
    assert "--channel is for pointers" in stock.run("verify", "app.bndl", *OPEN, "--channel", "x", code=2).err
    wrong = stock.run("verify", "app.bndl", *OPEN, "--kind", "pointer", "--host", "1", code=2)
    assert "--host is for releases" in wrong.err


def test_a_refusal_is_one_line_with_code_rule_and_advice(stock: Shop) -> None:
    for verb in (("verify",), ("verify", "-i", "device.key")):
        ended = stock.run(*verb, "bad.bndl", *TRUST, code=1)
        assert not ended.out
        assert ended.err == (
            "bundlefmt: refused: BODY_DIGEST (BDY-2): leaf 0 of the body does not have its digest; "
            "fetch the file again; if it stays, ask the publisher\n"
        )


def test_another_publisher_is_refused(shop: Shop) -> None:
    shop.run("keygen", "signer", "-o", "r.pem", "-q")
    shop.run("publisher", "init", "--root", "r.pem", "--signer", "ci.pem", "-o", "new.trust", "-q")
    assert "refused: TRUST_SIGNATURE (" in shop.run("verify", "app.bndl", "--trust", "new.trust", code=1).err


# list, cat, unpack


def test_list(stock: Shop) -> None:
    assert stock.run("list", "app.bndl", *OPEN).out == "index.html\njs/app.js\n"
    long = stock.run("list", "app.bndl", *OPEN, "-l").out.splitlines()
    assert re.fullmatch(r"-    15 [0-9a-f]{64} index\.html", long[0])


def test_list_and_cat_to_a_new_file(shop: Shop) -> None:
    shop.run("list", "app.bndl", *OPEN, "-o", "names")
    assert shop.path("names").read_text() == "index.html\njs/app.js\n"
    shop.run("cat", "app.bndl", "index.html", *OPEN, "-o", "page")
    assert shop.path("page").read_bytes() == SITE["index.html"]
    for verb in (("list", "app.bndl"), ("cat", "app.bndl", "index.html")):
        assert "page exists already" in shop.run(*verb, *OPEN, "-o", "page", code=3).err
    assert shop.path("page").read_bytes() == SITE["index.html"]


def test_cat(stock: Shop) -> None:
    assert stock.raw("cat", "app.bndl", "js/app.js", "index.html", *OPEN) == SITE["js/app.js"] + SITE["index.html"]


def test_cat_a_name_that_is_not_there_writes_nothing(stock: Shop) -> None:
    ended = stock.run("cat", "app.bndl", "index.html", "nope", *OPEN, code=2)
    assert not ended.out
    assert (
        ended.err
        == "bundlefmt: failed: ENTRY_NOT_FOUND: no file 'nope' in the bundle; list the bundle to see its paths\n"
    )


def test_cat_of_a_damaged_content_leaves_no_file(shop: Shop) -> None:
    ended = shop.run("cat", "bad.bndl", "index.html", *OPEN, "-o", "page", code=1)
    assert "BODY_DIGEST" in ended.err
    assert not {"page"} & shop.names()
    assert not any(name.endswith(".partial") for name in shop.names())


def test_unpack_to_the_name_of_the_file(shop: Shop) -> None:
    ended = shop.run("unpack", "app.bndl", *OPEN)
    assert normal(ended.out) == "verified and unpacked to app: 2 files, SIZE\n  com.example.app 1.2.3, number 7\n"
    assert read_tree(shop.path("app")) == SITE
    again = shop.run("unpack", "app.bndl", *OPEN, code=3)
    assert "INSTALL_EXISTS" in again.err


def test_unpack_keeps_executable_files_executable(shop: Shop) -> None:
    shop.path("dist/run.sh").write_text("#!/bin/sh\n")
    shop.path("dist/run.sh").chmod(0o755)
    shop.run("pack", "dist", "-o", "new.bndl", *PACK, "-q")
    shop.run("unpack", "new.bndl", *OPEN, "-q")
    assert shop.path("new/run.sh").stat().st_mode & 0o111
    assert not shop.path("new/index.html").stat().st_mode & 0o111


@pytest.mark.parametrize("arguments", [("-",), ("app.zip",), (".bndl",), ("app.bndl", "-o", "-")])
def test_unpack_needs_a_folder_name(shop: Shop, arguments: tuple[str, ...]) -> None:
    shop.run("unpack", *arguments, *OPEN, code=2)


def test_unpack_refused_leaves_nothing(shop: Shop) -> None:
    before = shop.names()
    for name, key in (("bad.bndl", "device.key"), ("app.bndl", "other.key")):
        shop.run("unpack", name, "-o", "out", "--trust", "acme.trust", "-i", key, code=1)
        assert shop.names() == before


def test_unpack_where_nothing_can_be_written(shop: Shop) -> None:
    ended = shop.run("unpack", "app.bndl", "-o", "missing/out", *OPEN, code=3)
    assert ended.err.startswith("bundlefmt: failed: INSTALL_FAILED: ")


# Key files


def test_a_secret_key_that_others_can_read_is_mentioned(shop: Shop) -> None:
    shop.path("device.key").chmod(0o644)
    ended = shop.run("list", "app.bndl", *OPEN)
    assert ended.err == (
        "warning: device.key is a secret key that other users of this machine can read; chmod 600 it\n"
    )


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        (
            ("list", "app.bndl", "--trust", "acme.trust", "-i", "device.key.pub"),
            "expected a block 'BUNDLEFMT IDENTITY'",
        ),
        (("list", "app.bndl", "--trust", "acme.trust", "-i", "ci.pem"), "ci.pem: "),
        (("list", "app.bndl", "--trust", "acme.trust", "-i", "missing"), "missing: No such file or directory"),
        (("list", "app.bndl", "--trust", "acme.trust", "-i", "app.bndl"), "app.bndl: is not a text file"),
        (("list", "app.bndl", "--trust", "device.key", "-i", "device.key"), "expected one block 'BUNDLEFMT TRUST'"),
        (("verify", "app.bndl", "--trust", "app.bndl"), "app.bndl: is not a text file"),
        (("publisher", "init", "--root", "device.key", "--signer", "ci.pem", "-o", "x"), "device.key: "),
    ],
)
def test_wrong_key_files(shop: Shop, arguments: tuple[str, ...], detail: str) -> None:
    ended = shop.run(*arguments, code=3)
    assert re.match(r"bundlefmt: failed: (KEY_FILE \(ARM-1 ARM-3\)|TRUST_FILE \(ARM-1 ARM-2\)): ", ended.err), ended.err
    assert detail in ended.err


def test_errors_do_not_show_secrets(shop: Shop) -> None:
    text = shop.path("device.key").read_text()
    lines = text.splitlines()
    damaged = lines[2][:-8] + "AAAAAAAA"
    shop.path("damaged.key").write_text(text.replace(lines[2], damaged))
    ended = shop.run("list", "app.bndl", "--trust", "acme.trust", "-i", "damaged.key", code=3)
    assert damaged[:16] not in ended.err
    assert "KEY_FILE" in ended.err


def test_a_file_that_cannot_be_read_is_local_trouble(stock: Shop) -> None:
    ended = stock.run("verify", "missing.bndl", *TRUST, code=3)
    assert ended.err == (
        "bundlefmt: failed: SOURCE_FAILED: missing.bndl: No such file or directory; "
        "check the file or the connection and try again\n"
    )
    assert "SOURCE_FAILED" in stock.run("inspect", "dist", code=3).err


# Hostile text


def test_text_of_a_release_does_not_reach_the_terminal_as_it_is(shop: Shop) -> None:
    hostile = "1\x1b]0;title\x07\u202e\u2066x"
    options = ("--notes", f"a\x9b31m\r\n{hostile}", "--metadata", f"k{hostile}={hostile}")
    shop.run("pack", "dist", "-o", "new.bndl", *PACK, "--version", hostile, *options)
    for arguments in (
        ("verify", "new.bndl", *OPEN),
        ("inspect", "new.bndl", *OPEN),
        ("inspect", "new.bndl", *OPEN, "--json"),
        ("unpack", "new.bndl", *OPEN),
    ):
        text = shop.run(*arguments).out
        assert not set(text) & set("\x1b\x07\x9b\r\u202e\u2066"), arguments
        assert "\\x1b]0;title" in text or "\\u001b]0;title" in text


def test_hostile_names_are_escaped(shop: Shop) -> None:
    from support.forge import encode_table, forge, listing_of, release_for, release_plaintext
    from support.publisher import Publisher

    from bundlefmt import format_trust_file

    name = "photo\u202egpj.exe"  # readers accept it: their Unicode tables differ
    publisher = Publisher()
    listing = listing_of({name: b""})
    plaintext = release_plaintext(release_for(listing), listing, encode_table([]))
    shop.path("forged.bndl").write_bytes(forge(publisher, plaintext).join())
    shop.path("forged.trust").write_text(format_trust_file(publisher.chain))
    shop.path("forged.key").write_text(publisher.identity.armored())
    shop.path("forged.key").chmod(0o600)
    access = ("--trust", "forged.trust", "-i", "forged.key")
    for option in ((), ("-l",)):
        assert shop.run("list", "forged.bndl", *access, *option).out.endswith("photo\\u202egpj.exe\n")
    (row,) = json.loads(shop.run("list", "forged.bndl", *access, "--json").out)["files"]
    assert row["path"] == name
    shop.run("unpack", "forged.bndl", *access)
    assert read_tree(shop.path("forged")) == {name: b""}


def test_file_names_given_are_escaped(shop: Shop) -> None:
    name = "bad\x1b[31m\n.bndl"
    shop.path(name).write_bytes(shop.path("bad.bndl").read_bytes())
    for verb in ("verify", "inspect"):
        ended = shop.run(verb, name, *TRUST, code=None)
        assert "\x1b" not in ended.out + ended.err
    assert shop.run("verify", name, "--trust", f"{name}x", code=3).err.count("\n") == 1
