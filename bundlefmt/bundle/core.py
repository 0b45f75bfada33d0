"""The reading order as pure functions, bytes in, verified values or a refusal out (section 10). No I/O.

R1 parse_prelude                R5 judge_front (header)      R9  judge_release, judge_pointer
R2 judge_front (tables)         R6 check_manifest            R10 check_leaves
R3 judge_front (trust)          R7 open_entries              R11-R14 bundlefmt.bundle.body
R4 judge_front (signatures)     R8 open_manifest
"""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.crypto import cobblestone, digests, suite
from bundlefmt.errors import BundleError, refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model import manifest as layouts
from bundlefmt.model.header import KIND_NAMES, POINTER, RELEASE, Header, check_lengths, parse_header
from bundlefmt.model.listing import Listing, parse_listing
from bundlefmt.model.pointer import PointerRecord, parse_pointer
from bundlefmt.model.records import RecordTable, parse_records
from bundlefmt.model.release import ReleaseRecord, parse_release
from bundlefmt.model.trustdoc import Role, TrustDocument
from bundlefmt.trust.chain import TrustChain, walk
from bundlefmt.trust.explain import COUNTED, explain
from bundlefmt.trust.threshold import Tally, count
from bundlefmt.wire import sections
from bundlefmt.wire.cose import LABEL_POINTER, LABEL_RELEASE
from bundlefmt.wire.padding import padme

_LABELS = {RELEASE: LABEL_RELEASE, POINTER: LABEL_POINTER}


class Front(NamedTuple):
    """What is verified once the signatures are (R1 to R5).

    Attributes:
        header: decoded, signed.
        header_bytes: what was signed.
        chain: the reader's chain with what the trust section taught.
        learned: number of new documents in it.
        tally: which keys counted.
        rows: the signature table.
        frames: the trust section.
        entries: recipient entries, checked for shape only.
        manifest_at: offset of the manifest section.
    """

    header: Header
    header_bytes: bytes
    chain: TrustChain
    learned: int
    tally: Tally
    rows: tuple[sections.SignatureRow, ...]
    frames: tuple[sections.TrustFrame, ...]
    entries: tuple[sections.RecipientEntry, ...]
    manifest_at: int

    @property
    def binding(self) -> suite.Binding:
        """What the ciphertexts are bound to."""
        return suite.Binding(self.header.kind, self.header.publisher_id, self.header.bundle_id)

    @property
    def leaves_at(self) -> int:
        """Offset of the leaves section."""
        return self.manifest_at + self.header.manifest_len

    @property
    def leaves_len(self) -> int:
        """Bytes of the leaves section."""
        return 32 * digests.leaf_count(self.header.body_len)

    @property
    def body_at(self) -> int:
        """Offset of the body."""
        return self.leaves_at + self.leaves_len

    @property
    def file_size(self) -> int:
        """Bytes of the whole bundle."""
        return self.body_at + self.header.body_len


class Release(NamedTuple):
    """A verified and decoded release manifest.

    Attributes:
        record: what the release says of itself.
        record_bytes: its bytes.
        release_id: their SHA-256.
        listing: every file.
        table: the record table.
        needed_tree: 32 bytes in a patch, else empty.
    """

    record: ReleaseRecord
    record_bytes: bytes
    release_id: bytes
    listing: Listing
    table: RecordTable
    needed_tree: bytes


def judge_front(prelude: sections.Prelude, data: bytes, chain: TrustChain, kind: int, now: int) -> Front:
    """R2 to R5: tables, trust, signatures, header.

    Args:
        prelude: from R1.
        data: header to recipients, as long as the prelude says.
        chain: the reader's chain.
        kind: RELEASE or POINTER; role and label follow from it, never from the bundle (SIG-8).
        now: the clock reading.

    Raises:
        BundleError: its `learned` holds the chain when documents were learned before the refusal (TRU-19).
    """
    header_end = prelude.header_len
    signatures_end = header_end + prelude.signatures_len
    trust_end = signatures_end + prelude.trust_len
    header_bytes = data[:header_end]
    rows = sections.parse_signatures(data[header_end:signatures_end])
    frames = sections.parse_trust(data[signatures_end:trust_end])
    entries = sections.parse_recipients(data[trust_end:])

    walked = walk(chain, frames)
    try:
        if walked.error is not None:
            raise walked.error
        chain = walked.chain
        document = chain.newest
        if kind == POINTER and document.expires and now >= document.expires:
            raise refuse("TRUST_EXPIRED", f"the trust document of epoch {document.epoch} expired at {document.expires}")
        if not _role(document, kind).reachable():
            raise refuse(
                "TRUST_UNSUPPORTED", f"the {KIND_NAMES[kind]} role of epoch {document.epoch} needs unknown algorithms"
            )
        tally = _count(rows, chain, kind, header_bytes)

        header = parse_header(header_bytes)  # only now: its raw bytes are signed (RDG-1)
        if header.kind != kind:
            raise refuse("KIND_MISMATCH", f"this is a {KIND_NAMES[header.kind]}, a {KIND_NAMES[kind]} was asked for")
        if header.publisher_id != chain.publisher_id:
            raise refuse("PUBLISHER_MISMATCH", f"publisher {header.publisher_id.hex()[:16]}")
        if header.trust_epoch > document.epoch:
            raise refuse(
                "TRUST_WITHHELD", f"signed under epoch {header.trust_epoch}, the newest known is {document.epoch}"
            )
        if header.trust_epoch < document.min_epoch:
            raise refuse(
                "EPOCH_RETIRED", f"signed under epoch {header.trust_epoch}, the oldest accepted is {document.min_epoch}"
            )
        check_lengths(header)
    except BundleError as exc:
        if walked.learned:
            exc.learned = walked.chain
        raise
    return Front(header, header_bytes, chain, walked.learned, tally, rows, frames, entries, prelude.front_len)


