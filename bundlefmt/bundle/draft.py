"""Drafts: bundles that nobody has signed yet (requests specification, section 1).

A draft is laid out like a bundle, without signatures and under another magic, so that no reader takes it
for one. Signers never need it: the request that is made with it holds all they judge.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from bundlefmt.bundle import core
from bundlefmt.bundle.body import Leaves
from bundlefmt.bundle.plan import Plan
from bundlefmt.bundle.request import header_item, unsigned_front
from bundlefmt.bundle.scan import audit
from bundlefmt.bundle.source import ByteSource, FileSource, read_exact
from bundlefmt.bundle.writer import BundleWriter, Draft, PackOptions, Progress
from bundlefmt.errors import BundleError, refuse
from bundlefmt.keys.recipients import Recipient
from bundlefmt.model.header import Header, check_lengths, parse_header
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.model.request import HeaderItem, Request
from bundlefmt.trust.chain import TrustChain
from bundlefmt.wire import sections
from bundlefmt.wire.sections import PRELUDE_LEN

DRAFT_MAGIC = b"\x89BNDU\r\n\x1a"
ENDING = ".draft"
_SIGNATURES_AT = slice(16, 20)


class OpenDraft(NamedTuple):
    """A draft, judged by every rule that needs no signature.

    Attributes:
        header: decoded.
        header_bytes: what is to be signed.
        trust, recipients: their sections, checked for shape.
        manifest: its section, which has the digest that the header states.
        leaves: the leaf table, which gives the root that the header states.
        front_len: bytes before the manifest.
        size: bytes of the whole draft.
    """

    header: Header
    header_bytes: bytes
    trust: bytes
    recipients: bytes
    manifest: bytes
    leaves: bytes
    front_len: int
    size: int


def encode_draft(header: bytes, trust: bytes, recipients: bytes) -> bytes:
    """The front of a draft, up to its manifest."""
    prelude = sections.build_prelude(sections.Prelude(len(header), 0, len(trust), len(recipients)))
    return DRAFT_MAGIC + prelude[len(DRAFT_MAGIC) :] + header + trust + recipients


def signed_front(header: bytes, rows: Sequence[sections.SignatureRow], trust: bytes, recipients: bytes) -> bytes:
    """The front of a bundle, up to its manifest."""
    signatures = sections.build_signatures(tuple(rows))
    prelude = sections.Prelude(len(header), len(signatures), len(trust), len(recipients))
    return sections.build_prelude(prelude) + header + signatures + trust + recipients


def open_draft(source: ByteSource) -> OpenDraft:
    """Read a draft.

    Raises:
        BundleError: REQUEST_FILE, or what a reader would refuse the bundle with.
    """
    head = read_exact(source, 0, PRELUDE_LEN, "prelude")
    if head[: len(DRAFT_MAGIC)] != DRAFT_MAGIC or any(head[_SIGNATURES_AT]):
        raise refuse("REQUEST_FILE", "the file does not begin as a draft does")
    # Read as the prelude of a bundle with the shortest signatures section, so that one parser judges both.
    as_bundle = sections.MAGIC + head[len(DRAFT_MAGIC) : 16] + (37).to_bytes(4, "big") + head[20:]
    prelude = sections.parse_prelude(as_bundle)
    lengths = (prelude.header_len, prelude.trust_len, prelude.recipients_len)
    data = read_exact(source, PRELUDE_LEN, sum(lengths), "sections before the manifest")
    header_end = prelude.header_len
    trust_end = header_end + prelude.trust_len
    header_bytes, trust, recipients = data[:header_end], data[header_end:trust_end], data[trust_end:]
    sections.parse_trust(trust)
    header = parse_header(header_bytes)
    check_lengths(header)
    front = unsigned_front(header, header_bytes, recipients)._replace(manifest_at=PRELUDE_LEN + len(data))
    if source.size is not None:
        core.check_size(front, source.size)
    manifest = read_exact(source, front.manifest_at, header.manifest_len, "manifest")
    core.check_manifest(front, manifest)
    leaves = read_exact(source, front.leaves_at, front.leaves_len, "leaf table")
    core.check_leaves(front, leaves)
    return OpenDraft(header, header_bytes, trust, recipients, manifest, leaves, front.manifest_at, front.file_size)


class DraftWriter(BundleWriter):
    """Writes a draft instead of a bundle; after `close`, `request` is what goes to the signers.

    Args:
        output: path of the draft.
        release, chain, recipients, options, progress: as for `BundleWriter`.
        reveal_to: recipients that shall see what they sign; with none, they sign blind.
    """

    def __init__(
        self,
        output: str | os.PathLike[str],
        release: ReleaseRecord,
        *,
        chain: TrustChain,
        recipients: Sequence[Recipient],
        reveal_to: Sequence[Recipient] = (),
        options: PackOptions = PackOptions(),  # noqa: B008 - immutable
        progress: Progress | None = None,
    ) -> None:
        self._reveal_to = tuple(reveal_to)
        self._item: HeaderItem | None = None
        super().__init__(
            output, release, chain=chain, signers=(), recipients=recipients, options=options, progress=progress
        )

    @property
    def request(self) -> Request:
        """The signing request for the draft, once it is written."""
        if self._item is None:
            raise RuntimeError("the draft is not written yet")
        return Request(1, (self._item,))

    def _check_signers(self) -> None:
        """There are none yet."""

    def _head(self, draft: Draft, cek: bytes, leaves: bytes) -> bytes:
        header = draft.header.encode()
        binding = unsigned_front(draft.header, header, b"").binding
        self._item = header_item(header, draft.manifest, cek, binding, self._reveal_to)
        front = encode_draft(header, sections.build_trust(self._chain.frames()), draft.recipients)
        return front + draft.manifest + leaves

    def _guess_len(self, draft: Draft, leaves: bytes) -> int:
        front = encode_draft(draft.header.encode(), sections.build_trust(self._chain.frames()), draft.recipients)
        return len(front) + len(draft.manifest) + len(leaves)

    def _check(self, handle: int, cek: bytes, plan: Plan, record: ReleaseRecord, *, moved: bool) -> None:
        """Read the finished draft as those who sign and attach will (W-8)."""
        source = FileSource(handle)
        try:
            opened = open_draft(source)
            front = unsigned_front(opened.header, opened.header_bytes, opened.recipients)
            layout, data, found = core.open_release_record(front, opened.manifest, cek)
            release = core.open_release(front, layout, data, found, None)
            if found != record or len(release.listing.files) != len(plan.files):
                raise refuse("SELF_CHECK", "the finished draft holds another release")
            if moved:
                body_len = opened.header.body_len
                audit(Leaves(source, opened.size - body_len, body_len, opened.leaves))
        except BundleError as exc:
            raise refuse("SELF_CHECK", f"the finished draft does not verify: {exc}") from exc


def draft_of(path: str) -> str:
    """Where a bundle's draft stands."""
    return path + ENDING


def bundle_of(path: str) -> str:
    """Which bundle a draft becomes.

    Raises:
        WriteError: WRITE_FAILED, when its name does not tell.
    """
    if not path.endswith(ENDING) or path == ENDING:
        raise refuse("WRITE_FAILED", f"the name of {path} does not end in {ENDING}; say where the bundle goes")
    return path[: -len(ENDING)]
