"""`bundlefmt attach`: signatures that came back, where they belong."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, NamedTuple

from bundlefmt.cli import arguments, trustwords, ui
from bundlefmt.cli.sign import load_request, named, read_bounded
from bundlefmt.errors import BundleError, refuse

if TYPE_CHECKING:
    from bundlefmt.model.request import Request, SignatureFile


class _Given(NamedTuple):
    """Arguments, told apart by what the files are."""

    answers: list[SignatureFile]
    drafts: list[str]
    bundles: list[str]
    requests: list[str]


def add_attach(parser: argparse.ArgumentParser) -> None:
    """Arguments of `attach`."""
    parser.description = """\
Put signature files where they belong, in any order of arguments: a draft becomes a bundle, a finished
bundle gets more signatures, and a request for a trust document becomes the next epoch of the trust
file. The result is verified as a reader does it before it gets its name."""
    parser.epilog = """\
examples:
  bundlefmt attach app.bndl.draft alice.signature bob.signature --trust acme.trust
  bundlefmt attach app.bndl carol.signature --trust acme.trust
  bundlefmt attach epoch3.request root.signature --trust acme.trust"""
    add = parser.add_argument
    add(
        "file", metavar="PATH", nargs="+", help="drafts or bundles or one request for a trust document; signature files"
    )
    add("--trust", metavar="TRUST", required=True, help="the publisher's trust file")
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="the bundle to make (default: the draft's name without .draft, or the bundle itself)",
    )
    arguments.add_quiet(parser)


def run_attach(args: argparse.Namespace) -> int:
    """Attach."""
    given = _sort(args.file)
    targets = len(given.drafts) + len(given.bundles) + len(given.requests)
    if not given.answers or not targets:
        raise arguments.UsageError("give signature files and what they are for: a draft, a bundle or a request")
    if args.output and (targets > 1 or given.requests):
        raise arguments.UsageError("-o is for one draft or bundle")
    if given.requests:
        if targets > 1:
            raise arguments.UsageError("a request for a trust document is attached alone")
        return _trust(args, load_request(given.requests[0]), given.answers)
    _bundles(args, given)
    return 0


def _sort(paths: list[str]) -> _Given:
    from bundlefmt.bundle.draft import DRAFT_MAGIC
    from bundlefmt.model.request import (
        ANSWERS,
        ANSWERS_LABEL,
        MAX_ANSWERS,
        is_armored,
        parse_answers,
    )
    from bundlefmt.wire.sections import MAGIC

    given = _Given([], [], [], [])
    for path in paths:
        start = read_bounded(path, 4095)
        if start.startswith(DRAFT_MAGIC):
            given.drafts.append(path)
        elif start.startswith(MAGIC):
            given.bundles.append(path)
        elif is_armored(start, ANSWERS_LABEL) or ANSWERS.encode() in start[:32]:
            try:
                given.answers.append(parse_answers(read_bounded(path, MAX_ANSWERS * 3 // 2)))
            except BundleError as exc:
                raise named(path, exc) from None
        else:
            given.requests.append(path)
    return given


def _bundles(args: argparse.Namespace, given: _Given) -> None:
    from bundlefmt.bundle.attach import add_rows, finish_draft
    from bundlefmt.bundle.draft import bundle_of

    chain = arguments.load_trust(args.trust)
    for path in given.drafts:
        output = args.output or bundle_of(path)
        try:
            done = finish_draft(path, given.answers, chain, output)
        except BundleError as exc:
            raise _explained(path, exc) from None
        if not args.quiet:
            ui.put(f"signed and verified {output}: {len(done.counted)} signatures count, {done.threshold} are needed")
    for path in given.bundles:
        try:
            done = add_rows(path, given.answers, chain, args.output)
        except BundleError as exc:
            raise _explained(path, exc) from None
        if not args.quiet:
            total = len(done.rows)
            ui.put(f"{args.output or path}: {total} signatures, {len(done.counted)} count, {done.threshold} are needed")


def _explained(path: str, exc: BundleError) -> BundleError:
    return exc if path in exc.detail else refuse(exc.code, f"{path}: {exc.detail}")


def _trust(args: argparse.Namespace, request: Request, answers: list[SignatureFile]) -> int:
    from bundlefmt.bundle.request import answers_for, judge_trust_request
    from bundlefmt.cli.trustfile import replace_trust, start_trust
    from bundlefmt.model.request import TRUST, TrustItem
    from bundlefmt.trust.rotation import extend, extends, wanted

    item = request.items[0]
    if not isinstance(item, TrustItem):
        raise refuse("REQUEST_MISMATCH", "this request is for a bundle; attach the signatures to its draft")
    first = not item.chain
    own = None if first and not os.path.lexists(args.trust) else arguments.load_trust(args.trust)
    if own is not None and item.document in [link.frame.document for link in own.links]:
        raise refuse("REQUEST_MISMATCH", f"{args.trust} holds this document already")
    shown = judge_trust_request(item, own)
    if own is not None and shown.before is not None and not extends(own, shown.before):
        raise refuse("REQUEST_MISMATCH", "the request goes on from documents that your trust file does not have")
    rows = answers_for(answers, TRUST, item.document)
    left = wanted(shown.document, shown.before, ((row.alg, row.kid) for row in rows))
    if left:
        raise refuse("INPUT_KEYS", "; ".join(trustwords.wanted_lines(left)))
    chain = extend(shown.before, item.document, rows)
    if first:
        start_trust(args.trust, chain)
    else:
        replace_trust(args.trust, chain)
    if not args.quiet:
        before = None if shown.before is None else shown.before.newest
        ui.put(f"{args.trust}: epoch {shown.document.epoch}")
        ui.put_pairs(trustwords.change_pairs(before, shown.document))
    return 0
