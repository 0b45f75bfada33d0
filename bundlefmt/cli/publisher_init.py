"""`bundlefmt publisher init`: the first trust document, and keys where none are given."""

from __future__ import annotations

import argparse
import contextlib
import os
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments, trustwords, ui
from bundlefmt.cli.passphrase import CommandSecrets, add_secrets
from bundlefmt.errors import refuse

if TYPE_CHECKING:
    from bundlefmt.keys.signers import Signer
    from bundlefmt.model.trustdoc import Key
    from bundlefmt.trust.chain import TrustChain


def add_init(parser: argparse.ArgumentParser) -> None:
    """Arguments of `init`."""
    parser.description = """\
Make a publisher: its first trust document, signed by the root keys. Without keys, two are made beside
it: a root key to put away, which signs trust documents only, and a daily key, which signs releases and
pointers. With keys, any number and thresholds of each; secret or public halves, wherever they live."""
    parser.epilog = """\
examples:
  bundlefmt publisher init -o acme.trust
  bundlefmt publisher init --root root.pem --signer ci.pem.pub --pointer-signer bot.pem.pub -o acme.trust
  bundlefmt publisher init --root a.pub --root b.pub --root c.pub --root-threshold 2 \\
      --signer x.pub --signer y.pub --signer z.pub --release-threshold 2 \\
      --unsigned first.request -o acme.trust"""
    add = parser.add_argument
    add("--root", metavar="KEY", action="append", default=[], help="root key, secret or public half; repeatable")
    add("--signer", metavar="KEY", action="append", default=[], help="release key, secret or public half; repeatable")
    add("--pointer-signer", metavar="KEY", action="append", default=[], help="pointer key; default: the release keys")
    count = arguments.positive
    add("--root-threshold", metavar="N", type=count, default=1, help="root keys that must sign (default 1)")
    add(
        "--release-threshold",
        "--threshold",
        metavar="N",
        type=count,
        default=1,
        help="release keys that must sign (default 1)",
    )
    add("--pointer-threshold", metavar="N", type=count, default=1, help="pointer keys that must sign (default 1)")
    add("--single-key", action="store_true", help="allow one key for everything, with nothing to fall back on")
    add("--issued", metavar="TIME", type=arguments.moment, help="time of issue (default: now, or SOURCE_DATE_EPOCH)")
    add("--expires", metavar="TIME", type=arguments.moment, default=0, help="when pointers stop (default: never)")
    add("--unsigned", metavar="REQUEST", help="write a signing request instead, for root keys that are elsewhere")
    add("-o", "--output", metavar="TRUST", required=True, help="the trust file to make")
    add_secrets(parser)
    arguments.add_quiet(parser)


def run_init(args: argparse.Namespace) -> int:
    """Make the first document."""
    made: list[str] = []
    try:
        if not args.root and not args.signer and not args.pointer_signer:
            _make_keys(args, made)
        return _init(args, made)
    except BaseException:
        for name in made:
            with contextlib.suppress(OSError):
                os.unlink(name)
        raise


def _make_keys(args: argparse.Namespace, made: list[str]) -> None:
    """The two keys of a publisher who brings none."""
    from bundlefmt.keys.files import write_signer
    from bundlefmt.keys.signers import FileSigner

    if args.unsigned or args.single_key:
        raise arguments.UsageError("give the keys: --root, --signer")
    if os.path.lexists(args.output):
        raise refuse("WRITE_FAILED", f"{args.output} exists already")
    stem = str(args.output).removesuffix(".trust")
    for name, to in ((f"{stem}-root.pem", args.root), (f"{stem}-daily.pem", args.signer)):
        made += [name, write_signer(name, FileSigner.generate())]
        to.append(name)


def _init(args: argparse.Namespace, made: list[str]) -> int:
    from bundlefmt.cli import keyargs
    from bundlefmt.cli.pack import source_date
    from bundlefmt.trust import issue, rotation

    if not args.signer:
        raise arguments.UsageError("--signer is required with --root or --pointer-signer")
    root_names = args.root or (args.signer if args.single_key else [])
    if not root_names:
        raise arguments.UsageError("--root is required; --single-key uses the release key for it")
    secrets = CommandSecrets.of(args)
    roots, signers = keyargs.load_keys(root_names, secrets)
    daily, _ = keyargs.load_keys(args.signer, secrets)
    pointers = keyargs.load_keys(args.pointer_signer, secrets)[0] or daily
    if not args.single_key and set(roots) & {*daily, *pointers}:
        raise arguments.UsageError(
            "a root key that also signs releases cannot replace itself when it is stolen; "
            "make another with keygen signer, or say --single-key"
        )
    data = issue.first_document(
        issue.make_role(_public(roots), args.root_threshold),
        issue.make_role(_public(daily), args.release_threshold),
        issue.make_role(_public(pointers), args.pointer_threshold),
        issued=source_date() if args.issued is None else args.issued,
        expires=args.expires,
    )
    document = rotation.check_successor(data, None)
    if args.unsigned:
        from bundlefmt.cli.publisher_change import request_document

        request_document(args, None, document, data)
        return 0
    if len(signers) < args.root_threshold:
        raise refuse(
            "INPUT_KEYS",
            f"{len(signers)} secret root keys were given, {args.root_threshold} must sign; "
            "with --unsigned REQUEST they can be elsewhere",
        )
    _sign(args, data, signers, made)
    return 0


def _public(keys: list[Key]) -> list[bytes]:
    return [key.public for key in keys]


def _sign(args: argparse.Namespace, data: bytes, signers: list[Signer], made: list[str]) -> None:
    from bundlefmt.cli.trustfile import start_trust
    from bundlefmt.keys.signers import sign_row
    from bundlefmt.trust import issue
    from bundlefmt.wire.cose import LABEL_TRUST

    payload = issue.payload(data)
    chain = issue.start_chain(data, [sign_row(signer, LABEL_TRUST, payload) for signer in signers])
    start_trust(args.output, chain)
    keys = list(made)
    made.clear()  # from here on they are in use
    if not args.quiet:
        _explain(args, chain, keys)


def _explain(args: argparse.Namespace, chain: TrustChain, made: list[str]) -> None:
    ui.put(f"{args.output}  give it to everybody who verifies; it holds no secret")
    if made:
        ui.put(f"{made[0]}  root key: put it away, offline, with a copy; it is needed only to replace keys")
        ui.put(f"{made[2]}  daily key: signs releases and pointers; replace it whenever you like")
    ui.put(f"publisher {chain.publisher_id.hex()}")
    if args.single_key:
        ui.put("one key signs everything: whoever steals it is the publisher, and nothing can revoke it")
    else:
        ui.put("keep the root keys offline: they are needed only to replace keys, and they alone can")
    for text in trustwords.spare_warnings(chain.newest):
        ui.talk(text)
