"""Where keys live, by one scheme of names everywhere (spec/keys.md section 1).

    PATH, file:PATH         a file; - is standard input
    env:NAME                an environment variable
    keyring:SERVICE/NAME    the keyring of the operating system
    pkcs11:...              a token, by RFC 7512; signing keys
    agent:NAME              an ssh-agent; signing keys
    awskms:KEY              AWS KMS; signing keys
    age1...                 a recipient of age itself

Other schemes are signers of third parties, found through the entry-point group `bundlefmt.signers`.
A module or library of a scheme is imported when a key of that scheme is opened.
"""

from __future__ import annotations

import importlib
import os
import re
from typing import Any

from bundlefmt.errors import BundleError, KeyFileError, KeySourceError, refuse
from bundlefmt.keys import age, files, forms
from bundlefmt.keys.guard import GuardedSigner, named
from bundlefmt.keys.passphrases import NoSecrets, Secrets
from bundlefmt.keys.recipients import Identity, Recipient
from bundlefmt.keys.signers import Signer

ENTRY_POINTS = "bundlefmt.signers"
# Two characters at least, so that a drive letter is no scheme.
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):(.*)", re.DOTALL)
_SERVICES = {
    "pkcs11": "bundlefmt.keys.pkcs11",
    "agent": "bundlefmt.keys.agent",
    "awskms": "bundlefmt.keys.awskms",
}
SCHEMES = ("file", "env", "keyring", *_SERVICES)
_NOBODY = NoSecrets()


def split(uri: str) -> tuple[str, str]:
    """Scheme and rest; a plain path is of the scheme `file`.

    Raises:
        KeyFileError: KEY_FILE, when a secret itself stands in the place of its name; it is not repeated.
    """
    if age.looks_like_identity(uri) or "-----BEGIN " in uri:
        raise refuse(
            "KEY_FILE",
            "a key itself was given in the place of its name; if it is a secret one, other users of this machine "
            "have seen it: make a new one, and give the file or variable that holds it",
        )
    found = _SCHEME.fullmatch(uri)
    return (found[1], found[2]) if found else ("file", uri)


def path_of(uri: str) -> str | None:
    """The path of a key in a file, or None for any other place and for standard input."""
    scheme, rest = split(uri)
    return rest if scheme == "file" and rest != "-" else None


def is_recipient(uri: str) -> bool:
    """Whether a name is a recipient of age itself, and not a file that is called so."""
    return age.looks_like_recipient(uri) and not os.path.lexists(uri)


def open_signer(uri: str, secrets: Secrets = _NOBODY) -> Signer:
    """A signing key.

    Args:
        uri: where it lives.
        secrets: asked for a passphrase or PIN, when one is needed.

    Raises:
        BundleError: KEY_FILE when the key is not a usable signing key, KEY_SOURCE when its place cannot be reached.
    """
    scheme, rest = split(uri)
    text = _text(scheme, rest)
    if text is not None:
        try:
            return forms.signer_from(text, uri, secrets)
        except (KeyFileError, KeySourceError) as exc:
            raise named(uri, exc) from None
    if scheme in _SERVICES:
        service: Any = importlib.import_module(_SERVICES[scheme])
        return GuardedSigner(uri, lambda: service.open_signer(rest, secrets))
    return _third_party(scheme, uri, secrets)


def open_verification_key(uri: str, secrets: Secrets = _NOBODY) -> bytes:
    """The public half of a signing key, from wherever it or the secret half lives.

    Returns:
        32 bytes, or 1,984 (hybrid).

    Raises:
        BundleError: as `open_signer`.
    """
    scheme, rest = split(uri)
    text = _text(scheme, rest)
    if text is None:
        return open_signer(uri, secrets).public_key
    try:
        return forms.verification_key_from(text, uri, secrets)
    except (KeyFileError, KeySourceError) as exc:
        raise named(uri, exc) from None


