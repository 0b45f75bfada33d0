"""What a stolen, retired or duplicated key allows: nothing. Each attack is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from support.desk import Desk
from support.forge import Parts, split
from support.publisher import sign_document

from bundlefmt.keys.signers import FileSigner, sign_row
from bundlefmt.model.header import parse_header
from bundlefmt.model.trustdoc import Role, TrustDocument
from bundlefmt.trust import issue
from bundlefmt.trust.chain import TrustChain, format_trust_file, parse_trust_file
from bundlefmt.wire import armor
from bundlefmt.wire.cose import LABEL_RELEASE
from bundlefmt.wire.sections import SignatureRow, TrustFrame, build_signatures, build_trust

ATTACK = "attack.bndl"


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """A publisher with one root key, two of three release keys, a pointer key, and release 1; a device."""
    desk.signers("root", "a", "b", "c", "bot", "thief")
    desk.run(
        "publisher", "init", "--root", "root.pem", "--signer", "a.pem.pub", "--signer", "b.pem.pub",
        "--signer", "c.pem.pub", "--release-threshold", "2", "--pointer-signer", "bot.pem.pub", "-o",
        "acme.trust", "-q",
    )  # fmt: skip
    desk.pack("one.bndl", 1, "--signer", "a.pem", "--signer", "b.pem", "-q")
    desk.write("device.trust", desk.read("acme.trust"))
    desk.run("unpack", "one.bndl", "-o", "first", "--trust", "device.trust", "-i", "device.key", "-q")
    return desk


def chain_of(desk: Desk, name: str = "acme.trust") -> TrustChain:
    return parse_trust_file(desk.read(name).decode())


def resigned(parts: Parts, *signers: FileSigner, epoch: int | None = None, trust: bytes | None = None) -> Parts:
    """A bundle with a header signed by any keys."""
    header = parse_header(parts.header)
    data = header._replace(trust_epoch=epoch or header.trust_epoch).encode()
    rows = [sign_row(signer, LABEL_RELEASE, data) for signer in signers]
    return parts._replace(header=data, signatures=build_signatures(rows), trust=parts.trust if trust is None else trust)


def device_refuses(desk: Desk, bundle: bytes, code: str) -> str:
    """The device refuses a bundle, installing or only verifying; its trust file and its disk stay as they were."""
    desk.write(ATTACK, bundle)
    desk.refused("verify", ATTACK, "--trust", "device.trust", "--update-trust", by=code)
    return desk.refused(
        "unpack", ATTACK, "-o", "out", "--trust", "device.trust", "-i", "device.key", "--update-trust", by=code
    )


def rotate(desk: Desk, *options: str) -> None:
    """The next epoch, which the device learns."""
    desk.run("publisher", *options, "--root", "root.pem", "-q")
    desk.write("device.trust", desk.read("acme.trust"))


def trust_of(chain: TrustChain, *frames: TrustFrame) -> bytes:
    return build_trust((*chain.frames(), *frames))


# Keys of the wrong role


def test_a_release_signed_by_the_pointer_key(shop: Desk) -> None:
    parts = split(shop.read("one.bndl"))
    error = device_refuses(shop, resigned(parts, shop.signer("bot")).join(), "SIGNATURE_THRESHOLD")
    assert "it holds another role (pointer)" in error


def test_a_release_signed_by_the_root_key(shop: Desk) -> None:
    parts = split(shop.read("one.bndl"))
    device_refuses(shop, resigned(parts, shop.signer("root")).join(), "SIGNATURE_THRESHOLD")


def test_a_trust_document_signed_by_release_keys(shop: Desk) -> None:
    chain = chain_of(shop)
    thief = issue.make_role([shop.signer("thief").public_key])
    document = chain.newest._replace(epoch=2, release=thief).encode()
    frame = sign_document(document, shop.signer("a"), shop.signer("b"), shop.signer("c"))
    parts = resigned(split(shop.read("one.bndl")), shop.signer("thief"), epoch=2, trust=trust_of(chain, frame))
    device_refuses(shop, parts.join(), "TRUST_SIGNATURE")


# Stolen and retired keys


def test_a_release_signed_by_retired_keys(shop: Desk) -> None:
    parts = split(shop.read("one.bndl"))
    rotate(shop, "rotate", "acme.trust", "--replace", "a.pem", "thief.pem.pub")
    stolen = resigned(parts, shop.signer("a"), shop.signer("b"), epoch=2, trust=trust_of(chain_of(shop)))
    error = device_refuses(shop, stolen.join(), "SIGNATURE_THRESHOLD")
    assert "retired, it held this role up to epoch 1" in error


def test_stolen_keys_that_date_back_are_void_by_min_epoch(shop: Desk) -> None:
    """Even keys that still hold the role cannot sign for an epoch that the publisher voided."""
    parts = split(shop.read("one.bndl"))
    rotate(shop, "rotate", "acme.trust", "--min-epoch", "2")
    device_refuses(shop, resigned(parts, shop.signer("a"), shop.signer("b"), epoch=1).join(), "EPOCH_RETIRED")
    device_refuses(shop, shop.read("one.bndl"), "EPOCH_RETIRED")


def test_a_stolen_release_key_after_its_revocation(shop: Desk) -> None:
    parts = split(shop.read("one.bndl"))
    rotate(shop, "remove-signer", "acme.trust", "a.pem", "--min-epoch", "2")
    for epoch in (1, 2):
        for trust in (parts.trust, trust_of(chain_of(shop)), b""):
            stolen = resigned(parts, shop.signer("a"), shop.signer("bot"), epoch=epoch, trust=trust)
            device_refuses(shop, stolen.join(), "SIGNATURE_THRESHOLD")


def test_a_stripped_chain_is_noticed(shop: Desk) -> None:
    """Storage cuts the revocation out of a genuine bundle, so that the device stays on the old keys."""
    shop.run("publisher", "rotate", "acme.trust", "--root", "root.pem", "-q")
    shop.pack("two.bndl", 2, "--signer", "a.pem", "--signer", "b.pem", "-q")
    parts = split(shop.read("two.bndl"))
    for trust in (b"", trust_of(chain_of(shop, "device.trust"))):
        device_refuses(shop, parts._replace(trust=trust).join(), "TRUST_WITHHELD")


def test_an_epoch_above_the_newest_is_no_way_around(shop: Desk) -> None:
    parts = split(shop.read("one.bndl"))
    device_refuses(shop, resigned(parts, shop.signer("a"), shop.signer("b"), epoch=9).join(), "TRUST_WITHHELD")


# Thresholds


def test_one_signature_where_two_are_needed(shop: Desk) -> None:
    parts = split(shop.read("one.bndl"))
    device_refuses(shop, resigned(parts, shop.signer("c")).join(), "SIGNATURE_THRESHOLD")


def _twice(row: SignatureRow) -> list[SignatureRow]:
    return [row, row]


def _other_kid(row: SignatureRow) -> list[SignatureRow]:
    return [row, row._replace(kid=bytes(32))]


def _other_alg(row: SignatureRow) -> list[SignatureRow]:
    return [row, row._replace(alg=61440)]


@pytest.mark.parametrize(
    ("change", "code"),
    [(_twice, "SIGNATURE_TABLE"), (_other_kid, "SIGNATURE_THRESHOLD"), (_other_alg, "SIGNATURE_THRESHOLD")],
)
def test_one_key_does_not_count_twice(
    shop: Desk, change: Callable[[SignatureRow], Sequence[SignatureRow]], code: str
) -> None:
    parts = split(shop.read("one.bndl"))
    row = sign_row(shop.signer("a"), LABEL_RELEASE, parts.header)
    device_refuses(shop, parts._replace(signatures=build_signatures(tuple(change(row)))).join(), code)


def test_a_key_listed_twice_in_a_role(shop: Desk) -> None:
    """A root that is tricked into signing such a document makes one that no device takes."""
    chain = chain_of(shop)
    key = chain.newest.release.keys[0]
    document = chain.newest._replace(epoch=2, release=Role(2, (key, key))).encode()
    frame = sign_document(document, shop.signer("root"))
    parts = resigned(split(shop.read("one.bndl")), shop.signer("a"), epoch=2, trust=trust_of(chain, frame))
    device_refuses(shop, parts.join(), "TRUST_DOCUMENT")


def test_a_bad_signature_of_a_key_that_counts(shop: Desk) -> None:
    parts = split(shop.read("one.bndl"))
    rows = [sign_row(shop.signer(name), LABEL_RELEASE, parts.header) for name in ("a", "b", "c")]
    rows[2] = rows[2]._replace(signature=bytes(64))
    device_refuses(shop, parts._replace(signatures=build_signatures(rows)).join(), "SIGNATURE_INVALID")


# Trust documents


def successor(chain: TrustChain, *signers: FileSigner, **changes: object) -> tuple[TrustDocument, TrustFrame]:
    document = chain.newest._replace(**{"epoch": chain.newest.epoch + 1, **changes})
    return document, sign_document(document.encode(), *signers)


@pytest.mark.parametrize(
    ("names", "code"),
    [(("root",), "TRUST_SIGNATURE"), (("thief",), "TRUST_SIGNATURE"), (("thief", "a"), "TRUST_SIGNATURE")],
    ids=["only-the-old", "only-the-new", "only-strangers"],
)
def test_a_new_root_needs_the_old_and_the_new(shop: Desk, names: tuple[str, ...], code: str) -> None:
    chain = chain_of(shop)
    root = issue.make_role([shop.signer("thief").public_key])
    _, frame = successor(chain, *(shop.signer(name) for name in names), root=root)
    parts = split(shop.read("one.bndl"))
    device_refuses(shop, parts._replace(trust=trust_of(chain, frame)).join(), code)


def test_a_document_below_the_root_threshold(shop: Desk) -> None:
    shop.signers("r2", "r3")
    rotate(
        shop, "add-signer", "acme.trust", "r2.pem", "r3.pem", "--role", "root", "--root-threshold", "2",
        "--root", "r2.pem",
    )  # fmt: skip
    chain = chain_of(shop)
    thief = issue.make_role([shop.signer("thief").public_key])
    _, frame = successor(chain, shop.signer("root"), release=thief)
    parts = resigned(split(shop.read("one.bndl")), shop.signer("thief"), epoch=3, trust=trust_of(chain, frame))
    device_refuses(shop, parts.join(), "TRUST_SIGNATURE")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"epoch": 4}, "TRUST_EPOCH"), ({"epoch": 2, "min_epoch": 1}, "TRUST_FORK"), ({"min_epoch": 1}, "TRUST_EPOCH")],
    ids=["skipped-epoch", "same-epoch", "falling-min-epoch"],
)
def test_documents_that_do_not_follow(shop: Desk, changes: dict[str, int], code: str) -> None:
    rotate(shop, "rotate", "acme.trust", "--min-epoch", "2")
    chain = chain_of(shop)
    _, frame = successor(chain, shop.signer("root"), **changes)
    parts = split(shop.read("one.bndl"))
    before = build_trust(chain.frames()[:1]) if code == "TRUST_FORK" else build_trust(chain.frames())
    device_refuses(shop, parts._replace(trust=before + build_trust([frame])).join(), code)


def test_a_fork_by_a_stolen_root(shop: Desk) -> None:
    """The thief has the root key, but the device knows the publisher's own epoch 2 already."""
    old = chain_of(shop)
    rotate(shop, "remove-signer", "acme.trust", "a.pem")
    thief = issue.make_role([shop.signer("thief").public_key])
    _, frame = successor(old, shop.signer("root"), release=thief)
    parts = resigned(split(shop.read("one.bndl")), shop.signer("thief"), epoch=2, trust=trust_of(old, frame))
    device_refuses(shop, parts.join(), "TRUST_FORK")


