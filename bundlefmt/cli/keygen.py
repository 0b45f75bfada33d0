"""`bundlefmt keygen`: make a key pair, or show what a key is."""

from __future__ import annotations

import argparse

from bundlefmt.cli import arguments, ui
from bundlefmt.cli.passphrase import CommandSecrets, add_secrets


def add_keygen(parser: argparse.ArgumentParser) -> None:
    """Arguments of `keygen`."""
    parser.description = """\
Make a key pair. The secret goes to FILE with mode 0600, its public half to FILE.pub; existing files
are never replaced. `show` tells what keys are, at any place and in any form, and shows no secret.

  signer     signs trust documents or releases; an Ed25519 key in PKCS#8 PEM, with --hybrid also an
             ML-DSA-65 key, both required, so that a quantum computer cannot sign for you
  recipient  what bundles are encrypted for; hybrid post-quantum (ML-KEM-768 with X25519)"""
    parser.epilog = """\
examples:
  bundlefmt keygen signer -o ci.pem
  bundlefmt keygen recipient -o device.key --passphrase
  bundlefmt keygen show ci.pem agent:deploy@example.com"""
    actions = parser.add_subparsers(dest="kind", metavar="signer|recipient|show", required=True)
    form = parser.formatter_class
    signer = actions.add_parser("signer", help="make a signing key", formatter_class=form)
    recipient = actions.add_parser("recipient", help="make a decryption key", formatter_class=form)
    show = actions.add_parser("show", help="tell what keys are", formatter_class=form)
    for each in (signer, recipient):
        each.add_argument("-o", "--output", metavar="FILE", required=True, help="where the secret key goes")
        each.add_argument("--passphrase", action="store_true", help="protect it with a passphrase, typed twice")
    signer.add_argument("--hybrid", action="store_true", help="Ed25519 and ML-DSA-65, both required; larger")
    recipient.add_argument("--x25519", action="store_true", help="X25519 alone, smaller and not post-quantum")
    # Taken to explain what was meant.
    signer.add_argument("--x25519", action="store_true", help=argparse.SUPPRESS)
    recipient.add_argument("--hybrid", action="store_true", help=argparse.SUPPRESS)
    show.add_argument("keys", metavar="KEY", nargs="+", help="a file, - or a key source")
    arguments.add_json(show)
    for each in (signer, recipient, show):
        add_secrets(each)
    for each in (signer, recipient):
        arguments.add_quiet(each)


def run_keygen(args: argparse.Namespace) -> int:
    """Make the pair, or show."""
    if args.kind == "show":
        return _show(args)
    if args.kind == "signer" and args.x25519:
        raise arguments.UsageError("--x25519 is for recipients")
    if args.kind == "recipient" and args.hybrid:
        raise arguments.UsageError("--hybrid is for signers; recipients are hybrid unless you say --x25519")
    from bundlefmt.keys import files

    secrets = CommandSecrets.of(args)
    wanted = args.passphrase or secrets.given
    passphrase = secrets.choose(f"passphrase of {args.output}") if wanted else None
    if args.kind == "signer":
        from bundlefmt.crypto.digests import signer_kid
        from bundlefmt.keys.hybrid import HybridSigner
        from bundlefmt.keys.signers import FileSigner

        signer = HybridSigner.generate() if args.hybrid else FileSigner.generate()
        public = files.write_signer(args.output, signer, passphrase)
        name = f"key id {signer_kid(signer.public_key).hex()}"
    else:
        from bundlefmt.keys.recipients import HYBRID, X25519, Identity

        identity = Identity.generate(X25519 if args.x25519 else HYBRID)
        public = files.write_identity(args.output, identity, passphrase)
        name = f"key id {identity.recipient.key_id.hex()}"
    if not args.quiet:
        ui.put(f"{args.output}  secret, keep it")
        ui.put(f"{public}  public, give it away")
        ui.put(name)
    return 0


def _show(args: argparse.Namespace) -> int:
    arguments.check_stdin(*args.keys)
    from bundlefmt.keys.describe import describe

    secrets = CommandSecrets.of(args)
    found = [(uri, fact) for uri in args.keys for fact in describe(uri, secrets)]
    if args.json:
        rows = [
            {"key": uri, "use": fact.use, "type": fact.type, "key_id": fact.key_id.hex(), "protected": fact.protected}
            for uri, fact in found
        ]
        ui.put_json("keygen", {"keys": rows})
        return 0
    for uri in args.keys:
        ui.put(uri)
        for fact in (fact for place, fact in found if place == uri):
            ui.put(f"  {fact.use} {fact.type} {fact.key_id.hex()}{', under a passphrase' if fact.protected else ''}")
    return 0
