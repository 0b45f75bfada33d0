"""`bundlefmt list`: the files of a release."""

from __future__ import annotations

import argparse
import io

from bundlefmt.cli import arguments, facts, ui
from bundlefmt.cli.output import output_file


def add_list(parser: argparse.ArgumentParser) -> None:
    """Arguments of `list`."""
    parser.description = """\
List the files of a release, after its signatures and its manifest are verified. The contents are not
read; verify and unpack do that. Letters that a terminal would act on are escaped; --json has every
name as it is."""
    parser.epilog = """\
example:
  bundlefmt list app.bndl --trust acme.trust -i device.key"""
    arguments.add_file(parser)
    arguments.add_trust(parser)
    arguments.add_identities(parser, required=True)
    parser.add_argument("-l", "--long", action="store_true", help="show mode, size and SHA-256 as well")
    parser.add_argument("-o", "--output", metavar="OUT", help="write the list to a new file instead of standard output")
    arguments.add_expectations(parser)
    arguments.add_base(parser)
    arguments.add_json(parser)


def run_list(args: argparse.Namespace) -> int:
    """List."""
    with arguments.open_reader(args) as reader:
        release = reader.manifest
        files = release.listing.files
        with output_file(args.output) as out:
            text = io.TextIOWrapper(out, "utf-8", errors="backslashreplace", write_through=False)
            try:
                if args.json:
                    rows = [
                        {"path": f.path, "executable": f.executable, "size": f.size, "sha256": f.digest.hex()}
                        for f in files
                    ]
                    record = facts.record_json(release.record, release.release_id)
                    ui.put_json("list", {"release": {**record, **facts.tree_json(release)}, "files": rows}, text)
                elif args.long:
                    width = max((len(str(entry.size)) for entry in files), default=1)
                    for entry in files:
                        mode = "x" if entry.executable else "-"
                        text.write(f"{mode} {entry.size:>{width}} {entry.digest.hex()} {ui.printable(entry.path)}\n")
                else:
                    text.writelines(ui.printable(entry.path) + "\n" for entry in files)
                text.flush()
            finally:
                text.detach()
    return 0
