"""Trust documents, chains and trust files (spec sections 5 and 11).

A `Chain` is immutable: `extended` gives a longer one, `forked` another history. Any document can be
built wrong on purpose through the keyword arguments of `extended`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from builder.encode import cbor, u32
from builder.keys import TRUST, KeyPair, PublicKey, Row, Signer, SigningKey, armor, table

ISSUED = 1_780_000_000


@dataclass(frozen=True)
class Role:
    """A threshold and its keys, in the order to be written."""

    threshold: int
    keys: tuple[PublicKey, ...]

    def item(self) -> list[Any]:
        """Its CBOR array."""
        return [self.threshold, [key.item() for key in self.keys]]


def role(threshold: int, *keys: PublicKey) -> Role:
    """A role with its keys in the proper order."""
    return Role(threshold, tuple(sorted(keys, key=lambda k: k.alg.to_bytes(2, "big") + k.public)))


@dataclass(frozen=True)
class Document:
    """The fields of a trust document."""

    root: Role
    release: Role
    pointer: Role
    publisher_id: bytes = bytes(32)
    epoch: int = 1
    issued: int = ISSUED
    expires: int = 0
    min_epoch: int = 1
    critical: tuple[int, ...] = ()
    extensions: Any = ()

    def item(self) -> list[Any]:
        """Its CBOR array."""
        return [
            "bundlefmt/1 trust",
            self.publisher_id,
            self.epoch,
            self.issued,
            self.expires,
            self.min_epoch,
            self.root.item(),
            self.release.item(),
            self.pointer.item(),
            list(self.critical),
            self.extensions or {},
        ]


@dataclass(frozen=True)
class Frame:
    """A document's bytes with its signature table."""

    document: bytes
    table: bytes

    def encode(self) -> bytes:
        """The frame's bytes."""
        return u32(len(self.document)) + u32(len(self.table)) + self.document + self.table

    def signed(self, *keys: Signer, extra: Sequence[Row] = ()) -> Frame:
        """The same document under other signatures."""
        return make_frame(self.document, keys, extra)


@dataclass(frozen=True)
class Pin:
    """A trust file: the chain a reader starts with."""

    name: str
    text: str


Change = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def make_frame(data: bytes, signers: Sequence[Signer], extra: Sequence[Row] = ()) -> Frame:
    """A frame signed by these keys; a key named twice signs once."""
    digest = sha256(data).digest()
    unique = {key.kid: key for key in signers}
    return Frame(data, table([*(key.row(TRUST, digest) for key in unique.values()), *extra]))


def root_signers(*roles: Role) -> list[KeyPair]:
    """Every key of these roles that can sign."""
    return [key for one in roles for key in one.keys if isinstance(key, KeyPair)]


@dataclass(frozen=True)
class Chain:
    """A publisher's documents with their frames, epoch 1 first."""

    name: str
    documents: tuple[Document, ...]
    frames: tuple[Frame, ...]

    @classmethod
    def start(cls, name: str, change: Change = _same, **fields: Any) -> Chain:
        """A publisher with its first document; keys are named after the chain unless given."""
        values: dict[str, Any] = {
            "root": role(1, SigningKey(f"{name} root 1")),
            "release": role(1, SigningKey(f"{name} release 1")),
            "pointer": role(1, SigningKey(f"{name} pointer 1")),
        }
        first = Document(**{**values, **fields})
        publisher_id = sha256(cbor(change(first.item()))).digest()
        named = replace(first, publisher_id=publisher_id)
        frame = make_frame(cbor(change(named.item())), root_signers(named.root))
        return cls(name, (named,), (frame,))

    @property
    def newest(self) -> Document:
        """The last document."""
        return self.documents[-1]

    @property
    def publisher_id(self) -> bytes:
        """The publisher's id."""
        return self.documents[0].publisher_id

    def extended(
        self,
        *,
        item: Change = _same,
        data: Callable[[bytes], bytes] = _same,
        signers: Sequence[Signer] | None = None,
        extra: Sequence[Row] = (),
        raw_table: Callable[[bytes], bytes] = _same,
        **changes: Any,
    ) -> Chain:
        """One more epoch.

        `changes` replace fields, `item` the CBOR array, `data` its bytes before they are signed;
        `signers` replace the root keys of both documents, `extra` rows join theirs, `raw_table`
        replaces the finished table.
        """
        fields = {"epoch": self.newest.epoch + 1, "issued": self.newest.issued + 1000, **changes}
        document = replace(self.newest, **fields)
        encoded = data(cbor(item(document.item())))
        if signers is None:
            signers = root_signers(self.newest.root, document.root)
        frame = make_frame(encoded, signers, extra)
        frame = Frame(frame.document, raw_table(frame.table))
        return Chain(self.name, (*self.documents, document), (*self.frames, frame))

    def renamed(self, name: str) -> Chain:
        """The same chain under another file name."""
        return replace(self, name=name)

    def prefix(self, epochs: int) -> Chain:
        """The first epochs of the chain."""
        return replace(self, documents=self.documents[:epochs], frames=self.frames[:epochs])

    def with_frame(self, epoch: int, frame: Frame) -> Chain:
        """The chain with the frame of one epoch replaced."""
        frames = list(self.frames)
        frames[epoch - 1] = frame
        return replace(self, frames=tuple(frames))

    def section(self, first: int = 1, last: int | None = None) -> bytes:
        """The bytes of a run of frames."""
        return b"".join(frame.encode() for frame in self.frames[first - 1 : last])

    def pin(self, epochs: int = 1) -> Pin:
        """A trust file with the first epochs."""
        return self.file(f"{self.name}-{epochs}", self.section(1, epochs))

    @staticmethod
    def file(name: str, section: bytes) -> Pin:
        """A trust file around any bytes."""
        comment = f"test-only trust chain {name}"
        return Pin(name, armor("BUNDLEFMT TRUST", section, comment))
