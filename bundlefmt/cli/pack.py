"""`bundlefmt pack`: make a bundle of a folder."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments, ui
from bundlefmt.cli.arguments import UsageError
from bundlefmt.cli.passphrase import CommandSecrets, add_secrets
from bundlefmt.errors import refuse

if TYPE_CHECKING:
    from bundlefmt.bundle.draft import DraftWriter
    from bundlefmt.bundle.writer import BundleWriter, Packed
    from bundlefmt.keys.passphrases import Secrets
    from bundlefmt.keys.signers import Signer
    from bundlefmt.model.release import NewIdentity, Requires
    from bundlefmt.trust.chain import TrustChain

_UNITS = {"": 1, "K": 1 << 10, "KIB": 1 << 10, "KB": 1000, "M": 1 << 20, "MIB": 1 << 20, "MB": 1000_000}
_COPY = 1 << 20


def byte_size(text: str) -> int:
    """A number of bytes: 4194304, 4M, 4MiB (binary) or 4MB (decimal)."""
    digits = text.rstrip("KMIBkmib")
    unit = _UNITS.get(text[len(digits) :].upper())
    if unit is None or not digits.isascii() or not digits.isdigit() or len(digits) > 12:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size as in 4194304, 4M or 4MiB")
    return int(digits) * unit


def share_size(text: str) -> int:
    """A size within the format's record limit."""
    size = byte_size(text)
    if size > 8 << 20:
        raise argparse.ArgumentTypeError(f"{text!r} is more than the 8 MiB of a record")
    return size


def level(text: str) -> int:
    """A compression level."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:3]) <= 22:
        raise argparse.ArgumentTypeError(f"{text!r} is not a level from 1 (fast) to 22 (small)")
    return int(text)


def pair(text: str) -> tuple[str, str]:
    """KEY=VALUE."""
    key, sign, value = text.partition("=")
    if not sign or not 1 <= len(key.encode("utf-8", "replace")) <= 128:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE with a key of 1 to 128 bytes")
    return key, value


def host_range(text: str) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """MIN, MIN..BELOW or ..BELOW."""
    low, dots, high = text.partition("..")
    if not low and not high:
        raise argparse.ArgumentTypeError(f"{text!r} is not MIN, MIN..BELOW or ..BELOW, as in 2.1..3")
    bounds = arguments.host_version(low) if low else None, arguments.host_version(high) if dots and high else None
    if bounds[0] and bounds[1]:
        from bundlefmt.model.release import compare_host

        if compare_host(bounds[0], bounds[1]) >= 0:
            raise argparse.ArgumentTypeError(f"no host version is in {text!r}")
    return bounds


def lifetime(text: str) -> tuple[bool, int]:
    """A time, or +N followed by d or h: so much after the release was created."""
    if text.startswith("+"):
        number, unit = text[1:-1], {"d": 86400, "h": 3600}.get(text[-1])
        if unit is None or not number.isascii() or not number.isdigit() or len(number) > 8 or not int(number):
            raise argparse.ArgumentTypeError(f"{text!r} is not a time from creation on, as in +90d or +12h")
        return True, int(number) * unit
    return False, arguments.moment(text)


def add_pack(parser: argparse.ArgumentParser) -> None:
    """Arguments of `pack`."""
    parser.description = """\
Make a bundle of every file of a folder. It is read back and verified before it gets its name, and
nothing is left behind when anything fails."""
    parser.epilog = """\
example:
  bundlefmt pack dist -o app.bndl --trust acme.trust --signer ci.pem -r device.key.pub \\
      --product com.example.app --version 1.2.3 --number 7

