"""Whatever a writer takes comes back equal, by every way of reading, and the file shows nothing of it."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import fixedcrypto
from support.forge import Parts, split
from support.publisher import NOW, PRODUCT, Publisher, identity
from support.reading import Files, collect, read_all_ways, tree_digest
from support.trees import trees

from bundlefmt.bundle import assemble
from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.writer import PackOptions
from bundlefmt.crypto.suite import Binding
from bundlefmt.keys.recipients import HYBRID, X25519, ContentKey, open_entries
from bundlefmt.model.header import parse_header
from bundlefmt.model.records import encode_records
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.wire import sections

ACME = Publisher()

options = st.builds(
    PackOptions,
    level=st.sampled_from([0, 1, 3, 6]),
    share_small=st.sampled_from([0, 0, 1, 100, 5000, 1 << 16, 8 << 20]),
    anonymous=st.booleans(),
    grease=st.booleans(),
    overwrite=st.just(True),
    workers=st.sampled_from([0, 2]),
)


@given(trees(), options)
def test_round_trip(tree: Files, how: PackOptions) -> None:
    data = ACME.pack(tree, how)
    assert read_all_ways(ACME, data) == dict(sorted(tree.items(), key=lambda item: item[0].encode()))
    reader = ACME.open(data)
    assert reader.release.tree == sha256(reader.listing.encoded).digest() == tree_digest(tree)
    assert reader.complete
    assert audit_bundle(data, trust=ACME.policy).size == len(data)


@given(trees(), st.sampled_from([X25519, HYBRID]), st.integers(1, 5), st.booleans())
def test_rewrapped_recipients(tree: Files, kind: int, count: int, anonymous: bool) -> None:
    """Whoever opens a bundle can wrap it for others; signature and body stay as they are."""
    data = ACME.pack(tree)
    old = split(data)
    header = parse_header(old.header)
    binding = Binding(header.kind, header.publisher_id, header.bundle_id)
    cek = open_entries(sections.parse_recipients(old.recipients), [ACME.identity], binding, old.manifest)
    others = [identity(f"device {number}", kind) for number in range(count)]
    recipients = assemble.wrap_for([each.recipient for each in others], cek, binding, anonymous=anonymous, grease=True)
    new: Parts = old._replace(recipients=recipients)
    for each in others:
        assert collect(ACME.open(new.join(), identities=[each])) == collect(ACME.open(data))
    assert audit_bundle(new.join(), trust=ACME.policy).front.header_bytes == old.header
    with pytest.raises(Exception, match="NO_IDENTITY"):
        ACME.open(new.join())


def _numbers(size: int) -> list[bytes]:
    """How a size could stand in a file: decimal, and integers of eight and four bytes."""
    fixed = [size.to_bytes(width, order) for width in (8, 4) for order in ("big", "little")]  # type: ignore[arg-type]
    return [str(size).encode(), f"{size:x}".encode(), *fixed]


@given(
    st.integers(70_001, 199_999),
    st.binary(min_size=12, max_size=12),
    st.sampled_from([0, 3]),
    st.sampled_from([0, 1 << 20]),
)
def test_nothing_in_the_clear(size: int, seed: bytes, level: int, share: int) -> None:
    word = seed.hex()
    secret = f"content {word} ".encode()
    tree = {
        f"folder-{word}/name-{word}.html": (secret * (size // len(secret) + 1))[:size],
        f"name-{word}.js": secret,
    }
    release = ReleaseRecord(f"com.{word}", 123456789, f"version-{word}", NOW, b"", notes=f"notes {word}")
    data = ACME.pack(tree, PackOptions(level=level, share_small=share, overwrite=True), release)
    hidden = [
        b"folder-",
        b"name-",
        b".html",
        b"version-",
        b"notes ",
        word.encode(),
        seed,
        secret,
        release.product.encode(),
    ]
    hidden += [*_numbers(size), *_numbers(release.number)]
    for needle in hidden:
        assert needle not in data, needle
    reader = ACME.open(data)
    for digest in (*(entry.digest for entry in reader.infolist()), reader.release.tree, reader.release_id):
        assert digest not in data
        assert digest.hex().encode() not in data


@given(trees(), options)
def test_output_depends_on_the_input_alone(tree: Files, how: PackOptions) -> None:
    """W-9: but for fresh keys, salts, wraps and padding, two packs are equal."""
    how = how._replace(grease=False)
    one, two = (ACME.open(ACME.pack(dict(files), how)) for files in (tree, reversed(tree.items())))
    assert one.release_id == two.release_id
    assert one.listing.encoded == two.listing.encoded
    assert encode_records(list(one.manifest.table.records), one.listing) == encode_records(
        list(two.manifest.table.records), two.listing
    )
    assert one.front.file_size == two.front.file_size
    assert one.header.bundle_id != two.header.bundle_id


@given(tree=trees(max_files=5), how=options)
def test_fixed_randomness_fixes_every_byte(tree: Files, how: PackOptions) -> None:
    """With its random numbers fixed, a pack is a function; nothing else varies, threads included."""
    with fixedcrypto.patched():
        one = ACME.pack(tree, how)
    with fixedcrypto.patched() as keys:
        two = ACME.pack(tree, how)
    assert one == two
    reader = ACME.open(one, identities=map(ContentKey, keys))
    assert collect(reader) == dict(sorted(tree.items(), key=lambda item: item[0].encode()))


def test_patched_encryption_is_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in of the test above makes messages the library opens."""
    from bundlefmt.crypto import cobblestone

    for size in (0, 1, 16383, 16384, 16385, 40000):
        plain = os.urandom(size)
        message = fixedcrypto.seal(bytes(32), b"context", plain)
        assert cobblestone.unseal(bytes(32), b"context", message, "RECORD_DECRYPT") == plain


@given(st.sampled_from([X25519, HYBRID]), st.integers(1, 3))
def test_release_fields_come_back(kind: int, count: int) -> None:
    publisher = Publisher("fields", kind)
    release = ReleaseRecord(
        PRODUCT,
        count,
        "1.0",
        NOW,
        b"",
        expires=NOW + 10,
        notes="n" * count,
        metadata=tuple((f"k{n}", "v") for n in range(count)),
    )
    data = publisher.pack({"a": b"1"}, release=release)
    reader = publisher.open(data)
    expected: dict[str, Any] = release._asdict() | {"tree": reader.release.tree}
    assert reader.release._asdict() == expected
