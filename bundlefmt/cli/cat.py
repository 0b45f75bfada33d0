"""`bundlefmt cat`: files of a release, to standard output."""

from __future__ import annotations

import argparse
import io

from bundlefmt.cli import arguments
from bundlefmt.cli.output import output_file


def add_cat(parser: argparse.ArgumentParser) -> None:
    """Arguments of `cat`."""
    parser.description = """\
Write files of a release one after another. Only what they need of the bundle is read, so FILE must be
a regular file. Every byte comes from an authenticated record; if a later one is refused, the exit code
is 1 and what was written to standard output is to be discarded. With -o nothing is left then."""
    parser.epilog = """\
example:
  bundlefmt cat app.bndl index.html --trust acme.trust -i device.key"""
    arguments.add_file(parser)
    parser.add_argument("paths", metavar="PATH", nargs="+", help="path of a file in the release")
    arguments.add_trust(parser)
    arguments.add_identities(parser, required=True)
    parser.add_argument("-o", "--output", metavar="OUT", help="write to a new file instead of standard output")
    arguments.add_expectations(parser)
    arguments.add_base(parser)


def run_cat(args: argparse.Namespace) -> int:
    """Write them."""
    with arguments.open_reader(args) as reader:
        for path in args.paths:
            reader.getinfo(path)  # all names are right before the first byte is written
        with output_file(args.output) as out:
            try:
                for path in args.paths:
                    for part in reader.chunks(path):
                        out.write(part)
            except io.UnsupportedOperation:
                raise arguments.UsageError("cat needs a regular file, not a pipe; unpack can read a pipe") from None
    return 0
