"""Vectors for unwrapping a CEK. Wraps are random in every library, so these are fixed outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from . import primitives_hpke as hpke
from .primitives_form import Case, Family, VectorError, accept, frozen, refuse, require, test_only

COMMENT = """
Unwrapping a CEK (section 6). Input: type and identity (the secret, hexadecimal), suite, kind,
publisher_id, bundle_id, and the payload of one recipient entry. Output: cek, and info, the HPKE
info it was bound with. A refusal with NO_IDENTITY means that this entry is skipped; one with
RECIPIENT_TABLE that the length is refused before any decryption. Whether a CEK that comes out is
the right one is decided by the manifest's commitment, not here.
"""
PUBLISHER, BUNDLE = test_only("publisher id"), test_only("bundle id", 16)
CEK = test_only("content-encryption key")
LOW_ORDER = {
    "zero": "00" * 32,
    "one": "01" + "00" * 31,
    "order-8-a": "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "order-8-b": "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "p-minus-1": "ec" + "ff" * 30 + "7f",
    "p": "ed" + "ff" * 30 + "7f",
    "p-plus-1": "ee" + "ff" * 30 + "7f",
}


class Maker:
    """Makes payloads for one identity, in the right way and in wrong ones."""

    def __init__(self, type_: int) -> None:
        self.type = type_
        self.key = hpke.RecipientKey(type_, test_only(f"recipient of type {type_}"))
        self.info = self.bound()

    def bound(self, suite: int = 1, kind: int = 1, type_: int | None = None) -> bytes:
        """The info of the bundle of these vectors."""
        return hpke.wrap_info(suite, kind, PUBLISHER, BUNDLE, type_ or self.type)

    def payload(
        self,
        name: str,
        info: bytes | None = None,
        *,
        cek: bytes = CEK,
        aad: bytes = b"",
        half: bytes | None = None,
    ) -> bytes:
        """`enc || ciphertext`; `half` replaces the X25519 part of enc by bytes of our choice."""
        secret = test_only(f"ephemeral {self.type} {name}")
        own = self.key.secret if self.type == 1 else self.key.expanded[64:]
        if half is None:
            half = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        shared = hpke.dh(own, half)
        enc = half
        if self.type == 1:
            shared = hpke.shared_type_1(shared, enc, self.key.public)
        else:
            made = frozen("ML-KEM-768 ciphertexts", name, lambda: hpke.encapsulate_once(self.key.public).hex())
            enc = bytes.fromhex(made) + half
            mlkem = self.key.mlkem.decapsulate(enc[:1088])
            shared = hpke.shared_type_2(mlkem, shared, enc, self.key.public)
        return enc + hpke.seal(self.type, shared, self.info if info is None else info, cek, aad)

    def hinted(self, payload: bytes, public: bytes | None = None, type_: int | None = None) -> bytes:
        """The payload with a hint before it."""
        enc = payload[: hpke.ENC_LENGTH[self.type]]
        return hpke.hint(type_ or self.type, enc, public or self.key.public) + payload

    def inputs(self, payload: bytes, **changed: Any) -> dict[str, Any]:
        """The input of a case."""
        return {
            "type": self.type,
            "identity": self.key.secret.hex(),
            "suite": 1,
            "kind": 1,
            "publisher_id": PUBLISHER.hex(),
            "bundle_id": BUNDLE.hex(),
            "payload": payload.hex(),
        } | changed


def unwrap(case: dict[str, Any]) -> bytes | None:
    """The rule, with the library's HPKE; the hint is compared before anything is opened."""
    key = hpke.RecipientKey(case["type"], bytes.fromhex(case["identity"]))
    payload = bytes.fromhex(case["payload"])
    enc_length = hpke.ENC_LENGTH[key.type]
    if len(payload) == enc_length + 52:
        if payload[:4] != hpke.hint(key.type, payload[4 : 4 + enc_length], key.public):
            return None
        payload = payload[4:]
    elif len(payload) != enc_length + 48:
        return None
    publisher, bundle = bytes.fromhex(case["publisher_id"]), bytes.fromhex(case["bundle_id"])
    return key.open(payload, hpke.wrap_info(case["suite"], case["kind"], publisher, bundle, key.type))