TIME is seconds since 1970, 2026-07-01 or 2026-07-01T12:00:00Z. SOURCE_DATE_EPOCH is used for
--created when that is not given."""
    add = parser.add_argument
    add("folder", metavar="DIR", help="the folder to pack")
    add("-o", "--output", metavar="FILE", required=True, help="the bundle to make; - is standard output")
    add("-f", "--force", action="store_true", help="replace FILE if it exists")
    add("--trust", metavar="TRUST", required=True, help="the publisher's trust file")
    add("--signer", metavar="KEY", action="append", default=[], help="release key to sign with; repeatable")
    _add_unsigned(parser)
    add(
        "-r", "--recipient", metavar="KEY", action="append", required=True, help="public key to encrypt for; repeatable"
    )
    add_secrets(parser)
    add("--anonymous", action="store_true", help="do not mark which entry is for which recipient")
    _add_record(parser.add_argument_group("the release"))
    _add_form(parser.add_argument_group("the bundle"))
    arguments.add_json(parser)
    arguments.add_quiet(parser)


def _add_unsigned(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--unsigned",
        metavar="REQUEST",
        help="make FILE.draft and a signing request for signers who are elsewhere; attach makes the bundle of them",
    )
    add(
        "--reveal-to",
        metavar="KEY",
        action="append",
        default=[],
        help="public key of a signer, who then sees what the request asks for; repeatable",
    )


def _check_unsigned(args: argparse.Namespace) -> None:
    """Sign here, or ask for signatures; a draft takes the place of the bundle."""
    if args.unsigned is None:
        if not args.signer:
            raise UsageError("--signer is required, or --unsigned REQUEST for signers who are elsewhere")
        if args.reveal_to:
            raise UsageError("--reveal-to is for --unsigned")
        return
    if args.signer or args.output == "-":
        raise UsageError("--unsigned excludes --signer and -o -")
    if os.path.lexists(args.unsigned):
        raise refuse("WRITE_FAILED", f"{args.unsigned} exists already")
    from bundlefmt.bundle.draft import draft_of

    args.output = draft_of(args.output)


def _add_record(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--product", metavar="ID", required=True, help="id of the application, as com.example.app")
    add("--version", metavar="TEXT", required=True, help="label for people")
    add("--number", metavar="N", type=arguments.positive, required=True, help="what is compared; higher is newer")
    add("--created", metavar="TIME", type=arguments.moment, help="time of creation (default: now)")
    add(
        "--expires",
        metavar="TIME",
        type=lifetime,
        help="when it must not be installed any more; +90d counts from creation",
    )
    add("--requires-host", metavar="MIN[..BELOW]", type=host_range, help="host versions it runs on, as 2.1 or 2.1..3")
    add("--platform", metavar="NAME", action="append", default=[], help="platform it runs on; repeatable")
    notes = group.add_mutually_exclusive_group()
    notes.add_argument("--notes", metavar="TEXT", default="", help="release notes")
    notes.add_argument("--notes-file", metavar="FILE", help="release notes from a file; - is standard input")
    add(
        "--new-identity",
        metavar="KEY",
        action="append",
        default=[],
        help="identity that devices take into their keyring with this release; repeatable",
    )
    add("--metadata", metavar="KEY=VALUE", type=pair, action="append", default=[], help="any pair of texts; repeatable")


def _add_form(group: argparse._ArgumentGroup) -> None:
    how = group.add_mutually_exclusive_group()
    how.add_argument("--level", metavar="1..22", type=level, help="compression: 3 is fast, 19 is small (default 9)")
    how.add_argument("--store", action="store_true", help="do not compress")
    group.add_argument(
        "--share-small",
        metavar="SIZE",
        type=share_size,
        default=0,
        help="compress contents below SIZE together, as 4MiB: smaller, but single files cannot be fetched alone",
    )
    group.add_argument("--sync", action="store_true", help="make the bundle durable before it gets its name")


def source_date() -> int | None:
    """SOURCE_DATE_EPOCH, or None where it is not set.

    Raises:
        UsageError: it is not a number.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise UsageError("SOURCE_DATE_EPOCH is not a number of seconds")
    return int(text)


def load_signer(uri: str, secrets: Secrets | None = None) -> Signer:
    """A signing key; see `arguments.load_signer`."""
    return arguments.load_signer(uri, secrets)


def run_pack(args: argparse.Namespace) -> int:
    """Make the bundle."""
    from bundlefmt.bundle.writer import DEFAULT_LEVEL, STORE, PackOptions
    from bundlefmt.keys.sources import open_recipients
    from bundlefmt.model.release import ReleaseRecord

    _check_unsigned(args)
    to_stdout = args.output == "-"
    if to_stdout:
        if args.json:
            raise UsageError("--json and -o - both need standard output")
        from bundlefmt.cli.output import refuse_terminal

        refuse_terminal("a bundle")
    arguments.check_stdin(args.trust, args.notes_file, *args.signer, *args.recipient, *args.new_identity)
    created = args.created if args.created is not None else source_date()
    secrets = CommandSecrets.of(args)
    record = ReleaseRecord(
        product=args.product,
        number=args.number,
        version=args.version,
        created=_now() if created is None else created,
        tree=b"",
        requires=_requires(args),
        notes=_notes(args),
        metadata=_metadata(args.metadata),
        identities=_identities(args.new_identity, secrets),
    )
    if args.expires is not None:
        relative, value = args.expires
        record = record._replace(expires=record.created + value if relative else value)
    _check_record(record.expires, record.created, record.product)
    chain = arguments.load_trust(args.trust)
    _warn_of_expiry(chain)
    signers = [load_signer(uri, secrets) for uri in args.signer]
    recipients = [key for uri in args.recipient for key in open_recipients(uri)]
    options = PackOptions(
        level=STORE if args.store else args.level or DEFAULT_LEVEL,
        share_small=args.share_small,
        anonymous=args.anonymous,
        overwrite=args.force,
        sync=args.sync,
    )
    with _destination(args.output) as path:
        progress = ui.Progress("packing", quiet=args.quiet)
        watch = progress if progress.active else None
        writer: BundleWriter
        if args.unsigned:
            from bundlefmt.bundle.draft import DraftWriter

            reveal_to = [key for uri in args.reveal_to for key in open_recipients(uri)]
            writer = draft = DraftWriter(
                path, record, chain=chain, recipients=recipients, reveal_to=reveal_to, options=options, progress=watch
            )
        else:
            from bundlefmt.bundle.writer import BundleWriter as Writer

            writer = Writer(
                path, record, chain=chain, signers=signers, recipients=recipients, options=options, progress=watch
            )
        writer.add_folder(args.folder)
        packed = writer.close()
        ui.end_progress()
        if args.unsigned:
            _ask_for_signatures(args, draft)
        if to_stdout:
            _copy_out(path)
    _report(args, packed)
    return 0


