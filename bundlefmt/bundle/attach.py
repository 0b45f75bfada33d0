"""Signatures that come later: finishing drafts, adding rows, signing anew (requests specification, section 5).

Manifest, leaves, body and recipients stay byte for byte, so none of this needs the content-encryption key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bundlefmt.bundle.assemble import check_signers, sign_header
from bundlefmt.bundle.body import Leaves
from bundlefmt.bundle.draft import encode_draft, open_draft, signed_front
from bundlefmt.bundle.front import Audited
from bundlefmt.bundle.heads import open_head
from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.bundle.request import answers_for, header_item
from bundlefmt.bundle.scan import audit
from bundlefmt.bundle.source import ByteSource, FileSource
from bundlefmt.bundle.splice import splice, verify_written, write_file
from bundlefmt.bundle.standing import LOSES, STANDS, Standing, assess, header_bytes
from bundlefmt.errors import AccessError, refuse
from bundlefmt.keys.recipients import Opener, Recipient, open_entries
from bundlefmt.keys.signers import Signer
from bundlefmt.limits import LIMITS
from bundlefmt.model.header import RELEASE, Header
from bundlefmt.model.request import HeaderItem, SignatureFile
from bundlefmt.trust.chain import TrustChain
from bundlefmt.trust.rotation import extends, rebuild
from bundlefmt.wire import sections
from bundlefmt.wire.sections import SignatureRow


class Attached(NamedTuple):
    """What was finished.

    Attributes:
        header: of the bundle.
        rows: its signature table.
        counted: kids that the newest document counts.
        threshold: how many it demands.
    """

    header: Header
    rows: tuple[SignatureRow, ...]
    counted: tuple[bytes, ...]
    threshold: int


def finish_draft(
    draft: str, files: Sequence[SignatureFile], chain: TrustChain, output: str, *, overwrite: bool = False
) -> Attached:
    """Make a bundle of a draft and the signatures that came back.

    Args:
        draft: its path.
        files: signature files, of which some answer it.
        chain: the publisher's whole chain; the bundle carries it.
        output: path of the bundle.
        overwrite: replace a file of that name.

    Raises:
        BundleError: the draft is damaged, a signature is wrong, or too few signed. Nothing was made.
    """
    source = FileSource(draft)
    try:
        opened = open_draft(source)
        _check_chain(opened.trust, chain)
        rows = answers_for(files, opened.header.kind, opened.header_bytes)
        _check_room(rows)
        front = signed_front(opened.header_bytes, rows, sections.build_trust(chain.frames()), opened.recipients)
        rest = opened.size - opened.front_len
        what = _New(front, opened.front_len, rest, opened.header, rows)
        return _write(source, what, chain, output, overwrite=overwrite)
    finally:
        source.close()


def add_rows(
    bundle: str,
    files: Sequence[SignatureFile],
    chain: TrustChain,
    output: str | None = None,
    *,
    overwrite: bool = False,
) -> Attached:
    """Add signatures to a finished bundle, under the header it has.

    Args:
        bundle: its path.
        files: signature files, of which some answer it.
        chain: the publisher's whole chain; the bundle carries it.
        output: path of the new bundle; None replaces the old one at once.
        overwrite: replace a file named `output`.

    Raises:
        BundleError: a signature is wrong, or what results is no good bundle. Nothing was changed.
    """
    source = FileSource(bundle)
    try:
        standing = assess(source, chain)
        head = standing.head
        if head.alone:
            raise refuse("REQUEST_MISMATCH", f"{bundle} is a head alone; signatures are added to whole bundles")
        data = header_bytes(head)
        added = answers_for(files, head.header.kind, data)
        merged = {(row.alg, row.kid): row for row in (*standing.rows, *added)}
        rows = tuple(merged[key] for key in sorted(merged))
        _check_room(rows)
        recipients = sections.build_recipients(standing.head.entries)
        front = signed_front(data, rows, sections.build_trust(chain.frames()), recipients)
        start = head.prelude.front_len
        rest = head.head_len - start + head.header.body_len
        what = _New(front, start, rest, head.header, rows)
        return _write(source, what, chain, output or bundle, overwrite=overwrite, in_place=output is None)
    finally:
        source.close()


def resign(
    bundle: str, signers: Sequence[Signer], chain: TrustChain, output: str | None = None
) -> tuple[Standing, Header]:
    """Sign a bundle anew under the newest document: a new header over the same manifest and body.

    The caller answers for what it signs again: a stolen key may have signed this bundle.

    Args:
        bundle: path of a whole bundle or a head alone, which was good under some document of the chain.
        signers: enough for the newest threshold.
        chain: the publisher's whole chain.
        output: path of the new file; None replaces the old one at once.

    Returns:
        How it stood before, and its new header.

    Raises:
        BundleError: it was never good, its bytes are damaged, or INPUT_KEYS. Nothing was changed.
    """
    source = FileSource(bundle)
    try:
        standing = assess_for_signing(source, chain)
        head = standing.head
        newest = chain.newest
        check_signers(signers, newest.release if head.header.kind == RELEASE else newest.pointer)
        header = head.header._replace(trust_epoch=newest.epoch)
        data, signatures = sign_header(header, signers)
        rows = sections.parse_signatures(signatures)
        front = signed_front(
            data, rows, sections.build_trust(chain.frames()), sections.build_recipients(standing.head.entries)
        )
        start = head.prelude.front_len
        rest = head.head_len - start + (0 if head.alone else head.header.body_len)

        def write(handle: int) -> None:
            splice(source, front, start, rest, handle)
            if head.alone:
                open_head(FileSource(handle), TrustPolicy(chain, now=0), header.kind)
            else:
                verify_written(handle, chain, header.kind)

        write_file(output or bundle, write, replaces=source if output is None else None)
        return standing, header
    finally:
        source.close()


def redraft(
    bundle: str, chain: TrustChain, output: str, identities: Sequence[Opener] = (), reveal_to: Sequence[Recipient] = ()
) -> tuple[Standing, HeaderItem]:
    """As `resign`, with signers elsewhere: a draft under the newest document, and the item of a request.

    Args:
        bundle: path of a whole bundle.
        chain: the publisher's whole chain.
        output: path of the draft.
        identities: keys that open it, so that its key can be wrapped for those who sign.
        reveal_to: who shall see what they sign.

    Raises:
        BundleError: as `resign`.
    """
    source = FileSource(bundle)
    try:
        standing = assess_for_signing(source, chain)
        head = standing.head
        if head.alone:
            raise refuse("REQUEST_MISMATCH", f"{bundle} is a head alone; its signers have to be at hand")
        data = head.header._replace(trust_epoch=chain.newest.epoch).encode()
        cek = open_content_key(standing, identities) if identities else None
        front = encode_draft(
            data, sections.build_trust(chain.frames()), sections.build_recipients(standing.head.entries)
        )
        start = head.prelude.front_len

        def write(handle: int) -> None:
            splice(source, front, start, head.head_len - start + head.header.body_len, handle)
            open_draft(FileSource(handle))

        write_file(output, write)
        return standing, header_item(data, head.manifest, cek, head.binding, reveal_to)
    finally:
        source.close()


def assess_for_signing(source: ByteSource, chain: TrustChain) -> Standing:
    """How a bundle stands; it must have been good once, with every byte of its body.

    Raises:
        BundleError: it is damaged, or the refusal that it always deserved.
    """
    standing = assess(source, chain)
    if standing.outcome not in (STANDS, LOSES):
        raise standing.error or refuse("SIGNATURE_THRESHOLD", "it was never good")
    head = standing.head
    if not head.alone:
        audit(Leaves(source, head.head_len, head.header.body_len, head.leaves))
    return standing


def open_content_key(standing: Standing, identities: Sequence[Opener]) -> bytes | None:
    """The content-encryption key of a bundle, or None when no identity opens it."""
    head = standing.head
    try:
        return open_entries(head.entries, identities, head.binding, head.manifest)
    except AccessError:
        return None


def _check_room(rows: Sequence[SignatureRow]) -> None:
    if len(rows) > LIMITS.signature_rows:
        raise refuse("WRITE_LIMIT", f"{len(rows)} signatures, a bundle has room for {LIMITS.signature_rows}")


def _check_chain(trust: bytes, chain: TrustChain) -> None:
    """The draft's own chain must be where the publisher's comes from, or it belongs to another publisher."""
    if not extends(chain, rebuild(sections.parse_trust(trust))):
        raise refuse("REQUEST_MISMATCH", "the draft was made with another chain of trust documents")


class _New(NamedTuple):
    """What is written: a front, and what follows it in the source."""

    front: bytes
    start: int
    rest: int
    header: Header
    rows: tuple[SignatureRow, ...]


def _write(
    source: FileSource, what: _New, chain: TrustChain, output: str, *, overwrite: bool, in_place: bool = False
) -> Attached:
    audited: list[Audited] = []

    def write(handle: int) -> None:
        splice(source, what.front, what.start, what.rest, handle)
        audited.append(verify_written(handle, chain, what.header.kind))

    write_file(output, write, overwrite=overwrite, replaces=source if in_place else None)
    tally = audited[0].front.tally
    return Attached(what.header, what.rows, tally.counted, tally.threshold)
