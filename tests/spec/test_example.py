"""The worked example is the one that its script writes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_example", PROJECT / "scripts" / "make_example.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_example_is_fresh(script: ModuleType) -> None:
    assert (PROJECT / "spec" / "examples" / "minimal.md").read_text() == script.example()


def test_example_names_every_byte_once(script: ModuleType) -> None:
    """The offsets of the file's annotated bytes run from 0 to its end without gap."""
    text = script.example()
    file = text[text.index("### Prelude") : text.index("## Every derived value")]
    start = file.index("Its plaintext:")
    lines = (file[:start] + file[file.index("### Leaves") :]).splitlines()
    at = 0
    for line in lines:
        words = line.split()
        if not line.startswith("     ") or not words[0].isdigit() or len(words) < 2:
            continue
        assert int(words[0]) == at
        row = line[12 : 12 + 36].replace(" ", "")
        at += len(row) // 2
    assert at == 995


def test_two_changes_are_refused(script: ModuleType) -> None:
    changes = script.example().partition("## Two changes")[2]
    assert "`SIGNATURE_INVALID`" in changes
    assert "`BODY_DIGEST`" in changes
