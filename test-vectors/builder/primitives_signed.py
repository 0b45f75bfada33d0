"""Vectors for the bytes that are signed and for the kids of keys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import cbor2

from . import primitives_curve as curve
from .primitives_ed25519form import TestKey
from .primitives_form import Case, Family, accept, pattern, refuse, require, test_only

COMMENT = """
Signed bytes (section 3). of = 'kid': public_key gives kid. of = 'structure': kid, label (text)
and payload (hexadecimal) give to_be_signed. of = 'signature': is the signature of public_key
valid over the payload under this label?
"""
RELEASE, POINTER, TRUST = "bundlefmt/1 release", "bundlefmt/1 pointer", "bundlefmt/1 trust"


def kid(public_key: bytes) -> bytes:
    """The COSE key thumbprint of an Ed25519 key."""
    return hashlib.sha256(bytes.fromhex("a301012006215820") + public_key).digest()


def byte_string(data: bytes) -> bytes:
    """A CBOR byte string with its shortest head."""
    length = len(data)
    for limit, head, width in ((24, 0x40, 0), (256, 0x58, 1), (65536, 0x59, 2)):
        if length < limit:
            first = head | length if width == 0 else head
            return bytes([first]) + (length.to_bytes(width, "big") if width else b"") + data
    raise ValueError("longer than any section")


def structure(key_id: bytes, label: str, payload: bytes) -> bytes:
    """The COSE `Sig_structure`, written by hand."""
    protected = bytes.fromhex("5826a20132045820") + key_id
    signed = bytes.fromhex("846a") + b"Signature1" + protected
    signed += byte_string(label.encode()) + byte_string(payload)
    # A general encoder makes the same bytes of the same array.
    inner = cbor2.dumps({1: -19, 4: key_id}, canonical=True)
    again = cbor2.dumps(["Signature1", inner, label.encode(), payload], canonical=True)
    require(signed == again, "the two encoders differ")
    return signed


def _kids() -> Iterator[Case]:
    keys = [(f"kid-of-key-{i}", TestKey(f"signed key {i}").public) for i in range(4)]
    keys.append(("kid-of-all-zero-key", bytes(32)))
    keys.append(("kid-of-all-ones-key", b"\xff" * 32))
    for name, public_key in keys:
        again = cbor2.dumps({1: 1, -1: 6, -2: public_key})
        require(hashlib.sha256(again).digest() == kid(public_key), f"{name}: another thumbprint")
        yield accept(
            name,
            "the COSE key thumbprint; a kid says nothing about the quality of its key",
            "SIG-4",
            {"of": "kid", "public_key": public_key.hex()},
            {"kid": kid(public_key).hex()},
        )


def _structures() -> Iterator[Case]:
    key_id = kid(TestKey("signed key 0").public)
    for label in (RELEASE, POINTER):
        word = label.split()[1]
        for length in (1, 23, 24, 255, 256, 1024):
            payload = pattern(length)
            yield accept(
                f"{word}-payload-{length}",
                "the head of the payload at the edge of a width",
                "SIG-8",
                {"of": "structure", "kid": key_id.hex(), "label": label, "payload": payload.hex()},
                {"to_be_signed": structure(key_id, label, payload).hex()},
            )
    digest = hashlib.sha256(b"a trust document").digest()
    for name, own_id in (("trust-digest", key_id), ("trust-digest-other-kid", test_only("kid"))):
        yield accept(
            name,
            "the payload of a trust signature is always 32 bytes",
            "SIG-8",
            {"of": "structure", "kid": own_id.hex(), "label": TRUST, "payload": digest.hex()},
            {"to_be_signed": structure(own_id, TRUST, digest).hex()},
        )


def _signatures() -> Iterator[Case]:
    key, other = TestKey("signed key 0"), TestKey("signed key 1")
    payload = pattern(200)

    def inputs(signer: TestKey, label: str, signature: bytes, body: bytes = payload) -> dict[str, str]:
        return {
            "of": "signature",
            "public_key": signer.public.hex(),
            "label": label,
            "payload": body.hex(),
            "signature": signature.hex(),
        }

    def signed(label: str, key_id: bytes | None = None) -> bytes:
        return key.sign(structure(key_id or kid(key.public), label, payload))

    for label in (RELEASE, POINTER, TRUST):
        word = label.split()[1]
        message = structure(kid(key.public), label, payload)
        require(curve.strict(key.public, message, signed(label)), f"{word}: invalid")
        yield accept(
            f"signature-{word}",
            "valid under its own label",
            "SIG-8",
            inputs(key, label, signed(label)),
            {},
        )
        for wrong in (RELEASE, POINTER, TRUST):
            if wrong != label:
                yield refuse(
                    f"signature-{word}-as-{wrong.split()[1]}",
                    "valid under another label only",
                    "SIG-8",
                    inputs(key, wrong, signed(label)),
                )
    message = structure(kid(key.public), RELEASE, payload)
    for name, comment, rules, case in (
        (
            "signature-without-structure",
            "over the bare payload",
            "SIG-8",
            inputs(key, RELEASE, key.sign(payload)),
        ),
        (
            "signature-over-digest",
            "over the SHA-256 of the signed bytes",
            "SIG-8",
            inputs(key, RELEASE, key.sign(hashlib.sha256(message).digest())),
        ),
        (
            "signature-kid-of-other-key",
            "the signed kid is that of another key",
            "SIG-4",
            inputs(key, RELEASE, signed(RELEASE, kid(other.public))),
        ),
        (
            "signature-alg-minus-8",
            "the deprecated number of EdDSA in the protected header",
            "SIG-8",
            inputs(key, RELEASE, key.sign(message.replace(b"\xa2\x01\x32", b"\xa2\x01\x27"))),
        ),
        (
            "signature-empty-aad",
            "the label is missing",
            "SIG-8",
            inputs(key, RELEASE, key.sign(structure(kid(key.public), "", payload))),
        ),
        (
            "signature-other-payload",
            "one byte of the payload differs",
            "SIG-5",
            inputs(key, RELEASE, signed(RELEASE), b"\x01" + payload[1:]),
        ),
    ):
        public_key = bytes.fromhex(case["public_key"])
        tried = structure(kid(public_key), case["label"], bytes.fromhex(case["payload"]))
        require(not curve.strict(public_key, tried, bytes.fromhex(case["signature"])), f"{name}: valid")
        yield refuse(name, comment, rules, case)


def build() -> Family:
    """The family sig-structure."""
    return Family("sig-structure", COMMENT, [*_kids(), *_structures(), *_signatures()])
