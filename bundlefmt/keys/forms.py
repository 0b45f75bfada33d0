"""Key text in every form that people have, from wherever it came (spec/keys.md section 2).

Text in, keys out; nothing here opens a file. A form is told by what stands in the text, never by a name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bundlefmt.errors import refuse
from bundlefmt.keys import age, protected
from bundlefmt.keys.passphrases import Secrets, demand
from bundlefmt.keys.recipients import Identity, Recipient, parse_identities, parse_recipients
from bundlefmt.wire import armor

if TYPE_CHECKING:
    from bundlefmt.keys.hybrid import HybridSigner
    from bundlefmt.keys.signers import FileSigner

_BEGIN = "-----BEGIN "
_LABEL = re.compile(r"^-----BEGIN ([^\n]*?)-----$", re.MULTILINE)
_BLOCK = re.compile(r"^-----BEGIN ([^\n]*?)-----\n.*?^-----END \1-----$", re.MULTILINE | re.DOTALL)
_PRIVATE = frozenset({"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"})
_PUBLIC = "PUBLIC KEY"
_OURS = frozenset({armor.IDENTITY, armor.RECIPIENT, protected.LABEL})
# What people give in place of a key, and what to say about it.
_MISTAKES = {
    armor.TRUST: "this is a trust file, not a key",
    "AGE ENCRYPTED FILE": "the age key file is encrypted; decrypt it with age first",
    "CERTIFICATE": "this is a certificate, not a key",
    "RSA PRIVATE KEY": "RSA keys are not supported; signing keys are Ed25519",
    "RSA PUBLIC KEY": "RSA keys are not supported; signing keys are Ed25519",
    "EC PRIVATE KEY": "the key is not an Ed25519 key",
    "DSA PRIVATE KEY": "the key is not an Ed25519 key",
    "PGP PRIVATE KEY BLOCK": "OpenPGP keys are not supported",
    "PGP PUBLIC KEY BLOCK": "OpenPGP keys are not supported",
    "SSH2 PUBLIC KEY": "give the one-line form of the public key; ssh-keygen -i converts it",
}


def clean(data: bytes) -> str:
    """The text of a key as editors, CI systems and shells leave it.

    A byte order mark, CR LF line ends and a missing last line end are put right; nothing else is.

    Raises:
        KeyFileError: KEY_FILE; the message holds nothing of the text.
    """
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise refuse("KEY_FILE", "is UTF-16 text; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse("KEY_FILE", "is not a text file") from None
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise refuse("KEY_FILE", "is empty")
    if _BEGIN in text:
        if "\n" not in text.strip():
            raise refuse("KEY_FILE", "its line ends were lost on the way; keep the key as several lines")
        if any(line != line.strip() and line.strip().startswith("-----") for line in text.split("\n")):
            raise refuse("KEY_FILE", "a line of the key begins or ends with spaces")
    return text if text.endswith("\n") else text + "\n"


def _labels(text: str) -> list[str]:
    labels = _LABEL.findall(text)
    for label in labels:
        if label in _MISTAKES:
            raise refuse("KEY_FILE", _MISTAKES[label])
    return labels


def _lines(text: str) -> list[str]:
    """Lines outside of blocks that are no comments."""
    lines = (line.strip() for line in _BLOCK.sub("", text).split("\n"))
    return [line for line in lines if line and not line.startswith("#")]


def is_secret(text: str) -> bool:
    """Whether a text holds a secret key of any form."""
    labels = set(_LABEL.findall(text))
    return bool(labels & {armor.IDENTITY, protected.LABEL, *_PRIVATE}) or any(
        map(age.looks_like_identity, _lines(text))
    )


def is_signing(text: str) -> bool:
    """Whether a text holds a signing key or its public half."""
    labels = set(_LABEL.findall(text))
    return bool(labels & {*_PRIVATE, _PUBLIC}) or (
        not labels and any(line.startswith(("ssh-", "sk-", "ecdsa-")) for line in _lines(text))
    )


def is_locked(text: str) -> bool:
    """Whether the signing key of a text asks for a passphrase."""
    from bundlefmt.crypto import keypem  # noqa: PLC0415

    return bool(set(_LABEL.findall(text)) & _PRIVATE) and keypem.is_locked(text.encode())


# Decryption keys


def scan_identities(text: str) -> list[Identity | protected.Locked]:
    """Every identity of a text, in its order; encrypted ones stay locked.

    Raises:
        KeyFileError: KEY_FILE; the message holds nothing of the text.
    """
    labels = _labels(text)
    if set(labels) & {*_PRIVATE, _PUBLIC}:
        raise refuse("KEY_FILE", "this is a signing key, not an identity to decrypt with")
    if armor.RECIPIENT in labels:
        raise refuse(
            "KEY_FILE", f"expected a block {armor.IDENTITY!r}, found {armor.RECIPIENT!r}: this is the public half"
        )
    if foreign := [label for label in labels if label not in _OURS]:
        raise refuse("KEY_FILE", f"expected a block {armor.IDENTITY!r}, found {foreign[0]!a}")
    found: list[Identity | protected.Locked] = []
    blocks = armor.dearmor(text)
    for block in blocks:
        if block.label == protected.LABEL:
            found.append(protected.parse(block.data))
        else:
            found += parse_identities(armor.armor(block.label, block.data))
    for line in _lines(text):
        if age.looks_like_identity(line):
            found.append(Identity(*age.parse_identity(line)))
        elif not blocks and age.looks_like_recipient(line):
            raise refuse("KEY_FILE", "this is an age recipient, the public half of an identity")
    if not found:
        raise refuse("KEY_FILE", f"no block {armor.IDENTITY!r} in the file, and no other identity")
    return found


def identities_from(text: str, name: str, secrets: Secrets) -> list[Identity]:
    """Every identity of a text; encrypted ones are unlocked.

    Args:
        text: from `clean`.
        name: of the place it came from, for the question.
        secrets: asked once for each passphrase that is not known yet.

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """
    found: list[Identity] = []
    known: bytes | None = None
    for item in scan_identities(text):
        if isinstance(item, Identity):
            found.append(item)
            continue
        identity = item.unlock(known) if known else None
        if identity is None:
            known = demand(secrets, f"passphrase of {item.name} in {name}")
            identity = item.unlock(known)
        if identity is None:
            raise refuse("KEY_FILE", f"wrong passphrase for {item.name}")
        found.append(identity)
    return found


def recipients_from(text: str) -> list[Recipient]:
    """Every recipient of a text.

    Raises:
        KeyFileError: KEY_FILE.
    """
    labels = _labels(text)
    if set(labels) & {*_PRIVATE, _PUBLIC}:
        raise refuse("KEY_FILE", "this is a signing key, not a recipient to encrypt for")
    if is_secret(text):
        raise refuse("KEY_FILE", f"expected a block {armor.RECIPIENT!r}: this is a secret; give its public half")
    found = parse_recipients(text) if labels else []
    for line in _lines(text):
        if age.looks_like_recipient(line):
            found.append(Recipient(*age.parse_recipient(line)))
        elif not labels and line.startswith(("ssh-", "ecdsa-", "sk-")):
            raise refuse("KEY_FILE", "an OpenSSH key is a signing key, not a recipient to encrypt for")
    if not found:
        raise refuse("KEY_FILE", f"no block {armor.RECIPIENT!r} in the file, and no other recipient")
    return found


# Signing keys


def signer_from(text: str, name: str, secrets: Secrets) -> FileSigner | HybridSigner:
    """The signing key of a text.

    Args:
        text: from `clean`.
        name: of the place it came from, for the question.
        secrets: asked when the key is encrypted.

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """
    from bundlefmt.crypto import keypem  # noqa: PLC0415 - slow to import, and readers have no PEM
    from bundlefmt.keys.hybrid import HybridSigner, is_hybrid  # noqa: PLC0415
    from bundlefmt.keys.signers import FileSigner  # noqa: PLC0415

    labels = _labels(text)
    if set(labels) & _OURS or any(map(age.looks_like_identity, _lines(text))):
        raise refuse("KEY_FILE", "this is a key for decryption, not a signing key")
    if not set(labels) & _PRIVATE:
        public = _PUBLIC in labels or any(line.startswith("ssh-") for line in _lines(text))
        raise refuse(
            "KEY_FILE", "this is the public half; give the private key" if public else "no private key in PEM form"
        )
    data = text.encode()
    password = demand(secrets, f"passphrase of {name}") if keypem.is_locked(data) else None
    return (HybridSigner if is_hybrid(data) else FileSigner).from_pem(data, password)


def verification_key_from(text: str, name: str, secrets: Secrets) -> bytes:
    """The public half of a signing key, from it or from the private one.

    Returns:
        32 bytes, or 1,984 (hybrid).

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """
    from bundlefmt.crypto import hybridpem, keypem  # noqa: PLC0415

    labels = _labels(text)
    if labels and set(labels) == {_PUBLIC}:
        return keypem.load_public(text.encode()) if len(labels) == 1 else hybridpem.load_public(text.encode())
    lines = [] if labels else [line for line in _lines(text) if line.startswith(("ssh-", "sk-", "ecdsa-"))]
    if len(lines) == 1:
        return keypem.load_public_line(lines[0])
    if len(lines) > 1:
        raise refuse("KEY_FILE", "more than one public key in the file")
    return signer_from(text, name, secrets).public_key
