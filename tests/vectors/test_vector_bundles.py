"""Every bundle of test-vectors/ by every path the library reads on: one right answer, whatever the path."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from support import vectorpaths as paths
from support.vectorset import ROOT, VECTORS, bundle_params, many_files

from bundlefmt.bundle.inspect import inspect_bundle
from bundlefmt.conformance import judge
from bundlefmt.conformance.vectors import BundleCase
from bundlefmt.errors import BundleError

releases = pytest.mark.parametrize("case", bundle_params(kind="release"))
written_releases = pytest.mark.parametrize("case", bundle_params(kind="release", writes=True))
every_bundle = pytest.mark.parametrize("case", bundle_params())
threads = pytest.mark.parametrize("workers", [0, 2])

_MOST_FILES = 64  # read one by one in a release of many
_MAGIC_LEN = 8


def test_every_bundle_of_the_folder_is_a_case() -> None:
    stored = sorted(path.stem for path in (ROOT / "bundles").iterdir())
    assert stored == sorted(case.name for case in VECTORS.bundles)
    assert len(stored) >= 250


def test_bundles_are_those_of_the_index() -> None:
    for case in VECTORS.bundles:
        assert sha256(case.bundle.read_bytes()).hexdigest() == case.sha256, case.name


@every_bundle
def test_audit(case: BundleCase) -> None:
    data = case.data()
    for source in (data, case.bundle, paths.OddPieces(data)):
        assert paths.audit(case, source) == case.audit


def _require_released(case: BundleCase, released: bytearray) -> None:
    assert (len(released), sha256(released).hexdigest()) == case.released


@every_bundle
@threads
def test_one_pass(case: BundleCase, workers: int) -> None:
    released = bytearray()
    assert paths.whole(case, paths.OddPieces(case.data()), released, workers) == case.open
    _require_released(case, released)


@every_bundle
@threads
def test_whole(case: BundleCase, workers: int) -> None:
    """Where the size is known, a bundle that is too short or too long is refused before anything is released."""
    for source in (case.data(), case.bundle):
        released = bytearray()
        assert paths.whole(case, source, released, workers) == case.open
        if not case.accepted and case.open["phase"] == "size":
            assert not released
        else:
            _require_released(case, released)


@releases
def test_random_access(case: BundleCase) -> None:
    """Each file by itself: the right bytes, or the right refusal."""
    refusals: list[paths.Result] = []

    def read() -> paths.Result:
        with paths.setting(case) as given:
            reader = given.reader(case.bundle)
            names = reader.namelist()
            for name in names[:: max(1, len(names) // _MOST_FILES)]:
                entry = reader.getinfo(name)
                try:
                    data = reader.read(name)
                except BundleError as exc:
                    refusals.append({"result": "refuse", "code": exc.code, "phase": exc.phase})
                    paths.require_dead(reader, exc)
                    reader = given.reader(case.bundle)
                else:
                    assert (len(data), sha256(data).digest()) == (entry.size, entry.digest)
            return paths.facts(reader)

    result = paths.result_of(read)
    if case.accepted or result["result"] == "refuse":
        assert not refusals
        assert result == case.open
    else:
        assert refusals
        assert all(refusal == case.open for refusal in refusals)


@written_releases
def test_unpack(case: BundleCase, tmp_path: Path) -> None:
    data = case.data()
    for number, source in enumerate((case.bundle, paths.OddPieces(data))):
        folder = tmp_path / str(number)
        folder.mkdir()
        out = folder / "out"
        assert paths.unpack(case, source, out) == case.open
        if case.accepted:
            assert judge.tree_of(out).hex() == case.open["tree"]
            judge.require_alone(folder, {"out"})
        else:
            judge.require_alone(folder, set())


@every_bundle
def test_inspect(case: BundleCase) -> None:
    """Facts about any file, without an exception; with trust, the refusal of every step before the body."""
    assert inspect_bundle(case.bundle).steps is None
    assert inspect_bundle(paths.OddPieces(case.data())).steps is None
    refused = paths.result_of(lambda: _inspected(case))
    expected = case.open
    if case.accepted or expected["phase"] in ("body", "record", "content") or "REC-13" in case.rules:
        expected = {"result": "accept"}  # the body is not read, from which a prefix comes
    if case.bundle.stat().st_size < _MAGIC_LEN:
        expected = {"result": "refuse", "code": "PRELUDE_MAGIC", "phase": "prelude"}  # to a tool it is just no bundle
    if case.identity is None and expected.get("code") == "NO_IDENTITY":
        expected = {"result": "accept"}  # without any identity the manifest is not judged
    assert refused == expected


def _inspected(case: BundleCase) -> paths.Result:
    with paths.setting(case) as given:
        found = inspect_bundle(
            case.bundle,
            trust=given.policy,
            identities=given.identities,
            needed=given.needed_tree(),
            kind=paths.KINDS[case.kind],
        )
    if found.steps is None:
        fault = found.faults[0]
        return {"result": "refuse", "code": fault.code, "phase": fault.phase}
    if found.steps.refusal is not None:
        raise found.steps.refusal
    return {"result": "accept"}


def test_a_release_of_many_files_is_among_the_slow_ones() -> None:
    assert any(many_files(case) for case in VECTORS.bundles)
