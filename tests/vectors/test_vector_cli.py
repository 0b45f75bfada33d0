"""Vectors through the command line: a sample always, every one among the slow tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.vectorset import VECTORS, many_files

from bundlefmt.cli.main import main
from bundlefmt.conformance import judge
from bundlefmt.conformance.vectors import BundleCase

_SAMPLE = 12  # one case of so many


def _params() -> Iterator[Any]:
    for case in VECTORS.bundles:
        # A floor is state of a device; the command line knows only its number.
        if "floor" in case.expect:
            continue
        sampled = sha256(case.name.encode()).digest()[0] % _SAMPLE == 0 and not many_files(case)
        yield pytest.param(case, id=case.name, marks=[] if sampled else [pytest.mark.slow])


every_case = pytest.mark.parametrize("case", list(_params()))


def _options(case: BundleCase, *, identity: bool = True) -> list[str]:
    words = ["--trust", str(case.trust), "--at", str(case.now)]
    expect = case.expect
    if identity and case.identity is not None:
        words += ["-i", str(case.identity)]
        words += ["--product", expect["product"]] if "product" in expect else []
        words += ["--host", ".".join(map(str, expect["host"]))] if "host" in expect else []
        words += ["--platform", expect["platform"]] if "platform" in expect else []
        words += ["--base", str(case.needed)] if case.needed else []
    return words


def _require(code: int, out: str, right: dict[str, Any]) -> None:
    found = json.loads(out)
    if right["result"] == "accept":
        assert code == 0
        assert "refused" not in found
        return
    assert code == (3 if right["phase"] == "key" else 1)
    assert (found["refused"]["code"], found["refused"]["phase"]) == (right["code"], right["phase"])


@every_case
def test_verify(case: BundleCase, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["verify", str(case.bundle), "--kind", case.kind, "--json", *_options(case, identity=False)])
    _require(code, capsys.readouterr().out, case.audit)


def _states_all(case: BundleCase) -> bool:
    """Whether the case is one that can be asked on the command line, where a host that is not stated is not judged."""
    return case.identity is not None and not (case.open.get("code") == "HOST_MISMATCH" and "host" not in case.expect)


@every_case
def test_verify_with_identity(case: BundleCase, capsys: pytest.CaptureFixture[str]) -> None:
    if not _states_all(case):
        pytest.skip("no identity, or no host")
    channel = ["--channel", case.expect["channel"]] if "channel" in case.expect else []
    code = main(["verify", str(case.bundle), "--kind", case.kind, "--json", *channel, *_options(case)])
    _require(code, capsys.readouterr().out, case.open)


@every_case
def test_unpack(case: BundleCase, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    if case.kind == "pointer" or not _states_all(case):
        pytest.skip("a pointer, no identity, or no host")
    out = tmp_path / "out"
    code = main(["unpack", str(case.bundle), "-o", str(out), "--json", *_options(case)])
    _require(code, capsys.readouterr().out, case.open)
    if case.accepted:
        assert judge.tree_of(out).hex() == case.open["tree"]
    else:
        judge.require_alone(tmp_path, set())


@every_case
def test_inspect(case: BundleCase, capsys: pytest.CaptureFixture[str]) -> None:
    """A tool for people: it says what it sees of any file, and fails only for what is no bundle."""
    for options in ([], ["--json"], _options(case), ["--json", *_options(case)]):
        assert main(["inspect", str(case.bundle), *options]) in (0, 1, 3)
        seen = capsys.readouterr()
        assert seen.out or seen.err
        assert "Traceback" not in seen.err