def test_an_old_trust_file_is_not_put_back(shop: Desk) -> None:
    """A bundle with an older chain neither shortens the device's chain nor brings retired keys back."""
    rotate(shop, "remove-signer", "acme.trust", "c.pem")
    newest = shop.read("device.trust")
    shop.run("verify", "one.bndl", "--trust", "device.trust", "--update-trust", "-q")
    assert shop.read("device.trust") == newest
    parts = split(shop.read("one.bndl"))
    device_refuses(shop, resigned(parts, shop.signer("a"), shop.signer("c")).join(), "SIGNATURE_THRESHOLD")


# Other publishers


def _other_publisher(desk: Desk) -> None:
    """Somebody who enrols the same release keys under a root of their own."""
    desk.run(
        "publisher", "init", "--root", "thief.pem", "--signer", "a.pem.pub", "--signer", "b.pem.pub",
        "--release-threshold", "2", "--pointer-signer", "bot.pem.pub", "-o", "other.trust", "-q",
    )  # fmt: skip


def test_a_bundle_of_another_publisher_with_the_same_keys(shop: Desk) -> None:
    _other_publisher(shop)
    shop.pack("other.bndl", 2, "--signer", "a.pem", "--signer", "b.pem", "-q", trust="other.trust")
    device_refuses(shop, shop.read("other.bndl"), "TRUST_SIGNATURE")
    for trust in (b"", trust_of(chain_of(shop))):
        parts = split(shop.read("other.bndl"))._replace(trust=trust)
        device_refuses(shop, parts.join(), "PUBLISHER_MISMATCH")


