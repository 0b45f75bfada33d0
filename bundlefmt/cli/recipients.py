"""`bundlefmt recipients`: who can open a bundle, shown and changed without any signing key."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from bundlefmt.cli import arguments, keyargs, ui
from bundlefmt.cli.arguments import UsageError
from bundlefmt.cli.passphrase import CommandSecrets
from bundlefmt.errors import BundleError

if TYPE_CHECKING:
    from bundlefmt.bundle.policy import TrustPolicy
    from bundlefmt.bundle.rewrap import RecipientChange
    from bundlefmt.bundle.rewrite import Rewritten
    from bundlefmt.keys.recipients import Recipient
    from bundlefmt.trust.chain import TrustChain

_CANNOT = "whoever could open it before keeps what they have: after a leak, publish a new bundle"


def add_recipients(parser: argparse.ArgumentParser) -> None:
    """Arguments of `recipients`."""
    parser.description = """\
Show or change who can open a bundle. Only the recipients section is written anew, with the content key
and without a signing key: header, signatures, manifest and body stay byte for byte. FILE may be a whole
bundle or a head alone, as repositories keep it."""
    parser.epilog = """\
examples:
  bundlefmt recipients list app.bndl -r device.key.pub
  bundlefmt recipients add app.bndl --trust acme.trust -i archive.key -r new.key.pub
  bundlefmt recipients remove app.bndl --trust acme.trust -i archive.key -r old.key.pub
  bundlefmt recipients rotate app.bndl --trust acme.trust -i archive.key --from old.key.pub --to new.key.pub
  bundlefmt recipients rotate app.bndl --trust acme.trust -i archive.key --only fleet.pub -o app2.bndl
  bundlefmt recipients head app.bndl --trust acme.trust -i archive.key -r hybrid.pub -o hybrid.head"""
    actions = parser.add_subparsers(dest="action", metavar="list|add|remove|rotate|head", required=True)
    form = parser.formatter_class
    make = {
        name: actions.add_parser(name, help=text, formatter_class=form)
        for name, text in (
            ("list", "show the entries, and whose they are where that can be known"),
            ("add", "let more recipients open it"),
            ("remove", "take entries of some recipients out"),
            ("rotate", "replace recipients, or wrap for exactly the given ones"),
            ("head", "write a head alone, with recipients of its own over the same body"),
        )
    }
    for name, child in make.items():
        child.epilog = next(
            f"example:{line}" for line in parser.epilog.splitlines() if f" recipients {name} " in line
        ).replace("example:  ", "example:\n  ")
        arguments.add_file(child, "the bundle, or its head")
    _add_list(make["list"])
    for name in ("add", "remove", "rotate", "head"):
        _add_keys(make[name], name)
        _add_common(make[name])


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.description = """\
Show recipient entries. They are never signed: anyone may have written them. An entry with a hint is
found by its public key; whose an anonymous one is, only the secret key can tell, and it is tried only
with --trust."""
    arguments.add_identities(parser, text="secret key to find entries of")
    _keys(parser, "-r", "--recipient", text="public key to find entries of")
    _add_verification(parser)
    arguments.add_json(parser)


def _add_keys(parser: argparse.ArgumentParser, action: str) -> None:
    if action == "head":
        parser.description = """\
Write everything before the body, with recipients of its own. Two heads over one body are how a fleet
moves from one type of key to another, and how groups of recipients stay apart. Without -r the
recipients stay as they are, and no identity is needed."""
        arguments.add_identities(parser, text="identity that opens the bundle")
        _keys(parser, "-r", "--recipient", text="the recipients of this head, and no others")
        return
    arguments.add_identities(parser, required=True, text="identity that opens the bundle")
    if action == "add":
        parser.description = """\
Wrap the content key for more recipients. One that has an entry already gets a fresh one in its place."""
        _keys(parser, "-r", "--recipient", text="public key to encrypt for", required=True)
    elif action == "remove":
        parser.description = f"""\
Take out the entries of some recipients. Whose an anonymous entry is cannot be told from a public key;
rotate --only wraps for exactly those who stay. And {_CANNOT}."""
        _keys(parser, "-r", "--recipient", text="public key whose entries go", required=True)
    else:
        parser.description = f"""\
