"""Every change of a trust file: what it makes, what it says, and what it refuses so that nobody is locked out."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.desk import Desk
from support.forge import forge, pointer_plaintext, split
from support.publisher import Publisher, role, signer

from bundlefmt.cli.trustwords import expiry_warning
from bundlefmt.crypto.digests import digest
from bundlefmt.errors import BundleError
from bundlefmt.model.pointer import Offer, OfferedBundle, PointerRecord
from bundlefmt.model.release import Requires
from bundlefmt.model.trustdoc import Key, Role, TrustDocument
from bundlefmt.trust.chain import format_trust_file, parse_trust_file
from bundlefmt.trust.explain import key_kid
from bundlefmt.trust.rotation import add_keys, check_safe, check_successor, next_document, wanted

ROOT = ("--root", "root.pem")


@pytest.fixture
def shop(desk: Desk) -> Desk:
    desk.signers("root", "root2", "ci", "ci2", "bot")
    desk.run("publisher", "init", "--root", "root.pem", "--signer", "ci.pem.pub", "-o", "acme.trust", "-q")
    return desk


def newest(desk: Desk) -> TrustDocument:
    return parse_trust_file(desk.read("acme.trust").decode()).newest


def counts(desk: Desk) -> dict[str, tuple[int, int]]:
    document = newest(desk)
    return {name: (each.threshold, len(each.keys)) for name, each in zip(
        ("root", "release", "pointer"), (document.root, document.release, document.pointer), strict=True)}  # fmt: skip


def change(desk: Desk, action: str, *arguments: str) -> str:
    return desk.run("publisher", action, "acme.trust", *arguments).out


def refused(desk: Desk, action: str, *arguments: str, by: str = "INPUT_KEYS") -> str:
    return desk.refused("publisher", action, "acme.trust", *arguments, by=by, code=3)


def test_one_command_makes_a_publisher_and_its_two_keys(desk: Desk) -> None:
    out = desk.run("publisher", "init", "-o", "acme.trust").out
    assert "acme-root.pem  root key: put it away" in out
    assert "acme-daily.pem  daily key" in out
    for name in ("acme-root.pem", "acme-daily.pem"):
        assert desk.path(name).stat().st_mode & 0o777 == 0o600
    assert counts(desk) == {"root": (1, 1), "release": (1, 1), "pointer": (1, 1)}
    assert newest(desk).release == newest(desk).pointer != newest(desk).root
    desk.refused("publisher", "init", "-o", "acme.trust", by="WRITE_FAILED", code=3)


def test_a_failed_init_leaves_no_keys(desk: Desk) -> None:
    desk.write("new-daily.pem.pub", b"mine")
    desk.refused("publisher", "init", "-o", "new.trust", by="WRITE_FAILED", code=3)
    assert {name for name in desk.state() if name.startswith("new")} == {"new-daily.pem.pub"}
    before = desk.state()
    assert "give the keys" in desk.run("publisher", "init", "-o", "x.trust", "--unsigned", "r", code=2).err
    assert "--signer is required" in desk.run("publisher", "init", "--root", "a", "-o", "x.trust", code=2).err
    assert desk.state() == before


def test_adding_follows_the_roles_that_share_keys(shop: Desk) -> None:
    out = change(shop, "add-signer", "ci2.pem.pub", *ROOT)
    assert "acme.trust: epoch 2" in out
    assert out.count("adds ed25519") == 2
    assert counts(shop) == {"root": (1, 1), "release": (1, 2), "pointer": (1, 2)}
    change(shop, "add-signer", "bot.pem.pub", "--role", "pointer", *ROOT)
    change(shop, "remove-signer", "ci2.pem", "--role", "pointer", *ROOT)
    assert counts(shop) == {"root": (1, 1), "release": (1, 2), "pointer": (1, 2)}
    shop.signers("late")
    change(shop, "add-signer", "late.pem.pub", *ROOT, "--release-threshold", "2")
    assert counts(shop) == {"root": (1, 1), "release": (2, 3), "pointer": (1, 2)}
    refused(shop, "add-signer", "late.pem.pub", *ROOT)


def test_thresholds(shop: Desk) -> None:
    change(shop, "add-signer", "root2.pem", "--role", "root", *ROOT)
    ended = shop.run("publisher", "set-threshold", "acme.trust", "--root-threshold", "2", *ROOT, "--root", "root2.pem")
    assert "before: 1 of 2" in ended.out
    assert "all 2 root keys must sign the next epoch" in ended.err
    error = refused(shop, "rotate", *ROOT)
    assert "the root of epoch 3 has 1 of 2 signatures" in error
    assert "--unsigned REQUEST" in error
    assert "all 2 root keys" in shop.run("publisher", "show", "acme.trust").err
    for name in ("root", "release", "pointer"):
        refused(shop, "set-threshold", f"--{name}-threshold", "3", *ROOT, "--root", "root2.pem")


@pytest.mark.parametrize(
    ("action", "arguments", "says"),
    [
        ("remove-signer", ("ci.pem", *ROOT), "0 keys"),
        ("remove-signer", ("root.pem", *ROOT), "0 keys"),
        ("remove-signer", ("ci2.pem", *ROOT), "is no key of epoch 1"),
        ("remove-signer", ("00000000", *ROOT), "no key of epoch 1 has an id"),
        ("remove-signer", ("ci.pem", "--role", "root", *ROOT), "does not hold that role"),
        ("rotate", (), "the root of epoch 1 has 0 of 1"),
        ("rotate", ("--root", "ci.pem"), "is no root key"),
        ("rotate", ("--root", "root2.pem"), "is no root key"),
        ("rotate", ("--replace", "root.pem", "root2.pem.pub", *ROOT), "the root of epoch 2 has 0 of 1"),
        ("rotate", ("--replace", "root.pem", "ci.pem", *ROOT), "sign releases as well"),
        ("add-signer", ("root.pem", *ROOT), "sign releases as well"),
        ("rotate", ("--min-epoch", "3", *ROOT), "above epoch 2"),
        ("rotate", ("--expires", "1000", *ROOT), "expired when it is issued"),
    ],
)
def test_what_would_lock_the_publisher_out_is_not_made(
    shop: Desk, action: str, arguments: tuple[str, ...], says: str
) -> None:
    assert says in refused(shop, action, *arguments)


def test_a_root_replaces_itself_with_both_signatures(shop: Desk) -> None:
    change(shop, "rotate", "--replace", "root.pem", "root2.pem", *ROOT)
    refused(shop, "rotate", *ROOT)
    change(shop, "rotate", "--root", "root2.pem")
    assert newest(shop).epoch == 3


def test_min_epoch_and_expiry(shop: Desk) -> None:
    out = change(shop, "rotate", "--min-epoch", "2", "--expires", "2100-01-01", *ROOT)
    assert "voids      bundles of epochs below 2; before: nothing" in out
    assert (newest(shop).min_epoch, newest(shop).expires) == (2, 4102444800)
    assert "cannot fall" in refused(shop, "rotate", "--min-epoch", "1", *ROOT)
    assert "nothing but its number" in change(shop, "rotate", *ROOT)
    change(shop, "rotate", "--expires", "never", *ROOT)
    assert newest(shop).expires == 0


def test_expiry_is_warned_of_ahead(shop: Desk) -> None:
    soon = str(int(time.time()) + 20 * 86400 - 100)
    change(shop, "rotate", "--expires", soon, *ROOT)
    for ended in (
        shop.run("publisher", "show", "acme.trust"),
        shop.pack("x.bndl", 1, "--signer", "ci.pem", "-q"),
    ):
        assert "warning: the trust document of epoch 2 expires in 19 days" in ended.err
    assert "expires in" in shop.json("publisher", "show", "acme.trust")["warnings"][0]
    document = newest(shop)._replace(expires=1_000_000)
    for now, words in (
        (1_000_000 - 61 * 86400, None), (1_000_000 - 86401, "in a day"), (999_999, "in hours"),
        (1_000_000, "expired at"),
    ):  # fmt: skip
        found = expiry_warning(document, now)
        assert (found is None) == (words is None)
        assert words is None or words in (found or "")
    assert expiry_warning(document._replace(expires=0), 5) is None


def test_a_trust_file_that_changed_meanwhile_is_not_replaced(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from bundlefmt.cli import trustfile
    from bundlefmt.trust.chain import TrustChain

    first = shop.read("acme.trust")
    change(shop, "rotate", *ROOT)
    ours = parse_trust_file(shop.read("acme.trust").decode())
    shop.write("acme.trust", first)
    change(shop, "rotate", "--issued", "77", *ROOT)
    theirs = shop.read("acme.trust")
    monkeypatch.chdir(shop.folder)
    for chain in (ours, TrustChain(ours.links[:1])):
        with pytest.raises(BundleError, match="WRITE_FAILED"):
            trustfile.replace_trust("acme.trust", chain)
        assert shop.read("acme.trust") == theirs


def test_the_trust_file_keeps_its_permissions_and_leaves_nothing(shop: Desk) -> None:
    shop.path("acme.trust").chmod(0o640)
    names = set(shop.state())
    change(shop, "rotate", *ROOT)
    assert shop.path("acme.trust").stat().st_mode & 0o777 == 0o640
    assert set(shop.state()) == names


def test_export(shop: Desk) -> None:
    from bundlefmt.wire.sections import build_trust, parse_trust

    chain = parse_trust_file(shop.read("acme.trust").decode())
    assert shop.run("publisher", "export", "acme.trust").out.encode() == shop.read("acme.trust")
    assert shop.run("publisher", "export", "acme.trust", "--form", "id").out == chain.publisher_id.hex() + "\n"
    shop.run("publisher", "export", "acme.trust", "--form", "binary", "-o", "trust.bin")
    assert shop.read("trust.bin") == build_trust(chain.frames())
    assert parse_trust(shop.read("trust.bin")) == chain.frames()
    shop.refused("publisher", "export", "acme.trust", "-o", "trust.bin", by="WRITE_FAILED", code=3)


# Pointers


def test_pointers_to_issue_again_are_named(shop: Desk) -> None:
    publisher = Publisher("pointing")
    shop.write("p.key", publisher.identity.armored())
    shop.path("p.key").chmod(0o600)
    release = publisher.pack({"a": b"1"})
    offered = OfferedBundle("a" * 16, "b" * 16, 1, 1, digest(split(release).header), b"")
    record: Any = PointerRecord(
        "com.example.app", "stable", 1, 1, 2, 0, (Offer(7, "1", bytes(32), bytes(32), Requires(), 1, (offered,)),)
    )
    shop.write("rel/one.bndl", release)
    shop.write("rel/stable.bndl", forge(publisher, pointer_plaintext(record.encode()), kind=2).join())
    shop.write("acme.trust", format_trust_file(publisher.chain))
    shop.write("r.pem", publisher.root.private_pem())
    shop.path("r.pem").chmod(0o600)
    shop.write("s.pem", publisher.signer.private_pem())
    shop.path("s.pem").chmod(0o600)
    rotate = ("publisher", "rotate", "acme.trust", "--replace", "s.pem", "ci.pem.pub", "--bundles", "rel")
    report = shop.json(*rotate, "--unsigned", "ask.request", "-i", "p.key")["bundles"]
    assert [each["path"] for each in report["pointers_to_issue_again"]] == ["rel/stable.bndl"]
    assert report["pointers_not_opened"] == []
    ended = shop.run(*rotate, "--root", "r.pem")
    assert "void from now on\n  rel/one.bndl: SIGNATURE_THRESHOLD" in ended.out
    assert "pointers not opened" in ended.out
    assert "bundlefmt publisher resign acme.trust rel/one.bndl" in ended.out
    pointer_key = parse_trust_file(shop.read("acme.trust").decode()).newest.pointer.keys[0]
    out = change(
        shop,
        "rotate",
        "--replace",
        key_kid(pointer_key).hex()[:16],
        "bot.pem.pub",
        "--root",
        "r.pem",
        "--bundles",
        "rel",
    )
    assert "pointers to issue again\n  rel/stable.bndl: SIGNATURE_THRESHOLD" in out


# The functions beneath


def test_who_is_still_to_sign() -> None:
    publisher = Publisher("who")
    root = role(signer("n1"), signer("n2"), threshold=2)
    document = next_document(publisher.chain, issued=1, root=root)
    first, second = wanted(document, publisher.chain, ())
    assert (first.epoch, first.have, first.need) == (1, 0, 1)
    assert (second.epoch, second.have, second.need, second.keys) == (2, 0, 2, root.keys)
    assert wanted(document, None, ())[0].epoch == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"epoch": 3}, "TRUST_EPOCH"),
        ({"publisher_id": bytes(32)}, "TRUST_PUBLISHER"),
        ({"min_epoch": 3}, "TRUST_DOCUMENT"),
        ({"critical": (7,), "extensions": ((7, 1),)}, "TRUST_UNSUPPORTED"),
        ({"expires": 5}, "INPUT_KEYS"),
        ({"release": Role(1, (Key(9, b"x"),))}, "INPUT_KEYS"),
        ({"root": Role(2, (Key(1, signer("k").public_key), Key(9, b"x")))}, "INPUT_KEYS"),
    ],
)
def test_unsigned_documents_are_judged_like_signed_ones(changes: dict[str, Any], code: str) -> None:
    publisher = Publisher("judge")
    document = publisher.successor(**changes)
    with pytest.raises(BundleError) as info:
        check_successor(document.encode(), publisher.chain)
    assert info.value.code == code


def test_a_first_document_must_hash_to_its_publisher() -> None:
    document = Publisher("first").chain.newest
    for changed, code in (
        (document._replace(publisher_id=bytes(32)), "TRUST_PUBLISHER"),
        (document._replace(epoch=2), "TRUST_EPOCH"),
    ):
        with pytest.raises(BundleError) as info:
            check_successor(changed.encode(), None)
        assert info.value.code == code


def test_a_chain_that_bundles_cannot_carry_is_not_made_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    from bundlefmt.trust import rotation

    publisher = Publisher("long")
    monkeypatch.setattr(rotation, "LIMITS", rotation.LIMITS._replace(trust_frames=1))
    with pytest.raises(BundleError, match="WRITE_LIMIT"):
        next_document(publisher.chain, issued=1)
    monkeypatch.undo()
    many = role(*(signer(str(number)) for number in range(16)))
    with pytest.raises(BundleError, match="WRITE_LIMIT"):
        check_safe(publisher.successor(release=add_keys(many, [Key(1, signer("more").public_key)])), publisher.chain)


def test_a_publisher_moves_to_hybrid_keys(shop: Desk) -> None:
    """Roles by roles, with keys of a new algorithm that older keys of the root sign in."""
    for name in ("hroot", "hci"):
        shop.run("keygen", "signer", "--hybrid", "-o", f"{name}.pem", "-q")
    change(shop, "rotate", "--replace", "ci.pem", "hci.pem.pub", *ROOT)
    out = change(shop, "rotate", "--replace", "root.pem", "hroot.pem", *ROOT)
    assert "adds ed25519-mldsa65" in out
    shop.pack("x.bndl", 1, "--signer", "hci.pem", "-q")
    (row,) = shop.json("verify", "x.bndl", "--trust", "acme.trust")["decision"]["rows"]
    assert (row["alg"], row["outcome"]) == (2, "counted")
