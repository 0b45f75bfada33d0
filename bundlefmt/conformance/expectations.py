"""The file of expected failures: strict, so that it cannot outlive what it excuses."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from bundlefmt.conformance.protocol import VERBS
from bundlefmt.conformance.vectors import Vectors, VectorsError


class Line(NamedTuple):
    """One expected failure: a case under one verb, or, without a verb, under any."""

    case: str
    verb: str

    def __str__(self) -> str:
        return f"{self.case} {self.verb}".rstrip()


class Expectations(NamedTuple):
    """Known failures of a client."""

    lines: tuple[Line, ...]

    def covers(self, case: str, verb: str) -> bool:
        """Whether this failure is known."""
        return any(line.case == case and line.verb in ("", verb) for line in self.lines)

    def not_failed(self, asked: Collection[tuple[str, str]], failed: Collection[tuple[str, str]]) -> tuple[str, ...]:
        """Lines of which something was asked and nothing failed."""
        return tuple(str(line) for line in self.lines if _any(line, asked) and not _any(line, failed))


def _any(line: Line, pairs: Collection[tuple[str, str]]) -> bool:
    verbs = (line.verb,) if line.verb else VERBS
    return any((line.case, verb) in pairs for verb in verbs)


def read(path: Path, vectors: Vectors) -> Expectations:
    """Read a file: `NAME` or `NAME VERB` on a line, `#` begins a comment.

    Raises:
        VectorsError: a line names no case or no verb.
    """
    known = {case.name for case in vectors.bundles} | {case.name for case in vectors.primitives}
    lines: list[Line] = []
    for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        words = text.partition("#")[0].split()
        if not words:
            continue
        line = Line(words[0], words[1] if len(words) > 1 else "")
        if len(words) > 2 or line.case not in known or line.verb not in ("", *VERBS):
            raise VectorsError(f"{path}, line {number}: {text.strip()!r} names no case, or no verb")
        lines.append(line)
    return Expectations(tuple(lines))
