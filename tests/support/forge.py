"""Bundles whose inside is free to be wrong: everything is encrypted and signed as it should be.

The library's own cryptography is used on purpose, so that faults reach the layers below it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from bundlefmt.bundle import assemble
from bundlefmt.crypto import cobblestone, digests
from bundlefmt.crypto.suite import Binding
from bundlefmt.keys.signers import sign_row
from bundlefmt.model.header import RELEASE, Header, parse_header
from bundlefmt.model.listing import FileEntry, encode_listing
from bundlefmt.model.manifest import ManifestLayout, join_manifest
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.wire import sections
from bundlefmt.wire.cose import LABEL_POINTER, LABEL_RELEASE
from bundlefmt.wire.padding import padme
from support import anycbor
from support.publisher import NOW, PRODUCT, Publisher

CEK = sha256(b"test only content-encryption key").digest()
BUNDLE_ID = bytes(range(16))


def _same(data: bytes) -> bytes:
    return data


class Parts(NamedTuple):
    """Sections of a forged bundle; `join` puts them together."""

    header: bytes
    signatures: bytes
    trust: bytes
    recipients: bytes
    manifest: bytes
    leaves: bytes
    body: bytes

    def join(self) -> bytes:
        """The bundle."""
        lengths = map(len, (self.header, self.signatures, self.trust, self.recipients))
        return sections.build_prelude(sections.Prelude(*lengths)) + b"".join(self)


def split(data: bytes) -> Parts:
    """Cut a good bundle into its sections."""
    prelude = sections.parse_prelude(data[:32])
    position = 32
    parts: list[bytes] = []
    for length in prelude:
        parts.append(data[position : position + length])
        position += length
    header = parse_header(parts[0])
    for length in (header.manifest_len, 32 * digests.leaf_count(header.body_len), header.body_len):
        parts.append(data[position : position + length])
        position += length
    return Parts(*parts)


def binding(publisher: Publisher, kind: int = RELEASE) -> Binding:
    """What forged ciphertexts are bound to."""
    return Binding(kind, publisher.chain.publisher_id, BUNDLE_ID)


def seal_body(publisher: Publisher, coded: Sequence[bytes], *, body_len: int | None = None) -> bytes:
    """Encrypt coded records and pad them."""
    bound = binding(publisher)
    body = b"".join(cobblestone.seal(CEK, bound.record_context(i), data) for i, data in enumerate(coded))
    want = padme(len(body)) if body_len is None else body_len
    return body + os.urandom(want - len(body))


def make_leaves(body: bytes) -> bytes:
    """The leaf table of a body."""
    size = digests.leaf_size(len(body))
    return b"".join(
        digests.leaf_digest(i, body[start : start + size]) for i, start in enumerate(range(0, len(body), size))
    )


def forge(
    publisher: Publisher,
    plaintext: bytes,
    body: bytes = b"",
    *,
    kind: int = RELEASE,
    change_header: Callable[[bytes], bytes] = _same,
    seal: Callable[[bytes], bytes] | None = None,
) -> Parts:
    """Encrypt and sign any manifest plaintext and any body.

    Args:
        publisher: who signs.
        plaintext: of the manifest.
        body: with its padding.
        kind: RELEASE or POINTER.
        change_header: applied to the header's bytes before they are signed.
        seal: makes the manifest section instead of an ordinary encryption.
    """
    bound = binding(publisher, kind)
    manifest = seal(plaintext) if seal else cobblestone.seal(CEK, bound.manifest_context(), plaintext)
    leaves = make_leaves(body)
    header = change_header(
        Header(
            kind,
            publisher.chain.publisher_id,
            BUNDLE_ID,
            publisher.chain.newest.epoch,
            len(manifest),
            sha256(manifest).digest(),
            len(body),
            digests.body_root(len(body), leaves),
        ).encode()
    )
    signer = publisher.signer if kind == RELEASE else publisher.pointer_signer
    row = sign_row(signer, LABEL_RELEASE if kind == RELEASE else LABEL_POINTER, header)
    recipients = assemble.wrap_for([publisher.identity.recipient], CEK, bound)
    trust = sections.build_trust(publisher.chain.frames())
    return Parts(header, sections.build_signatures([row]), trust, recipients, manifest, leaves, body)


def release_plaintext(
    release: bytes,
    listing: bytes,
    records: bytes,
    *,
    needed: bytes = b"",
    needed_listing: bytes = b"",
) -> bytes:
    """A manifest's plaintext from three items."""
    frames = (
        assemble.manifest_frame(release),
        assemble.manifest_frame(listing, needed_listing),
        assemble.manifest_frame(records, needed_listing),
    )
    return join_manifest(ManifestLayout(1 if needed else 0, needed, frames))


def pointer_plaintext(pointer: bytes) -> bytes:
    """A manifest's plaintext from a pointer item."""
    return join_manifest(ManifestLayout(2, b"", (assemble.manifest_frame(pointer),)))


def release_for(listing: bytes, **changes: Any) -> bytes:
    """A release record over a listing."""
    record = ReleaseRecord(PRODUCT, 7, "1.2.3", NOW, sha256(listing).digest())
    return record._replace(**changes).encode()


def entry(path: str, data: bytes, mode: int = 0) -> FileEntry:
    """A row of a listing."""
    return FileEntry(path, mode, len(data), sha256(data).digest())


def listing_of(tree: dict[str, bytes]) -> bytes:
    """A listing of regular files."""
    return encode_listing([entry(path, data) for path, data in tree.items()])


def encode_table(rows: list[Any]) -> bytes:
    """A record table from plain values."""
    return anycbor.encode(rows)
