"""Every case through every verb that a client supports (spec/conformance.md)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from bundlefmt.conformance import judge, reference
from bundlefmt.conformance.expectations import Expectations
from bundlefmt.conformance.judge import Failure
from bundlefmt.conformance.protocol import NONE, UNSUPPORTED, VERBS, Question, Reply
from bundlefmt.conformance.transports import Transport
from bundlefmt.conformance.vectors import BundleCase, PrimitiveCase, Vectors

MOST_READS = 6  # files of one bundle that are read one by one
_ABSENT = "absent"

Case = BundleCase | PrimitiveCase
Progress = Callable[[int, int], None]


class Result(NamedTuple):
    """What became of one case under one verb.

    Attributes:
        case: name.
        family: of the case.
        verb: asked.
        failures: none when every run was right.
        expected: whether the failures are listed as expected.
    """

    case: str
    family: str
    verb: str
    failures: tuple[Failure, ...]
    expected: bool = False


class Report(NamedTuple):
    """Outcome of a run.

    Attributes:
        verbs: supported ones.
        skipped: verbs that the client does not support.
        results: in order of the cases.
        unexpected_passes: lines of the expected failures that did not fail.
    """

    verbs: tuple[str, ...]
    skipped: tuple[str, ...]
    results: tuple[Result, ...]
    unexpected_passes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as it should be, and something was asked at all."""
        as_expected = all(result.expected or not result.failures for result in self.results)
        return bool(self.results) and as_expected and not self.unexpected_passes


def select(
    vectors: Vectors, family: str | None = None, name: str | None = None, sample: int | None = None
) -> list[Case]:
    """Choose cases.

    Args:
        vectors: all of them.
        family: only this one.
        name: only names that match this pattern.
        sample: at most so many; the same ones every time, whatever is added elsewhere.
    """
    cases: list[Case] = [*vectors.bundles, *vectors.primitives]
    cases = [case for case in cases if family in (None, case.family) and (name is None or fnmatchcase(case.name, name))]
    if sample is None or sample >= len(cases):
        return cases
    chosen = {case.name for case in sorted(cases, key=lambda case: sha256(case.name.encode()).digest())[:sample]}
    return [case for case in cases if case.name in chosen]


