"""`bundlefmt unpack`: a release to a new folder."""

from __future__ import annotations

import argparse
import os

from bundlefmt.cli import arguments, facts, ui
from bundlefmt.cli.arguments import UsageError
from bundlefmt.cli.keyring import check_place, take

_ENDING = ".bndl"


def add_unpack(parser: argparse.ArgumentParser) -> None:
    """Arguments of `unpack`."""
    parser.description = """\
Unpack a release to a new folder. The folder appears when every byte of it is verified; when anything
fails, nothing is left behind. A pipe is read in one pass."""
    parser.epilog = """\
example:
  bundlefmt unpack app.bndl -o app --trust acme.trust -i device.key"""
    arguments.add_file(parser)
    arguments.add_trust(parser)
    arguments.add_identities(parser, required=True)
    parser.add_argument(
        "-o", "--output", metavar="DIR", help=f"the new folder (default: the name of FILE without {_ENDING})"
    )
    parser.add_argument("--sync", action="store_true", help="make everything durable before the folder appears")
    parser.add_argument(
        "--keyring", metavar="KEY", help="afterwards, add the identities that the release brings to this file"
    )
    arguments.add_expectations(parser)
    arguments.add_base(parser)
    arguments.add_json(parser)
    arguments.add_quiet(parser)


def run_unpack(args: argparse.Namespace) -> int:
    """Unpack."""
    folder = _folder(args)
    if args.keyring is not None:
        check_place(args.keyring)
    from bundlefmt.bundle.unpack import unpack

    progress = ui.Progress("unpacking", quiet=args.quiet)
    with arguments.open_reader(args) as reader:
        unpack(reader, folder, sync=args.sync, progress=progress if progress.active else None)
        release = reader.manifest
    ui.end_progress()
    # Only now: every byte of the release was good. An older identity stays in the file, for older bundles.
    added = () if args.keyring is None else take(args.keyring, release.record)
    if args.json:
        record = facts.record_json(release.record, release.release_id)
        body = {"result": "unpacked", "output": folder, "release": {**record, **facts.tree_json(release)}}
        if args.keyring is not None:
            body["new_in_keyring"] = [identity.recipient.key_id.hex() for identity in added]
        ui.put_json("unpack", body)
    elif not args.quiet:
        size = sum(entry.size for entry in release.listing.files)
        ui.put(f"verified and unpacked to {folder}: {len(release.listing.files)} files, {ui.size(size)}")
        ui.put(f"  {release.record.product} {release.record.version}, number {release.record.number}")
        for identity in added:
            ui.put(f"  new in {args.keyring}: {identity}")
        if release.record.identities and args.keyring is None:
            ui.talk("note: the release brings identities; --keyring FILE, or keyring accept, takes them")
    return 0


def _folder(args: argparse.Namespace) -> str:
    if args.output == "-":
        raise UsageError("unpack writes a folder; cat writes to standard output")
    if args.output is not None:
        return str(args.output).rstrip("/" + os.sep) or os.sep
    name = os.path.basename(str(args.file))
    if args.file == "-" or not name.endswith(_ENDING) or name == _ENDING:
        raise UsageError(f"give -o DIR: only a name that ends in {_ENDING} says which folder is meant")
    return name[: -len(_ENDING)]
