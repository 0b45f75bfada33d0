"""`bundlefmt recipients list`: the entries of a bundle, and whose they are where that can be known."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple

from bundlefmt.cli import arguments, keyargs, ui
from bundlefmt.cli.passphrase import CommandSecrets
from bundlefmt.errors import AccessError, BundleError

if TYPE_CHECKING:
    from bundlefmt.bundle.heads import OpenHead
    from bundlefmt.keys.recipients import Identity, Recipient
    from bundlefmt.trust.chain import TrustChain
    from bundlefmt.wire.sections import RecipientEntry


class _Row(NamedTuple):
    """One entry.

    Attributes:
        entry: as it stands in the bundle.
        keys: given keys whose hint it carries.
        opened_by: given identity that opens it to the key the manifest commits to, or None.
    """

    entry: RecipientEntry
    keys: tuple[Recipient, ...]
    opened_by: Recipient | None


def run_list(args: argparse.Namespace) -> int:
    """Show them."""
    arguments.check_stdin(args.file, args.trust, *args.identity, *args.recipient)

    secrets = CommandSecrets.of(args)
    names: dict[Recipient, str] = {}
    identities: list[Identity] = []
    for path in args.identity:
        found = arguments.load_identities([path], secrets)
        identities += found
        names.update({identity.recipient: path for identity in found})
    for path in args.recipient:
        names.update(dict.fromkeys(keyargs.load_recipients([path]), path))
    chain = arguments.load_trust(args.trust) if args.trust else None
    head = _head(args, chain)
    rows = _rows(head, names, identities)
    if args.json:
        ui.put_json("recipients", _json(head, rows, names))
    else:
        _show(args, head, rows, names)
    return 0


def _head(args: argparse.Namespace, chain: TrustChain | None) -> OpenHead:
    from bundlefmt.bundle.heads import open_head, open_head_unverified
    from bundlefmt.bundle.source import open_source
    from bundlefmt.cli.recipients import policy

    trust = policy(chain)
    source = open_source(arguments.open_input(args.file))
    try:
        if chain is None or trust is None:
            return open_head_unverified(source)
        head = open_head(source, trust, arguments.KINDS[args.kind])
    except BundleError as exc:
        if chain is not None:
            arguments.keep_trust(args, exc.learned, chain)
        raise
    finally:
        source.close()
    arguments.keep_trust(args, head.front.chain if head.front else None, chain)
    return head


def _rows(head: OpenHead, names: dict[Recipient, str], identities: list[Identity]) -> list[_Row]:
    return [
        _Row(
            entry,
            tuple(key for key in names if key.owns(entry)),
            _opener(head, entry, identities) if head.front is not None else None,
        )
        for entry in head.entries
    ]


def _opener(head: OpenHead, entry: RecipientEntry, identities: list[Identity]) -> Recipient | None:
    from bundlefmt.keys.recipients import open_entries

    for identity in identities:
        try:
            open_entries((entry,), (identity,), head.binding, head.manifest)
        except AccessError:
            continue
        return identity.recipient
    return None


def _type_name(kind: int) -> str:
    from bundlefmt.keys.recipients import TYPE_NAMES

    return TYPE_NAMES.get(kind, f"type-{kind}")


def _known(kind: int) -> bool:
    return not _type_name(kind).startswith("type-")


def _show(args: argparse.Namespace, head: OpenHead, rows: list[_Row], names: dict[Recipient, str]) -> None:
    mark = "" if head.front is not None else " (UNVERIFIED)"
    what = "head" if head.alone else "bundle"
    ui.put(f"{args.file}: recipients of {what} {head.header.bundle_id.hex()}{mark}")
    ui.put(f"entries: {len(rows)}; they are never signed, so anyone may add some or take some out")
    for number, row in enumerate(rows, 1):
        ui.put(f"  {number}  {_type_name(row.entry.type)}  {_line(row, names)}")
    hidden = any(_known(row.entry.type) and not row.entry.hint and row.opened_by is None for row in rows)
    for key, path in names.items():
        if not any(key in row.keys or key == row.opened_by for row in rows):
            why = "an anonymous entry may be for it" if hidden else "no entry is for it"
            ui.put(f"  {why}: key {key.key_id.hex()} ({path})")


def _line(row: _Row, names: dict[Recipient, str]) -> str:
    if not _known(row.entry.type):
        return f"{len(row.entry.wrap)} bytes, ignored: unknown type"
    text = f"hint {row.entry.hint.hex()}" if row.entry.hint else "anonymous"
    for key in row.keys:
        text += f"  for key {key.key_id.hex()} ({names[key]})"
    if row.opened_by is not None:
        text += f"  opens with {names[row.opened_by]}"
    return text


def _json(head: OpenHead, rows: list[_Row], names: dict[Recipient, str]) -> dict[str, Any]:
    return {
        "action": "list",
        "verified": head.front is not None,
        "head_only": head.alone,
        "bundle_id": head.header.bundle_id.hex(),
        "unverified_recipients": [
            {
                "type": row.entry.type,
                "type_name": _type_name(row.entry.type),
                "length": len(row.entry.hint) + len(row.entry.wrap),
                "hint": row.entry.hint.hex() or None,
                "keys": [{"key_id": key.key_id.hex(), "file": names[key]} for key in row.keys],
                "opened": row.opened_by is not None,
            }
            for row in rows
        ],
        "keys_given": [{"key_id": key.key_id.hex(), "file": name} for key, name in names.items()],
    }
