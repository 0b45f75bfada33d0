"""Identities that travel inside a release, and the keyring that takes them."""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path

import pytest
from support.publisher import FAST, NOW, PRODUCT, Publisher, identity

from bundlefmt.bundle.newkeys import accept_identities, new_identities, travelling
from bundlefmt.crypto import keylock
from bundlefmt.errors import BundleError, KeyFileError
from bundlefmt.keys import forms, protected
from bundlefmt.keys.recipients import HYBRID, X25519, Identity
from bundlefmt.keys.sources import open_identities
from bundlefmt.model.release import NewIdentity, ReleaseRecord

ACME = Publisher("newkeys")
NEW = [identity("one"), identity("two", HYBRID)]


def release(number: int, *brought: NewIdentity) -> ReleaseRecord:
    return ReleaseRecord(PRODUCT, number, str(number), NOW, b"", identities=tuple(sorted(brought)))


def test_a_device_follows_the_publisher_to_new_keys(tmp_path: Path) -> None:
    """Release 1 brings a key; release 2 is encrypted for it alone; release 1 still opens."""
    ring = tmp_path / "device.key"
    ring.write_text(ACME.identity.armored())
    first = ACME.pack({"a": b"1"}, FAST, release(1, *travelling(NEW)))
    second = ACME.pack({"a": b"2"}, FAST, release(2), recipients=[NEW[1].recipient])
    with pytest.raises(BundleError, match="NO_IDENTITY"):
        ACME.open(second, identities=open_identities(str(ring)))
    with ACME.open(first, identities=open_identities(str(ring))) as reader:
        reader.verify_all()
        brought = new_identities(reader.release)
        assert {each.recipient for each in brought} == {each.recipient for each in NEW}
        assert len(accept_identities(ring, brought)) == 2
    held = open_identities(str(ring))
    assert held[0].recipient == ACME.identity.recipient
    for data in (first, second):
        ACME.open(data, identities=held).verify_all()


def test_what_travels_is_sorted_and_said_once() -> None:
    found = travelling([NEW[1], NEW[0], NEW[1]])
    assert found == tuple(sorted(found))
    assert [item.type for item in found] == [X25519, HYBRID]


def test_unknown_types_are_left_out() -> None:
    record = release(1, NewIdentity(9, b"future"), *travelling(NEW))
    data = ACME.pack({"a": b"1"}, FAST, record)
    assert [each.type for each in new_identities(ACME.open(data).release)] == [X25519, HYBRID]


def test_a_keyring_only_grows(tmp_path: Path) -> None:
    ring = tmp_path / "ring"
    assert accept_identities(ring, NEW) == tuple(NEW)
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    before = ring.read_bytes()
    assert accept_identities(ring, [*NEW, NEW[0]]) == ()
    assert ring.read_bytes() == before
    third = identity("three")
    assert accept_identities(ring, [third, third, NEW[0]]) == (third,)
    assert ring.read_bytes().startswith(before)
    assert [each.recipient for each in open_identities(str(ring))] == [each.recipient for each in (*NEW, third)]
    assert os.listdir(tmp_path) == ["ring"]


def test_comments_and_odd_ends_stay(tmp_path: Path) -> None:
    ring = tmp_path / "ring"
    text = "my keys\r\n" + NEW[0].armored().replace("\n", "\r\n").removesuffix("\r\n")
    ring.write_bytes(text.encode())
    ring.chmod(0o644)
    accept_identities(ring, [NEW[1]])
    assert ring.read_bytes().startswith(text.encode() + b"\n")
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert len(open_identities(str(ring))) == 2
    empty = tmp_path / "empty"
    empty.write_text("")
    accept_identities(empty, NEW)
    assert len(open_identities(str(empty))) == 2


def test_keyrings_of_other_forms_grow_too(tmp_path: Path) -> None:
    """Encrypted identities and those of age count as held; what is added has no passphrase."""
    ring = tmp_path / "ring"
    ring.write_text(protected.lock(NEW[1], b"test only", keylock.LOG_N_MIN))
    assert accept_identities(ring, NEW) == (NEW[0],)
    first, second = forms.scan_identities(ring.read_text())
    assert isinstance(first, protected.Locked)
    assert isinstance(second, Identity)


@pytest.mark.parametrize("text", ["nothing here\n", "-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_keyring_is_not_touched(tmp_path: Path, text: str) -> None:
    ring = tmp_path / "ring"
    ring.write_text(text)
    with pytest.raises(KeyFileError) as info:
        accept_identities(ring, NEW)
    assert info.value.code == "KEY_FILE"
    assert str(ring) in info.value.detail
    assert ring.read_text() == text
    with pytest.raises(BundleError, match=r"KEY_FILE|WRITE_FAILED"):
        accept_identities(tmp_path, NEW)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="WRITE_FAILED"):
        accept_identities(tmp_path / "missing" / "ring", NEW)


def test_a_link_keeps_being_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "ring"
    link.symlink_to("real/ring")
    accept_identities(link, NEW)
    assert link.is_symlink()
    assert len(open_identities(str(tmp_path / "real" / "ring"))) == 2


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    ring = tmp_path / "ring"
    keys = [identity(str(number)) for number in range(12)]
    threads = [threading.Thread(target=accept_identities, args=(ring, [key])) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.recipient for each in open_identities(str(ring))} == {each.recipient for each in keys}


def test_no_secret_shows(tmp_path: Path) -> None:
    secrets = [key.exported()[1] for key in NEW]
    shown = repr(NEW) + str(travelling(NEW)) + repr(release(1, *travelling(NEW)))
    for secret in secrets:
        assert repr(secret) not in shown
        assert secret.hex() not in shown


# A keyring of years


@pytest.mark.parametrize("kind", [X25519, HYBRID])
@pytest.mark.parametrize("anonymous", [False, True])
def test_a_thousand_identities(tmp_path: Path, kind: int, anonymous: bool) -> None:
    """Well under a second on an idle machine; the bound leaves room for a busy one."""
    ring = tmp_path / "ring"
    mine = identity("mine", kind)
    ring.write_text("".join(Identity.generate(kind).armored() for _ in range(999)) + mine.armored())
    others = [identity(str(number), kind).recipient for number in range(3)]
    data = ACME.pack({"a": b"1"}, FAST._replace(anonymous=anonymous), recipients=[*others, mine.recipient])
    start = time.perf_counter()
    held = open_identities(str(ring))
    assert len(held) == 1000
    assert ACME.open(data, identities=held).read("a") == b"1"
    assert time.perf_counter() - start < 5


def test_a_refusal_does_not_name_a_thousand() -> None:
    data = ACME.pack({"a": b"1"})
    with pytest.raises(BundleError, match="and 984 more") as info:
        ACME.open(data, identities=[Identity.generate(X25519) for _ in range(1000)])
    assert len(str(info.value)) < 1000
