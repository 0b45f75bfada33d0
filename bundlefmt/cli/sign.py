"""`bundlefmt sign` and `bundlefmt request`: the signer's side of signing in rounds."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments, trustwords, ui
from bundlefmt.cli.passphrase import CommandSecrets
from bundlefmt.errors import BundleError, refuse

if TYPE_CHECKING:
    from bundlefmt.keys.signers import Signer
    from bundlefmt.model.request import Request
    from bundlefmt.model.trustdoc import Role


def add_sign(parser: argparse.ArgumentParser) -> None:
    """Arguments of `sign`."""
    parser.description = """\
Show what a signing request asks for, and sign it. What is shown was read from the very bytes that
are signed: the manifest has the digest that the header states, and it was decrypted under the key
that it commits to. Without an identity that the request was made for, you would sign BLIND.

Without --signer, the request is only shown. On a terminal, you are asked before anything is signed."""
    parser.epilog = """\
examples:
  bundlefmt sign app.request -i alice.key
  bundlefmt sign app.request -i alice.key --signer alice.pem --trust acme.trust -o alice.signature
  bundlefmt sign epoch3.request --signer root.pem --trust acme.trust -o root.signature"""
    add = parser.add_argument
    add("request", metavar="REQUEST", help="the signing request; - is standard input")
    add("--signer", metavar="KEY", action="append", default=[], help="key to sign with; repeatable")
    arguments.add_identities(parser, text="identity that the request was made for")
    add("--trust", metavar="TRUST", help="your own copy of the trust file, to compare the request with")
    add("--blind", action="store_true", help="sign although nothing shows what it is")
    add("--yes", action="store_true", help="do not ask")
    add("-o", "--output", metavar="FILE", help="the signature file to make")
    arguments.add_quiet(parser)


def add_request(parser: argparse.ArgumentParser) -> None:
    """Arguments of `request`."""
    parser.description = """\
Join signing requests for one release to one, so that a signer sees the release once and answers
with one file: for audiences, patches and the complete bundle together."""
    parser.epilog = "example:\n  bundlefmt request app.request patch.request -o all.request"
    parser.add_argument("request", metavar="REQUEST", nargs="+", help="signing request")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the request to make")


def run_request(args: argparse.Namespace) -> int:
    """Join."""
    from bundlefmt.bundle.request import join_requests
    from bundlefmt.cli.trustfile import write_request

    write_request(args.output, join_requests([load_request(name) for name in args.request]).encode())
    return 0


def load_request(path: str) -> Request:
    """A signing request from a file.

    Raises:
        BundleError: SOURCE_FAILED, REQUEST_FILE.
    """
    from bundlefmt.model.request import MAX_REQUEST, parse_request

    try:
        return parse_request(read_bounded(path, MAX_REQUEST * 3 // 2))
    except BundleError as exc:
        raise named(path, exc) from None


def read_bounded(path: str, limit: int) -> bytes:
    """A whole file of at most `limit` bytes; what is longer comes with one byte more, for its parser to refuse.

    Raises:
        SourceError: SOURCE_FAILED.
    """
    try:
        with open(0 if path == "-" else path, "rb", closefd=path != "-") as file:
            return file.read(limit + 1)
    except OSError as exc:
        raise refuse("SOURCE_FAILED", f"{path}: {exc.strerror}") from None


def named(path: str, exc: BundleError) -> BundleError:
    """The same refusal with the file's name in front, once."""
    return exc if exc.detail.startswith(f"{path}: ") else refuse(exc.code, f"{path}: {exc.detail}")


def run_sign(args: argparse.Namespace) -> int:
    """Show and sign."""
    if bool(args.signer) != bool(args.output):
        raise arguments.UsageError("--signer and -o belong together; without them the request is only shown")
    from bundlefmt.bundle.request import sign_request
    from bundlefmt.cli import keyargs
    from bundlefmt.cli.trustfile import write_request

    arguments.check_stdin(args.request, args.trust, *args.identity, *args.signer)
    request = load_request(args.request)
    roles = _show(args, request)
    if not args.signer:
        ui.talk("nothing was signed; --signer KEY -o FILE signs it")
        return 0
    signers = keyargs.load_signers(args.signer, CommandSecrets.of(args))
    _check_roles(signers, roles)
    if not args.yes and sys.stdin.isatty() and sys.stderr.isatty() and not _agreed():
        ui.talk("nothing was signed")
        return 1
    write_request(args.output, sign_request(request, signers).encode())
    if not args.quiet:
        ui.put(f"{args.output}  send it back; it holds no secret")
    return 0


def _agreed() -> bool:
    sys.stderr.write("sign this? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _show(args: argparse.Namespace, request: Request) -> tuple[Role, ...]:
    """Judge and show a request.

    Returns:
        The roles of which a signer should hold one, as far as that is known.
    """
    from bundlefmt.model.request import TRUST

    return _show_trust(args, request) if request.purpose == TRUST else _show_headers(args, request)


def _show_trust(args: argparse.Namespace, request: Request) -> tuple[Role, ...]:
    from bundlefmt.bundle.request import judge_trust_request
    from bundlefmt.cli.shown import trust_pairs
    from bundlefmt.model.request import TrustItem

    item = request.items[0]
    if not isinstance(item, TrustItem):  # its purpose says that it is one
        raise TypeError("a trust request holds a trust document")
    own = arguments.load_trust(args.trust) if args.trust else None
    shown = judge_trust_request(item, own)
    ui.put("trust document to be signed")
    ui.put_pairs(trust_pairs(shown))
    if own is None and shown.before is not None:
        ui.talk("warning: the epochs before it are what the request brought; --trust compares them with yours")
    for text in trustwords.spare_warnings(shown.document):
        ui.talk(text)
    before = () if shown.before is None else (shown.before.newest.root,)
    return (*before, shown.document.root)


def _show_headers(args: argparse.Namespace, request: Request) -> tuple[Role, ...]:
    from bundlefmt.bundle.request import check_trusted, judge_request
    from bundlefmt.cli.shown import request_pairs
    from bundlefmt.model.request import RELEASE

    shown = judge_request(request, arguments.load_identities(args.identity, CommandSecrets.of(args)))
    roles: tuple[Role, ...] = ()
    if args.trust:
        chain = arguments.load_trust(args.trust)
        check_trusted(shown, chain)
        newest = chain.newest
        roles = (newest.release if request.purpose == RELEASE else newest.pointer,)
        if shown.epochs[-1] < newest.epoch:
            ui.talk(f"note: made under epoch {shown.epochs[-1]}, your trust file ends at epoch {newest.epoch}")
    ui.put(f"{'release' if request.purpose == RELEASE else 'pointer'} to be signed")
    ui.put_pairs(request_pairs(shown))
    if not args.trust:
        ui.talk("warning: the publisher was not compared with a trust file of yours; --trust does it")
    if shown.blind:
        some = "nothing" if shown.blind == len(shown.headers) else f"nothing of {shown.blind} of the bundles"
        ui.talk(f"BLIND: {some} is shown: no identity given opens the request")
        if args.signer and not args.blind:
            raise refuse("REQUEST_BLIND", f"{some} shows what would be signed")
    return roles


def _check_roles(signers: list[Signer], roles: tuple[Role, ...]) -> None:
    from bundlefmt.crypto.digests import signer_kid

    held = {key.public for role in roles for key in role.keys}
    for signer in signers:
        if roles and signer.public_key not in held:
            raise refuse(
                "INPUT_KEYS", f"key {signer_kid(signer.public_key).hex()[:16]} does not hold the role asked for"
            )
