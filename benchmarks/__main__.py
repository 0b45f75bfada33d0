"""Command line: ``python -m benchmarks [--quick] [--only NAME]... [--json FILE]``."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.cases import CASES, timings
from benchmarks.data import DataError
from benchmarks.measure import CommandFailedError
from benchmarks.report import (
    Report,
    describe_machine,
    show,
    show_machine,
    show_summary,
    warn_about_load,
)
from benchmarks.workspace import FULL, QUICK, SkippedError, Workspace


def parse(words: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller data, fewer runs")
    parser.add_argument("--only", action="append", choices=CASES, metavar="NAME",
                        help=f"run one case, repeatable: {', '.join(CASES)}")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all runs to FILE as well")
    return parser.parse_args(words)


def run_cases(names: list[str], workspace: Workspace, report: Report) -> None:
    """Run cases in order, printing findings as they come; a case that fails ends only itself."""
    for name in names:
        print(f"\n{name}", flush=True)
        try:
            for finding in CASES[name](workspace):
                report.findings.append((name, finding))
                print(show(finding), flush=True)
        except SkippedError as error:
            report.skipped.append((name, str(error)))
            print(f"  skipped: {error}")
        except (CommandFailedError, DataError) as error:
            report.failed.append((name, str(error)))
            print(f"  failed: {error}")


def show_timings(workspace: Workspace) -> None:
    """Print where bundlefmt says its time goes, as far as it says so."""
    print()
    try:
        for line in timings(workspace):
            print(line)
    except (CommandFailedError, DataError, SkippedError) as error:
        print(f"timings: {error}")


def main(words: list[str]) -> int:
    """Run the suite; the exit code is 1 if something failed, whatever the targets say."""
    options = parse(words)
    scale = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory(prefix="bundlefmt-bench-") as folder:
        workspace = Workspace(Path(folder), scale)
        report = Report(scale, describe_machine(Path(folder)))
        print(show_machine(report.machine))
        warn_about_load()
        run_cases(options.only or list(CASES), workspace, report)
        if os.environ.get("BUNDLEFMT_BENCH_TIMINGS"):
            show_timings(workspace)
    print(f"\n{show_summary(report)}")
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