def run(
    transport: Transport,
    cases: Iterable[Case],
    expectations: Expectations | None = None,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Put every question to a client.

    Args:
        transport: reaches the client.
        cases: from `select`.
        expectations: failures that are known.
        jobs: runs at the same time.
        progress: called with cases done and in all.

    Raises:
        VectorsError: the vectors are damaged.
    """
    asked = list(cases)
    expectations = expectations or Expectations(())
    supported: dict[str, bool] = {}
    results: list[Result] = []
    first: dict[tuple[str, str], Case] = {}
    for case in asked:
        for verb in _verbs(case):
            first.setdefault((verb, case.family), case)
    with tempfile.TemporaryDirectory(prefix="bundlefmt-conformance-") as folder:
        root = Path(folder)
        # A verb is not supported when no family's first case is answered; otherwise "not supported" is wrong.
        for (verb, _), case in first.items():
            if not supported.get(verb):
                supported[verb] = _answers(transport, root, case, verb)

        def one(case: Case) -> list[Result]:
            return [
                Result(case.name, case.family, verb, failures, bool(failures) and expectations.covers(case.name, verb))
                for verb in _verbs(case)
                if supported[verb]
                for failures in (_try(transport, root, case, verb),)
            ]

        with ThreadPoolExecutor(max(jobs, 1)) as pool:
            for number, found in enumerate(pool.map(one, asked), 1):
                results += found
                if progress is not None:
                    progress(number, len(asked))
    failed = {(result.case, result.verb) for result in results if result.failures}
    asked_for = {(result.case, result.verb) for result in results}
    return Report(
        verbs=tuple(verb for verb in VERBS if supported.get(verb)),
        skipped=tuple(verb for verb in VERBS if supported.get(verb) is False),
        results=tuple(results),
        unexpected_passes=expectations.not_failed(asked_for, failed),
    )


def _verbs(case: Case) -> tuple[str, ...]:
    if isinstance(case, PrimitiveCase):
        return ("primitive",)
    return ("audit", "unpack", "stream", "read") if case.kind == "release" else ("audit", "unpack", "stream")


def _try(transport: Transport, root: Path, case: Case, verb: str) -> tuple[Failure, ...]:
    with tempfile.TemporaryDirectory(dir=root) as space:
        failures: list[Failure] = []
        for judged, reply in _Asker(transport, Path(space)).asks(case, verb):
            try:
                judged(reply)
            except Failure as failure:
                failures.append(failure)
        return tuple(failures)


def _answers(transport: Transport, root: Path, case: Case, verb: str) -> bool:
    with tempfile.TemporaryDirectory(dir=root) as space:
        return any(reply.exit != UNSUPPORTED for _, reply in _Asker(transport, Path(space)).asks(case, verb))


Judge = Callable[[Reply], None]


class _Asker:
    """Asks the questions of one case and verb in a private folder."""

    def __init__(self, transport: Transport, space: Path) -> None:
        self._transport = transport
        self._space = space
        self._runs = 0

    def asks(self, case: Case, verb: str) -> Iterator[tuple[Judge, Reply]]:
        """Each reply with what judges it; judge it before the next is taken."""
        if isinstance(case, PrimitiveCase):
            yield (
                lambda reply: judge.judge_primitive(case, reply),
                self._ask("primitive", case.question, stdin=_json(case.input)),
            )
            return
        data = case.data()
        given: tuple[str, ...] = (case.kind, str(case.trust), str(case.now))
        if verb == "audit":
            yield lambda reply: judge.judge_audit(case, reply), self._ask(verb, *given, str(case.bundle))
            return
        given += (_path(case.identity), _path(case.needed), self._expect(case))
        if verb == "unpack":
            out = self._out()
            yield (
                lambda reply: judge.judge_unpack(case, reply, out),
                self._ask(verb, *given, str(case.bundle), str(out)),
            )
        elif verb == "stream":
            out = self._out()
            yield lambda reply: judge.judge_stream(case, reply, out), self._ask(verb, *given, str(out), stdin=data)
        else:
            yield from self._reads(case, given)

    def _reads(self, case: BundleCase, given: tuple[str, ...]) -> Iterator[tuple[Judge, Reply]]:
        # What the caller's policy refuses is refused whatever the file.
        policy = not case.accepted and case.open["phase"] == "policy"
        asked: list[reference.ListedFile | None] = [] if policy else [*_few(reference.files(case))]
        for listed in asked or [None]:
            out = self._out()
            path = listed.path if listed else _ABSENT
            reply = self._ask("read", *given, str(case.bundle), path, str(out))
            yield lambda reply, listed=listed, out=out: judge.judge_read(case, reply, listed, out), reply  # type: ignore[misc]

    def _ask(self, *arguments: str, stdin: bytes = b"") -> Reply:
        return self._transport.ask(Question(arguments, stdin))

    def _out(self) -> Path:
        """A name in a new folder of its own, so that whatever lies beside it is the client's."""
        self._runs += 1
        folder = self._space / str(self._runs)
        folder.mkdir()
        return folder / "out"

    def _expect(self, case: BundleCase) -> str:
        if not case.expect:
            return NONE
        path = self._space / "expect.json"
        path.write_bytes(_json(case.expect))
        return str(path)


def _few(files: list[reference.ListedFile]) -> list[reference.ListedFile]:
    if len(files) <= MOST_READS:
        return files
    return [files[number * (len(files) - 1) // (MOST_READS - 1)] for number in range(MOST_READS)]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _path(path: Path | None) -> str:
    return NONE if path is None else str(path)
