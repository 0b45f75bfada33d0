"""Key text in every form, from every editor and CI system; and one clear line for what is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.keyforms import (
    PASSPHRASE,
    PUBLIC,
    SEED,
    openssh,
    other_key,
    pkcs8,
    refused,
    spki,
    ssh_line,
)

from bundlefmt.crypto.keylock import LOG_N_MIN
from bundlefmt.keys import forms, protected
from bundlefmt.keys.hybrid import HybridSigner
from bundlefmt.keys.passphrases import NoSecrets, OneSecret
from bundlefmt.keys.recipients import HYBRID, X25519, Identity, format_recipient
from bundlefmt.wire.armor import TRUST, armor

AGE = json.loads((Path(__file__).parent / "age_keys.json").read_text())
OURS = Identity(X25519, SEED)
NOBODY = NoSecrets()
RIGHT, WRONG = OneSecret(PASSPHRASE), OneSecret(b"wrong")


def signer(data: bytes, secrets: Any = NOBODY) -> Any:
    return forms.signer_from(forms.clean(data), "the key", secrets)


def verification_key(data: bytes, secrets: Any = NOBODY) -> bytes:
    return forms.verification_key_from(forms.clean(data), "the key", secrets)


def identities(data: bytes, secrets: Any = NOBODY) -> list[Identity]:
    return forms.identities_from(forms.clean(data), "the key", secrets)


def recipients(data: bytes) -> list[Any]:
    return forms.recipients_from(forms.clean(data))


# What editors, shells and CI systems do to text

MANGLED = {
    "as it is": lambda data: data,
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "CR LF": lambda data: data.replace(b"\n", b"\r\n"),
    "no last line end": lambda data: data.rstrip(b"\n"),
    "all three": lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n").rstrip(b"\r\n"),
    "empty lines around": lambda data: b"\n\n" + data + b"\n\n",
}


@pytest.mark.parametrize("how", MANGLED)
def test_text_that_went_through_something(how: str) -> None:
    mangle = MANGLED[how]
    for data in (pkcs8(), openssh()):
        assert signer(mangle(data)).public_key == PUBLIC
    for data in (pkcs8(PASSPHRASE), openssh(PASSPHRASE)):
        assert signer(mangle(data), RIGHT).public_key == PUBLIC
    for data in (spki(), ssh_line(), pkcs8(), openssh()):
        assert verification_key(mangle(data)) == PUBLIC
    assert identities(mangle(OURS.armored().encode()))[0].recipient == OURS.recipient
    locked = protected.lock(OURS, PASSPHRASE, LOG_N_MIN).encode()
    assert identities(mangle(locked), RIGHT)[0].recipient == OURS.recipient
    assert recipients(mangle(format_recipient(OURS.recipient).encode())) == [OURS.recipient]
    for kind in ("x25519", "hybrid"):
        pair = AGE[kind]
        found = identities(mangle(b"# a comment\n" + pair["identity"].encode() + b"\n"))
        assert [each.recipient for each in found] == recipients(mangle(pair["recipient"].encode() + b"\n"))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (pkcs8().replace(b"\n", b"\\n"), "line ends were lost"),
        (pkcs8().replace(b"\n", b" "), "line ends were lost"),
        (OURS.armored().replace("\n", "").encode(), "line ends were lost"),
        (pkcs8().replace(b"\n", b"\n  "), "spaces"),
        (pkcs8().decode().encode("utf-16"), "UTF-16"),
        (b"\xff\xff\xff\xff", "not a text file"),
        (b"\r\n\n", "is empty"),
        (b"", "is empty"),
    ],
)
def test_text_that_cannot_be_put_right(data: bytes, word: str) -> None:
    assert word in refused(forms.clean, data)


# Signing keys


def test_encrypted_signing_keys() -> None:
    for data in (pkcs8(PASSPHRASE), openssh(PASSPHRASE)):
        assert verification_key(data, RIGHT) == PUBLIC
        assert "wrong passphrase" in refused(signer, data, WRONG)
        assert "nobody can be asked" in refused(signer, data, NOBODY, code="KEY_SOURCE")
        assert forms.is_locked(forms.clean(data))
    for data in (pkcs8(), openssh(), spki(), ssh_line()):
        assert not forms.is_locked(forms.clean(data))
        assert forms.is_signing(forms.clean(data))


def test_a_passphrase_is_not_asked_for_in_vain() -> None:
    class Never:
        def ask(self, what: str) -> bytes | None:
            raise AssertionError(what)

    assert signer(pkcs8(), Never()).public_key == PUBLIC
    assert identities(OURS.armored().encode(), Never())


def test_hybrid_signing_keys() -> None:
    one = HybridSigner.generate()
    assert signer(one.private_pem()).public_key == one.public_key
    assert verification_key(one.public_pem()) == one.public_key
    assert verification_key(one.private_pem()) == one.public_key


def bad_signers() -> list[tuple[bytes, str]]:
    begin, *body, end, _ = pkcs8().split(b"\n")
    ssh = openssh().split(b"\n")
    return [
        (b"nothing here\n", "no private key"),
        (b"\n".join((begin, *body)), "damaged"),
        (b"\n".join((begin, b"AAAA", end)), "damaged"),
        (b"\n".join((begin, body[0][:-4], end)), "damaged"),
        (b"\n".join((begin, body[0].replace(b"M", b"!", 1), end)), "damaged"),
        (b"\n".join((*ssh[:3], *ssh[4:])), "damaged"),
        (b"\n".join((ssh[0], b"AAAA", *ssh[-2:])), "damaged"),
        (pkcs8(key=other_key()), "not an Ed25519"),
        (openssh(key=other_key()), "not an Ed25519"),
        (b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "RSA"),
        (b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "Ed25519"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n", "OpenPGP"),
        (armor(TRUST, bytes(40)).encode(), "trust file"),
        (OURS.armored().encode(), "decryption"),
        (protected.lock(OURS, PASSPHRASE, LOG_N_MIN).encode(), "decryption"),
        (AGE["x25519"]["identity"].encode(), "decryption"),
        (spki(), "public half"),
        (ssh_line(), "public half"),
        (pkcs8() + pkcs8(key=other_key()), "ML-DSA-65"),
    ]


@pytest.mark.parametrize(("data", "word"), bad_signers())
def test_what_is_no_signing_key(data: bytes, word: str) -> None:
    assert word in refused(signer, data, RIGHT)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (spki(other_key()), "not an Ed25519"),
        (ssh_line(other_key()), "not an Ed25519"),
        (b"ssh-ed25519 AAAA somebody\n", "damaged"),
        (b"ssh-rsa AAAAB3NzaC1yc2E= somebody\n", "damaged"),
        (b"sk-ssh-ed25519@openssh.com AAAA somebody\n", "damaged"),
        (ssh_line() + ssh_line(), "more than one"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "damaged"),
        (format_recipient(OURS.recipient).encode(), "decryption"),
    ],
)
def test_what_is_no_verification_key(data: bytes, word: str) -> None:
    assert word in refused(verification_key, data)


# Decryption keys


def test_a_keyring_of_every_kind() -> None:
    locked = [Identity.generate(kind) for kind in (X25519, HYBRID)]
    text = "\n".join(
        (
            "a comment that stands here",
            OURS.armored(),
            *(protected.lock(each, PASSPHRASE, LOG_N_MIN) for each in locked),
            AGE["hybrid"]["identity"],
            "# another",
            AGE["x25519"]["identity"],
        )
    ).encode()
    asked: list[str] = []

    class Once:
        def ask(self, what: str) -> bytes | None:
            asked.append(what)
            return PASSPHRASE

    found = identities(text, Once())
    assert len(found) == 5
    assert {each.recipient for each in found} >= {OURS.recipient, *(each.recipient for each in locked)}
    # Two blocks under one passphrase: asked once, and by the name of the first.
    assert len(asked) == 1
    assert locked[0].recipient.key_id.hex() in asked[0]
    assert len(forms.scan_identities(forms.clean(text))) == 5
    assert "wrong passphrase" in refused(identities, text, WRONG)
    assert "nobody" in refused(identities, text, NOBODY, code="KEY_SOURCE")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"nothing here\n", "no block 'BUNDLEFMT IDENTITY'"),
        (pkcs8(), "signing key"),
        (openssh(), "signing key"),
        (spki(), "signing key"),
        (format_recipient(OURS.recipient).encode(), "public half"),
        (AGE["x25519"]["recipient"].encode(), "public half"),
        (armor(TRUST, bytes(40)).encode(), "trust file"),
        (armor("SOMETHING ELSE", SEED).encode(), "SOMETHING ELSE"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n", "age first"),
        (AGE["x25519"]["identity"].lower().encode(), "damaged"),
        (AGE["x25519"]["identity"][:-1].encode(), "damaged"),
        (AGE["x25519"]["identity"].replace("Q", "P", 1).encode(), "damaged"),
        (AGE["hybrid"]["identity"][:-8].encode(), "damaged"),
        (b"AGE-SECRET-KEY-1QQQQ\n", "damaged"),
        (b"AGE-PLUGIN-YUBIKEY-1QQQQ\n", "plugins"),
        (OURS.armored().encode()[:-20], "END"),
    ],
)
def test_what_is_no_identity(data: bytes, word: str) -> None:
    assert word in refused(identities, data, RIGHT)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"nothing here\n", "no block 'BUNDLEFMT RECIPIENT'"),
        (pkcs8(), "signing key"),
        (spki(), "signing key"),
        (ssh_line(), "signing key"),
        (OURS.armored().encode(), "secret"),
        (AGE["hybrid"]["identity"].encode(), "secret"),
        (AGE["x25519"]["recipient"].upper().encode(), "damaged"),
        (AGE["x25519"]["recipient"][:-1].encode(), "damaged"),
        (AGE["hybrid"]["recipient"][:-1].encode(), "damaged"),
        (b"age1yubikey1qqqq\n", "damaged"),
    ],
)
def test_what_is_no_recipient(data: bytes, word: str) -> None:
    assert word in refused(recipients, data)


def test_keys_of_age_are_ours() -> None:
    for kind, number in (("x25519", X25519), ("hybrid", HYBRID)):
        (one,) = identities(AGE[kind]["identity"].encode())
        (public,) = recipients(AGE[kind]["recipient"].encode())
        assert (one.type, one.recipient) == (number, public)