def _good(name: str, comment: str, rules: str, inputs: dict[str, Any]) -> Case:
    cek = unwrap(inputs)
    if cek is None:
        raise VectorError(f"{name}: does not open")
    publisher, bundle = bytes.fromhex(inputs["publisher_id"]), bytes.fromhex(inputs["bundle_id"])
    info = hpke.wrap_info(inputs["suite"], inputs["kind"], publisher, bundle, inputs["type"])
    return accept(name, comment, rules, inputs, {"cek": cek.hex(), "info": info.hex()})


def _bad(name: str, comment: str, rules: str, inputs: dict[str, Any], code: str = "NO_IDENTITY") -> Case:
    require(unwrap(inputs) is None, f"{name}: opens")
    return refuse(name, comment, rules, inputs, code)


def _valid(maker: Maker) -> Iterator[Case]:
    t = f"type-{maker.type}"
    plain = maker.payload("valid")
    yield _good(f"{t}-anonymous", "without hint", "RCP-6", maker.inputs(plain))
    yield _good(f"{t}-hinted", "with a hint", "RCP-6", maker.inputs(maker.hinted(plain)))
    pointer = maker.payload("pointer", maker.bound(kind=2))
    yield _good(f"{t}-pointer", "bound to kind 2", "RCP-6", maker.inputs(pointer, kind=2))
    other = maker.payload("other cek", cek=test_only("another key"))
    yield _good(
        f"{t}-other-cek",
        "opens; whether the CEK is the right one is not known here",
        "RCP-7",
        maker.inputs(other),
    )
    unreduced = maker.payload("not reduced", half=(2**255 - 10).to_bytes(32, "little"))
    yield _good(
        f"{t}-x25519-not-reduced",
        "the X25519 part of enc is p + 9: RFC 7748 reduces it, the binding keeps its bytes",
        "RCP-7",
        maker.inputs(unreduced),
    )


def _flipped(data: bytes) -> str:
    return (data[:-1] + bytes([data[-1] ^ 1])).hex()


def _bound(maker: Maker) -> Iterator[Case]:
    t = f"type-{maker.type}"
    plain = maker.payload("valid")
    for name, changed in (
        ("suite", {"suite": 2}),
        ("suite-high-byte", {"suite": 257}),
        ("kind", {"kind": 2}),
        ("publisher", {"publisher_id": _flipped(PUBLISHER)}),
        ("publisher-zero", {"publisher_id": "00" * 32}),
        ("bundle", {"bundle_id": _flipped(BUNDLE)}),
    ):
        yield _bad(f"{t}-other-{name}", "bound to another place", "RCP-7", maker.inputs(plain, **changed))
    hinted = maker.inputs(maker.hinted(plain), kind=2)
    yield _bad(f"{t}-hinted-other-kind", "the hint fits and the binding does not", "RCP-6 RCP-7", hinted)
    right = maker.info
    for name, comment, info in (
        ("type", "bound to the other type", maker.bound(type_=3 - maker.type)),
        ("type-u8", "the type in one byte", right[:-2] + right[-1:]),
        ("kind-u16", "the kind in two bytes", right[:19] + b"\x00" + right[19:]),
        (
            "no-separator",
            "without the zero byte after the label",
            right.replace(b"wrap\x00", b"wrap"),
        ),
        ("label", "another label", right.replace(b"wrap", b"hint")),
        ("empty", "no info", b""),
        (
            "order",
            "publisher and bundle the other way round",
            right[:20] + BUNDLE + PUBLISHER + right[-2:],
        ),
    ):
        payload = maker.payload(f"info {name}", info)
        yield _bad(f"{t}-info-{name}", comment, "RCP-7", maker.inputs(payload))
    yield _bad(
        f"{t}-aad",
        "sealed with an additional text",
        "RCP-7",
        maker.inputs(maker.payload("aad", aad=b"a")),
    )


