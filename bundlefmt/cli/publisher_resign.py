"""`bundlefmt publisher resign`: released bundles under the newest document, without their content key."""

from __future__ import annotations

import argparse
import contextlib
import os
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments, ui
from bundlefmt.cli.passphrase import CommandSecrets
from bundlefmt.errors import refuse

if TYPE_CHECKING:
    from bundlefmt.bundle.standing import Standing
    from bundlefmt.keys.recipients import Identity
    from bundlefmt.trust.chain import TrustChain


def add_resign(parser: argparse.ArgumentParser) -> None:
    """Arguments of `resign`."""
    parser.description = """\
Sign released bundles anew: each gets a new header with the newest epoch and new signatures over the
same manifest and body, and carries the whole chain. Every byte is verified first, and the bundle must
have been good under some document of the chain.

A stolen key may have signed what you find among your bundles. With -i, what is signed again is shown;
without it, --blind says that you know every file by other means."""
    parser.epilog = """\
examples:
  bundlefmt publisher resign acme.trust dist/app.bndl --in-place --signer new.pem -i team.key
  bundlefmt publisher resign acme.trust dist -o resigned --signer a.pem --signer b.pem --blind
  bundlefmt publisher resign acme.trust app.bndl --unsigned again.request --reveal-to alice.key.pub -i team.key"""
    add = parser.add_argument
    add("trust", metavar="TRUST", help="the publisher's trust file")
    add("bundle", metavar="PATH", nargs="+", help="bundle, or folder of bundles")
    add("--signer", metavar="KEY", action="append", default=[], help="key to sign with; repeatable")
    arguments.add_identities(parser, text="identity that opens them, to show what is signed again")
    add("--blind", action="store_true", help="sign what none of the identities opens")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", metavar="DIR", help="folder for the new bundles, under their names")
    where.add_argument("--in-place", action="store_true", help="replace each bundle at once")
    where.add_argument(
        "--unsigned", metavar="REQUEST", help="write drafts beside the bundles and a signing request for them"
    )
    add("--reveal-to", metavar="KEY", action="append", default=[], help="public key of who shall see what they sign")
    arguments.add_json(parser)
    arguments.add_quiet(parser)


def run_resign(args: argparse.Namespace) -> int:
    """Sign anew; everything is judged before anything is written."""
    from bundlefmt.bundle.standing import find_bundles

    _check(args)
    chain = arguments.load_trust(args.trust)
    identities = arguments.load_identities(args.identity, CommandSecrets.of(args))
    paths = list(find_bundles(args.bundle))
    if not paths:
        raise refuse("SOURCE_FAILED", "no bundle in the places given")
    seen = [_judge(path, chain, identities, args) for path in paths]
    rows = _request(args, chain, paths, identities) if args.unsigned else _sign(args, chain, paths)
    if args.json:
        ui.put_json("publisher", {"epoch": chain.newest.epoch, "request": args.unsigned, "bundles": [
            {"path": path, "output": output, "trust_epoch_before": standing.header.trust_epoch}
            for path, output, standing in zip(paths, rows, seen, strict=True)]})  # fmt: skip
    elif not args.quiet:
        for path, output, standing in zip(paths, rows, seen, strict=True):
            ui.put(f"{path}: epoch {standing.header.trust_epoch} to {chain.newest.epoch}, {output}")
        if args.unsigned:
            ui.put(f"{args.unsigned}  give it to the signers; then: bundlefmt attach DRAFT... SIGNATURE...")
        ui.put("pointers name headers: issue those again that offer one of these")
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.unsigned:
        if args.signer:
            raise arguments.UsageError("--unsigned and --signer exclude each other")
        if args.reveal_to and not args.identity:
            raise arguments.UsageError("--reveal-to needs -i: the content key is wrapped anew for those who sign")
    elif not args.signer:
        raise arguments.UsageError("--signer is required, or --unsigned REQUEST for signers who are elsewhere")
    elif args.reveal_to:
        raise arguments.UsageError("--reveal-to is for --unsigned")