def test_a_document_of_another_publisher_with_the_same_root(shop: Desk) -> None:
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "thief.pem.pub", "-o", "other.trust", "-q")
    other = chain_of(shop, "other.trust")
    _, frame = successor(other, shop.signer("root"))
    parts = resigned(split(shop.read("one.bndl")), shop.signer("thief"), epoch=2)
    device_refuses(shop, parts._replace(trust=trust_of(chain_of(shop), frame)).join(), "TRUST_PUBLISHER")


# The publisher's own desk


def test_what_was_never_good_is_not_signed_anew(shop: Desk) -> None:
    """A thief's bundle in the release folder does not become good when the publisher signs the folder anew."""
    parts = split(shop.read("one.bndl"))
    shop.write(ATTACK, resigned(parts, shop.signer("thief"), shop.signer("bot")).join())
    resign = ("publisher", "resign", "acme.trust", ATTACK, "--in-place", "--signer", "a.pem", "--signer", "b.pem")
    shop.refused(*resign, "-i", "device.key", "-q", by="SIGNATURE_THRESHOLD")
    damaged = bytearray(shop.read("one.bndl"))
    damaged[-1] ^= 1
    shop.write(ATTACK, bytes(damaged))
    shop.refused(*resign, "-i", "device.key", "-q", by="BODY_DIGEST")
    other = bytearray(shop.read("one.bndl"))
    _other_publisher(shop)
    shop.pack("other.bndl", 2, "--signer", "a.pem", "--signer", "b.pem", "-q", trust="other.trust")
    shop.write(ATTACK, shop.read("other.bndl"))
    shop.refused(*resign, "-i", "device.key", "-q", by="PUBLISHER_MISMATCH")
    assert other == shop.read("one.bndl")