def _warn_of_expiry(chain: TrustChain) -> None:
    from bundlefmt.cli.trustwords import expiry_warning

    if warning := expiry_warning(chain.newest):
        ui.talk(warning)


def _ask_for_signatures(args: argparse.Namespace, writer: DraftWriter) -> None:
    from bundlefmt.cli.trustfile import write_request

    try:
        write_request(args.unsigned, writer.request.encode())
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(args.output)  # a draft without its request cannot be asked for again
        raise
    if not args.reveal_to:
        ui.talk("warning: without --reveal-to, signers cannot see what they sign and have to sign BLIND")


def _now() -> int:
    import time

    return int(time.time())


@contextlib.contextmanager
def _destination(output: str) -> Iterator[str]:
    """Where the writer writes: even a bundle for a pipe is finished and verified before its first byte leaves."""
    if output != "-":
        yield output
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="bundlefmt.") as folder:
        yield os.path.join(folder, "bundle")


def _copy_out(path: str) -> None:
    out = sys.stdout.buffer
    with open(path, "rb", buffering=0) as file:
        while block := file.read(_COPY):
            out.write(block)
    out.flush()


def _requires(args: argparse.Namespace) -> Requires:
    from bundlefmt.model.release import Requires, is_platform

    for name in args.platform:
        if not is_platform(name):
            raise UsageError(f"{name!r} is not a platform, which is 1 to 64 of a-z 0-9 . _ -")
    low, high = args.requires_host or (None, None)
    return Requires(low, high, tuple(sorted(set(args.platform))))


def _notes(args: argparse.Namespace) -> str:
    if args.notes_file is None:
        return str(args.notes)
    from bundlefmt.limits import LIMITS

    try:
        with open(0 if args.notes_file == "-" else args.notes_file, "rb") as file:
            return file.read(LIMITS.text_len + 1).decode()
    except OSError as exc:
        raise refuse("SOURCE_FAILED", f"{args.notes_file}: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise refuse("SOURCE_FAILED", f"{args.notes_file}: is not UTF-8 text") from None


def _metadata(pairs: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    if len(dict(pairs)) < len(pairs):
        raise UsageError("a --metadata key is given twice")
    return tuple(sorted(pairs, key=lambda item: item[0].encode()))


def _identities(paths: list[str], secrets: Secrets) -> tuple[NewIdentity, ...]:
    """Identities that travel inside the release."""
    if not paths:
        return ()
    from bundlefmt.bundle.newkeys import travelling
    from bundlefmt.limits import LIMITS

    found = travelling(arguments.load_identities(paths, secrets))
    if len(found) > LIMITS.identities:
        raise UsageError(f"{len(found)} new identities; a release holds {LIMITS.identities}")
    return found


def _check_record(expires: int | None, created: int, product: str) -> None:
    from bundlefmt.model.release import is_name

    if not is_name(product):
        raise UsageError(
            f"{product!r} is not a product id, which is 1 to 128 of A-Z a-z 0-9 . _ - and begins with a letter or digit"
        )
    if expires is not None and expires <= created:
        raise UsageError("the release would expire before it was created")


def _report(args: argparse.Namespace, packed: Packed) -> None:
    from bundlefmt.cli import facts

    record = packed.record
    if args.json:
        body = {
            "result": "drafted" if args.unsigned else "packed",
            "output": args.output,
            "size": packed.size,
            "verified": True,
            "release": facts.record_json(record, packed.release_id),
            "files": packed.files,
            "contents": packed.contents,
            "records": packed.records,
            "unpacked_size": packed.plain_size,
            "empty_folders": list(packed.empty_folders),
        }
        ui.put_json("pack", body)
        return
    if packed.empty_folders:
        names = ", ".join(packed.empty_folders[:5]) + (" and more" if len(packed.empty_folders) > 5 else "")
        ui.talk(f"note: empty folders are not kept: {names}")
    if args.quiet:
        return
    say = ui.talk if args.output == "-" else ui.put
    say(f"drafted, not signed: {args.output}" if args.unsigned else f"packed and verified {args.output}")
    say(f"  release     {record.product} {record.version}, number {record.number}")
    say(f"  release id  {packed.release_id.hex()}")
    say(f"  files       {packed.files}, {ui.size(packed.plain_size)}")
    say(f"  bundle      {ui.size(packed.size)}")
    if args.unsigned:
        say(f"  request     {args.unsigned}: give it to the signers")
        say(f"then: bundlefmt attach {args.output} SIGNATURE... --trust {args.trust}")
