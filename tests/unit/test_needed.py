"""The release a patch builds on: who may vouch for it, and what happens when it is damaged."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import forge
from support.publisher import NOW, Publisher
from support.reading import Pipe, collect_once
from support.records import build

from bundlefmt.bundle.needed import build_prefix, cut
from bundlefmt.bundle.trees import BundleTree, FolderTree
from bundlefmt.bundle.unpack import unpack
from bundlefmt.errors import BundleError, NeededTreeError
from bundlefmt.model.listing import Listing, parse_listing
from bundlefmt.model.records import Range
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.wire.zstd import Compressor

ACME = Publisher("needed")
OLD = {"kept": b"kept as it is " * 20, "lib/changed": Random(1).randbytes(5000), "gone": b"gone"}
NEW = {"kept": OLD["kept"], "lib/changed": OLD["lib/changed"][:4000] + b"new end", "copy": OLD["kept"], "small": b"s"}


def patch_of(needed: Listing, tree: dict[str, bytes] = NEW, prefix: bytes | None = None) -> bytes:
    """A patch that takes "kept" from the needed tree and "lib/changed" with a prefix from it."""
    listing_bytes = forge.listing_of(tree)
    names = sorted(tree)
    row = {name: names.index(name) for name in names}
    there = {entry.path: number for number, entry in enumerate(needed.files)}
    history = OLD["lib/changed"] if prefix is None else prefix
    changed = Compressor(3).compress(tree["lib/changed"], history)
    ranges = [[1, there["lib/changed"], 0, 5000]]
    table = [[1, len(changed), [row["lib/changed"]], ranges], [0, 1, [row["small"]], []]]
    plaintext = forge.release_plaintext(
        forge.release_for(listing_bytes),
        listing_bytes,
        forge.encode_table(table),
        needed=sha256(needed.encoded).digest(),
        needed_listing=needed.encoded,
    )
    return forge.forge(ACME, plaintext, forge.seal_body(ACME, [changed, tree["small"]])).join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "old"
    for path, data in OLD.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return place


def refused(action: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(NeededTreeError) as info:
        action(*args, **options)
    return info.value.code


def test_from_a_folder_and_from_a_bundle(folder: Path, tmp_path: Path) -> None:
    with ACME.open(ACME.pack(OLD)) as older:
        for needed in (FolderTree(folder), BundleTree(older)):
            data = patch_of(needed.listing)
            for source in (data, Pipe(data)):
                assert collect_once(ACME.open(source, needed=needed)) == {
                    path: (each, False) for path, each in NEW.items()
                }
            with ACME.open(data, needed=needed) as reader:
                out = tmp_path / type(needed).__name__
                unpack(reader, out)
                assert (out / "copy").read_bytes() == OLD["kept"]


def test_without_it_or_with_another(folder: Path) -> None:
    data = patch_of(FolderTree(folder).listing)
    assert refused(ACME.open, data) == "NEEDED_TREE"
    (folder / "gone").write_bytes(b"Gone")
    assert refused(ACME.open, data, needed=FolderTree(folder)) == "NEEDED_TREE"
    (folder / "gone").write_bytes(b"gone")
    (folder / "gone").chmod(0o755)
    assert refused(ACME.open, data, needed=FolderTree(folder)) == "NEEDED_TREE"
    (folder / "gone").chmod(0o644)
    ACME.open(data, needed=FolderTree(folder)).verify_all()


def test_of_another_product_or_publisher() -> None:
    """A digest is not a permission: an equal tree of someone else does not do."""
    data = patch_of(ACME.open(ACME.pack(OLD)).listing)
    product = ACME.pack(OLD, release=ReleaseRecord("com.other", 1, "1", NOW, b""))
    assert refused(ACME.open, data, needed=BundleTree(ACME.open(product))) == "NEEDED_TREE"
    other = Publisher("someone else")
    assert refused(ACME.open, data, needed=BundleTree(other.open(other.pack(OLD)))) == "NEEDED_TREE"


def test_a_complete_bundle_ignores_one(folder: Path) -> None:
    assert collect_once(ACME.open(ACME.pack(OLD), needed=FolderTree(folder))).keys() == OLD.keys()


@pytest.mark.parametrize("name", ["kept", "lib/changed"])
@pytest.mark.parametrize("change", ["bit", "short", "long", "gone", "folder"])
def test_a_folder_that_changes(folder: Path, name: str, change: str, tmp_path: Path) -> None:
    needed = FolderTree(folder)
    data = patch_of(needed.listing)
    path = folder / name
    good = path.read_bytes()
    path.unlink()
    if change == "folder":
        path.mkdir()
    elif change != "gone":
        path.write_bytes({"bit": good[:-1] + b"\0", "short": good[:-1], "long": good + b"x"}[change])
    for source in (data, Pipe(data)):
        with ACME.open(source, needed=needed) as reader:
            assert refused(unpack, reader, tmp_path / "out") == "NEEDED_CONTENT"
    assert sorted(os.listdir(tmp_path)) == ["old"]
    with ACME.open(data, needed=needed) as reader:
        assert refused(reader.read, name) == "NEEDED_CONTENT"
        assert refused(reader.read, "small") == "NEEDED_CONTENT"  # refused once, refused for good


def test_a_damaged_bundle_as_needed_tree(tmp_path: Path) -> None:
    path = tmp_path / "old.bndl"
    good = ACME.pack(OLD)
    path.write_bytes(good)
    with ACME.open(path) as older:
        needed = BundleTree(older)
        data = patch_of(needed.listing)
        changed = bytearray(good)
        changed[-1] ^= 1
        changed[older.front.body_at + 100] ^= 1
        path.write_bytes(changed)
        assert refused(ACME.open(data, needed=needed).verify_all) == "NEEDED_CONTENT"


def test_what_cannot_be_a_tree(folder: Path, tmp_path: Path) -> None:
    assert refused(FolderTree, tmp_path / "missing") == "NEEDED_TREE"
    assert refused(FolderTree, folder / "gone") == "NEEDED_TREE"
    (folder / "link").symlink_to("gone")
    assert refused(FolderTree, folder) == "NEEDED_TREE"
    (folder / "link").unlink()
    (folder / "a:b").write_text("x")
    assert refused(FolderTree, folder) == "NEEDED_TREE"
    (folder / "a:b").unlink()
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff")).write_text("x")
    assert refused(FolderTree, folder) == "NEEDED_TREE"


def test_empty_trees(tmp_path: Path) -> None:
    needed = FolderTree(tmp_path)
    assert needed.listing.files == ()
    built = build(ACME, Random(2), {"a": b"12345678"}, {})
    assert collect_once(ACME.open(built.data, needed=needed)) == {"a": (b"12345678", False)}


def test_ranges_of_a_bundle_and_of_a_folder_are_equal(folder: Path) -> None:
    bundle, disk = BundleTree(ACME.open(ACME.pack(OLD))), FolderTree(folder)
    assert bundle.listing.encoded == disk.listing.encoded
    for row, (_, data) in enumerate(sorted(OLD.items())):
        assert b"".join(map(bytes, bundle.chunks(row))) == b"".join(disk.chunks(row)) == data
        spans = [(0, 1), (len(data) - 1, 1), (1, 2), (0, len(data)), (1, 2)]
        expected = [data[offset : offset + length] for offset, length in spans]
        assert bundle.read_ranges(row, spans) == disk.read_ranges(row, spans) == expected


@given(
    st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 59), st.integers(1, 60)), max_size=9), st.integers(1, 9)
)
def test_spans_are_cut_from_any_chunks(data: bytes, wanted: list[tuple[int, int]], size: int) -> None:
    spans = [(offset, min(length, len(data) - offset)) for offset, length in wanted if offset < len(data)]
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert cut(chunks, spans) == [data[offset : offset + length] for offset, length in spans]


def test_a_prefix_that_looks_like_a_dictionary(folder: Path) -> None:
    with pytest.raises(BundleError, match="RECORD_PREFIX"):
        build_prefix((Range(0, 0, 0, 8),), lambda *_: [b"\x37\xa4\x30\xec1234"], None)
    with pytest.raises(BundleError, match="RECORD_PREFIX"):  # put together from two ranges
        build_prefix((Range(0, 0, 0, 2), Range(0, 0, 0, 6)), lambda *_: [b"\x37\xa4", b"\x30\xec1234"], None)
    with pytest.raises(BundleError, match="NEEDED_TREE"):
        build_prefix((Range(1, 0, 0, 8),), lambda *_: [b""], None)


def test_a_wrong_prefix_is_found_by_the_digest(folder: Path) -> None:
    """A frame made against other history of the same length decodes to something or to nothing, never to a content."""
    other = OLD["lib/changed"][::-1]
    tree = NEW | {"lib/changed": other[:4000]}  # all of it taken from the other history
    data = patch_of(FolderTree(folder).listing, tree, other)
    reader = ACME.open(data, needed=FolderTree(folder))
    with pytest.raises(BundleError) as info:
        reader.read("lib/changed")
    assert info.value.code in ("CONTENT_DIGEST", "RECORD_FRAME")


def test_an_own_prefix_over_several_records() -> None:
    first = Random(3).randbytes(50_000)
    tree = {"a": first, "b": first[10_000:45_000] + b"end"}
    listing = forge.listing_of(tree)
    parts = [first[:20_000], first[20_000:]]
    packed = Compressor(3).compress(tree["b"], first[15_000:41_000])
    table = [
        [0, 20_000, [[0, 0, 20_000]], []],
        [0, 30_000, [[0, 20_000, 30_000]], []],
        [1, len(packed), [1], [[0, 0, 15_000, 26_000]]],
    ]
    plaintext = forge.release_plaintext(forge.release_for(listing), listing, forge.encode_table(table))
    data = forge.forge(ACME, plaintext, forge.seal_body(ACME, [*parts, packed])).join()
    want = {path: (each, False) for path, each in tree.items()}
    for source in (data, Pipe(data, 1000)):
        assert collect_once(ACME.open(source)) == want
    assert ACME.open(data).read("b") == tree["b"]
    # The spooled copy of a stream is judged like the file.
    for wrong, code in ((data + b"x", "TRAILING_DATA"), (data[:-1], "TRUNCATED")):
        with pytest.raises(BundleError, match=code):
            collect_once(ACME.open(Pipe(wrong, 1 << 21)))


def test_rows_of_the_listing_in_a_needed_tree_are_first_rows() -> None:
    listing = parse_listing(forge.listing_of({"a": b"1", "b": b"1", "c": b""}))
    assert [listing.is_first(row) for row in range(5)] == [True, False, True, False, False]
    assert listing.row_of(listing.files[1]) == 0


def test_no_room_to_keep_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {"a": Random(4).randbytes(3000), "b": Random(4).randbytes(2999)}
    listing = forge.listing_of(tree)
    packed = Compressor(3).compress(tree["b"], tree["a"])
    table = [[0, 3000, [0], []], [1, len(packed), [1], [[0, 0, 0, 3000]]]]
    plaintext = forge.release_plaintext(forge.release_for(listing), listing, forge.encode_table(table))
    data = forge.forge(ACME, plaintext, forge.seal_body(ACME, [tree["a"], packed])).join()
    assert collect_once(ACME.open(Pipe(data))).keys() == tree.keys()

    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(BundleError, match="No space left") as info:
        ACME.open(Pipe(data))
    assert info.value.code == "SOURCE_FAILED"
    assert collect_once(ACME.open(data)).keys() == tree.keys()