Replace some recipients by others (--from, --to), or drop every entry and wrap for exactly the given ones
(--only). Either way, {_CANNOT}."""
        _keys(parser, "--from", text="public key whose entries go")
        _keys(parser, "--to", text="public key to encrypt for instead")
        _keys(parser, "--only", text="public key to encrypt for, and for no other but these")


def _keys(parser: argparse.ArgumentParser, *names: str, text: str, required: bool = False) -> None:
    text = f"{text}; a file may hold many; repeatable"
    parser.add_argument(*names, metavar="KEY", action="append", default=[], required=required, help=text)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=parser.prog.endswith(" head"),
        help="a new file" + ("" if parser.prog.endswith(" head") else " (default: replace FILE, at once)"),
    )  # fmt: skip
    parser.add_argument(
        "--anonymous",
        action=argparse.BooleanOptionalAction,
        help="do not mark which entry is for whom (default: as the entries that are there)",
    )
    _add_verification(parser)
    parser.add_argument(
        "--unverified", action="store_true", help="instead of --trust: do it without knowing whose bundle this is"
    )
    parser.add_argument("--sync", action="store_true", help="make OUT durable before it gets its name")
    arguments.add_json(parser)
    arguments.add_quiet(parser)


def _add_verification(parser: argparse.ArgumentParser) -> None:
    arguments.add_trust(parser, required=False)
    parser.add_argument(
        "--kind", choices=tuple(arguments.KINDS), default="release", help="what it must be (default: release)"
    )


def run_recipients(args: argparse.Namespace) -> int:
    """Show or change."""
    if args.action == "list":
        from bundlefmt.cli.recipients_list import run_list

        return run_list(args)
    _check(args)
    chain = arguments.load_trust(args.trust) if args.trust else None
    identities = arguments.load_identities(args.identity, CommandSecrets.of(args))
    change = _change(args)
    from bundlefmt.bundle.rewrap import RecipientChange
    from bundlefmt.bundle.rewrite import change_recipients, write_head

    kind = arguments.KINDS[args.kind]
    progress = ui.Progress("copying", quiet=args.quiet)
    try:
        if args.action == "head":
            done = write_head(
                arguments.open_input(args.file), args.output, trust=policy(chain), identities=identities,
                change=change, kind=kind, sync=args.sync,
            )  # fmt: skip
        else:
            done = change_recipients(
                arguments.open_input(args.file), args.output, trust=policy(chain), identities=identities,
                change=change or RecipientChange(), kind=kind, sync=args.sync,
                progress=progress if progress.active else None,
            )  # fmt: skip
    except BundleError as exc:
        if chain is not None:
            arguments.keep_trust(args, exc.learned, chain)
        raise
    ui.end_progress()
    if chain is not None and done.head.front is not None:
        arguments.keep_trust(args, done.head.front.chain, chain)
    _report(args, done)
    return 0


def policy(chain: TrustChain | None) -> TrustPolicy | None:
    """Whom to trust; nothing is expected of the release, as any of the publisher's may change recipients."""
    if chain is None:
        return None
    from bundlefmt.bundle.policy import TrustPolicy

    return TrustPolicy(chain, any_host=True)


def _check(args: argparse.Namespace) -> None:
    keys = [*getattr(args, "recipient", []), *getattr(args, "from", []), *getattr(args, "to", [])]
    keys += getattr(args, "only", [])
    arguments.check_stdin(args.file, args.trust, *args.identity, *keys)
    if args.unverified == bool(args.trust):
        raise UsageError(
            "--trust and --unverified exclude each other" if args.trust else
            "give --trust TRUST, so that it is known whose bundle this is, or say --unverified"
        )  # fmt: skip
    if args.output == "-":
        raise UsageError("what is written is read back and verified, so -o must be a file")
    if args.file == "-" and args.output is None:
        raise UsageError("standard input cannot be replaced; give -o OUT")
    if args.action == "rotate":
        pairs = getattr(args, "from"), args.to
        if bool(args.only) == any(pairs) or (any(pairs) and not all(pairs)):
            raise UsageError("give --from with --to, or --only")
    if args.action == "head" and bool(args.recipient) != bool(args.identity):
        raise UsageError("-r and -i belong together: new recipients need an identity that opens the bundle")


def _change(args: argparse.Namespace) -> RecipientChange | None:
    from bundlefmt.bundle.rewrap import RecipientChange

    if args.action == "rotate":
        add, remove, only = [*args.to, *args.only], getattr(args, "from"), bool(args.only)
    elif args.action == "remove":
        add, remove, only = [], args.recipient, False
    else:
        add, remove, only = args.recipient, [], args.action == "head"
    if not add and not remove:
        return None
    return RecipientChange(
        tuple(keyargs.load_recipients(add)), tuple(keyargs.load_recipients(remove)), only, args.anonymous
    )


def _notes(done: Rewritten) -> list[str]:
    change = done.change
    notes: list[str] = []
    if change.doubtful:
        one = change.doubtful == 1
        entries = "1 anonymous entry was" if one else f"{change.doubtful} anonymous entries were"
        whose = "it is" if one else "they are"
        notes.append(
            f"{entries} left, and whose {whose} cannot be known; rotate --only wraps for exactly those who stay"
        )
    if change.removed or (change.dropped and not done.alone):
        notes.append(_CANNOT)
    return notes


def _report(args: argparse.Namespace, done: Rewritten) -> None:
    change = done.change
    output = args.output or args.file
    if args.json:
        ui.put_json("recipients", {"action": args.action, **_json(args, done, output)})
        return
    if args.quiet:
        return
    what = "head" if done.alone else "bundle"
    ui.put(f"wrote and checked {output}: {what} of {ui.size(done.size)}")
    ui.put_pairs(
        [
            ("bundle id", done.head.header.bundle_id.hex()),
            ("entries", f"{change.entries}: {change.kept} as before, {len(change.added)} new"),
            *(("added", _name(key)) for key in change.added),
            *(("removed", _name(key)) for key in change.removed),
            *([("dropped", f"entries of others: {change.dropped}")] if change.dropped else []),
        ]
    )
    if done.head.front is None:
        ui.talk("UNVERIFIED: nobody vouched for this bundle")
    for note in _notes(done):
        ui.talk(f"note: {note}")


def _json(args: argparse.Namespace, done: Rewritten, output: str) -> dict[str, Any]:
    change = done.change
    return {
        "result": "written",
        "output": output,
        "size": done.size,
        "head_only": done.alone,
        "verified": done.head.front is not None,
        "kind": args.kind if done.head.front is not None else None,
        "bundle_id": done.head.header.bundle_id.hex(),
        "entries": change.entries,
        "added": [_key_json(key) for key in change.added],
        "removed": [_key_json(key) for key in change.removed],
        "kept": change.kept,
        "kept_unknown": change.kept_unknown,
        "dropped": change.dropped,
        "doubtful": change.doubtful,
        "notes": _notes(done),
    }


def _name(key: Recipient) -> str:
    from bundlefmt.keys.recipients import TYPE_NAMES

    return f"{TYPE_NAMES[key.type]} {key.key_id.hex()}"


def _key_json(key: Recipient) -> dict[str, Any]:
    return {"type": key.type, "key_id": key.key_id.hex()}
