"""What a key is, in any form and at any place, without showing a secret."""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.crypto.digests import signer_kid
from bundlefmt.errors import KeyFileError, KeySourceError
from bundlefmt.keys import forms, protected, sources
from bundlefmt.keys.guard import named
from bundlefmt.keys.passphrases import Secrets
from bundlefmt.keys.recipients import TYPE_NAMES, Recipient

_ALGORITHMS = {1: "ed25519", 2: "ed25519-mldsa65"}


class KeyFact(NamedTuple):
    """One key.

    Attributes:
        use: signer, verification key, identity or recipient.
        type: its algorithm.
        key_id: what names it: the kid of a signing key, the key id of a recipient.
        protected: whether it is a secret under a passphrase.
    """

    use: str
    type: str
    key_id: bytes
    protected: bool = False


def describe(uri: str, secrets: Secrets) -> list[KeyFact]:
    """Every key of a place.

    Args:
        uri: where they live.
        secrets: asked only where the public half of a key is behind its passphrase.

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """
    if sources.is_recipient(uri):
        return _recipients(sources.open_recipients(uri))
    text = sources.open_text(uri)
    if text is None:
        return [_signing("signer", sources.open_signer(uri, secrets).public_key)]
    try:
        return _of_text(text, uri, secrets)
    except (KeyFileError, KeySourceError) as exc:
        raise named(uri, exc) from None


def _of_text(text: str, name: str, secrets: Secrets) -> list[KeyFact]:
    if forms.is_signing(text):
        public = forms.verification_key_from(text, name, secrets)
        return [_signing("signer" if forms.is_secret(text) else "verification key", public, forms.is_locked(text))]
    if not forms.is_secret(text):
        return _recipients(forms.recipients_from(text))
    return [
        KeyFact("identity", TYPE_NAMES[each.type], each.key_id, protected=True)
        if isinstance(each, protected.Locked)
        else KeyFact("identity", TYPE_NAMES[each.type], each.key_id)
        for each in forms.scan_identities(text)
    ]


def _recipients(found: list[Recipient]) -> list[KeyFact]:
    return [KeyFact("recipient", TYPE_NAMES[each.type], each.key_id) for each in found]


def _signing(use: str, public: bytes, locked: bool = False) -> KeyFact:  # noqa: FBT001, FBT002
    from bundlefmt.model.trustdoc import Key  # noqa: PLC0415

    return KeyFact(use, _ALGORITHMS[Key.of(public).alg], signer_kid(public), locked)
