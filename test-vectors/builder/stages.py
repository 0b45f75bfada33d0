"""The stages of `bundle`, in order: records, body, manifest, header, tables, file."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from builder.bundle import (
    CREATED,
    EMPTY,
    MAGIC,
    Built,
    Bundle,
    File,
    Placed,
    Record,
    body_root,
    context,
    first_rows,
    leaf_digests,
    plan_records,
)
from builder.cobblestone import encrypt
from builder.encode import cbor, padme, u16, u32
from builder.frames import compress
from builder.keys import LABELS, KeyPair, Signer, SigningKey
from builder.stream import expand
from builder.wrap import Wrap


class _Run:
    """One build: the description and the values so far."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.at: dict[str, Any] = {}
        self.files = sorted(bundle.files, key=lambda file: file.path.encode())
        self.publisher_id = bundle.publisher_id or bundle.chain.publisher_id
        self.placed: list[Placed] = []

    def put(self, stage: str, value: Any) -> Any:
        self.at[stage] = self.bundle.staged(stage, value)
        return self.at[stage]

    def context(self, what: str) -> bytes:
        label = f"bundlefmt/1 {what}"
        return context(label, self.bundle.kind, self.publisher_id, self.bundle.bundle_id)

    def encrypt(self, what: str, plain: bytes, index: int | None = None, place: int = 0) -> bytes:
        suffix = b"" if index is None else u32(index)
        salt = expand(self.bundle.name, f"salt {what} {place}", 24)
        return encrypt(self.bundle.cek, self.context(what) + suffix, salt, plain)


def build(bundle: Bundle) -> Built:
    """Build the bundle."""
    state = _Run(bundle)
    if bundle.kind == 1 or bundle.form in (0, 1):
        _listing(state)
    else:
        state.put("listing", b"")
        state.put("record_items", [])
        state.put("messages", [])
    _body(state)
    _manifest(state)
    _header(state)
    _tables(state)
    _file(state)
    return Built(
        bundle.name,
        bundle.chain,
        bundle.kind,
        bundle.cek,
        bundle.bundle_id,
        state.files,
        state.placed,
        state.at,
    )


def _listing(state: _Run) -> None:
    files = state.files
    rows = [[f.path, f.mode, len(f.data), sha256(f.data).digest()] for f in files]
    state.put("listing", cbor(state.put("listing_item", rows)))
    records = state.bundle.records
    if records is None:
        old = state.bundle.needed.files if state.bundle.needed else []
        records = plan_records(files, frozenset(first_rows(old)) - {EMPTY})
    items, messages = [], []
    offset = 0
    for place, record in enumerate(records):
        item, coded, plain = _record(state, record)
        index = place if record.index is None else record.index
        message = record.message
        if message is None:
            message = state.encrypt("record", coded, index, place)
        items.append(item)
        messages.append(message)
        state.placed.append(Placed(offset, len(message), plain))
        offset += len(message)
    state.put("record_items", items)
    state.put("messages", messages)


def _slice(files: list[File], piece: int | list[int]) -> bytes:
    if isinstance(piece, int):
        return files[piece].data
    row, offset, length = piece
    return files[row].data[offset : offset + length]


def _record(state: _Run, record: Record) -> tuple[Any, bytes, bytes]:
    """The table row, what is encrypted and what is yielded."""
    plain = record.plain
    if plain is None:
        plain = b"".join(_slice(state.files, piece) for piece in record.pieces)
    coded = record.coded
    if coded is None:
        coded = plain
        if record.coding == 1:
            old = state.bundle.needed.files if state.bundle.needed else []
            ranges = [_slice([state.files, old][r[0]], r[1:]) for r in record.prefix]
            coded = compress(plain, b"".join(ranges), record.params)
    item = record.item
    if item is None:
        item = [record.coding, len(coded), record.pieces, record.prefix]
    return item, coded, plain


def _body(state: _Run) -> None:
    sums = sum(map(len, state.at["messages"]))
    body_len = state.put("body_len", padme(sums))
    padding = expand(state.bundle.name, "padding", max(body_len - sums, 0))
    body = state.put("body", b"".join(state.at["messages"]) + padding)
    leaves = state.put("leaves", leaf_digests(body))
    state.put("root", body_root(body_len, leaves))