def _damaged(maker: Maker) -> Iterator[Case]:
    t = f"type-{maker.type}"
    plain = maker.payload("valid")
    hinted = maker.hinted(plain)
    enc = hpke.ENC_LENGTH[maker.type]
    positions = {
        "enc-first": 0,
        "enc-last": enc - 1,
        "ciphertext-first": enc,
        "ciphertext-last": enc + 31,
        "tag-first": enc + 32,
        "tag-last": enc + 47,
    }
    if maker.type == 2:
        positions |= {"mlkem-middle": 500, "mlkem-last": 1087, "x25519-first": 1088}
    for name, at in positions.items():
        payload = plain[:at] + bytes([plain[at] ^ 1]) + plain[at + 1 :]
        yield _bad(f"{t}-flipped-{name}", "one bit is flipped", "RCP-7", maker.inputs(payload))
    masked = plain[: enc - 1] + bytes([plain[enc - 1] ^ 0x80]) + plain[enc:]
    yield _bad(
        f"{t}-x25519-top-bit",
        "X25519 ignores this bit, the binding of enc does not",
        "RCP-7",
        maker.inputs(masked),
    )
    yield _bad(f"{t}-all-zero", "only zeros", "RCP-7 RCP-9", maker.inputs(bytes(len(plain))))
    yield _bad(
        f"{t}-enc-of-other",
        "enc of another wrap",
        "RCP-7",
        maker.inputs(maker.payload("other")[:enc] + plain[enc:]),
    )
    for name, comment, payload in (
        (
            "flipped",
            "one bit of the hint is flipped; the rest would open",
            bytes([hinted[0] ^ 1]) + hinted[1:],
        ),
        ("zero", "a hint of zeros is a hint; the rest would open", bytes(4) + plain),
        (
            "of-other-key",
            "the hint of another recipient",
            maker.hinted(plain, test_only("another public key", len(maker.key.public))),
        ),
        (
            "of-other-type",
            "the hint with the other type's number",
            maker.hinted(plain, type_=3 - maker.type),
        ),
        ("last", "the hint at the end", plain + hinted[:4]),
    ):
        yield _bad(f"{t}-hint-{name}", comment, "RCP-6", maker.inputs(payload))
    for length in (0, 1, enc, len(plain) - 1, len(plain) + 1, len(plain) + 3, len(plain) + 5):
        payload = (hinted + b"\x00")[:length] if length > len(plain) else plain[:length]
        yield _bad(
            f"{t}-length-{length}",
            "not a length of this type",
            "RCP-3",
            maker.inputs(payload),
            "RECIPIENT_TABLE",
        )
    stranger = test_only(f"stranger of type {maker.type}").hex()
    yield _bad(
        f"{t}-wrong-identity",
        "the identity of somebody else",
        "RCP-7",
        maker.inputs(plain, identity=stranger),
    )
    yield _bad(
        f"{t}-hinted-wrong-identity",
        "somebody else's hint: nothing is tried",
        "RCP-6",
        maker.inputs(hinted, identity=stranger),
    )


def _low_order(maker: Maker) -> Iterator[Case]:
    for name, point in LOW_ORDER.items():
        half = bytes.fromhex(point)
        own = maker.key.secret if maker.type == 1 else maker.key.expanded[64:]
        require(hpke.dh(own, half) == bytes(32), f"{name}: not of low order")
        payload = maker.payload(f"low order {name}", half=half)
        yield _bad(
            f"type-{maker.type}-low-order-{name}",
            "sealed for the all-zero secret that this point gives; opens where none checks",
            "RCP-9",
            maker.inputs(payload),
        )


def build() -> Family:
    """The family wrap."""
    cases: list[Case] = []
    for maker in (Maker(1), Maker(2)):
        cases += [*_valid(maker), *_bound(maker), *_damaged(maker), *_low_order(maker)]
    return Family("wrap", COMMENT, cases)
