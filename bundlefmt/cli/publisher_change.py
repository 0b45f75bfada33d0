"""`bundlefmt publisher rotate`, `add-signer`, `remove-signer` and `set-threshold`: the next epoch."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments, trustwords, ui
from bundlefmt.cli.passphrase import CommandSecrets
from bundlefmt.errors import refuse

if TYPE_CHECKING:
    from bundlefmt.keys.signers import Signer
    from bundlefmt.model.trustdoc import Role, TrustDocument
    from bundlefmt.trust.chain import TrustChain

_ROLES = ("root", "release", "pointer")
Roles = dict[str, "Role"]


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--root", metavar="KEY", action="append", default=[], help="root key that signs the change; repeatable")
    add("--min-epoch", metavar="N", type=arguments.positive, help="void every bundle signed under an epoch below N")
    add("--expires", metavar="TIME", type=_expiry, help="when pointers stop, or never (default: as it is)")
    add("--issued", metavar="TIME", type=arguments.moment, help="time of issue (default: now, or SOURCE_DATE_EPOCH)")
    add("--unsigned", metavar="REQUEST", help="write a signing request instead, for root keys that are elsewhere")
    add(
        "--bundles",
        metavar="PATH",
        nargs="+",
        default=[],
        help="released bundles, or folders of them: list what the change voids, and how to sign it again",
    )
    arguments.add_identities(parser, text="identity that opens the pointers among them, to tell what they offer")
    arguments.add_json(parser)
    arguments.add_quiet(parser)


def _expiry(text: str) -> int:
    return 0 if text == "never" else arguments.moment(text)


def _add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("trust", metavar="TRUST", help="the publisher's trust file, which is replaced")


def add_rotate(parser: argparse.ArgumentParser) -> None:
    """Arguments of `rotate`."""
    parser.description = """\
Make the next epoch: put a new key in the place of an old one, in every role it holds. Without
--replace only the number, --min-epoch and --expires change. The document is signed by the root keys
before it and by its own; a replaced root key therefore needs the old and the new one."""
    parser.epilog = """\
examples:
  bundlefmt publisher rotate acme.trust --replace ci.pem new.pem.pub --root root.pem --bundles dist
  bundlefmt publisher rotate acme.trust --replace 5c0f6a12 root2.pem --root root.pem
  bundlefmt publisher rotate acme.trust --root root.pem --min-epoch 4 --expires 2028-01-01"""
    _add_trust(parser)
    parser.add_argument(
        "--replace",
        metavar=("OLD", "NEW"),
        nargs=2,
        action="append",
        default=[],
        help="key or key id that goes, and key that comes in its place; repeatable",
    )
    _add_common(parser)


def add_add_signer(parser: argparse.ArgumentParser) -> None:
    """Arguments of `add-signer`."""
    parser.description = """\
Give a role to more keys. Without --role they sign releases, and pointers too where the same keys
sign both. Thresholds stay unless they are given."""
    parser.epilog = """\
examples:
  bundlefmt publisher add-signer acme.trust laptop.pem.pub --root root.pem
  bundlefmt publisher add-signer acme.trust root2.pem --role root --root root.pem"""
    _add_trust(parser)
    parser.add_argument("key", metavar="KEY", nargs="+", help="key to add, secret or public half")
    _add_role(parser, "default: release, and pointer where both have the same keys")
    _add_thresholds(parser)
    _add_common(parser)


def add_remove_signer(parser: argparse.ArgumentParser) -> None:
    """Arguments of `remove-signer`."""
    parser.description = """\
Revoke keys: readers that have the new document count them no more. Releases whose threshold rested
on them are refused until they are signed again; --bundles lists them. What a thief signed under an
older epoch is refused as well, since only the keys of the newest document count."""
    parser.epilog = """\