def _role(document: TrustDocument, kind: int) -> Role:
    return document.release if kind == RELEASE else document.pointer


def _count(rows: tuple[sections.SignatureRow, ...], chain: TrustChain, kind: int, header_bytes: bytes) -> Tally:
    """R4; when too few keys signed, the refusal says why the other rows did not count."""
    role = _role(chain.newest, kind)
    try:
        return count(rows, role, _LABELS[kind], header_bytes, bad="SIGNATURE_INVALID", few="SIGNATURE_THRESHOLD")
    except BundleError as exc:
        if exc.code != "SIGNATURE_THRESHOLD":
            raise
        ignored = [row for row in explain(rows, chain, KIND_NAMES[kind]) if row.reason != COUNTED]
        words = "".join(f"; key {row.kid.hex()[:16]} is {row.words}" for row in ignored)
        raise refuse(exc.code, exc.detail + words) from None


def check_size(front: Front, size: int) -> None:
    """R5, last part: the size of the whole file, where it is known.

    Raises:
        FormatError: TRUNCATED, TRAILING_DATA.
    """
    if size < front.file_size:
        raise refuse("TRUNCATED", f"{size} bytes, the bundle has {front.file_size}")
    if size > front.file_size:
        raise refuse("TRAILING_DATA", f"{size - front.file_size} bytes after the end of the bundle")


def check_manifest(front: Front, manifest: bytes) -> None:
    """R6: the manifest section has its signed digest.

    Raises:
        DigestError: MANIFEST_DIGEST.
    """
    if digests.digest(manifest) != front.header.manifest_digest:
        raise refuse("MANIFEST_DIGEST", "the manifest section does not have its signed digest")


def _open_layout(front: Front, manifest: bytes, cek: bytes) -> layouts.ManifestLayout:
    if suite.plain_len(len(manifest)) < 0:
        raise refuse("MANIFEST_DECRYPT", "no message has the length of this manifest")
    plaintext = cobblestone.unseal(cek, front.binding.manifest_context(), manifest, "MANIFEST_DECRYPT")
    return layouts.split_manifest(plaintext, front.header.kind)


def open_release_record(
    front: Front, manifest: bytes, cek: bytes
) -> tuple[layouts.ManifestLayout, bytes, ReleaseRecord]:
    """R8 for a release, first part: everything that needs no other tree.

    Args:
        front: verified front of a release.
        manifest: section that passed `check_manifest`.
        cek: key the manifest commits to.

    Returns:
        Layout, the record's bytes, the record.
    """
    layout = _open_layout(front, manifest, cek)
    record_bytes = layouts.inflate(layout.frames[0], LIMITS.record_item_len)
    return layout, record_bytes, parse_release(record_bytes)


def open_release(
    front: Front, layout: layouts.ManifestLayout, record_bytes: bytes, record: ReleaseRecord, needed: Listing | None
) -> Release:
    """R8 for a release, the rest: listing, paths, record table, sums.

    Args:
        front, layout, record_bytes, record: from `open_release_record`.
        needed: verified listing of the needed tree, of the same publisher and product; None in a complete bundle.

    Raises:
        BundleError: the codes of phase `manifest`.
    """
    prefix = b""
    if layout.form == layouts.PATCH:
        if needed is None or digests.digest(needed.encoded) != layout.needed_tree:
            raise refuse("NEEDED_TREE", f"this patch needs the tree {layout.needed_tree.hex()}")
        prefix = needed.encoded
    else:
        needed = None
    listing_bytes = layouts.inflate(layout.frames[1], LIMITS.table_item_len, prefix)
    if digests.digest(listing_bytes) != record.tree:
        raise refuse("TREE_DIGEST", "the listing is not the tree that the release names")
    listing = parse_listing(listing_bytes)
    table = parse_records(layouts.inflate(layout.frames[2], LIMITS.table_item_len, prefix), listing, needed)
    total = sum(suite.message_len(row.coded_len) for row in table.records)
    if padme(total) != front.header.body_len:
        raise refuse("BODY_LENGTH", f"records of {total} bytes do not make a body of {front.header.body_len}")
    return Release(record, record_bytes, digests.digest(record_bytes), listing, table, layout.needed_tree)


def open_pointer(front: Front, manifest: bytes, cek: bytes) -> PointerRecord:
    """R8 for a pointer."""
    layout = _open_layout(front, manifest, cek)
    return parse_pointer(layouts.inflate(layout.frames[0], LIMITS.record_item_len))


def check_leaves(front: Front, leaves: bytes) -> None:
    """R10: the leaf table gives the signed root.

    Raises:
        DigestError: LEAF_TABLE.
    """
    if digests.body_root(front.header.body_len, leaves) != front.header.body_root:
        raise refuse("LEAF_TABLE", "the leaf table does not give the signed root")