def _judge(path: str, chain: TrustChain, identities: list[Identity], args: argparse.Namespace) -> Standing:
    """Show what is to be signed again; what nobody can see needs --blind."""
    from bundlefmt.bundle.attach import assess_for_signing, open_content_key
    from bundlefmt.bundle.source import FileSource

    source = FileSource(path)
    try:
        standing = assess_for_signing(source, chain)
    finally:
        source.close()
    cek = open_content_key(standing, identities) if identities else None
    if not args.quiet and not args.json:
        ui.put(path)
        ui.put_pairs([("signed by", f"{row.kid.hex()}  {row.words}") for row in standing.verdicts])
    if cek is None:
        if not args.blind and not args.unsigned:
            raise refuse("REQUEST_BLIND", f"{path}: no identity given opens it, so nothing shows what would be signed")
        if not args.quiet:
            ui.talk(f"BLIND: {path}: nothing shows what is in it")
        return standing
    pairs = _contents(standing, cek)
    if not args.quiet and not args.json:
        ui.put_pairs(pairs)
    return standing


def _contents(standing: Standing, cek: bytes) -> list[tuple[str, str]]:
    from bundlefmt.bundle.request import header_item, judge_request
    from bundlefmt.bundle.standing import header_bytes
    from bundlefmt.cli.shown import request_pairs
    from bundlefmt.keys.recipients import Identity
    from bundlefmt.model.request import Request

    # The signers' own judgement, over a request that never leaves this process.
    own = Identity.generate(1)
    head = standing.head
    item = header_item(header_bytes(head), head.manifest, cek, head.binding, [own.recipient])
    return request_pairs(judge_request(Request(head.header.kind, (item,)), [own]))


def _sign(args: argparse.Namespace, chain: TrustChain, paths: list[str]) -> list[str]:
    from bundlefmt.bundle.attach import resign
    from bundlefmt.cli import keyargs

    signers = keyargs.load_signers(args.signer, CommandSecrets.of(args))
    if args.in_place:
        for path in paths:
            resign(path, signers, chain)
        return ["replaced"] * len(paths)
    outputs = [os.path.join(args.output, os.path.basename(path)) for path in paths]
    if len(set(outputs)) < len(outputs):
        raise refuse("WRITE_FAILED", "two of the bundles have one name; sign them into different folders")
    try:
        os.makedirs(args.output, exist_ok=True)
    except OSError as exc:
        raise refuse("WRITE_FAILED", f"{args.output}: {exc.strerror}") from None
    for path, output in zip(paths, outputs, strict=True):
        resign(path, signers, chain, output)
    return outputs


def _request(args: argparse.Namespace, chain: TrustChain, paths: list[str], identities: list[Identity]) -> list[str]:
    from bundlefmt.bundle.attach import redraft
    from bundlefmt.bundle.draft import draft_of
    from bundlefmt.cli import keyargs
    from bundlefmt.cli.trustfile import write_request
    from bundlefmt.model.request import HeaderItem, Request

    if os.path.lexists(args.unsigned):
        raise refuse("WRITE_FAILED", f"{args.unsigned} exists already")
    reveal_to = keyargs.load_recipients(args.reveal_to)
    items: list[HeaderItem] = []
    kinds: set[int] = set()
    outputs = [draft_of(path) for path in paths]
    made: list[str] = []
    try:
        for path, output in zip(paths, outputs, strict=True):
            standing, item = redraft(path, chain, output, identities, reveal_to)
            made.append(output)
            items.append(item)
            kinds.add(standing.header.kind)
        _check_kinds(kinds)
        write_request(args.unsigned, Request(kinds.pop(), tuple(items)).encode())
    except BaseException:
        for output in made:  # a draft without its request is of no use
            with contextlib.suppress(OSError):
                os.unlink(output)
        raise
    return outputs


def _check_kinds(kinds: set[int]) -> None:
    if len(kinds) > 1:
        raise refuse("REQUEST_MISMATCH", "a request is for releases or for pointers, not for both")
