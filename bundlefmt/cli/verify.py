"""`bundlefmt verify`: check signatures and every byte."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from bundlefmt.cli import arguments, facts, ui
from bundlefmt.cli.arguments import UsageError
from bundlefmt.cli.decision import decision_json, verdicts
from bundlefmt.cli.passphrase import CommandSecrets
from bundlefmt.errors import BundleError

if TYPE_CHECKING:
    from bundlefmt.bundle.core import Front

_RELEASE_ONLY = ("min_number", "host", "platform", "base")


def add_verify(parser: argparse.ArgumentParser) -> None:
    """Arguments of `verify`."""
    parser.description = """\
Check signatures and every byte of a bundle. No decryption key is needed; with one, names, contents
and what is expected of the release are judged as well. Exit code 1 means refused."""
    parser.epilog = """\
example:
  bundlefmt verify app.bndl --trust acme.trust"""
    arguments.add_file(parser)
    arguments.add_trust(parser)
    arguments.add_identities(parser)
    parser.add_argument(
        "--kind", choices=tuple(arguments.KINDS), default="release", help="what it must be (default: release)"
    )
    arguments.add_expectations(parser)
    parser.add_argument("--channel", metavar="NAME", help="refuse a pointer of another channel")
    arguments.add_base(parser)
    arguments.add_json(parser)
    arguments.add_quiet(parser)


def run_verify(args: argparse.Namespace) -> int:
    """Verify."""
    _check(args)
    progress = ui.Progress("verifying", quiet=args.quiet)
    watch = progress if progress.active else None
    body: dict[str, Any]
    if not args.identity:
        front, body = _audit(args, watch)
    elif args.kind == "pointer":
        front, body = _pointer(args)
    else:
        with arguments.open_reader(args, watch) as reader:
            reader.verify_all()
            front = reader.front
            release = reader.manifest
        body = {
            "release": {**facts.record_json(release.record, release.release_id), **facts.tree_json(release)},
            "lines": [*facts.record_pairs(release.record, release.release_id), *facts.tree_pairs(release)],
        }
    ui.end_progress()
    _report(args, front, body)
    return 0


def _check(args: argparse.Namespace) -> None:
    given = [name for name in (*_RELEASE_ONLY, "product", "channel") if getattr(args, name) is not None]
    if not args.identity and given:
        raise UsageError(
            f"--{given[0].replace('_', '-')} needs -i: without an identity, nothing inside the manifest is judged"
        )
    if args.kind == "pointer" and (wrong := [name for name in given if name in _RELEASE_ONLY]):
        raise UsageError(f"--{wrong[0].replace('_', '-')} is for releases")
    if args.kind == "release" and args.channel is not None:
        raise UsageError("--channel is for pointers")


def _audit(args: argparse.Namespace, watch: ui.Progress | None) -> tuple[Front, dict[str, Any]]:
    from bundlefmt.bundle.front import audit_bundle
    from bundlefmt.bundle.policy import TrustPolicy

    arguments.check_stdin(args.file, args.trust)
    chain = arguments.load_trust(args.trust)
    try:
        audited = audit_bundle(
            arguments.open_input(args.file, watch),
            trust=TrustPolicy(chain, now=args.at),
            kind=arguments.KINDS[args.kind],
        )
    except BundleError as exc:
        arguments.keep_trust(args, exc.learned, chain)
        raise
    arguments.keep_trust(args, audited.front.chain, chain)
    return audited.front, {}


def _pointer(args: argparse.Namespace) -> tuple[Front, dict[str, Any]]:
    from bundlefmt.bundle.pointers import read_pointer

    arguments.check_stdin(args.file, args.trust, *args.identity)
    chain = arguments.load_trust(args.trust)
    identities = arguments.load_identities(args.identity, CommandSecrets.of(args))
    try:
        found = read_pointer(
            arguments.open_input(args.file), trust=arguments.policy(args, chain), identities=identities
        )
    except BundleError as exc:
        arguments.keep_trust(args, exc.learned, chain)
        raise
    arguments.keep_trust(args, found.front.chain, chain)
    return found.front, {"pointer": facts.pointer_json(found.pointer), "lines": facts.pointer_pairs(found.pointer)}


def _report(args: argparse.Namespace, front: Front, body: dict[str, Any]) -> None:
    header = front.header
    lines = body.pop("lines", [])
    rows = [(row.alg, row.kid) for row in front.rows]
    if args.json:
        ui.put_json(
            "verify",
            {
                "result": "verified",
                "kind": args.kind,
                "publisher": header.publisher_id.hex(),
                "bundle_id": header.bundle_id.hex(),
                "trust_epoch": header.trust_epoch,
                "newest_epoch": front.chain.newest.epoch,
                "learned_epochs": front.learned,
                "signers": [kid.hex() for kid in front.tally.counted],
                "ignored_signers": [kid.hex() for kid in front.tally.ignored],
                "threshold": front.tally.threshold,
                "decision": decision_json(rows, front.chain, header.kind, verified=True),
                "size": front.file_size,
                "opened": bool(args.identity),
                **body,
            },
        )
        return
    if args.quiet:
        return
    ui.put(f"verified {args.file}: {args.kind}, signatures and every byte of {ui.size(front.file_size)}")
    pairs = [
        ("publisher", header.publisher_id.hex()),
        ("epoch", f"{header.trust_epoch}, newest known {front.chain.newest.epoch}"),
        *(("signed by", kid.hex()) for kid in front.tally.counted),
        *(
            ("not counted", f"{row.kid.hex()}  {row.words}")
            for row in verdicts(rows, front.chain, header.kind)
            if row.kid not in front.tally.counted
        ),
        ("threshold", f"{front.tally.threshold}"),
    ]
    ui.put_pairs([*pairs, *lines])
    if not args.identity:
        ui.put("not judged without an identity: names, contents, product, number and expiry")
    ui.put("not covered by signatures: who the recipients are")
