"""Record tables that keep the rules decode to the right bytes, whatever their cuts, sharing and prefixes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.publisher import Publisher
from support.reading import read_all_ways
from support.records import Contents, build

from bundlefmt.bundle.needed import NeededTree
from bundlefmt.bundle.trees import BundleTree, FolderTree
from bundlefmt.errors import NeededTreeError

ACME = Publisher()

blobs = st.binary(max_size=60) | st.builds(
    lambda seed, size: Random(seed).randbytes(size), st.integers(0, 9), st.sampled_from([9, 1000, 20_000, 70_000])
)
contents = st.dictionaries(st.sampled_from(["a", "b", "c/d", "c/e", "f g", "\u00e9", "z/z/z"]), blobs, max_size=7)
relations = st.sampled_from(["alike", "other", "equal"])


def _needed(rng: Random, tree: Contents, relation: str) -> Contents:
    """An older tree: equal contents, contents that differ a little, and strange ones."""
    older: Contents = {}
    for path, data in tree.items():
        if relation == "equal" or (relation == "alike" and rng.random() < 0.5):
            older[path] = data
        elif relation == "alike" and data:
            at = rng.randrange(len(data))
            older[path] = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
        else:
            older[path + "-old"] = rng.randbytes(rng.choice((0, 1, 7, 300)))
    return older


@given(contents, st.integers(0, 2**32))
def test_complete(tree: Contents, seed: int) -> None:
    built = build(ACME, Random(seed), tree, None)
    assert read_all_ways(ACME, built.data) == {path: (data, False) for path, data in built.tree.items()}


@given(contents, st.integers(0, 2**32), relations, st.booleans())
def test_patch(tree: Contents, seed: int, relation: str, folder: bool) -> None:
    rng = Random(seed)
    older = _needed(rng, tree, relation)
    built = build(ACME, rng, tree, older)
    with tempfile.TemporaryDirectory() as place:
        needed: NeededTree
        if folder:
            for path, data in older.items():
                file = Path(place) / "old" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            (Path(place) / "old").mkdir(exist_ok=True)
            needed = FolderTree(Path(place) / "old")
        else:
            needed = BundleTree(ACME.open(ACME.pack(older)))
        assert read_all_ways(ACME, built.data, needed=needed) == {
            path: (data, False) for path, data in built.tree.items()
        }
        reader = ACME.open(built.data, needed=needed)
        assert not reader.complete
        reader.verify_all()
        assert {reader.listing.files[row].path for row in reader.manifest.table.external} >= set(built.external)
    with pytest.raises(NeededTreeError, match="NEEDED_TREE"):
        ACME.open(built.data)
