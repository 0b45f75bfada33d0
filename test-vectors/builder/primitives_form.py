"""The common form of the primitive vectors: families, cases, bodies by pattern, frozen values.

A family is built by one function that returns a `Family`. Its cases say what the specification
demands; the builder of the family compares that with a second opinion before anything is written,
so that a vector never rests on a single reading.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORMAT = "bundlefmt-primitives/1"
FOLDER = Path(__file__).resolve().parent.parent / "primitives"
FROZEN = Path(__file__).resolve().with_name("primitives_frozen.json")

Json = Any
Case = dict[str, Json]


class VectorError(Exception):
    """The builder contradicts itself: a case and its second opinion differ."""


def require(condition: object, message: str) -> None:
    """Stop the build when `condition` does not hold."""
    if not condition:
        raise VectorError(message)


def accept(name: str, comment: str, rules: str, inputs: dict[str, Json], output: dict[str, Json]) -> Case:
    """A case whose input is good and yields `output`."""
    return {
        "name": name,
        "comment": comment,
        "rules": rules.split(),
        "input": inputs,
        "result": "accept",
        "output": output,
    }


def refuse(name: str, comment: str, rules: str, inputs: dict[str, Json], code: str | None = None) -> Case:
    """A case whose input is refused, with the error code where the rule alone decides it."""
    case: Case = {
        "name": name,
        "comment": comment,
        "rules": rules.split(),
        "input": inputs,
        "result": "refuse",
    }
    if code is not None:
        case["code"] = code
    return case


@dataclass(frozen=True)
class Family:
    """One file of vectors."""

    name: str
    comment: str
    cases: Sequence[Case]
    material: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Json]:
        """The JSON document of this family; its rules are those of its cases."""
        names = [case["name"] for case in self.cases]
        doubles = sorted({name for name in names if names.count(name) > 1})
        require(not doubles, f"{self.name}: names used twice: {doubles}")
        document: dict[str, Json] = {
            "format": FORMAT,
            "family": self.name,
            "comment": " ".join(self.comment.split()),
            "rules": sorted({rule for case in self.cases for rule in case["rules"]}),
        }
        if self.material:
            document["material"] = self.material
        document["cases"] = list(self.cases)
        return document


def render(document: dict[str, Json]) -> str:
    """The text of a file: ASCII, so that no editor or transport changes a path or a name."""
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


# Byte i of the pattern is (i * 31 + i // 251) mod 256; it repeats after 251 * 256 bytes.
_PERIOD = 251 * 256
_TILE = bytes((i * 31 + i // 251) % 256 for i in range(_PERIOD))


def pattern(length: int) -> bytes:
    """The first `length` bytes of the pattern that stands for long inputs."""
    return (_TILE * (length // _PERIOD + 1))[:length]


def by_pattern(length: int) -> dict[str, Json]:
    """How a case names these bytes."""
    return {"pattern": "i*31+i//251", "length": length}


def test_only(purpose: str, length: int = 32) -> bytes:
    """Bytes that look random and are the same in every build. Never a secret of anything real."""
    return hashlib.shake_256(b"bundlefmt test only: " + purpose.encode()).digest(length)


def frozen(group: str, name: str, make: Callable[[], str]) -> str:
    """A value that libraries do not make twice alike: taken from the committed file, or made once.

    Compressors change their output between versions and encapsulation is random, so these values
    are kept, and only checked when the vectors are built again.
    """
    values: dict[str, dict[str, str]] = json.loads(FROZEN.read_text()) if FROZEN.exists() else {}
    known = values.setdefault(group, {})
    if name not in known:
        known[name] = make()
        FROZEN.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")
    return known[name]


def unique_by(values: Iterable[bytes]) -> list[bytes]:
    """The values in order, each once."""
    return list(dict.fromkeys(values))
