"""Heads apart from their body: reading one, verified or not, and giving it other recipients (section 6).

Everything outside the recipients section is kept as the bytes that came; nothing here encodes a header, a
signature or a manifest again.
"""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.bundle.core import Front, check_leaves, check_manifest, judge_front
from bundlefmt.bundle.front import keeping
from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.bundle.source import ByteSource, read_exact
from bundlefmt.crypto import digests
from bundlefmt.crypto.suite import Binding
from bundlefmt.errors import refuse
from bundlefmt.model.header import RELEASE, Header, check_lengths, parse_header
from bundlefmt.wire import sections
from bundlefmt.wire.sections import PRELUDE_LEN, Prelude, RecipientEntry


class OpenHead(NamedTuple):
    """Everything before the body.

    Attributes:
        prelude: section lengths.
        before: header, signatures and trust sections, as they came.
        header: decoded.
        entries: recipient entries; nobody ever signed them.
        manifest: its section, which has the digest that the header states.
        leaves: the leaf table, which gives the root that the header states.
        front: what a trust policy verified, or None where the head was opened unverified.
        alone: whether the source ended here, with the body kept elsewhere.
    """

    prelude: Prelude
    before: bytes
    header: Header
    entries: tuple[RecipientEntry, ...]
    manifest: bytes
    leaves: bytes
    front: Front | None
    alone: bool

    @property
    def binding(self) -> Binding:
        """What the ciphertexts are bound to."""
        return Binding(self.header.kind, self.header.publisher_id, self.header.bundle_id)

    @property
    def head_len(self) -> int:
        """Bytes before the body."""
        return self.prelude.front_len + len(self.manifest) + len(self.leaves)

    def encode(self, recipients: bytes) -> bytes:
        """The head with another recipients section; every other section byte for byte (WR-1)."""
        prelude = sections.build_prelude(self.prelude._replace(recipients_len=len(recipients)))
        return b"".join((prelude, self.before, recipients, self.manifest, self.leaves))


def open_head(source: ByteSource, trust: TrustPolicy, kind: int = RELEASE) -> OpenHead:
    """Read and verify a head: R1 to R6 and R10.

    Args:
        source: a whole bundle, or its head alone.
        trust: whom to trust; what it expects of the release is not judged, as nothing is decrypted.
        kind: RELEASE or POINTER.

    Raises:
        BundleError: the head is refused; `learned` holds new trust documents.
    """
    policy = trust.at_one_clock()
    prelude, data = _read_front(source)
    front = judge_front(prelude, data, policy.chain, kind, policy.now or 0)
    with keeping(front):
        alone = _ends_with_head(source, front.body_at, front.file_size)
        manifest = read_exact(source, front.manifest_at, front.header.manifest_len, "manifest")
        check_manifest(front, manifest)
        leaves = read_exact(source, front.leaves_at, front.leaves_len, "leaf table")
        check_leaves(front, leaves)
    before = data[: len(data) - prelude.recipients_len]
    return OpenHead(prelude, before, front.header, front.entries, manifest, leaves, front, alone)


def open_head_unverified(source: ByteSource) -> OpenHead:
    """Read a head with the strict decoders and see that it agrees with itself. Nobody vouches for it.

    For people who know from elsewhere what the file is, such as the machine that has just made it.

    Raises:
        BundleError: the head breaks the specification, or its digests do not agree.
    """
    prelude, data = _read_front(source)
    ends = (prelude.header_len, prelude.header_len + prelude.signatures_len, len(data) - prelude.recipients_len)
    sections.parse_signatures(data[ends[0] : ends[1]])
    sections.parse_trust(data[ends[1] : ends[2]])
    entries = sections.parse_recipients(data[ends[2] :])
    header = parse_header(data[: ends[0]])
    check_lengths(header)
    leaves_at = prelude.front_len + header.manifest_len
    leaves_len = 32 * digests.leaf_count(header.body_len)
    alone = _ends_with_head(source, leaves_at + leaves_len, leaves_at + leaves_len + header.body_len)
    manifest = read_exact(source, prelude.front_len, header.manifest_len, "manifest")
    if digests.digest(manifest) != header.manifest_digest:
        raise refuse("MANIFEST_DIGEST", "the manifest section does not have the digest that the header states")
    leaves = read_exact(source, leaves_at, leaves_len, "leaf table")
    if digests.body_root(header.body_len, leaves) != header.body_root:
        raise refuse("LEAF_TABLE", "the leaf table does not give the root that the header states")
    return OpenHead(prelude, data[: ends[2]], header, entries, manifest, leaves, None, alone)


def _read_front(source: ByteSource) -> tuple[Prelude, bytes]:
    start = bytearray(PRELUDE_LEN)
    count = source.read_into(0, memoryview(start))
    prelude = sections.parse_prelude(bytes(start[:count]))
    data = read_exact(source, PRELUDE_LEN, prelude.front_len - PRELUDE_LEN, "sections before the manifest")
    return prelude, data


def _ends_with_head(source: ByteSource, head_len: int, file_size: int) -> bool:
    """R5 for a file that is a whole bundle or a head alone; a stream is taken for a whole bundle."""
    size = source.size
    if size is None or size == file_size:
        return False
    if size < file_size and size != head_len:
        raise refuse("TRUNCATED", f"{size} bytes, the bundle has {file_size} and its head {head_len}")
    if size > file_size:
        raise refuse("TRAILING_DATA", f"{size - file_size} bytes after the end of the bundle")
    return True
