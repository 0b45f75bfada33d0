"""Signing in rounds: a request goes out, signature files come back, and what they make is a bundle or an epoch."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.desk import Desk
from support.forge import split
from support.publisher import Publisher

from bundlefmt.keys.signers import sign_row
from bundlefmt.model.request import (
    RELEASE,
    Answer,
    HeaderItem,
    Request,
    SignatureFile,
    parse_answers,
    parse_request,
)
from bundlefmt.trust.chain import format_trust_file, parse_trust_file
from bundlefmt.wire.cose import LABEL_RELEASE

VERIFY = ("--trust", "acme.trust")
ALICE = ("-i", "alice.key", "--signer", "a.pem")


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """Two of three release keys, held by people who see what they sign; a root key."""
    desk.signers("root", "a", "b", "c", "new")
    for name in ("alice", "bob"):
        desk.run("keygen", "recipient", "--x25519", "-o", f"{name}.key", "-q")
    desk.run(
        "publisher", "init", "--root", "root.pem", "--signer", "a.pem.pub", "--signer", "b.pem.pub",
        "--signer", "c.pem.pub", "--release-threshold", "2", "-o", "acme.trust", "-q",
    )  # fmt: skip
    return desk


def draft(desk: Desk, number: int = 7, name: str = "app", *options: str) -> None:
    reveal = ("--reveal-to", "alice.key.pub", "--reveal-to", "bob.key.pub")
    desk.pack(f"{name}.bndl", number, "--unsigned", f"{name}.request", *reveal, *options, "-q")


def answered(desk: Desk, name: str = "app") -> tuple[str, str]:
    desk.run("sign", f"{name}.request", *ALICE, *VERIFY, "-o", f"{name}.alice", "-q")
    desk.run("sign", f"{name}.request", "-i", "bob.key", "--signer", "b.pem", *VERIFY, "-o", f"{name}.bob", "-q")
    return f"{name}.alice", f"{name}.bob"


# Releases


def test_two_of_three_who_never_meet(shop: Desk) -> None:
    draft(shop)
    files = answered(shop)
    ended = shop.run("attach", *files, "app.bndl.draft", *VERIFY)
    assert ended.out == "signed and verified app.bndl: 2 signatures count, 2 are needed\n"
    shop.run("unpack", "app.bndl", "-o", "out", *VERIFY, "-i", "device.key", "-q")
    assert shop.read("out/number.txt") == b"7\n"
    # Nobody who was only shown it can open the bundle.
    assert "NO_IDENTITY" in shop.run("list", "app.bndl", *VERIFY, "-i", "alice.key", code=1).err


def test_a_signer_sees_in_plain_words_what_is_signed(shop: Desk) -> None:
    draft(shop, 7, "app", "--requires-host", "2.1..3", "--platform", "linux", "--expires", "1800000000")
    ended = shop.run("sign", "app.request", "-i", "alice.key", *VERIFY)
    words = {line.split(None, 1)[0]: line.split(None, 1)[1] for line in ended.out.splitlines()[1:]}
    assert ended.out.startswith("release to be signed\n")
    assert words["kind"] == "release, 1 bundle"
    assert words["product"] == "com.example.app"
    assert words["number"] == "7"
    assert words["epoch"] == "1"
    assert words["host"] == "2.1 or later, below 3"
    assert words["platforms"] == "linux"
    assert words["expires"] == "2027-01-15T08:00:00Z"
    assert words["files"] == "1, 2 bytes"
    assert "tree" in words
    assert "nothing was signed" in ended.err


def test_blind_only_on_purpose(shop: Desk) -> None:
    draft(shop)
    for keys in ((), ("-i", "device.key")):
        sign = ("sign", "app.request", *keys, "--signer", "a.pem", *VERIFY, "-o", "x.signature")
        before = shop.state()
        ended = shop.run(*sign, code=1)
        assert "BLIND: nothing is shown" in ended.err
        assert "REQUEST_BLIND" in ended.err
        assert "product" not in ended.out
        assert shop.state() == before
    shop.run("sign", "app.request", "--blind", "--signer", "a.pem", *VERIFY, "-o", "x.signature", "-q")
    assert parse_answers(shop.read("x.signature")).purpose == RELEASE


def test_a_request_that_reveals_nothing_says_so(shop: Desk) -> None:
    ended = shop.pack("app.bndl", 7, "--unsigned", "app.request")
    assert "signers cannot see what they sign" in ended.err
    assert "BLIND" in shop.run("sign", "app.request", "-i", "alice.key").err


def test_several_bundles_of_one_release_are_shown_and_answered_once(shop: Desk) -> None:
    for name in ("app", "fleet"):
        draft(shop, 7, name)
    shop.run("request", "app.request", "fleet.request", "-o", "all.request")
    assert "release, 2 bundles" in shop.run("sign", "all.request", "-i", "alice.key").out
    files = answered(shop, "all")
    assert len(parse_answers(shop.read("all.alice")).answers) == 2
    shop.run("attach", "app.bndl.draft", "fleet.bndl.draft", *files, *VERIFY, "-q")
    for name in ("app", "fleet"):
        shop.run("verify", f"{name}.bndl", *VERIFY, "-i", "device.key", "-q")


def test_two_releases_are_not_signed_as_one(shop: Desk) -> None:
    draft(shop, 7, "app")
    draft(shop, 8, "other")
    shop.run("request", "app.request", "other.request", "-o", "both.request")
    sign = ("sign", "both.request", *ALICE, "-o", "x.signature")
    shop.refused(*sign, by="REQUEST_MISMATCH")


def test_one_signature_is_not_enough(shop: Desk) -> None:
    draft(shop)
    alice, _ = answered(shop)
    shop.refused("attach", "app.bndl.draft", alice, *VERIFY, by="SIGNATURE_THRESHOLD")
    shop.refused("attach", "app.bndl.draft", alice, alice, *VERIFY, by="SIGNATURE_THRESHOLD")


def test_signatures_for_something_else_are_not_attached(shop: Desk) -> None:
    draft(shop, 7, "app")
    draft(shop, 8, "other")
    files = answered(shop, "other")
    shop.refused("attach", "app.bndl.draft", *files, *VERIFY, by="REQUEST_MISMATCH")


def test_a_wrong_signature_is_noticed_before_the_bundle_has_a_name(shop: Desk) -> None:
    draft(shop)
    files = answered(shop)
    answers = parse_answers(shop.read(files[0]))
    (answer,) = answers.answers
    bad = answer._replace(rows=(answer.rows[0]._replace(signature=bytes(64)),))
    shop.write(files[0], SignatureFile(RELEASE, (bad,)).encode())
    shop.refused("attach", "app.bndl.draft", *files, *VERIFY, by="SIGNATURE_INVALID")


def test_a_damaged_draft(shop: Desk) -> None:
    draft(shop)
    files = answered(shop)
    data = shop.read("app.bndl.draft")
    for place, code in ((8, "PRELUDE_MAJOR"), (19, "REQUEST_FILE"), (len(data) - 1, "SELF_CHECK"), (400, "TRUST_")):
        changed = bytearray(data)
        changed[place] ^= 1
        shop.write("app.bndl.draft", bytes(changed))
        ended = shop.run("attach", "app.bndl.draft", *files, *VERIFY, code=3 if code == "SELF_CHECK" else 1)
        assert code in ended.err
        assert not shop.path("app.bndl").exists()
    shop.write("app.bndl.draft", data[:-1])
    shop.refused("attach", "app.bndl.draft", *files, *VERIFY, by="TRUNCATED")


def test_a_draft_is_no_bundle(shop: Desk) -> None:
    draft(shop)
    shop.refused("verify", "app.bndl.draft", *VERIFY, by="PRELUDE_MAGIC")
    shop.refused("unpack", "app.bndl.draft", "-o", "out", *VERIFY, "-i", "device.key", by="PRELUDE_MAGIC")


def test_a_finished_bundle_gets_another_signature(shop: Desk) -> None:
    """Without the content key and under the header it has, for signers who are late."""
    draft(shop)
    shop.run("attach", "app.bndl.draft", *answered(shop), *VERIFY, "-q")
    before = split(shop.read("app.bndl"))
    shop.run("sign", "app.request", "--blind", "--signer", "c.pem", *VERIFY, "-o", "app.carol", "-q")
    ended = shop.run("attach", "app.carol", "app.bndl", *VERIFY)
    assert ended.out == "app.bndl: 3 signatures, 3 count, 2 are needed\n"
    after = split(shop.read("app.bndl"))
    assert (after.header, after.trust, after.recipients, after.manifest) == (
        before.header, before.trust, before.recipients, before.manifest,
    )  # fmt: skip
    assert len(after.signatures) == 300
    assert shop.json("verify", "app.bndl", *VERIFY)["decision"]["threshold"] == 2


def test_a_signature_added_before_its_key_is_known_is_ignored_until_then(shop: Desk) -> None:
    draft(shop)
    shop.run("attach", "app.bndl.draft", *answered(shop), *VERIFY, "-q")
    shop.run("sign", "app.request", "--blind", "--signer", "new.pem", "-o", "app.new", "-q")
    shop.run("attach", "app.new", "app.bndl", *VERIFY, "-q")
    rows = shop.json("verify", "app.bndl", *VERIFY)["decision"]["rows"]
    assert sorted(row["outcome"] for row in rows) == ["counted", "counted", "unknown-key"]
    # a and b retire, new and c take over: the rows that are there keep the bundle good.
    shop.run("publisher", "rotate", "acme.trust", "--replace", "a.pem", "new.pem.pub", "--root", "root.pem", "-q")
    decision = shop.json("verify", "app.bndl", *VERIFY)["decision"]
    assert decision["epoch"] == 2
    assert sorted(row["outcome"] for row in decision["rows"]) == ["counted", "counted", "retired"]
    assert next(row for row in decision["rows"] if row["outcome"] == "retired")["held_until_epoch"] == 1


@pytest.mark.parametrize("change", ["manifest", "publisher", "kind"])
def test_a_request_whose_parts_do_not_belong_together(shop: Desk, change: str) -> None:
    draft(shop, 7, "app")
    draft(shop, 8, "other")
    (one,), (two,) = (parse_request(shop.read(f"{name}.request")).items for name in ("app", "other"))
    assert isinstance(one, HeaderItem)
    assert isinstance(two, HeaderItem)
    if change == "manifest":
        request, code = Request(RELEASE, (one._replace(manifest=two.manifest),)), "MANIFEST_DIGEST"
    elif change == "kind":
        request, code = Request(2, (one,)), "KIND_MISMATCH"
    else:
        stranger = split(Publisher("stranger").pack({"a": b"1"}))
        request = Request(RELEASE, (one, HeaderItem(stranger.header, stranger.manifest, b"")))
        code = "REQUEST_MISMATCH"
    shop.write("bad.request", request.encode())
    shop.refused("sign", "bad.request", *ALICE, "--blind", "-o", "x.signature", by=code)


def test_a_content_key_that_the_manifest_does_not_commit_to_shows_nothing(shop: Desk) -> None:
    draft(shop, 7, "app")
    draft(shop, 8, "other")
    (one,), (two,) = (parse_request(shop.read(f"{name}.request")).items for name in ("app", "other"))
    assert isinstance(one, HeaderItem)
    assert isinstance(two, HeaderItem)
    shop.write("bad.request", Request(RELEASE, (one._replace(recipients=two.recipients),)).encode())
    assert "REQUEST_BLIND" in shop.run("sign", "bad.request", *ALICE, "-o", "x.signature", code=1).err


def test_a_request_is_compared_with_the_signers_own_trust_file(shop: Desk) -> None:
    draft(shop)
    stranger = Publisher("stranger")
    shop.write("stranger.trust", format_trust_file(stranger.chain))
    sign = ("sign", "app.request", *ALICE, "-o", "x.signature", "--trust")
    shop.refused(*sign, "stranger.trust", by="PUBLISHER_MISMATCH")
    shop.write("old.trust", shop.read("acme.trust"))
    shop.run("publisher", "rotate", "acme.trust", "--root", "root.pem", "-q")
    draft(shop, 8, "next")
    shop.refused("sign", "next.request", *ALICE, "-o", "x.signature", "--trust", "old.trust", by="TRUST_WITHHELD")
    assert "made under epoch 1, your trust file ends at epoch 2" in shop.run(*sign, "acme.trust", "-q").err
    shop.run("publisher", "rotate", "acme.trust", "--root", "root.pem", "--min-epoch", "3", "-q")
    shop.refused("sign", "next.request", *ALICE, "-o", "y.signature", "--trust", "acme.trust", by="EPOCH_RETIRED")


def test_a_key_without_the_role_does_not_sign(shop: Desk) -> None:
    draft(shop)
    sign = ("sign", "app.request", "-i", "alice.key", "--signer", "root.pem", *VERIFY, "-o", "x.signature")
    ended = shop.run(*sign, code=3)
    assert "does not hold the role" in ended.err
    assert not shop.path("x.signature").exists()


def test_nothing_is_replaced(shop: Desk) -> None:
    draft(shop)
    files = answered(shop)
    shop.refused("sign", "app.request", *ALICE, "-o", files[0], "-q", by="WRITE_FAILED", code=3)
    shop.refused("request", "app.request", "-o", "app.request", by="WRITE_FAILED", code=3)
    shop.write("app.bndl", b"mine")
    shop.refused("attach", "app.bndl.draft", *files, *VERIFY, by="WRITE_FAILED", code=3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sign", "app.request", "--signer", "a.pem"), "belong together"),
        (("attach", "app.bndl.draft", "--trust", "acme.trust"), "give signature files"),
        (("attach", "app.alice", "--trust", "acme.trust"), "give signature files"),
        (("pack", "dist", "-o", "x", "--trust", "acme.trust", "-r", "device.key.pub", "--product", "p",
          "--version", "1", "--number", "1"), "--signer is required"),
        (("pack", "dist", "-o", "x", "--trust", "acme.trust", "-r", "device.key.pub", "--product", "p",
          "--version", "1", "--number", "1", "--signer", "a.pem", "--reveal-to", "alice.key.pub"), "is for --unsigned"),
        (("pack", "dist", "-o", "-", "--trust", "acme.trust", "-r", "device.key.pub", "--product", "p",
          "--version", "1", "--number", "1", "--unsigned", "r"), "--unsigned excludes"),
        (("publisher", "resign", "acme.trust", "x", "--in-place"), "--signer is required"),
        (("publisher", "set-threshold", "acme.trust"), "give a threshold"),
    ],
)  # fmt: skip
def test_wrong_usage(shop: Desk, arguments: tuple[str, ...], says: str) -> None:
    draft(shop)
    answered(shop)
    before = shop.state()
    assert says in shop.run(*arguments, code=2).err
    assert shop.state() == before


# Trust documents


def test_offline_roots_make_an_epoch(shop: Desk) -> None:
    change = ("publisher", "remove-signer", "acme.trust", "a.pem.pub", "--min-epoch", "2")
    before = shop.read("acme.trust")
    ended = shop.run(*change, "--unsigned", "two.request")
    assert "the root of epoch 1 has 0 of 1 signatures" in ended.err
    assert shop.read("acme.trust") == before
    shown = shop.run("sign", "two.request", "--signer", "root.pem", *VERIFY, "-o", "two.signature")
    assert "epoch      2, after 1" in shown.out
    assert "removes ed25519" in shown.out
    assert "voids      bundles of epochs below 2; before: nothing" in shown.out
    shop.run("attach", "two.request", "two.signature", *VERIFY)
    assert len(parse_trust_file(shop.read("acme.trust").decode()).links) == 2
    # An old request does not work again, and one made before another epoch does not either.
    shop.refused("attach", "two.request", "two.signature", *VERIFY, by="REQUEST_MISMATCH")


def test_offline_roots_make_the_first_epoch(shop: Desk) -> None:
    shop.signers("x", "y")
    shop.run(
        "publisher", "init", "--root", "x.pem.pub", "--root", "y.pem.pub", "--root-threshold", "2",
        "--signer", "a.pem.pub", "--unsigned", "first.request", "-o", "new.trust", "-q",
    )  # fmt: skip
    assert not shop.path("new.trust").exists()
    for name in ("x", "y"):
        ended = shop.run("sign", "first.request", "--signer", f"{name}.pem", "-o", f"{name}.signature")
        assert "1, a new publisher" in ended.out
    attach = ("attach", "--trust", "new.trust", "first.request")
    shop.refused(*attach, "x.signature", by="INPUT_KEYS", code=3)
    shop.run(*attach, "x.signature", "y.signature", "-q")
    assert parse_trust_file(shop.read("new.trust").decode()).newest.root.threshold == 2
    shop.refused(*attach, "x.signature", "y.signature", by="REQUEST_MISMATCH")


def test_requests_that_were_overtaken(shop: Desk) -> None:
    shop.run("publisher", "rotate", "acme.trust", "--unsigned", "two.request", "-q")
    shop.run("sign", "two.request", "--signer", "root.pem", "-o", "two.signature", "-q")
    shop.run("publisher", "rotate", "acme.trust", "--root", "root.pem", "--issued", "1", "-q")
    shop.refused("attach", "two.request", "two.signature", *VERIFY, by="REQUEST_MISMATCH")
    shop.refused("sign", "two.request", "--signer", "root.pem", *VERIFY, "-o", "again.signature", by="REQUEST_MISMATCH")


def test_a_request_of_another_publisher_for_a_shared_root(shop: Desk) -> None:
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "new.pem.pub", "-o", "other.trust", "-q")
    shop.run("publisher", "rotate", "other.trust", "--unsigned", "other.request", "-q")
    sign = ("sign", "other.request", "--signer", "root.pem", "-o", "x.signature")
    shop.refused(*sign, *VERIFY, by="REQUEST_MISMATCH")
    assert "--trust compares them with yours" in shop.run(*sign, "-q").err
    shop.refused("attach", "other.request", "x.signature", *VERIFY, by="REQUEST_MISMATCH")


def test_signatures_by_strangers_make_no_epoch(shop: Desk) -> None:
    shop.run("publisher", "rotate", "acme.trust", "--unsigned", "two.request", "-q")
    assert "does not hold the role" in shop.run("sign", "two.request", "--signer", "a.pem", "-o", "x", code=3).err
    from bundlefmt.bundle.request import sign_request

    answers = sign_request(parse_request(shop.read("two.request")), [shop.signer("a")])
    shop.write("x.signature", answers.encode())
    shop.refused("attach", "two.request", "x.signature", *VERIFY, by="INPUT_KEYS", code=3)


# Signing anew


def test_signing_anew_in_rounds(shop: Desk) -> None:
    draft(shop)
    shop.run("attach", "app.bndl.draft", *answered(shop), *VERIFY, "-q")
    before = split(shop.read("app.bndl"))
    shop.path("app.bndl.draft").unlink()
    shop.run("publisher", "rotate", "acme.trust", "--replace", "a.pem", "new.pem.pub", "--root", "root.pem", "-q")
    shop.run(
        "publisher", "resign", "acme.trust", "app.bndl", "--unsigned", "again.request", "-i", "device.key",
        "--reveal-to", "alice.key.pub", "-q",
    )  # fmt: skip
    for name in ("new", "c"):
        ended = shop.run("sign", "again.request", "-i", "alice.key", "--signer", f"{name}.pem", *VERIFY,
                         "-o", f"again.{name}")  # fmt: skip
        assert "number      7" in ended.out
    shop.run("attach", "app.bndl.draft", "again.new", "again.c", *VERIFY, "-o", "anew.bndl", "-q")
    after = split(shop.read("anew.bndl"))
    assert (after.recipients, after.manifest, after.leaves, after.body) == before[3:]
    assert shop.json("verify", "anew.bndl", *VERIFY, "-i", "device.key")["trust_epoch"] == 2


def test_a_folder_is_signed_anew_into_another(shop: Desk) -> None:
    for number in (1, 2):
        shop.pack(f"{number}.bndl", number, "--signer", "a.pem", "--signer", "b.pem", "-q")
        shop.path("rel").mkdir(exist_ok=True)
        shop.path(f"{number}.bndl").rename(shop.path(f"rel/{number}.bndl"))
    shop.write("rel/readme.txt", "no bundle")
    report = shop.json(
        "publisher", "remove-signer", "acme.trust", "a.pem", "--root", "root.pem", "--bundles", "rel"
    )["bundles"]  # fmt: skip
    assert [each["path"] for each in report["voided"]] == ["rel/1.bndl", "rel/2.bndl"]
    rel = {name: data for name, data in shop.state().items() if name.startswith("rel/")}
    signers = ("--signer", "b.pem", "--signer", "c.pem")
    shop.run("publisher", "resign", "acme.trust", "rel", "-o", "anew", *signers, "-i", "device.key", "-q")
    state = shop.state()
    assert {name: state[name] for name in rel} == rel
    for number in (1, 2):
        shop.run("verify", f"anew/{number}.bndl", *VERIFY, "-q")


def test_rows_of_a_signature_file_are_kept_once() -> None:
    publisher = Publisher()
    row = sign_row(publisher.signer, LABEL_RELEASE, b"x")
    file = SignatureFile(RELEASE, (Answer(bytes(32), (row,)),))
    assert parse_answers(file.encode()) == file


def test_public_files_hold_no_secret(shop: Desk, tmp_path: Path) -> None:
    import base64

    draft(shop)
    files = answered(shop)
    seed = base64.b64decode("".join(shop.read("a.pem").decode().splitlines()[1:-1]))[-32:]
    for name in ("app.request", *files):
        data = (tmp_path / name).read_bytes()
        inner = base64.b64decode(b"".join(data.splitlines()[1:-1]))
        assert seed not in inner
        assert b"com.example.app" not in inner
