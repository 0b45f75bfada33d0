"""`bundlefmt publisher`: make and show a trust file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments, facts, ui
from bundlefmt.errors import refuse

if TYPE_CHECKING:
    from bundlefmt.keys.signers import Signer
    from bundlefmt.model.trustdoc import Role
    from bundlefmt.trust.chain import TrustChain


def add_publisher(parser: argparse.ArgumentParser) -> None:
    """Arguments of `publisher`."""
    parser.description = """\
A publisher is a chain of trust documents that say which keys may sign. `init` makes the first one;
`show` prints what a trust file says."""
    parser.epilog = """\
examples:
  bundlefmt publisher init --root root.pem --signer ci.pem -o acme.trust
  bundlefmt publisher show acme.trust"""
    actions = parser.add_subparsers(dest="action", metavar="init|show", required=True)
    form = parser.formatter_class
    _add_init(actions.add_parser("init", help="make the first trust document", formatter_class=form))
    show = actions.add_parser("show", help="print what a trust file says")
    show.add_argument("trust", metavar="TRUST", help="the trust file")
    arguments.add_json(show)


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.description = """\
Make a publisher: its first trust document, signed by the root keys. Root keys only ever sign trust
documents, so keep them away from the machine that signs releases."""
    parser.epilog = "example:\n  bundlefmt publisher init --root root.pem --signer ci.pem -o acme.trust"
    add = parser.add_argument
    add("--root", metavar="KEY", action="append", default=[], help="root key, secret or public half; repeatable")
    add(
        "--signer", metavar="KEY", action="append", required=True, help="release key, secret or public half; repeatable"
    )
    add("--pointer-signer", metavar="KEY", action="append", default=[], help="pointer key; default: the release keys")
    add(
        "--root-threshold", metavar="N", type=arguments.positive, default=1, help="root keys that must sign (default 1)"
    )
    add("--threshold", metavar="N", type=arguments.positive, default=1, help="release keys that must sign (default 1)")
    add("--single-key", action="store_true", help="allow one key for everything, with nothing to fall back on")
    add("--issued", metavar="TIME", type=arguments.moment, help="time of issue (default: now, or SOURCE_DATE_EPOCH)")
    add("--expires", metavar="TIME", type=arguments.moment, default=0, help="when pointers stop (default: never)")
    add("-o", "--output", metavar="TRUST", required=True, help="the trust file to make")
    arguments.add_quiet(parser)


def run_publisher(args: argparse.Namespace) -> int:
    """Make or show."""
    return _init(args) if args.action == "init" else _show(args)


def _init(args: argparse.Namespace) -> int:
    from bundlefmt.cli.pack import source_date
    from bundlefmt.keys.files import load_verification_key, write_new
    from bundlefmt.keys.signers import sign_row
    from bundlefmt.trust import issue
    from bundlefmt.trust.chain import format_trust_file
    from bundlefmt.wire.cose import LABEL_TRUST

    root_paths = args.root or (args.signer if args.single_key else [])
    if not root_paths:
        raise arguments.UsageError("--root is required; --single-key uses the release key for it")
    roots, signers = _root_keys(root_paths)
    daily = [load_verification_key(path) for path in args.signer]
    pointers = [load_verification_key(path) for path in args.pointer_signer] or daily
    if not args.single_key and set(roots) & {*daily, *pointers}:
        raise arguments.UsageError(
            "a root key that also signs releases cannot replace itself when it is stolen; "
            "make another with keygen signer, or say --single-key"
        )
    document = issue.first_document(
        issue.make_role(roots, args.root_threshold),
        issue.make_role(daily, args.threshold),
        issue.make_role(pointers),
        issued=source_date() if args.issued is None else args.issued,
        expires=args.expires,
    )
    if len(signers) < args.root_threshold:
        raise refuse("INPUT_KEYS", f"{len(signers)} secret root keys were given, {args.root_threshold} must sign")
    payload = issue.payload(document)
    chain = issue.start_chain(document, [sign_row(signer, LABEL_TRUST, payload) for signer in signers])
    write_new(args.output, format_trust_file(chain).encode())
    if not args.quiet:
        _explain(args, chain)
    return 0


def _root_keys(paths: list[str]) -> tuple[list[bytes], list[Signer]]:
    """Public keys of the root role, and those of which the secret half is at hand."""
    from bundlefmt.cli.pack import load_signer
    from bundlefmt.keys.files import load_verification_key, read_file

    public: list[bytes] = []
    signers: dict[bytes, Signer] = {}
    for path in paths:
        if b"PRIVATE KEY-----" in read_file(path):
            signer = load_signer(path)
            signers[signer.public_key] = signer
            public.append(signer.public_key)
        else:
            public.append(load_verification_key(path))
    return public, list(signers.values())


def _explain(args: argparse.Namespace, chain: TrustChain) -> None:
    ui.put(f"{args.output}  give it to everybody who verifies; it holds no secret")
    ui.put(f"publisher {chain.publisher_id.hex()}")
    if args.single_key:
        ui.put("one key signs everything: whoever steals it is the publisher, and nothing can revoke it")
    else:
        ui.put("keep the root keys offline: they are needed only to replace keys, and they alone can")


def _show(args: argparse.Namespace) -> int:
    chain = arguments.load_trust(args.trust)
    documents = [link.document for link in chain.links]
    if args.json:
        body = {"publisher": chain.publisher_id.hex(), "documents": [facts.document_json(item) for item in documents]}
        ui.put_json("publisher", body)
        return 0
    ui.put(f"publisher {chain.publisher_id.hex()}")
    for document in documents:
        ui.put(f"epoch {document.epoch}")
        ui.put_pairs(
            [
                ("issued", ui.when(document.issued)),
                ("expires", ui.when(document.expires) if document.expires else "never"),
                ("voids", f"bundles of epochs below {document.min_epoch}" if document.min_epoch > 1 else "nothing"),
                *_role_pairs("root", document.root),
                *_role_pairs("release", document.release),
                *_role_pairs("pointer", document.pointer),
            ]
        )
    return 0


def _role_pairs(name: str, role: Role) -> list[tuple[str, str]]:
    from bundlefmt.bundle.inspect import ALG_NAMES
    from bundlefmt.crypto.digests import signer_kid

    pairs = [(name, f"{role.threshold} of {len(role.keys)}")]
    for key in role.keys:
        what = (
            f"{ALG_NAMES[key.alg]} {signer_kid(key.public).hex()}"
            if key.alg in ALG_NAMES
            else f"algorithm {key.alg}, {len(key.public)} bytes"
        )
        pairs.append(("", what))
    return pairs
