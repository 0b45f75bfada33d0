"""Signing keys named on the command line: by where they live, or by key id where the key itself is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bundlefmt.cli import arguments
from bundlefmt.errors import refuse

if TYPE_CHECKING:
    from bundlefmt.keys.passphrases import Secrets
    from bundlefmt.keys.recipients import Recipient
    from bundlefmt.keys.signers import Signer
    from bundlefmt.model.trustdoc import Key, TrustDocument
    from bundlefmt.trust.chain import TrustChain

_KID = re.compile(r"[0-9a-f]{8,64}")


def load_key(uri: str, secrets: Secrets) -> tuple[Key, Signer | None]:
    """A key, and its signer where the secret half is at hand.

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """
    from bundlefmt.keys.sources import open_key
    from bundlefmt.model.trustdoc import Key

    public, signer = open_key(uri, secrets)
    if signer is not None:
        arguments.warn_exposed(uri)
    return Key.of(public), signer


def load_keys(uris: list[str], secrets: Secrets) -> tuple[list[Key], list[Signer]]:
    """Keys in the order given, and the signers among them."""
    pairs = [load_key(uri, secrets) for uri in uris]
    return [key for key, _ in pairs], distinct([signer for _, signer in pairs if signer is not None])


def load_signers(uris: list[str], secrets: Secrets) -> list[Signer]:
    """Signers; every place must hold a secret key."""
    return distinct([arguments.load_signer(uri, secrets) for uri in uris])


def distinct(signers: list[Signer]) -> list[Signer]:
    """Every key once."""
    return list({signer.public_key: signer for signer in signers}.values())


def find_key(name: str, chain: TrustChain, secrets: Secrets) -> Key:
    """A key of the newest document, by key id (8 digits of it will do) or by file.

    Raises:
        BundleError: INPUT_KEYS, when no role or more than one key has it.
    """
    from bundlefmt.trust.explain import key_kid

    keys = held_keys(chain.newest)
    if _KID.fullmatch(name):
        found = [key for key in keys if key_kid(key).hex().startswith(name)]
        if len(found) > 1:
            raise refuse("INPUT_KEYS", f"{len(found)} keys have an id that begins with {name}")
        if found:
            return found[0]
        raise refuse("INPUT_KEYS", f"no key of epoch {chain.newest.epoch} has an id that begins with {name}")
    key, _ = load_key(name, secrets)
    if key not in keys:
        raise refuse("INPUT_KEYS", f"{name} is no key of epoch {chain.newest.epoch}")
    return key


def held_keys(document: TrustDocument) -> list[Key]:
    """Every key of a document once."""
    return sorted({*document.root.keys, *document.release.keys, *document.pointer.keys})


def load_recipients(uris: list[str]) -> list[Recipient]:
    """Public keys to encrypt for."""
    from bundlefmt.keys.sources import open_recipients

    return [key for uri in uris for key in open_recipients(uri)]
