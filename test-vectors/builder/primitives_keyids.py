"""Vectors for key ids, hints, identities and the armor of key files."""

from __future__ import annotations

from collections.abc import Iterator

from . import primitives_hpke as hpke
from .primitives_armor import armor_cases, check
from .primitives_ed25519form import TestKey
from .primitives_form import Case, Family, accept, pattern, test_only
from .primitives_signed import kid

COMMENT = """
What follows from keys, and the files that keep them. of = 'signer': the kid of an Ed25519
public_key. of = 'recipient': the recipient key id of type and public_key. of = 'hint': the hint
of type, enc and public_key. of = 'identity': public_key and recipient key id of type and secret,
and for type 2 the 96 bytes expanded from it (ML-KEM seed d || z, then the X25519 secret). of =
'check': the check of label, type and key. of = 'armor': text of a file that should hold blocks of
label; the output has for each block its type and key, for trust its content. Damaged trust armor
is refused with TRUST_FILE, the other two with KEY_FILE. All secrets are for tests only.
"""


def _signers() -> Iterator[Case]:
    for i in range(3):
        public = TestKey(f"key id {i}").public
        yield accept(
            f"signer-{i}",
            "the COSE key thumbprint",
            "SIG-4",
            {"of": "signer", "public_key": public.hex()},
            {"kid": kid(public).hex()},
        )


def _identities() -> Iterator[Case]:
    for type_ in (1, 2):
        for name, secret in (
            ("a", test_only(f"identity {type_} a")),
            ("b", test_only(f"identity {type_} b")),
            ("all-zero", bytes(32)),
            ("all-ones", b"\xff" * 32),
        ):
            key = hpke.RecipientKey(type_, secret)
            output = {
                "public_key": key.public.hex(),
                "key_id": hpke.key_id(type_, key.public).hex(),
            }
            if type_ == 2:
                output["expanded"] = key.expanded.hex()
            yield accept(
                f"identity-{type_}-{name}",
                "the X25519 secret is clamped when it is used" if type_ == 1 else "the seed is expanded with SHAKE256",
                "RCP-6",
                {"of": "identity", "type": type_, "secret": secret.hex()},
                output,
            )


def _ids() -> Iterator[Case]:
    for type_ in (1, 2):
        for name in ("a", "b"):
            public = hpke.RecipientKey(type_, test_only(f"identity {type_} {name}")).public
            yield accept(
                f"recipient-{type_}-{name}",
                "the id that tools show",
                "RCP-6",
                {"of": "recipient", "type": type_, "public_key": public.hex()},
                {"key_id": hpke.key_id(type_, public).hex()},
            )
        public = hpke.RecipientKey(type_, test_only(f"identity {type_} a")).public
        for name, enc in (
            ("pattern", pattern(hpke.ENC_LENGTH[type_])),
            ("zero", bytes(hpke.ENC_LENGTH[type_])),
        ):
            yield accept(
                f"hint-{type_}-{name}",
                "differs from bundle to bundle, because enc does",
                "RCP-6",
                {"of": "hint", "type": type_, "enc": enc.hex(), "public_key": public.hex()},
                {"hint": hpke.hint(type_, enc, public).hex()},
            )
    key = hpke.RecipientKey(1, test_only("identity 1 a")).public
    for type_ in (2570, 61440, 65535):
        yield accept(
            f"recipient-{type_}",
            "the type is two bytes, also where it is unknown",
            "RCP-6",
            {"of": "recipient", "type": type_, "public_key": key.hex()},
            {"key_id": hpke.key_id(type_, key).hex()},
        )


def _checks() -> Iterator[Case]:
    for word in ("IDENTITY", "RECIPIENT"):
        for type_ in (1, 2):
            key = hpke.RecipientKey(type_, test_only(f"identity {type_} a"))
            data = key.secret if word == "IDENTITY" else key.public
            label = f"BUNDLEFMT {word}"
            yield accept(
                f"check-{word.lower()}-{type_}",
                "the label is the one of the armor, without dashes",
                "ARM-1",
                {"of": "check", "label": label, "type": type_, "key": data.hex()},
                {"check": check(label, type_, data).hex()},
            )


def build() -> Family:
    """The family key-ids."""
    return Family("key-ids", COMMENT, [*_signers(), *_identities(), *_ids(), *_checks(), *armor_cases()])
