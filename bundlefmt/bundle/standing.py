"""How finished bundles stand with a publisher's newest trust document: what a revocation voids, and why.

For the publisher's own files. It reads headers before it knows that they are good, with the strict decoders,
and reports; nothing it returns makes a bundle acceptable to a reader.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bundlefmt.bundle.heads import OpenHead, open_head_unverified
from bundlefmt.bundle.source import ByteSource, FileSource
from bundlefmt.errors import BundleError, refuse
from bundlefmt.model.header import POINTER, RELEASE, Header
from bundlefmt.model.trustdoc import Role, TrustDocument
from bundlefmt.trust.chain import TrustChain
from bundlefmt.trust.explain import RowVerdict, explain
from bundlefmt.trust.threshold import count
from bundlefmt.wire import sections
from bundlefmt.wire.cose import LABEL_POINTER, LABEL_RELEASE

STANDS = "stands"
LOSES = "loses"
NEVER = "never-good"
NEWER = "newer"
FOREIGN = "foreign"
_LABELS = {RELEASE: LABEL_RELEASE, POINTER: LABEL_POINTER}
_ROLES = {RELEASE: "release", POINTER: "pointer"}


class Standing(NamedTuple):
    """How one bundle stands.

    Attributes:
        outcome: STANDS: readers with the newest document take it. LOSES: they did once, and do not any more.
            NEVER: it was never good under any document of the chain. NEWER: it was signed under an epoch that
            the chain does not have. FOREIGN: it is another publisher's.
        head: the head that was read.
        rows: its signature table.
        last_epoch: the newest epoch under which enough keys signed it, or 0.
        verdicts: what the newest document says of each row.
        error: why readers refuse it now, or None.
    """

    outcome: str
    head: OpenHead
    rows: tuple[sections.SignatureRow, ...]
    last_epoch: int
    verdicts: tuple[RowVerdict, ...]
    error: BundleError | None

    @property
    def header(self) -> Header:
        """The decoded header; unverified unless the outcome is STANDS or LOSES."""
        return self.head.header


def header_bytes(head: OpenHead) -> bytes:
    """What was signed."""
    return head.before[: head.prelude.header_len]


def assess(source: ByteSource, chain: TrustChain) -> Standing:
    """Tell how a bundle, or a head alone, stands with a chain.

    Raises:
        BundleError: it is no bundle, or one that breaks the specification.
    """
    head = open_head_unverified(source)
    start = head.prelude.header_len
    rows = sections.parse_signatures(head.before[start : start + head.prelude.signatures_len])
    header = head.header
    verdicts = explain(rows, chain, _ROLES[header.kind])
    if header.publisher_id != chain.publisher_id:
        error = refuse("PUBLISHER_MISMATCH", f"publisher {header.publisher_id.hex()[:16]}")
        return Standing(FOREIGN, head, rows, 0, verdicts, error)
    newest = chain.newest
    if header.trust_epoch > newest.epoch:
        error = refuse("TRUST_WITHHELD", f"signed under epoch {header.trust_epoch}, the newest known is {newest.epoch}")
        return Standing(NEWER, head, rows, 0, verdicts, error)
    # Signatures can be added later, so any document from its own epoch on may have made it good.
    last = 0
    refusal: BundleError | None = None
    for link in chain.links[header.trust_epoch - 1 :]:
        refusal = _refusal(head, rows, link.document)
        if refusal is None:
            last = link.document.epoch
    if refusal is None and header.trust_epoch < newest.min_epoch:
        refusal = refuse(
            "EPOCH_RETIRED", f"signed under epoch {header.trust_epoch}, the oldest accepted is {newest.min_epoch}"
        )
    outcome = STANDS if refusal is None else LOSES if last else NEVER
    return Standing(outcome, head, rows, last, verdicts, refusal)


def _refusal(head: OpenHead, rows: tuple[sections.SignatureRow, ...], document: TrustDocument) -> BundleError | None:
    kind = head.header.kind
    role: Role = getattr(document, _ROLES[kind])
    try:
        count(rows, role, _LABELS[kind], header_bytes(head), bad="SIGNATURE_INVALID", few="SIGNATURE_THRESHOLD")
    except BundleError as exc:
        return exc
    return None


def find_bundles(paths: Iterable[str]) -> Iterator[str]:
    """Files that begin like a bundle: those given, and those in the folders given.

    Raises:
        SourceError: SOURCE_FAILED, for a path that cannot be read.
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, folders, names in os.walk(path, onerror=_raise):
            folders.sort()
            for name in sorted(names):
                file = os.path.join(folder, name)
                if os.path.isfile(file) and not os.path.islink(file) and _begins_like_a_bundle(file):
                    yield file


def _raise(exc: OSError) -> None:
    raise refuse("SOURCE_FAILED", f"{exc.filename}: {exc.strerror}")


def _begins_like_a_bundle(path: str) -> bool:
    source = FileSource(path)
    try:
        start = bytearray(len(sections.MAGIC))
        return source.read_into(0, memoryview(start)) == len(start) and bytes(start) == sections.MAGIC
    finally:
        source.close()
