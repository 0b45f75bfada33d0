"""`bundlefmt keyring`: the file that holds a device's identities."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments, ui
from bundlefmt.cli.arguments import UsageError
from bundlefmt.cli.passphrase import CommandSecrets, add_secrets

if TYPE_CHECKING:
    from bundlefmt.keys.recipients import Identity
    from bundlefmt.model.release import ReleaseRecord


def add_keyring(parser: argparse.ArgumentParser) -> None:
    """Arguments of `keyring`."""
    parser.description = """\
A keyring is a file of identities. It grows when a release brings new ones; older identities stay, as they
open older bundles."""
    parser.epilog = """\
examples:
  bundlefmt keyring accept app.bndl --keyring device.key --trust acme.trust -i device.key
  bundlefmt keyring list device.key"""
    actions = parser.add_subparsers(dest="action", metavar="accept|list", required=True)
    form = parser.formatter_class
    accept = actions.add_parser("accept", help="take the identities that a release brings", formatter_class=form)
    accept.description = """\
Verify every byte of a release, then add the identities it brings to a keyring file: at once, durably, and
readable for its owner alone. Those that are there already are not added again."""
    accept.epilog = (
        "example:\n  bundlefmt keyring accept app.bndl --keyring device.key --trust acme.trust -i device.key"
    )
    arguments.add_file(accept)
    accept.add_argument("--keyring", metavar="KEY", required=True, help="the keyring file; made when there is none")
    arguments.add_trust(accept)
    arguments.add_identities(accept, required=True)
    arguments.add_expectations(accept)
    arguments.add_base(accept)
    arguments.add_json(accept)
    arguments.add_quiet(accept)
    show = actions.add_parser("list", help="show key ids of a keyring file, and no secret", formatter_class=form)
    show.add_argument("keyring", metavar="KEY", help="the keyring file")
    add_secrets(show)
    arguments.add_json(show)


def run_keyring(args: argparse.Namespace) -> int:
    """Accept or list."""
    return _accept(args) if args.action == "accept" else _list(args)


def _accept(args: argparse.Namespace) -> int:
    check_place(args.keyring)
    with arguments.open_reader(args) as reader:
        reader.verify_all()
        added = take(args.keyring, reader.release)
        brought = len(reader.release.identities)
    ui.end_progress()
    if args.json:
        ui.put_json("keyring", {"action": "accept", "keyring": args.keyring, "brought": brought, "added": _json(added)})
    elif not args.quiet:
        ui.put(f"verified {args.file}: it brings {brought} identities, {len(added)} new in {args.keyring}")
        for identity in added:
            ui.put(f"  {identity}")
    return 0


def check_place(name: str) -> None:
    """Only a file grows here, and that is known before any work is done.

    Raises:
        UsageError: it is another place.
    """
    from bundlefmt.keys.sources import path_of

    if path_of(name) is None:
        raise UsageError("--keyring is a file")


def take(name: str, record: ReleaseRecord) -> tuple[Identity, ...]:
    """Add the identities of a release that was verified to its last byte; returns the new ones.

    Raises:
        BundleError: KEY_FILE, WRITE_FAILED.
    """
    if not record.identities:
        return ()
    from bundlefmt.bundle.newkeys import accept_identities, new_identities
    from bundlefmt.keys.sources import path_of

    return accept_identities(path_of(name) or name, new_identities(record))


def _list(args: argparse.Namespace) -> int:
    identities = arguments.load_identities([args.keyring], CommandSecrets.of(args))
    if args.json:
        ui.put_json("keyring", {"action": "list", "keyring": args.keyring, "identities": _json(identities)})
        return 0
    for identity in identities:
        ui.put(str(identity))
    return 0


def _json(identities: list[Identity] | tuple[Identity, ...]) -> list[dict[str, object]]:
    return [{"type": each.type, "key_id": each.recipient.key_id.hex()} for each in identities]
