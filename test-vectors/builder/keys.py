"""Test-only keys, all derived from labels, and their text form (spec sections 3, 6 and 11)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256, shake_256
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from builder.encode import cbor, u16

LABELS = {1: "bundlefmt/1 release", 2: "bundlefmt/1 pointer", 3: "bundlefmt/1 trust"}
RELEASE, POINTER, TRUST = LABELS[1], LABELS[2], LABELS[3]


def secret(label: str) -> bytes:
    """The 32 secret bytes behind a label. Anyone can compute them: test-only."""
    return sha256(f"bundlefmt test-only key\0{label}".encode()).digest()


def thumbprint(public: bytes) -> bytes:
    """The kid of an Ed25519 key (RFC 9679)."""
    return sha256(bytes.fromhex("a301012006215820") + public).digest()


COSE_ALG = {1: b"\x32", 2: b"\x3abndl"}


def hybrid_kid(public: bytes) -> bytes:
    """The kid of a hybrid key."""
    return sha256(b"bundlefmt/1 signer\0" + u16(2) + public).digest()


def sig_structure(label: str, kid: bytes, payload: bytes, alg: bytes = COSE_ALG[1]) -> bytes:
    """The signed bytes; `alg` is the encoded COSE algorithm, -19 unless the key or a case wants another."""
    protected = b"\xa2\x01" + alg + b"\x04\x58\x20" + kid
    return cbor(["Signature1", protected, label.encode(), payload])


@dataclass(frozen=True)
class Row:
    """One row of a signature table."""

    alg: int
    kid: bytes
    signature: bytes

    def encode(self) -> bytes:
        """The row's bytes."""
        return u16(self.alg) + self.kid + u16(len(self.signature)) + self.signature


def table(rows: list[Row]) -> bytes:
    """A signature table in its proper order."""
    return b"".join(row.encode() for row in sorted(rows, key=lambda row: (row.alg, row.kid)))


@dataclass(frozen=True)
class PublicKey:
    """A key as trust documents list it. Its owner may be nobody."""

    alg: int
    public: bytes

    @property
    def kid(self) -> bytes:
        """Its kid; for unknown algorithms the thumbprint, which no reader evaluates."""
        return hybrid_kid(self.public) if self.alg == 2 else thumbprint(self.public)

    def item(self) -> list[int | bytes]:
        """Its CBOR array."""
        return [self.alg, self.public]


class Signer(Protocol):
    """Whatever makes a row of a signature table."""

    @property
    def kid(self) -> bytes:
        """The kid of the row."""

    def row(self, label: str, payload: bytes) -> Row:
        """The row over a payload."""


class KeyPair(PublicKey):
    """A key whose owner signs when a bundle or document asks for it."""

    def row(self, label: str, payload: bytes) -> Row:
        """A row over the right bytes."""
        raise NotImplementedError


class SigningKey(KeyPair):
    """An Ed25519 key pair derived from a label."""

    def __init__(self, label: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret(label))
        super().__init__(1, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """A signature over bytes as they are."""
        return self._key.sign(message)

    def row(self, label: str, payload: bytes) -> Row:
        """A correct row."""
        return Row(1, self.kid, self.sign(sig_structure(label, self.kid, payload)))


class RecipientKey:
    """An X25519 (type 1) or MLKEM768-X25519 (type 2) key pair derived from a label."""

    def __init__(self, kind: int, label: str) -> None:
        self.type = kind
        self.secret = secret(label)
        if kind == 1:
            self.x25519 = X25519PrivateKey.from_private_bytes(self.secret)
            self.public = self.x25519.public_key().public_bytes_raw()
        else:
            seed = shake_256(self.secret).digest(96)
            self.mlkem = MLKEM768PrivateKey.from_seed_bytes(seed[:64])
            self.x25519 = X25519PrivateKey.from_private_bytes(seed[64:])
            self.public = self.mlkem.public_key().public_bytes_raw() + self.x25519.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        """The recipient key id that tools show."""
        return sha256(b"bundlefmt/1 recipient\0" + u16(self.type) + self.public).digest()[:8]

    def hint(self, enc: bytes) -> bytes:
        """The hint of an entry for this key."""
        preimage = b"bundlefmt/1 hint\0" + u16(self.type) + enc + self.public
        return sha256(preimage).digest()[:4]


def armor(label: str, data: bytes, comment: str = "") -> str:
    """RFC 7468 text of a block, after a comment line."""
    text = b64encode(data).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    begin = [comment] if comment else []
    return "\n".join([*begin, f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def key_block(label: str, kind: int, key: bytes, comment: str) -> str:
    """An identity or recipient block."""
    body = u16(kind) + key
    check = sha256(label.encode() + b"\0" + body).digest()[:4]
    return armor(label, body + check, comment)


def identity_text(name: str, *pairs: RecipientKey) -> str:
    """A file of identities."""
    comment = f"test-only identity {name}"
    return "".join(key_block("BUNDLEFMT IDENTITY", k.type, k.secret, comment) for k in pairs)


def recipient_text(name: str, *pairs: RecipientKey) -> str:
    """A file of recipients."""
    comment = f"test-only recipient {name}"
    return "".join(key_block("BUNDLEFMT RECIPIENT", k.type, k.public, comment) for k in pairs)


IDENTITIES: dict[str, tuple[RecipientKey, ...]] = {
    "device-x25519": (RecipientKey(1, "device-x25519"),),
    "device-hybrid": (RecipientKey(2, "device-hybrid"),),
    "other-x25519": (RecipientKey(1, "other-x25519"),),
    "other-hybrid": (RecipientKey(2, "other-hybrid"),),
}
IDENTITIES["keyring"] = (
    IDENTITIES["other-x25519"][0],
    IDENTITIES["device-x25519"][0],
    IDENTITIES["device-hybrid"][0],
)
DEVICE = IDENTITIES["device-x25519"][0]
HYBRID = IDENTITIES["device-hybrid"][0]
OTHER = IDENTITIES["other-x25519"][0]
OTHER_HYBRID = IDENTITIES["other-hybrid"][0]
