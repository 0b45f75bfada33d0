"""A publisher over years, and devices that slept through them. All through the command line, offline."""

from __future__ import annotations

import shutil

import pytest
from support.desk import Desk
from support.forge import split
from support.publisher import Publisher, sign_document

from bundlefmt.trust.chain import format_trust_file, parse_trust_file
from bundlefmt.wire.sections import build_trust

OPEN = ("--trust", "device.trust", "-i", "device.key")


def epochs(desk: Desk, name: str) -> int:
    return len(parse_trust_file(desk.read(name).decode()).links)


def test_a_day_in_the_life(desk: Desk) -> None:
    """Init, release, rotate the CI key, lose one root key of three, revoke, change recipients, sign anew.

    A device slept through it all, and installs the newest release offline.
    """
    desk.signers("r1", "r2", "r3", "ci", "bot")
    desk.run(
        "publisher", "init", "--root", "r1.pem", "--root", "r2.pem", "--root", "r3.pem.pub", "--root-threshold", "2",
        "--signer", "ci.pem.pub", "--pointer-signer", "bot.pem.pub", "-o", "acme.trust", "-q",
    )  # fmt: skip
    desk.write("device.trust", desk.read("acme.trust"))
    desk.path("released").mkdir()
    desk.pack("released/one.bndl", 1, "--signer", "ci.pem", "-q")
    desk.run("unpack", "released/one.bndl", "-o", "installed", *OPEN, "-q")

    # The CI key is replaced as a matter of routine: one new key beside the old one first, then the old one goes.
    desk.signers("ci2")
    roots = ("--root", "r1.pem", "--root", "r3.pem")
    desk.run("publisher", "add-signer", "acme.trust", "ci2.pem.pub", *roots, "-q")
    desk.pack("released/two.bndl", 2, "--signer", "ci2.pem", "-q")
    report = desk.json("publisher", "remove-signer", "acme.trust", "ci.pem.pub", *roots, "--bundles", "released")
    assert report["document"]["epoch"] == 3
    assert [each["path"] for each in report["bundles"]["voided"]] == ["released/one.bndl"]
    assert report["bundles"]["voided"][0]["refused"]["code"] == "SIGNATURE_THRESHOLD"
    assert report["bundles"]["sound"] == 1

    # A root key is lost. The other two replace it, though nobody has it any more: its key id names it.
    desk.path("r2.pem").unlink()
    lost = desk.run("publisher", "show", "acme.trust").out
    desk.path("r2.pem.pub").rename(desk.path("lost.pub"))
    kid = _kid(desk, "lost.pub")
    assert kid in lost
    desk.signers("r4")
    desk.run("publisher", "rotate", "acme.trust", "--replace", kid[:12], "r4.pem.pub", *roots, "-q")

    # ci2 is stolen. It is revoked, everything under older epochs is void, and release 2 is signed anew.
    desk.signers("ci3")
    desk.run("keygen", "recipient", "--x25519", "-o", "late.key", "-q")
    more = ("--trust", "acme.trust", "-i", "device.key", "-r", "late.key.pub")
    desk.run("recipients", "add", "released/two.bndl", *more, "-q")
    before = split(desk.read("released/two.bndl"))
    report = desk.json(
        "publisher", "rotate", "acme.trust", "--replace", "ci2.pem", "ci3.pem.pub", "--min-epoch", "5",
        "--root", "r4.pem", "--root", "r3.pem", "--bundles", "released",
    )  # fmt: skip
    assert [each["path"] for each in report["bundles"]["voided"]] == ["released/two.bndl"]
    assert [each["path"] for each in report["bundles"]["voided_before"]] == ["released/one.bndl"]
    assert (report["document"]["epoch"], report["document"]["min_epoch"]) == (5, 5)
    shown = desk.run(
        "publisher", "resign", "acme.trust", "released/two.bndl", "--in-place", "--signer", "ci3.pem",
        "-i", "device.key",
    ).out  # fmt: skip
    assert "number      2" in shown
    assert "retired, it held this role up to epoch 4" in shown
    after = split(desk.read("released/two.bndl"))
    assert after.header != before.header
    assert (after.recipients, after.manifest, after.leaves, after.body) == before[3:]

    # The device wakes up with nothing but the bundle.
    assert epochs(desk, "device.trust") == 1
    desk.run("unpack", "released/two.bndl", "-o", "newest", *OPEN, "--update-trust", "-q")
    assert desk.read("newest/number.txt") == b"2\n"
    assert epochs(desk, "device.trust") == 5
    desk.run("list", "released/two.bndl", "--trust", "acme.trust", "-i", "late.key")
    desk.refused("unpack", "released/one.bndl", "-o", "out", *OPEN, by="SIGNATURE_THRESHOLD")
    desk.refused(
        "pack", "dist", "-o", "x.bndl", "--trust", "acme.trust", "--signer", "ci2.pem", "-r", "device.key.pub",
        "--product", "p", "--version", "1", "--number", "3", by="INPUT_KEYS", code=3,
    )  # fmt: skip


