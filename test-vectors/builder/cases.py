"""What a case is: a bundle, the question put to a reader, and the one right answer."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from builder.bundle import Built, Bundle, leaf_digests, leaf_size
from builder.stages import build
from builder.trust import Pin

NOW = 1_781_000_000
KINDS = {1: "release", 2: "pointer"}
# The steps an audit runs too; `key` is the reader's own trust file.
AUDIT_PHASES = frozenset(
    {"prelude", "size", "tables", "trust", "key", "signature", "header", "manifest-digest"} | {"leaves", "body"}
)


def _phases() -> dict[str, str]:
    path = Path(__file__).parents[2] / "spec" / "errors.csv"
    with path.open(newline="") as lines:
        return {row["code"]: row["phase"] for row in csv.DictReader(lines)}


PHASES = _phases()
_BUILDS: dict[int, tuple[Bundle, Built]] = {}


def built(bundle: Bundle) -> Built:
    """Build a description once; it must not change afterwards."""
    if id(bundle) not in _BUILDS:
        _BUILDS[id(bundle)] = (bundle, build(bundle))
    return _BUILDS[id(bundle)][1]


@dataclass(frozen=True)
class Case:
    """A case as the index lists it, with its files."""

    name: str
    comment: str
    rules: tuple[str, ...]
    data: bytes
    kind: int
    pin: Pin
    identity: str | None
    needed: str | None
    now: int
    expect: dict[str, Any] | None
    code: str | None
    released: bytes
    built: Built
    key_case: bool = False


def verified_length(result: Built, data: bytes) -> int:
    """Bytes of the body, from its start, whose leaves a streaming reader verifies in `data`."""
    body_start = result.sections[-1][1]
    body = data[body_start : body_start + result.at["body_len"]]
    size = leaf_size(result.at["body_len"])
    verified = 0
    for found, signed in zip(leaf_digests(body), result.at["leaves"], strict=False):
        extent = min(size, result.at["body_len"] - verified)
        # A leaf that is cut has another digest unless the cut is at its end.
        if found != signed or len(body) < verified + extent:
            break
        verified += extent
    return verified


def released_bytes(result: Built, data: bytes, code: str | None, stop: int | None) -> bytes:
    """The records' plaintext that has left an eager streaming reader when it stops."""
    placed = result.placed
    if code in {"TRUNCATED", "BODY_DIGEST"} and stop is None:
        limit = verified_length(result, data)
        placed = [one for one in placed if one.offset + one.length <= limit]
    elif code is not None and (code != "TRAILING_DATA" or stop is not None):
        placed = placed[: stop or 0]
    return b"".join(one.plain for one in placed)


def case(
    bundle: Bundle,
    comment: str,
    rules: str,
    code: str | None = None,
    *,
    data: bytes | None = None,
    pin: Pin | None = None,
    kind: int | None = None,
    identity: str | None = "device-x25519",
    needed: str | None = None,
    now: int = NOW,
    expect: dict[str, Any] | None = None,
    stop: int | None = None,
    key_case: bool = False,
) -> Case:
    """A case named like its bundle.

    `code` is the expected refusal, None an acceptance. `data` replaces the file, `pin` the trust
    file (epoch 1 of the bundle's chain), `kind` what the caller asks for. `stop` is the index of
    the refused record, where the code belongs to one; records before it are released. Sizes and
    leaves tell that by themselves, unless the sections do not lie where they were built.
    """
    result = built(bundle)
    content = result.file if data is None else data
    if code is not None and code not in PHASES:
        raise ValueError(code)
    return Case(
        name=bundle.name,
        comment=comment,
        rules=tuple(rules.split()),
        data=content,
        kind=kind or bundle.kind,
        pin=pin or bundle.chain.pin(),
        identity=identity,
        needed=needed,
        now=now,
        expect=expect,
        code=code,
        released=released_bytes(result, content, code, stop),
        built=result,
        key_case=key_case,
    )


def _refusal(code: str) -> dict[str, str]:
    return {"result": "refuse", "code": code, "phase": PHASES[code]}


def accepted(one: Case) -> dict[str, Any]:
    """What a full reading reports of an accepted bundle."""
    if one.kind == 2:
        return {"result": "accept", "sequence": one.built.at["pointer_item"][2]}
    return {
        "result": "accept",
        "tree": sha256(one.built.listing).hexdigest(),
        "release_id": sha256(one.built.at["release"]).hexdigest(),
        "number": one.built.at["release_item"][1],
        "files": len(one.built.at["listing_item"]),
    }


def entry(one: Case) -> dict[str, Any]:
    """The case's object in index.json."""
    audit_refuses = one.code is not None and PHASES[one.code] in AUDIT_PHASES
    return {
        "name": one.name,
        "family": one.name.split("-", 1)[0],
        "comment": one.comment,
        "rules": list(one.rules),
        "bundle": f"bundles/{one.name}.bndl",
        "sha256": sha256(one.data).hexdigest(),
        "kind": KINDS[one.kind],
        "trust": f"trust/{one.pin.name}.trust",
        "identity": None if one.identity is None else f"keys/{one.identity}.key",
        "needed": None if one.needed is None else f"bundles/{one.needed}.bndl",
        "now": one.now,
        "expect": one.expect,
        "audit": _refusal(str(one.code)) if audit_refuses else {"result": "accept"},
        "open": accepted(one) if one.code is None else _refusal(one.code),
        "released": {"bytes": len(one.released), "sha256": sha256(one.released).hexdigest()},
    }


def flip(data: bytes, offset: int, mask: int = 1) -> bytes:
    """Data with bits of one byte inverted."""
    changed = bytearray(data)
    changed[offset] ^= mask
    return bytes(changed)


def section(result: Built, name: str) -> tuple[int, int]:
    """Start and end of a section of a file."""
    return next((start, end) for one, start, end in result.sections if one == name)


Cases = Sequence[Case]