def open_key(uri: str, secrets: Secrets = _NOBODY) -> tuple[bytes, Signer | None]:
    """The public half of a signing key, and the signer where the secret half is at hand.

    Raises:
        BundleError: as `open_signer`.
    """
    scheme, rest = split(uri)
    text = _text(scheme, rest)
    try:
        if text is not None and not forms.is_secret(text):
            return forms.verification_key_from(text, uri, secrets), None
        # Standard input is read once.
        signer = open_signer(uri, secrets) if text is None else forms.signer_from(text, uri, secrets)
    except (KeyFileError, KeySourceError) as exc:
        raise named(uri, exc) from None
    return signer.public_key, signer


def open_identities(uri: str, secrets: Secrets = _NOBODY) -> list[Identity]:
    """Every identity of a place; there may be many, and readers pick by hint.

    Args:
        uri: where they live.
        secrets: asked for passphrases of encrypted identities.

    Raises:
        BundleError: as `open_signer`.
    """
    try:
        return forms.identities_from(_key_text(uri), uri, secrets)
    except (KeyFileError, KeySourceError) as exc:
        raise named(uri, exc) from None


def open_recipients(uri: str) -> list[Recipient]:
    """Every recipient of a place, or the one that a recipient of age is itself.

    Raises:
        BundleError: as `open_signer`.
    """
    try:
        if is_recipient(uri):
            return [Recipient(*age.parse_recipient(uri))]
        return forms.recipients_from(_key_text(uri))
    except (KeyFileError, KeySourceError) as exc:
        raise named(uri, exc) from None


def open_keys(uri: str, secrets: Secrets = _NOBODY) -> tuple[list[Identity], list[Recipient]]:
    """Identities or recipients, whichever a place holds.

    Raises:
        BundleError: as `open_signer`.
    """
    if is_recipient(uri):
        return [], open_recipients(uri)
    try:
        text = _key_text(uri)
        if forms.is_secret(text) or forms.is_signing(text):
            return forms.identities_from(text, uri, secrets), []
        return [], forms.recipients_from(text)
    except (KeyFileError, KeySourceError) as exc:
        raise named(uri, exc) from None


def open_text(uri: str) -> str | None:
    """The text of a key, secret or not; None where a place never lets it out.

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """
    return _text(*split(uri))


def _key_text(uri: str) -> str:
    scheme, rest = split(uri)
    text = _text(scheme, rest)
    if text is None:
        if scheme in _SERVICES:
            raise refuse("KEY_SOURCE", f"{scheme} holds signing keys only")
        raise _unknown(scheme)
    return text


def _text(scheme: str, rest: str) -> str | None:
    if scheme == "file":
        data = files.read_file(rest)
    elif scheme == "env":
        data = _variable(rest)
    elif scheme == "keyring":
        from bundlefmt.keys import oskeyring  # noqa: PLC0415 - its library takes time to import

        data = oskeyring.read(rest)
    else:
        return None
    try:
        return forms.clean(data)
    except KeyFileError as exc:
        raise named(rest if scheme == "file" else f"{scheme}:{rest}", exc) from None


def _variable(name: str) -> bytes:
    value = os.environ.get(name)
    if value is None:
        raise refuse("KEY_SOURCE", f"the environment has no variable {name!a}")
    return os.fsencode(value)


def _unknown(scheme: str) -> BundleError:
    return refuse(
        "KEY_SOURCE",
        f"no key source {scheme!a} is known or installed; known are {', '.join(SCHEMES)}; "
        f"a file of that name is written with ./ in front",
    )


def _third_party(scheme: str, uri: str, secrets: Secrets) -> Signer:
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow, and rarely needed

    found = [point for point in entry_points(group=ENTRY_POINTS) if point.name == scheme]
    if not found:
        raise _unknown(scheme)
    if len({point.value for point in found}) > 1:
        raise refuse("KEY_SOURCE", f"more than one package provides the key source {scheme!a}")
    return GuardedSigner(uri, lambda: found[0].load()(uri, secrets))
