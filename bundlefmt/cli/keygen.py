"""`bundlefmt keygen`: make a key pair."""

from __future__ import annotations

import argparse

from bundlefmt.cli import arguments, ui


def add_keygen(parser: argparse.ArgumentParser) -> None:
    """Arguments of `keygen`."""
    parser.description = """\
Make a key pair. The secret goes to FILE with mode 0600, its public half to FILE.pub; existing files
are never replaced.

  signer     signs trust documents or releases; an Ed25519 key in PKCS#8 PEM, with --hybrid also an
             ML-DSA-65 key, both required, so that a quantum computer cannot sign for you
  recipient  what bundles are encrypted for; hybrid post-quantum (ML-KEM-768 with X25519)"""
    parser.epilog = """\
examples:
  bundlefmt keygen signer -o ci.pem
  bundlefmt keygen recipient -o device.key"""
    parser.add_argument("kind", choices=("signer", "recipient"), help="what the key is for")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where the secret key goes")
    parser.add_argument("--x25519", action="store_true", help="recipient: X25519 alone, smaller and not post-quantum")
    parser.add_argument("--hybrid", action="store_true", help="signer: Ed25519 and ML-DSA-65, both required; larger")
    arguments.add_quiet(parser)


def run_keygen(args: argparse.Namespace) -> int:
    """Make the pair."""
    from bundlefmt.keys import files

    if args.kind == "signer":
        if args.x25519:
            raise arguments.UsageError("--x25519 is for recipients")
        from bundlefmt.crypto.digests import signer_kid
        from bundlefmt.keys.hybrid import HybridSigner
        from bundlefmt.keys.signers import FileSigner

        signer = HybridSigner.generate() if args.hybrid else FileSigner.generate()
        public = files.write_signer(args.output, signer)
        name = f"key id {signer_kid(signer.public_key).hex()}"
    else:
        if args.hybrid:
            raise arguments.UsageError("--hybrid is for signers; recipients are hybrid unless you say --x25519")
        from bundlefmt.keys.recipients import HYBRID, X25519, Identity

        identity = Identity.generate(X25519 if args.x25519 else HYBRID)
        public = files.write_identity(args.output, identity)
        name = f"key id {identity.recipient.key_id.hex()}"
    if not args.quiet:
        ui.put(f"{args.output}  secret, keep it")
        ui.put(f"{public}  public, give it away")
        ui.put(name)
    return 0