def _kid(desk: Desk, name: str) -> str:
    from bundlefmt.crypto.digests import signer_kid
    from bundlefmt.keys.sources import open_verification_key

    return signer_kid(open_verification_key(str(desk.path(name)))).hex()


def test_a_device_pinned_to_epoch_1_installs_a_bundle_of_epoch_5(desk: Desk) -> None:
    desk.run("publisher", "init", "-o", "acme.trust", "-q")
    desk.write("device.trust", desk.read("acme.trust"))
    root, daily = "acme-root.pem", "acme-daily.pem"
    for number in range(4):
        desk.signers(f"root{number}", f"daily{number}")
        desk.run(
            "publisher", "rotate", "acme.trust", "--replace", root, f"root{number}.pem", "--replace", daily,
            f"daily{number}.pem.pub", "--root", root, "--min-epoch", str(number + 2), "-q",
        )  # fmt: skip
        root, daily = f"root{number}.pem", f"daily{number}.pem"
    desk.pack("five.bndl", 5, "--signer", daily, "-q")
    before = desk.read("device.trust")
    value = desk.json("verify", "five.bndl", "--trust", "device.trust")
    assert (value["trust_epoch"], value["newest_epoch"], value["learned_epochs"]) == (5, 5, 4)
    desk.run("unpack", "five.bndl", "-o", "out", *OPEN, "-q")
    assert desk.read("out/number.txt") == b"5\n"
    assert desk.read("device.trust") == before
    shutil.rmtree(desk.path("out"))
    desk.run("unpack", "five.bndl", "-o", "out", *OPEN, "--update-trust", "-q")
    assert desk.read("device.trust") == desk.read("acme.trust")


def test_three_hundred_epochs_are_learned_in_two_readings(desk: Desk) -> None:
    """TRU-16: the first reading stops after 256 new documents and keeps them; the second goes on from there."""
    publisher = Publisher("years")
    desk.write("device.trust", format_trust_file(publisher.chain))
    for number in range(300):
        publisher.rotate(issued=1_800_000_000 + number)
    desk.write("years.bndl", publisher.pack({"a": b"1"}))
    desk.write("years.key", publisher.identity.armored())
    desk.path("years.key").chmod(0o600)
    read = ("unpack", "years.bndl", "-o", "out", "--trust", "device.trust", "-i", "years.key", "--update-trust")
    ended = desk.run(*read, code=1)
    assert "TRUST_STEPS" in ended.err
    assert not desk.path("out").exists()
    assert epochs(desk, "device.trust") == 257
    ended = desk.run(*read)
    assert "epochs 258 to 301" in ended.err
    assert epochs(desk, "device.trust") == 301
    assert desk.read("out/a") == b"1"


def test_an_interrupted_chain_is_resumed(desk: Desk) -> None:
    """What was good of a damaged section is kept; a whole one goes on from it."""
    publisher = Publisher("resume")
    desk.write("device.trust", format_trust_file(publisher.chain))
    for _ in range(4):
        publisher.rotate()
    good = publisher.pack({"a": b"1"})
    frames = publisher.chain.frames()
    bad = sign_document(frames[3].document, publisher.signer)
    desk.write("bad.bndl", split(good)._replace(trust=build_trust((*frames[:3], bad, frames[4]))).join())
    desk.write("good.bndl", good)
    verify = ("--trust", "device.trust", "--update-trust")
    assert "TRUST_SIGNATURE" in desk.run("verify", "bad.bndl", *verify, code=1).err
    assert epochs(desk, "device.trust") == 3
    desk.refused("verify", "bad.bndl", *verify, by="TRUST_SIGNATURE")
    desk.run("verify", "good.bndl", *verify)
    assert epochs(desk, "device.trust") == 5


@pytest.mark.parametrize("where", ["newest", "between"])
def test_expired_documents_do_not_stop_the_walk(desk: Desk, where: str) -> None:
    """TRU-17: a document that expired and has a successor is walked over. TRU-18: the newest stops only pointers."""
    publisher = Publisher("expiry")
    desk.write("device.trust", format_trust_file(publisher.chain))
    publisher.rotate(expires=1_800_000_001)
    if where == "between":
        publisher.rotate(expires=0)
    desk.write("app.bndl", publisher.pack({"a": b"1"}))
    desk.run("verify", "app.bndl", "--trust", "device.trust", "--at", "1900000000", "--update-trust", "-q")
    assert epochs(desk, "device.trust") == (3 if where == "between" else 2)
