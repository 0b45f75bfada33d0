"""The rules of section 13, seen in what the writer makes: one test for each rule that no vector can show."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from support.fixedcrypto import patched
from support.publisher import FAST, NOW, PRODUCT, Publisher, hybrid_signer, identity, role, signer

from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.writer import BundleWriter, PackOptions
from bundlefmt.crypto.suite import MESSAGE_HEAD, SALT_LEN
from bundlefmt.errors import BundleError
from bundlefmt.keys.recipients import HYBRID, X25519
from bundlefmt.limits import LIMITS
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.trust import issue

TREE = {"a.txt": b"first" * 100, "b.txt": b"second" * 100, "c/d.txt": b"first" * 100, "empty": b""}
GREASE = {0x1010 * digit + 0x0A0A for digit in range(16)}


@pytest.fixture(scope="module")
def publisher() -> Publisher:
    return Publisher()


def _messages(reader: BundleReader, data: bytes) -> list[bytes]:
    front = reader.front
    found = [data[front.manifest_at : front.leaves_at]]
    offsets = reader._decoder.offsets
    body = data[front.body_at :]
    return found + [body[start:end] for start, end in pairwise(offsets)]


def test_keys_and_bundle_ids_are_fresh(publisher: Publisher) -> None:
    """W-1, seen from outside: no bundle id twice, and no commitment of one CEK twice."""
    bundles = [publisher.pack(TREE) for _ in range(3)]
    readers = [publisher.open(data) for data in bundles]
    assert len({reader.header.bundle_id for reader in readers}) == 3
    commitments = {
        message[SALT_LEN:MESSAGE_HEAD]
        for r, data in zip(readers, bundles, strict=True)
        for message in _messages(r, data)
    }
    assert len(commitments) == 3 * (1 + 2)


def test_salts_and_padding_are_fresh(publisher: Publisher) -> None:
    """W-2: every message has its own salt, and what fills the body is not constant."""
    salts: list[bytes] = []
    paddings: list[bytes] = []
    for _ in range(3):
        data = publisher.pack({"a": os.urandom(5000), "b": b"x"})
        reader = publisher.open(data)
        salts += [message[:SALT_LEN] for message in _messages(reader, data)]
        paddings.append(data[reader.front.body_at + reader._decoder.offsets[-1] :])
    assert len(set(salts)) == len(salts) == 9
    assert len(set(paddings)) == 3
    assert all(padding.strip(b"\0") for padding in paddings)


def test_recipient_types_are_not_mixed(publisher: Publisher) -> None:
    """W-4."""
    recipients = [identity("one", X25519).recipient, identity("two", HYBRID).recipient]
    with pytest.raises(BundleError) as caught:
        publisher.pack(TREE, recipients=recipients)
    assert caught.value.code == "INPUT_KEYS"
    for recipient in recipients:
        assert publisher.pack(TREE, recipients=[recipient])


@pytest.mark.parametrize(
    "key",
    [
        bytes(32),  # order 4
        b"\1" + bytes(31),  # the identity
        bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),  # order 2
        bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),  # 0, not reduced
        b"\2" + bytes(31),  # no point
        b"\xff" * 32,
    ],
    ids=["order-4", "identity", "order-2", "not-reduced", "no-point", "all-ones"],
)
def test_bad_keys_are_not_enrolled(key: bytes) -> None:
    """W-6; a hybrid key is as bad as its Ed25519 half."""
    for bad in (key, key + hybrid_signer("good").public_key[32:]):
        with pytest.raises(BundleError) as caught:
            issue.make_role([signer("good").public_key, bad])
        assert caught.value.code == "INPUT_KEYS"


def test_a_bundle_carries_the_whole_chain() -> None:
    """W-7: a device that knows epoch 1 alone installs a release of epoch 3 offline."""
    publisher = Publisher("rotating")
    first = publisher.policy
    publisher.rotate(release=role(signer("second")))
    publisher.rotate(release=role(signer("third")), min_epoch=3)
    data = publisher.pack(TREE, signers=[signer("third")])
    reader = publisher.open(data, trust=first)
    assert reader.chain.newest.epoch == 3
    assert [frame.document for frame in reader.front.frames] == [frame.document for frame in publisher.chain.frames()]


def test_nothing_gets_a_name_unverified(publisher: Publisher, tmp_path: Path) -> None:
    """W-8: a body that was damaged on its way to the disk is noticed, and no file appears."""
    from bundlefmt.bundle import encode

    real = encode.write_at

    def damaged(handle: int, parts: list[Any], offset: int) -> Any:
        result = real(handle, parts, offset)
        if offset == 0 and sum(map(len, parts)) > 60:
            os.pwrite(handle, bytes([os.pread(handle, 1, 60)[0] ^ 1]), 60)
        return result

    output = tmp_path / "app.bndl"
    writer = BundleWriter(
        output,
        ReleaseRecord(PRODUCT, 1, "1", NOW, b""),
        chain=publisher.chain,
        signers=[publisher.signer],
        recipients=[publisher.identity.recipient],
        options=FAST,
    )
    writer.writestr("a", b"content" * 1000)
    with (
        mock.patch("bundlefmt.bundle.encode.write_at", damaged),
        mock.patch("bundlefmt.bundle.writer.write_at", damaged),
        pytest.raises(BundleError) as caught,
    ):
        writer.close()
    assert caught.value.code == "SELF_CHECK"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options", [FAST, FAST._replace(level=0), FAST._replace(share_small=4096), FAST._replace(workers=2)]
)
def test_output_depends_on_the_input_alone(publisher: Publisher, options: PackOptions) -> None:
    """W-9: with the random bytes held still, two runs and any order of adding give one file."""
    tree = {**TREE, **{f"f{number}": b"%d" % number * 500 for number in range(40)}}
    made = []
    for names in (sorted(tree), sorted(tree, reverse=True)):
        with patched():
            made.append(publisher.pack({name: tree[name] for name in names}, options))
    assert made[0] == made[1]


def test_grease_now_and_then(publisher: Publisher) -> None:
    """W-10: an extension and an entry that nobody implements, in some bundles."""
    for wanted in (True, False):
        front = publisher.open(publisher.pack(TREE, FAST._replace(grease=wanted))).front
        extensions = {number for number, _ in front.header.extensions}
        types = {entry.type for entry in front.entries} - {X25519}
        assert bool(extensions) is bool(types) is wanted
        assert extensions | types <= GREASE
    small = {"a": b"1"}
    fronts = [publisher.open(publisher.pack(small, FAST._replace(grease=None))).front for _ in range(120)]
    greased = sum(bool(front.header.extensions) for front in fronts)
    assert 0 < greased < 120  # one in eight, so that all or none happens less than once in a million runs


def test_one_record_for_each_content(publisher: Publisher) -> None:
    """W-11: equal files are one content, long ones are cut at 8 MiB, sharing is asked for."""
    tree = {**TREE, "long": bytes(LIMITS.record_plain_len + 1)}
    records = publisher.open(publisher.pack(tree)).manifest.table.records
    assert sorted(record.plain_len for record in records) == [1, 500, 600, LIMITS.record_plain_len]
    assert all(len(record.pieces) == 1 for record in records)
    shared = publisher.open(publisher.pack(TREE, FAST._replace(share_small=4096))).manifest.table.records
    assert [len(record.pieces) for record in shared] == [2]
