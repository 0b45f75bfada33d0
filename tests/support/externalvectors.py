"""Vectors that other projects publish, where they lie beside the project's folder; tests skip without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "external-vectors"


def read(name: str) -> Any:
    """One file. At import of a test module, its absence skips the module."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip("vectors of other projects are not present", allow_module_level=True)
    return json.loads(path.read_text())


def wycheproof(name: str) -> list[dict[str, Any]]:
    """The cases of a Wycheproof file, each with the fields of its group under `group`."""
    return [{**case, "group": group} for group in read(name)["testGroups"] for case in group["tests"]]
