"""`conformance`: the test vectors against any program. `conformance-client`: this program as one."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bundlefmt.cli import ui

_DONE, _FAILED, _USAGE = 0, 1, 2


def add_conformance(parser: argparse.ArgumentParser) -> None:
    """Arguments of `conformance`."""
    parser.description = "Put every test vector to a program that speaks the protocol of spec/conformance.md."
    parser.epilog = (
        "example:\n"
        '  bundlefmt conformance --client "node my-reader.js" --expected-failures known.txt\n\n'
        "exit codes: 0 everything as it should be, 1 not, 2 wrong usage or no sound vectors"
    )
    parser.add_argument(
        "--client", required=True, metavar="CMD", help="program and leading arguments, quoted as for a shell"
    )
    parser.add_argument("--vectors", type=Path, metavar="DIR", help="folder of vectors; in a checkout, test-vectors")
    parser.add_argument(
        "--expected-failures", type=Path, metavar="FILE", help="a case, or a case and a verb, on each line"
    )
    parser.add_argument("--family", metavar="F", help="only the cases of one family")
    parser.add_argument("--name", metavar="GLOB", help="only cases whose names match")
    parser.add_argument("--sample", type=_positive, metavar="N", help="only N cases, the same ones every time")
    parser.add_argument(
        "--jobs", type=_positive, metavar="N", help="runs at the same time (default: one per processor)"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=60.0, metavar="S", help="seconds until a run is a hang (default: 60)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return value


def run_conformance(args: argparse.Namespace) -> int:
    """Run the vectors."""
    from bundlefmt.conformance import expectations, report, runner, transports, vectors

    root = args.vectors or vectors.DEFAULT
    if args.vectors is None and not root.is_dir():
        ui.complain("bundlefmt conformance: no vectors beside the package; give their folder with --vectors")
        return _USAGE
    try:
        found = vectors.load(root)
        known = expectations.read(args.expected_failures, found) if args.expected_failures else None
        transport = transports.ProcessTransport(args.client, args.timeout)
        cases = runner.select(found, args.family, args.name, args.sample)
        if not cases:
            ui.complain("bundlefmt conformance: no case has this family and name")
            return _USAGE
        ended = runner.run(transport, cases, known, jobs=args.jobs or os.cpu_count() or 1, progress=_show)
    except (vectors.VectorsError, ValueError) as exc:
        _show(0, 0)
        ui.complain(f"bundlefmt conformance: {exc}")
        return _USAGE
    _show(0, 0)
    if args.json:
        ui.put_json("conformance", report.as_object(ended))
    else:
        ui.rows(report.table(ended), indent="")
        for line in report.failing(ended):
            ui.put(line)
        ui.put(report.summary(ended))
    return _DONE if ended.passed else _FAILED


def _show(done: int, total: int) -> None:
    """Cases done, on a terminal only; nothing in all clears the line."""
    if sys.stderr.isatty() and (done % 20 == 0 or done == total):
        sys.stderr.write(f"\r{done} of {total} cases" if total else "\r\x1b[K")
        sys.stderr.flush()


def add_conformance_client(parser: argparse.ArgumentParser) -> None:
    """Arguments of `conformance-client`."""
    parser.description = "Answer one question of the protocol of spec/conformance.md with this implementation."
    parser.epilog = "example:\n  bundlefmt conformance-client audit release acme.trust 1781000000 app.bndl"
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="VERB ...", help="verb and its arguments, in their order"
    )


def run_conformance_client(args: argparse.Namespace) -> int:
    """Answer one question."""
    from bundlefmt.conformance import client

    code, line = client.run(args.arguments, sys.stdin.buffer)
    if line:
        sys.stdout.write(line)
    else:
        ui.complain("bundlefmt conformance-client: no such question; see spec/conformance.md")
    return code
