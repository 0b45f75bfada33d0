"""A run for people, as a table with the failures, and for programs, as one object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bundlefmt.conformance.runner import Report, Result

TOTAL = "all"


def table(report: Report) -> list[tuple[str, ...]]:
    """Rows of the table by family: right runs of all, for each verb."""
    families = list(dict.fromkeys(result.family for result in report.results))
    rows = [("family", "cases", *report.verbs)]
    by_family = [(family, [result for result in report.results if result.family == family]) for family in families]
    rows += [_row(family, results, report.verbs) for family, results in by_family]
    if len(families) > 1:
        rows.append(_row(TOTAL, list(report.results), report.verbs))
    return rows


def _row(name: str, results: list[Result], verbs: tuple[str, ...]) -> tuple[str, ...]:
    cells = [name, str(len({result.case for result in results}))]
    for verb in verbs:
        asked = [result for result in results if result.verb == verb]
        right = sum(not result.failures for result in asked)
        cells.append(f"{right}/{len(asked)}" if asked else "")
    return tuple(cells)


def failing(report: Report) -> Iterator[str]:
    """Lines that explain every failure."""
    for result in report.results:
        for failure in result.failures:
            mark = "expected failure" if result.expected else failure.outcome.upper()
            yield f"{mark}: {result.case} {result.verb}"
            if result.expected:
                break
            yield f"    expected  {failure.expected}"
            first, *more = failure.got.splitlines() or [""]
            yield f"    got       {first}"
            yield from (f"              {line}" for line in more[-6:])
    for line in report.unexpected_passes:
        yield f"UNEXPECTED PASS: {line}"


def summary(report: Report) -> str:
    """One line."""
    bad = [result for result in report.results if result.failures and not result.expected]
    known = sum(result.expected for result in report.results)
    outcomes: dict[str, int] = {}
    for result in bad:
        outcomes[result.failures[0].outcome] = outcomes.get(result.failures[0].outcome, 0) + 1
    parts = [f"{len(report.results) - len(bad) - known} right"]
    parts += [f"{count} {outcome}" for outcome, count in outcomes.items()]
    parts += [f"{known} expected to fail"] if known else []
    parts += [f"{len(report.unexpected_passes)} passed unexpectedly"] if report.unexpected_passes else []
    parts += [f"not supported: {', '.join(report.skipped)}"] if report.skipped else []
    return f"{'PASS' if report.passed else 'FAIL'}: {', '.join(parts)}"


def as_object(report: Report) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "result": "pass" if report.passed else "fail",
        "verbs": list(report.verbs),
        "not_supported": list(report.skipped),
        "runs": len(report.results),
        "families": [dict(zip(("family", "cases", *report.verbs), row, strict=True)) for row in table(report)[1:]],
        "failures": [
            {
                "case": result.case,
                "verb": result.verb,
                "outcome": failure.outcome,
                "expected_failure": result.expected,
                "expected": failure.expected,
                "got": failure.got,
            }
            for result in report.results
            for failure in result.failures
        ],
        "unexpected_passes": list(report.unexpected_passes),
    }
