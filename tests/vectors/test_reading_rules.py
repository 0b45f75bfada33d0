"""Rules about reading that no single file can show, on bundles of the vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import vectorpaths as paths
from support.vectorset import VECTORS

from bundlefmt.bundle.policy import Floor
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.trees import FolderTree
from bundlefmt.conformance.setting import read_trust
from bundlefmt.conformance.vectors import BundleCase
from bundlefmt.errors import BundleError, PolicyError
from bundlefmt.trust.chain import format_trust_file, parse_trust_file

BY_NAME = {case.name: case for case in VECTORS.bundles}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in VECTORS.bundles if case.open.get("code") == "EPOCH_RETIRED"]
)
def test_documents_of_a_refused_bundle_are_kept(case: BundleCase) -> None:
    """TRU-19: a retired bundle that brings the document which retires it has taught its reader something."""
    before = read_trust(case.trust)
    with paths.setting(case) as given, pytest.raises(BundleError) as caught:
        given.reader(case.bundle)
    learned = caught.value.learned
    if before.newest.min_epoch > 1 and learned is None:
        return  # the reader knew already
    assert learned.newest.epoch > before.newest.epoch
    assert learned.frames()[: len(before.links)] == before.frames()
    assert parse_trust_file(format_trust_file(learned)).frames() == learned.frames()


def test_some_refused_bundle_teaches() -> None:
    taught = 0
    for case in VECTORS.bundles:
        if case.open.get("code") == "EPOCH_RETIRED":
            with paths.setting(case) as given, pytest.raises(BundleError) as caught:
                given.reader(case.bundle)
            taught += caught.value.learned is not None
    assert taught


def test_a_refused_reader_stays_refused() -> None:
    """RDG-2, on every way to read on."""
    case = next(case for case in VECTORS.bundles if case.open.get("code") == "BODY_DIGEST")
    with paths.setting(case) as given:
        reader = given.reader(case.bundle)
        with pytest.raises(BundleError) as caught:
            reader.verify_all()
        paths.require_dead(reader, caught.value)


def test_a_file_replaced_meanwhile_is_not_read(tmp_path: Path) -> None:
    """RDG-3: the name is used once; afterwards only the handle that was verified."""
    good, other = BY_NAME["valid-multi-record"], BY_NAME["valid-minimal"]
    path = tmp_path / "app.bndl"
    path.write_bytes(good.data())
    with paths.setting(good) as given:
        reader = given.reader(path)
        swapped = tmp_path / "other"
        swapped.write_bytes(other.data())
        swapped.replace(path)
        reader.extractall(str(tmp_path / "out"))
        assert paths.facts(reader) == good.open


def test_a_folder_of_the_needed_tree_that_changed_is_noticed(tmp_path: Path) -> None:
    """RDG-3 for contents that come from elsewhere: what was hashed is what is used."""
    base, patch = BY_NAME["valid-patch-base"], BY_NAME["valid-patch"]
    with paths.setting(base) as given:
        given.reader(base.bundle).extractall(str(tmp_path / "base"))
    with paths.setting(patch) as given:
        tree = FolderTree(tmp_path / "base")
        reader = BundleReader(patch.bundle, trust=given.policy, identities=given.identities, needed=tree)
        for path in (tmp_path / "base").rglob("*"):
            if path.is_file():
                path.write_bytes(path.read_bytes() + b"!")
        with pytest.raises(BundleError) as caught:
            reader.extractall(str(tmp_path / "out"))
        assert caught.value.code == "NEEDED_CONTENT"
        assert not (tmp_path / "out").exists()


def test_a_lacking_field_never_lowers_what_is_expected() -> None:
    """RDG-4: a release without expiry, requirements or metadata still meets every expectation, or none."""
    case = BY_NAME["valid-minimal"]
    with paths.setting(case) as given:
        reader = given.reader(case.bundle)
        assert reader.release.expires is None
        floor = Floor(reader.chain.newest.min_epoch, reader.release.number, reader.release_id)
        above = floor._replace(number=floor.number + 1)
        for expected, code in (
            ({"product": reader.release.product + "x"}, "PRODUCT_MISMATCH"),
            ({"floor": above}, "ROLLBACK"),
            ({"floor": above._replace(number=1, min_epoch=floor.min_epoch + 1)}, "ROLLBACK"),
            ({"floor": floor._replace(release_id=bytes(32))}, "EQUIVOCATION"),
        ):
            given.policy = given.policy._replace(product=None, floor=None)._replace(**expected)  # type: ignore[arg-type]
            with pytest.raises(PolicyError) as caught:
                given.reader(case.bundle)
            assert caught.value.code == code


def test_an_absent_path_refuses_nothing_else() -> None:
    case = BY_NAME["valid-minimal"]
    with paths.setting(case) as given:
        reader = given.reader(case.bundle)
        with pytest.raises(KeyError) as caught:
            reader.read("absent")
        assert caught.value.code == "ENTRY_NOT_FOUND"  # type: ignore[attr-defined]
        reader.verify_all()
