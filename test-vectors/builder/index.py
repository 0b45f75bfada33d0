"""Writes a whole set of vectors into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from builder.cases import Case, entry
from builder.intermediates import intermediates
from builder.keys import IDENTITIES, identity_text, recipient_text

FORMAT = "bundlefmt-vectors/1"
FOLDERS = ("bundles", "trust", "keys", "intermediates")


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=True) + "\n").encode()


def files(cases: Iterable[Case]) -> dict[str, bytes]:
    """Path inside test-vectors/ to content, for everything that is generated."""
    found: dict[str, bytes] = {}

    def put(path: str, data: bytes) -> None:
        if found.setdefault(path, data) != data:
            raise ValueError(f"two contents for {path}")

    ordered = sorted(cases, key=lambda one: one.name)
    names = [one.name for one in ordered]
    if len(set(names)) != len(names):
        raise ValueError(f"names used twice: {sorted({n for n in names if names.count(n) > 1})}")
    for one in ordered:
        put(f"bundles/{one.name}.bndl", one.data)
        put(f"trust/{one.pin.name}.trust", one.pin.text.encode())
        if one.needed is not None and one.needed not in names:
            raise ValueError(f"{one.name} needs {one.needed}, which is no case")
        if one.key_case:
            put(f"intermediates/{one.name}.json", _json(intermediates(one)))
    for name, pairs in IDENTITIES.items():
        put(f"keys/{name}.key", identity_text(name, *pairs).encode())
        put(f"keys/{name}.pub", recipient_text(name, *pairs).encode())
    put("index.json", _json({"format": FORMAT, "cases": [entry(one) for one in ordered]}))
    return found


def stored(root: Path) -> dict[str, bytes]:
    """The generated files that a folder holds."""
    paths = [path for name in FOLDERS for path in (root / name).glob("*")]
    index = root / "index.json"
    paths += [index] if index.exists() else []
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def write(root: Path, content: dict[str, bytes]) -> None:
    """Make a folder hold exactly these generated files."""
    for path in stored(root).keys() - content.keys():
        (root / path).unlink()
    for path, data in content.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def differences(old: dict[str, bytes], new: dict[str, bytes]) -> list[str]:
    """Paths that are missing, extra or different, in order."""
    return [path for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]