def _changed(base: dict[int, Any], changes: dict[int, Any]) -> dict[int, Any]:
    merged = {**base, **changes}
    return {key: value for key, value in merged.items() if value is not None}


def _manifest(state: _Run) -> None:
    bundle = state.bundle
    form = bundle.form
    if form is None:
        form = 2 if bundle.kind == 2 else 1 if bundle.needed else 0
    start = bytes([form])
    if form == 2:
        base: dict[int, Any] = {0: "demo", 1: "stable", 2: 7, 3: CREATED, 4: CREATED + 2_678_400}
        base |= {5: 3600, 6: []}
        item = state.put("pointer_item", _changed(base, bundle.pointer))
        plains = [state.put("pointer", cbor(item))]
        prefixes = [b""]
    else:
        tree = sha256(state.at["listing"]).digest()
        base = {0: "demo", 1: 42, 2: "1.4.2", 3: CREATED, 9: tree}
        item = state.put("release_item", _changed(base, bundle.release))
        release = state.put("release", cbor(item))
        records = state.put("records", cbor(state.at["record_items"]))
        plains = [release, state.at["listing"], records]
        old = bundle.needed.listing if bundle.needed and form == 1 else b""
        prefixes = [b"", old, old]
        if form == 1:
            start += state.put("needed_tree", sha256(old).digest())
    pairs = zip(plains, prefixes, strict=True)
    frames = state.put("frames", [compress(p, old, bundle.frame_params) for p, old in pairs])
    used = state.put("used", start + b"".join(u32(len(f)) + f for f in frames))
    plain = state.put("manifest_plain", used + bytes(padme(len(used)) - len(used)))
    state.put("manifest", state.encrypt("manifest", plain))


def _header(state: _Run) -> None:
    bundle = state.bundle
    manifest = state.at["manifest"]
    epoch = bundle.trust_epoch
    item = [
        "bundlefmt/1",
        bundle.kind,
        1,
        state.publisher_id,
        bundle.bundle_id,
        bundle.chain.newest.epoch if epoch is None else epoch,
        [len(manifest), sha256(manifest).digest()],
        [state.at["body_len"], state.at["root"]],
        bundle.critical,
        bundle.extensions,
    ]
    header = state.put("header", cbor(state.put("header_item", item)))
    payload = state.put("payload", header)
    signers: Sequence[Signer] | None = bundle.signers
    if signers is None:
        newest = bundle.chain.newest
        role = newest.pointer if bundle.kind == 2 else newest.release
        known = {key.kid: key for key in role.keys if isinstance(key, KeyPair)}
        # A role that nobody can sign for still gets one row, so that only the role is at fault.
        spare = SigningKey(f"{bundle.chain.name} spare")
        signers = [*known.values(), spare][: min(max(role.threshold, 1), 16)]
    label = bundle.label or LABELS[bundle.kind]
    rows = [*(key.row(label, payload) for key in signers), *bundle.extra_rows]
    state.put("rows", sorted(rows, key=lambda row: (row.alg, row.kid)))
    state.put("header_section", header)


def _tables(state: _Run) -> None:
    bundle = state.bundle
    state.put("signatures", b"".join(row.encode() for row in state.at["rows"]))
    state.put("trust", bundle.chain.section() if bundle.trust is None else bundle.trust)
    wraps = [
        one.build(bundle.kind, state.publisher_id, bundle.bundle_id, bundle.cek) if isinstance(one, Wrap) else one
        for one in bundle.recipients
    ]
    state.put("recipients", b"".join(state.put("entries", sorted(wraps))))


def _file(state: _Run) -> None:
    at = state.at
    state.put("manifest_section", at["manifest"])
    state.put("leaves_section", b"".join(at["leaves"]))
    state.put("body_section", at["body"])
    names = ["header_section", "signatures", "trust", "recipients"]
    lengths = b"".join(u32(len(at[name])) for name in names)
    prelude = state.put("prelude", MAGIC + u16(1) + u16(0) + lengths + u32(0))
    names += ["manifest_section", "leaves_section", "body_section"]
    state.put("file", prelude + b"".join(at[name] for name in names))
