"""Arguments that several verbs share, and what they become."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING

from bundlefmt.cli import ui
from bundlefmt.cli.passphrase import CommandSecrets, add_secrets
from bundlefmt.errors import BundleError, refuse

if TYPE_CHECKING:
    from bundlefmt.bundle.needed import NeededTree
    from bundlefmt.bundle.policy import TrustPolicy
    from bundlefmt.bundle.reader import BundleReader
    from bundlefmt.bundle.source import ByteSource, Openable
    from bundlefmt.keys.passphrases import Secrets
    from bundlefmt.keys.recipients import Identity
    from bundlefmt.keys.signers import Signer
    from bundlefmt.model.release import HostVersion
    from bundlefmt.trust.chain import TrustChain

KINDS = {"release": 1, "pointer": 2}


class UsageError(Exception):
    """Arguments that parse but do not fit together; `main` prints it as argparse would."""


# Adding


def add_file(parser: argparse.ArgumentParser, what: str = "the bundle") -> None:
    """Add FILE."""
    parser.add_argument("file", metavar="FILE", help=f"{what}; - is standard input")


def add_trust(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add --trust and --update-trust."""
    parser.add_argument("--trust", metavar="TRUST", required=required, help="the publisher's trust file")
    parser.add_argument(
        "--update-trust", action="store_true", help="keep newer trust documents that the bundle brings in that file"
    )


def add_identities(
    parser: argparse.ArgumentParser, *, required: bool = False, text: str = "identity to decrypt with"
) -> None:
    """Add -i."""
    parser.add_argument(
        "-i",
        "--identity",
        metavar="KEY",
        action="append",
        default=[],
        required=required,
        help=f"{text}; repeatable; a file, - or a key source",
    )
    add_secrets(parser)


def add_expectations(parser: argparse.ArgumentParser) -> None:
    """Add what the caller expects of the release."""
    group = parser.add_argument_group("what is expected of the release")
    group.add_argument("--product", metavar="ID", help="refuse another product")
    group.add_argument("--min-number", metavar="N", type=positive, help="refuse a release number below N")
    group.add_argument(
        "--host", metavar="VERSION", type=host_version, help="judge host requirements for this host version"
    )
    group.add_argument("--platform", metavar="NAME", help="judge host requirements for this platform")
    group.add_argument("--at", metavar="TIME", type=moment, help="judge expiry at this time instead of now")


def add_base(parser: argparse.ArgumentParser) -> None:
    """Add --base."""
    parser.add_argument(
        "--base", metavar="PATH", help="for a patch: the release it builds on, as unpacked folder or complete bundle"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="print one JSON object, also for a refusal")


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add -q."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


# Types of arguments


def positive(text: str) -> int:
    """An integer of at least 1 that every reader takes (CBR-4)."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:17]) < 1 << 53:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 2^53 - 1")
    return int(text)


def host_version(text: str) -> HostVersion:
    """1 to 4 numbers with dots."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isascii() and part.isdigit() and len(part) <= 15 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a host version, which is 1 to 4 numbers as in 2.10")
    return tuple(map(int, parts))


def moment(text: str) -> int:
    """A time: seconds since 1970, or a date with or without a time of day; without a zone it is UTC."""
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    from datetime import datetime

    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time: give seconds since 1970, 2026-07-01 or 2026-07-01T12:00:00Z"
        ) from None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    seconds = int(value.timestamp())
    if seconds < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is before 1970")
    return seconds


# Becoming


def check_stdin(*paths: str | None) -> None:
    """Standard input can be one thing only.

    Raises:
        UsageError: when it is named twice.
    """
    if sum(path == "-" for path in paths) > 1:
        raise UsageError("standard input (-) can be named once only")


def load_trust(path: str) -> TrustChain:
    """The chain of a trust file.

    Raises:
        BundleError: TRUST_FILE, or what is wrong with the chain.
    """
    from bundlefmt.keys.files import read_text
    from bundlefmt.trust.chain import parse_trust_file

    text = read_text(path, "TRUST_FILE")
    try:
        return parse_trust_file(text)
    except BundleError as exc:
        raise refuse(exc.code, f"{path}: {exc.detail}") from None


def keep_trust(args: argparse.Namespace, chain: TrustChain | None, known: TrustChain) -> None:
    """Newer trust documents are kept in the trust file if that was asked for, else they are mentioned (TRU-19)."""
    if chain is None or len(chain.links) <= len(known.links):
        return
    first, last = len(known.links) + 1, len(chain.links)
    new = f"epoch {last}" if first == last else f"epochs {first} to {last}"
    if not args.update_trust:
        ui.talk(f"note: the bundle brought trust documents of {new}; --update-trust keeps them in {args.trust}")
        return
    from bundlefmt.cli.output import replace_file
    from bundlefmt.trust.chain import format_trust_file

    replace_file(args.trust, format_trust_file(chain).encode())
    ui.talk(f"note: {args.trust} now holds the trust documents of {new}")


