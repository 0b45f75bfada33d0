"""Every bundle vector through the verbs that people use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.vectorset import bundle_params

from bundlefmt.cli.main import main
from bundlefmt.conformance.vectors import BundleCase

_LOCAL = {"TRUST_FILE", "KEY_FILE"}  # of the files beside a bundle: exit code 3


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    code = main([*arguments, "--json"])
    ended = capsys.readouterr()
    return code, json.loads(ended.out), ended.err


def _compare(code: int, body: dict[str, Any], err: str, expected: dict[str, Any]) -> None:
    if expected["result"] == "accept":
        # The test keys of the vectors are files that everybody reads, and some bundles bring trust documents.
        talk = [line for line in err.splitlines() if not line.startswith(("warning: ", "note: the bundle brought "))]
        assert (code, talk) == (0, []), body
        return
    refused = body["refused"]
    assert (refused["code"], refused["phase"]) == (expected["code"], expected["phase"])
    assert code == (3 if refused["code"] in _LOCAL else 1)
    last = err.splitlines()[-1]
    assert last.startswith(f"bundlefmt: {'failed' if code == 3 else 'refused'}: {expected['code']} (")


def _access(case: BundleCase) -> list[str]:
    """Options that say what the case expects."""
    assert case.identity is not None
    expect = case.expect or {}
    options = ["--trust", str(case.trust), "-i", str(case.identity), "--at", str(case.now)]
    for name, option in (("product", "--product"), ("platform", "--platform"), ("channel", "--channel")):
        if expect.get(name) is not None:
            options += [option, expect[name]]
    if expect.get("host"):
        options += ["--host", ".".join(map(str, expect["host"]))]
    if case.needed:
        options += ["--base", str(case.needed)]
    return options


@pytest.mark.parametrize("case", bundle_params())
def test_verify_without_a_key(case: BundleCase, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--trust", str(case.trust), "--kind", case.kind, "--at", str(case.now))
    _compare(*_run(capsys, "verify", str(case.bundle), *options), case.audit)


@pytest.mark.parametrize("case", bundle_params(writes=True))
def test_verify_and_unpack_with_a_key(case: BundleCase, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    if case.identity is None:
        pytest.skip("no identity is given")
    if case.expect and case.expect.get("floor"):
        pytest.skip("a person has no floor of epochs")
    if case.open.get("code") == "HOST_MISMATCH" and not {"host", "platform"} & set(case.expect or ()):
        pytest.skip("host requirements of people are judged only when a host is stated")
    options = _access(case)
    _compare(*_run(capsys, "verify", str(case.bundle), "--kind", case.kind, *options), case.open)
    if case.kind == "release":
        out = tmp_path / "out"
        code, body, err = _run(capsys, "unpack", str(case.bundle), "-o", str(out), *options)
        _compare(code, body, err, case.open)
        assert list(tmp_path.iterdir()) == ([out] if case.accepted else [])
        if case.accepted:
            assert body["release"]["release_id"] == case.open["release_id"]
            assert sum(path.is_file() for path in out.rglob("*")) == case.open["files"]