def test_a_voided_bundle_is_not_signed_anew_unseen(shop: Desk) -> None:
    rotate(shop, "remove-signer", "acme.trust", "a.pem")
    resign = ("publisher", "resign", "acme.trust", "one.bndl", "--in-place", "--signer", "b.pem", "--signer", "c.pem")
    shop.refused(*resign, "-q", by="REQUEST_BLIND")
    shop.run("keygen", "recipient", "--x25519", "-o", "other.key", "-q")
    shop.refused(*resign, "-i", "other.key", "-q", by="REQUEST_BLIND")
    shop.refused(*resign[:-1], "a.pem", "-i", "device.key", "-q", by="INPUT_KEYS", code=3)


def test_a_small_order_key_is_not_enrolled(shop: Desk) -> None:
    """EDS-3 and W-6: neither the command line nor a signer lets such a key into a document."""
    from bundlefmt.errors import BundleError
    from bundlefmt.model.trustdoc import Key
    from bundlefmt.trust.rotation import add_keys, check_successor, next_document

    chain = chain_of(shop)
    weak = add_keys(chain.newest.release, [Key(1, b"\1" + bytes(31))])
    with pytest.raises(BundleError, match="prime order"):
        next_document(chain, issued=1, release=weak)
    data = chain.newest._replace(epoch=2, release=weak).encode()
    with pytest.raises(BundleError, match="prime order"):
        check_successor(data, chain)


def test_a_trust_file_with_a_foreign_epoch_is_no_trust_file(shop: Desk) -> None:
    chain = chain_of(shop)
    _, frame = successor(chain, shop.signer("thief"))
    shop.write("bad.trust", armor.armor(armor.TRUST, trust_of(chain, frame)))
    shop.refused("publisher", "show", "bad.trust", by="TRUST_SIGNATURE")
    assert format_trust_file(chain).encode() == shop.read("acme.trust")
