"""The description of a bundle, with a hook at every stage between it and the bytes.

    b = Bundle("header-example", chain)       every random byte derives from the name
    b.files = [File("a.txt", b"...")]         the tree; rows are sorted by path
    b.release[4] = 1_900_000_000              the release record, a map (None removes a key)
    b.hook("header", lambda h: h + b"\\0")     change the value of one stage
    built = build(b)                          builder.stages; the file and every stage's value

Attributes left at None are computed. Stages run in the order below; a hook gets the value of its
stage and what it returns is used by all later stages, so lengths, digests and signatures made later
agree with the change. The values of all stages are in `Built.at`.

    listing_item    CBOR value                   listing         its bytes, whose digest is the tree
    record_items    CBOR value of the table      messages        encrypted records, a list
    body_len        padded length                body            messages and padding
    leaves          list of leaf digests         root            body root
    release_item    CBOR value                   release         its bytes
    pointer_item    CBOR value                   pointer         its bytes
    records         record table bytes           needed_tree     of a patch
    frames          zstd frames of the manifest  used            form byte to last frame
    manifest_plain  with zeros                   manifest        encrypted
    header_item     CBOR list of ten             header          its bytes
    payload         what the signatures cover    rows            list of Row, sorted
    header_section  the header in the file       signatures      section bytes
    trust           section bytes                entries         list of entry bytes, sorted
    recipients      section bytes                manifest_section, leaves_section, body_section
    prelude         32 bytes                     file            everything

Hooks of `*_section` come after signing: what they change, no digest knows. `records` is a list of
`Record`, or None for one record per content cut at 8 MiB; rows, leaves and messages can be swapped
by hooks. A `Record` may carry any `coded` bytes (a raw or wrong frame, see `builder.frames`), a
false row of the table (`item`), the context of another `index`, or any `message`. A patch sets
`needed` to the `Built` of a release: form 1, the needed tree and the prefixes follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from builder.encode import u32, u64
from builder.keys import DEVICE, Row, Signer
from builder.stream import expand
from builder.trust import Chain
from builder.wrap import Wrap

MAGIC = bytes.fromhex("89424e444c0d0a1a")
RECORD_LIMIT = 8 << 20
CREATED = 1_780_000_000
EMPTY = sha256(b"").digest()


@dataclass(frozen=True)
class File:
    """A row of the listing and its content."""

    path: str
    data: bytes
    mode: int = 0


@dataclass(frozen=True)
class Record:
    """A record to make. Pieces and prefix are written as in the record table."""

    pieces: list[Any]
    coding: int = 0
    prefix: list[list[int]] = field(default_factory=list)
    plain: bytes | None = None  # what it yields; None: the pieces' bytes
    coded: bytes | None = None  # what is encrypted; None: plain, or its zstd frame
    item: Any = None  # the row of the table; None: from the fields above
    index: int | None = None  # index in the context; None: its place
    message: bytes | None = None  # the encrypted message; None: computed
    params: tuple[tuple[str, int], ...] = ()  # zstd parameters


@dataclass(frozen=True)
class Placed:
    """Where a record landed in the body, and what it yields."""

    offset: int
    length: int
    plain: bytes


@dataclass(frozen=True)
class Built:
    """A finished bundle with the value of every stage."""

    name: str
    chain: Chain
    kind: int
    cek: bytes
    bundle_id: bytes
    files: list[File]
    placed: list[Placed]
    at: dict[str, Any]

    @property
    def file(self) -> bytes:
        """The bundle."""
        return bytes(self.at["file"])

    @property
    def listing(self) -> bytes:
        """The listing's bytes."""
        return bytes(self.at["listing"])

    @property
    def sections(self) -> list[tuple[str, int, int]]:
        """Name, start and end of every section of the file as it was built."""
        names = ["header_section", "signatures", "trust", "recipients"]
        names += ["manifest_section", "leaves_section", "body_section"]
        rows, start = [("prelude", 0, 32)], 32
        for name in names:
            end = start + len(self.at[name])
            rows.append((name.removesuffix("_section"), start, end))
            start = end
        return rows


def context(label: str, kind: int, publisher_id: bytes, bundle_id: bytes) -> bytes:
    """A Cobblestone context, without the index of a record."""
    return label.encode() + b"\0\0\x01" + bytes([kind]) + publisher_id + bundle_id


def leaf_size(body_len: int) -> int:
    """The leaf size of a body."""
    size = 16384
    while size < 1 << 20 and -(-body_len // size) > 1024:
        size *= 2
    return size


def leaf_digests(body: bytes) -> list[bytes]:
    """The leaves of a body."""
    size = leaf_size(len(body))
    starts = range(0, len(body), size)
    return [sha256(b"\0" + u64(i) + body[at : at + size]).digest() for i, at in enumerate(starts)]


def body_root(body_len: int, leaves: Sequence[bytes]) -> bytes:
    """The root over a leaf table."""
    return sha256(b"\x01" + u64(body_len) + u32(leaf_size(body_len)) + b"".join(leaves)).digest()


def first_rows(files: Sequence[File]) -> dict[bytes, int]:
    """Content digest to the row that names it."""
    rows: dict[bytes, int] = {}
    for row, file in enumerate(files):
        rows.setdefault(sha256(file.data).digest(), row)
    return rows


def plan_records(files: Sequence[File], skip: frozenset[bytes] = frozenset()) -> list[Record]:
    """One stored record per content that is not empty and not in `skip`, cut at 8 MiB."""
    records = []
    for digest, row in first_rows(files).items():
        size = len(files[row].data)
        if digest in skip or not size:
            continue
        if size <= RECORD_LIMIT:
            records.append(Record([row]))
            continue
        starts = range(0, size, RECORD_LIMIT)
        records += [Record([[row, at, min(RECORD_LIMIT, size - at)]]) for at in starts]
    return records


class Bundle:
    """The description of a bundle; see the module."""

    def __init__(self, name: str, chain: Chain, kind: int = 1) -> None:
        self.name = name
        self.chain = chain
        self.kind = kind
        self.files: list[File] = []
        self.records: list[Record] | None = None
        self.release: dict[int, Any] = {}
        self.pointer: dict[int, Any] = {}
        self.form: int | None = None
        self.needed: Built | None = None
        self.frame_params: tuple[tuple[str, int], ...] = ()
        self.trust_epoch: int | None = None
        self.trust: bytes | None = None
        self.signers: Sequence[Signer] | None = None
        self.label: str | None = None
        self.extra_rows: list[Row] = []
        self.recipients: Sequence[Wrap | bytes] = [Wrap(DEVICE)]
        self.critical: list[Any] = []
        self.extensions: Any = {}
        self.publisher_id: bytes | None = None
        self.bundle_id = expand(name, "bundle_id", 16)
        self.cek = expand(name, "cek", 32)
        self._hooks: dict[str, list[Callable[[Any], Any]]] = {}

    def hook(self, stage: str, change: Callable[..., Any]) -> Bundle:
        """Replace the value of a stage by what `change` makes of it."""
        self._hooks.setdefault(stage, []).append(change)
        return self

    def staged(self, stage: str, value: Any) -> Any:
        """The value of a stage after its hooks."""
        for change in self._hooks.get(stage, []):
            value = change(value)
        return value