def warn_exposed(uri: str) -> None:
    """Tell about a secret key in a file that other users may read."""
    from bundlefmt.keys.files import is_exposed
    from bundlefmt.keys.sources import path_of

    path = path_of(uri)
    if path is not None and is_exposed(path):
        ui.talk(f"warning: {path} is a secret key that other users of this machine can read; chmod 600 it")


def load_identities(uris: list[str], secrets: Secrets | None = None) -> list[Identity]:
    """Every identity of some places.

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """
    from bundlefmt.keys.sources import open_identities

    found: list[Identity] = []
    for uri in uris:
        found += open_identities(uri, secrets or CommandSecrets())
        warn_exposed(uri)
    return found


def load_signer(uri: str, secrets: Secrets | None = None) -> Signer:
    """A signing key from wherever it lives.

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """
    from bundlefmt.keys.sources import open_signer

    signer = open_signer(uri, secrets or CommandSecrets())
    warn_exposed(uri)
    return signer


def open_input(path: str, progress: Callable[[int, int], None] | None = None) -> Openable:
    """The bundle: a path, or standard input; counted when somebody watches."""
    from bundlefmt.bundle.source import open_source

    # Standard input without a buffer; where it is a regular file, it is read by position.
    file: Openable = open(0, "rb", buffering=0, closefd=False) if path == "-" else path  # noqa: SIM115
    return file if progress is None else _Counted(open_source(file), progress)


def policy(args: argparse.Namespace, chain: TrustChain) -> TrustPolicy:
    """What a person expects, who is not the device: host requirements count only when a host is stated."""
    from bundlefmt.bundle.policy import TrustPolicy

    return TrustPolicy(
        chain,
        now=args.at,
        product=args.product,
        channel=getattr(args, "channel", None),
        host=args.host,
        platform=args.platform,
        any_host=args.host is None and args.platform is None,
    )


def check_number(args: argparse.Namespace, number: int) -> None:
    """--min-number, which unlike a device's floor knows no epochs.

    Raises:
        PolicyError: ROLLBACK.
    """
    if args.min_number is not None and number < args.min_number:
        raise refuse("ROLLBACK", f"release {number} is below the lowest number accepted, {args.min_number}")


def open_base(path: str | None, chain: TrustChain, identities: list[Identity]) -> NeededTree | None:
    """The release a patch builds on.

    Raises:
        BundleError: it is refused itself.
    """
    if path is None:
        return None
    import os

    from bundlefmt.bundle.policy import TrustPolicy
    from bundlefmt.bundle.reader import BundleReader
    from bundlefmt.bundle.trees import BundleTree, FolderTree

    if os.path.isdir(path):
        return FolderTree(path)
    # It was good once: neither its expiry nor its host requirements matter for what is built on it.
    reader = BundleReader(path, trust=TrustPolicy(chain, now=0, any_host=True), identities=identities)
    return BundleTree(reader)


def open_reader(args: argparse.Namespace, progress: Callable[[int, int], None] | None = None) -> BundleReader:
    """Open the release that the arguments name, and judge what they expect.

    Raises:
        BundleError: it is refused.
    """
    from bundlefmt.bundle.reader import BundleReader

    check_stdin(args.file, args.trust, *args.identity)
    chain = load_trust(args.trust)
    identities = load_identities(args.identity, CommandSecrets.of(args))
    needed = open_base(args.base, chain, identities)
    try:
        reader = BundleReader(
            open_input(args.file, progress), trust=policy(args, chain), identities=identities, needed=needed
        )
    except BundleError as exc:
        keep_trust(args, exc.learned, chain)
        raise
    keep_trust(args, reader.chain, chain)
    check_number(args, reader.release.number)
    return reader


class _Counted:
    """A source that tells how much was read of it."""

    def __init__(self, source: ByteSource, progress: Callable[[int, int], None]) -> None:
        self._source = source
        self._progress = progress
        self._done = 0
        self.size = source.size
        self.sequential = source.sequential

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read, and tell. Threads may lose a count here and there; it is for the eye."""
        count = self._source.read_into(offset, buffer)
        self._done += count
        self._progress(self._done, self.size or 0)
        return count

    def close(self) -> None:
        """Close the source."""
        self._source.close()