examples:
  bundlefmt publisher remove-signer acme.trust ci.pem --root root.pem --bundles dist
  bundlefmt publisher remove-signer acme.trust 5c0f6a12 --root a.pem --root b.pem --min-epoch 3"""
    _add_trust(parser)
    parser.add_argument("key", metavar="KEY", nargs="+", help="key to remove, or the first digits of its key id")
    _add_role(parser, "default: every role it holds")
    _add_thresholds(parser)
    _add_common(parser)


def add_set_threshold(parser: argparse.ArgumentParser) -> None:
    """Arguments of `set-threshold`."""
    parser.description = "Change how many keys of a role must sign."
    parser.epilog = "example:\n  bundlefmt publisher set-threshold acme.trust --release-threshold 2 --root root.pem"
    _add_trust(parser)
    _add_thresholds(parser)
    _add_common(parser)


def _add_role(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--role", choices=_ROLES, action="append", default=[], help=f"role; repeatable ({default})")


def _add_thresholds(parser: argparse.ArgumentParser) -> None:
    for name in _ROLES:
        parser.add_argument(
            f"--{name}-threshold", metavar="N", type=arguments.positive, help=f"{name} keys that must sign"
        )


def run_rotate(args: argparse.Namespace) -> int:
    """Replace keys."""
    from bundlefmt.cli import keyargs
    from bundlefmt.trust.rotation import add_keys, remove_keys

    chain = arguments.load_trust(args.trust)
    newest = chain.newest
    roles: Roles = {name: getattr(newest, name) for name in _ROLES}
    signers: list[Signer] = []
    secrets = CommandSecrets.of(args)
    for old_name, new_name in args.replace:
        old = keyargs.find_key(old_name, chain, secrets)
        new, signer = keyargs.load_key(new_name, secrets)
        signers += [signer] if signer is not None else []
        for name, role in roles.items():
            if old in role.keys:
                roles[name] = add_keys(remove_keys(role, [old]), [new])
    return _make(args, chain, roles, signers)


def run_add_signer(args: argparse.Namespace) -> int:
    """Add keys."""
    from bundlefmt.cli import keyargs
    from bundlefmt.trust.rotation import add_keys

    chain = arguments.load_trust(args.trust)
    newest = chain.newest
    names = args.role or ["release", *(["pointer"] if newest.release.keys == newest.pointer.keys else [])]
    keys, signers = keyargs.load_keys(args.key, CommandSecrets.of(args))
    roles = {name: add_keys(getattr(newest, name), keys) for name in names}
    return _make(args, chain, roles, signers)


def run_remove_signer(args: argparse.Namespace) -> int:
    """Remove keys."""
    from bundlefmt.cli import keyargs
    from bundlefmt.trust.rotation import remove_keys

    chain = arguments.load_trust(args.trust)
    roles: Roles = {}
    for key in (keyargs.find_key(name, chain, CommandSecrets.of(args)) for name in args.key):
        held = [name for name in args.role or _ROLES if key in (roles.get(name) or getattr(chain.newest, name)).keys]
        if not held:
            raise refuse("INPUT_KEYS", f"{trustwords.key_words(key)} does not hold that role")
        for name in held:
            roles[name] = remove_keys(roles.get(name) or getattr(chain.newest, name), [key])
    return _make(args, chain, roles, [])


def run_set_threshold(args: argparse.Namespace) -> int:
    """Change thresholds."""
    if all(getattr(args, f"{name}_threshold") is None for name in _ROLES):
        raise arguments.UsageError("give a threshold, as --release-threshold 2")
    return _make(args, arguments.load_trust(args.trust), {}, [])


def _make(args: argparse.Namespace, chain: TrustChain, roles: Roles, more: list[Signer]) -> int:
    """Make, sign and keep the next document, or ask for signatures."""
    from bundlefmt.cli.pack import source_date
    from bundlefmt.trust.rotation import next_document

    for name in _ROLES:
        threshold = getattr(args, f"{name}_threshold", None)
        if threshold is not None:
            roles[name] = (roles.get(name) or getattr(chain.newest, name))._replace(threshold=threshold)
    issued = source_date() if args.issued is None else args.issued
    document = next_document(
        chain,
        issued=int(time.time()) if issued is None else issued,
        root=roles.get("root"),
        release=roles.get("release"),
        pointer=roles.get("pointer"),
        min_epoch=args.min_epoch,
        expires=args.expires,
    )
    _check_apart(chain.newest, document)
    data = document.encode()
    if args.unsigned:
        request_document(args, chain, document, data)
        longer = chain
    else:
        longer = _sign(args, chain, document, data, more)
    _report(args, chain, longer, document)
    return 0


def _check_apart(before: TrustDocument, after: TrustDocument) -> None:
    """A root key that signs releases cannot replace itself when it is stolen; it stays only where it was so."""
    if set(before.root.keys) & {*before.release.keys, *before.pointer.keys}:
        return
    both = set(after.root.keys) & {*after.release.keys, *after.pointer.keys}
    if both:
        raise refuse("INPUT_KEYS", f"{trustwords.key_words(both.pop())} would be a root key and sign releases as well")


def _sign(
    args: argparse.Namespace, chain: TrustChain, document: TrustDocument, data: bytes, more: list[Signer]
) -> TrustChain:
    from bundlefmt.cli import keyargs
    from bundlefmt.cli.trustfile import replace_trust
    from bundlefmt.keys.signers import sign_row
    from bundlefmt.trust.issue import payload
    from bundlefmt.trust.rotation import extend, wanted
    from bundlefmt.wire.cose import LABEL_TRUST

    roots = {key.public for role in (chain.newest.root, document.root) for key in role.keys}
    secrets = CommandSecrets.of(args)
    given = [arguments.load_signer(uri, secrets) for uri in args.root]
    for uri, signer in zip(args.root, given, strict=True):
        if signer.public_key not in roots:
            raise refuse("INPUT_KEYS", f"{uri} is no root key of this publisher, neither before nor after")
    signers = keyargs.distinct([*given, *(signer for signer in more if signer.public_key in roots)])
    digest = payload(data)
    rows = [sign_row(signer, LABEL_TRUST, digest) for signer in signers]
    left = wanted(document, chain, ((row.alg, row.kid) for row in rows))
    if left:
        lines = "; ".join(trustwords.wanted_lines(left))
        raise refuse("INPUT_KEYS", f"{lines}; give them with --root, or ask for them with --unsigned REQUEST")
    longer = extend(chain, data, rows)
    replace_trust(args.trust, longer)
    return longer


def request_document(args: argparse.Namespace, chain: TrustChain | None, document: TrustDocument, data: bytes) -> None:
    """Write a signing request for a trust document, and say who has to sign."""
    from bundlefmt.cli.trustfile import write_request
    from bundlefmt.model.request import TRUST, Request, TrustItem
    from bundlefmt.trust.rotation import wanted
    from bundlefmt.wire.sections import build_trust

    before = b"" if chain is None else build_trust(chain.frames())
    write_request(args.unsigned, Request(TRUST, (TrustItem(data, before),)).encode())
    if args.quiet:
        return
    ui.talk(f"{args.unsigned}  give it to the root signers; each returns a signature file")
    for line in trustwords.wanted_lines(wanted(document, chain, ())):
        ui.talk(f"  {line}")
    trust = args.output if chain is None else args.trust
    ui.talk(f"then: bundlefmt attach {args.unsigned} SIGNATURE... --trust {trust}")


def _report(args: argparse.Namespace, before: TrustChain, after: TrustChain, document: TrustDocument) -> None:
    from bundlefmt.cli import facts, revoked

    shown = after
    if after is before and args.bundles:  # not signed yet: what would follow
        from bundlefmt.trust.chain import Link, TrustChain
        from bundlefmt.wire.sections import TrustFrame

        shown = TrustChain((*before.links, Link(TrustFrame(document.encode(), ()), document)))
    report = revoked.survey(args, before, shown) if args.bundles else None
    if args.json:
        body = {
            "publisher": document.publisher_id.hex(),
            "signed": after is not before,
            "request": args.unsigned,
            "document": facts.document_json(document),
            "bundles": report.as_json() if report is not None else None,
        }
        ui.put_json("publisher", body)
        return
    if not args.quiet:
        ui.put(f"{args.trust}: epoch {document.epoch}" if after is not before else f"asks for epoch {document.epoch}")
        ui.put_pairs(trustwords.change_pairs(before.newest, document))
    for text in trustwords.spare_warnings(document):
        ui.talk(text)
    if report is not None:
        report.show(args.trust)
