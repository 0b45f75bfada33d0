"""The set of vectors, loaded once, and the marks of the cases that need much time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundlefmt.conformance import vectors

ROOT = Path(__file__).resolve().parents[2] / "test-vectors"
VECTORS = vectors.load(ROOT)

_MANY = 10_000  # files; unpacking so many takes seconds


def bundle_params(*, kind: str | None = None, writes: bool = False) -> list[Any]:
    """Every bundle case as a parameter.

    Args:
        kind: only this one.
        writes: whether the test writes every file of an accepted release.
    """
    cases = [case for case in VECTORS.bundles if kind in (None, case.kind)]
    return [
        pytest.param(case, id=case.name, marks=[pytest.mark.slow] if writes and many_files(case) else [])
        for case in cases
    ]


def many_files(case: vectors.BundleCase) -> bool:
    """Whether a release has so many files that touching each takes long."""
    return bool(case.open.get("files", 0) > _MANY)
