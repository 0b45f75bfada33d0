"""What a signer is asked to sign, judged and shown before any key is touched (requests specification, section 4).

A signer trusts nobody who carries the request: every word shown comes from bytes that the header to be
signed names by digest, decrypted under the key that they commit to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bundlefmt.bundle import core
from bundlefmt.crypto.digests import digest
from bundlefmt.crypto.suite import Binding
from bundlefmt.errors import AccessError, refuse
from bundlefmt.keys.recipients import Opener, Recipient, open_entries
from bundlefmt.keys.signers import Signer, sign_row
from bundlefmt.model.header import POINTER, RELEASE, Header, check_lengths, parse_header
from bundlefmt.model.manifest import COMPLETE
from bundlefmt.model.pointer import PointerRecord
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.model.request import TRUST, Answer, HeaderItem, Request, SignatureFile, TrustItem
from bundlefmt.model.trustdoc import TrustDocument
from bundlefmt.trust.chain import TrustChain
from bundlefmt.trust.rotation import check_successor, extends, rebuild
from bundlefmt.trust.threshold import Tally
from bundlefmt.wire import sections
from bundlefmt.wire.cose import LABEL_POINTER, LABEL_RELEASE, LABEL_TRUST

_LABELS = {RELEASE: LABEL_RELEASE, POINTER: LABEL_POINTER, TRUST: LABEL_TRUST}


class ShownHeader(NamedTuple):
    """One header of a request.

    Attributes:
        header: decoded by the reader's decoder.
        blind: whether nothing shows what it stands for.
        needed_tree: of a patch; else empty.
    """

    header: Header
    blind: bool
    needed_tree: bytes


class Shown(NamedTuple):
    """What a signer is shown of a request for a release or a pointer.

    Attributes:
        headers: every header, in the request's order.
        publisher_id: of all of them.
        epochs: their trust epochs, distinct and ascending.
        record: the release record that all shown headers carry, or None.
        release_id: its SHA-256, or empty.
        files, unpacked: number and size of the files, or None where only a patch is shown.
        pointer: the pointer, or None.
    """

    headers: tuple[ShownHeader, ...]
    publisher_id: bytes
    epochs: tuple[int, ...]
    record: ReleaseRecord | None
    release_id: bytes
    files: int | None
    unpacked: int | None
    pointer: PointerRecord | None

    @property
    def blind(self) -> int:
        """How many headers nothing is shown of."""
        return sum(each.blind for each in self.headers)


class ShownTrust(NamedTuple):
    """What a signer is shown of a request for a trust document.

    Attributes:
        document: the one to be signed.
        before: the chain it follows, or None for epoch 1.
        vouched: whether the signer's own trust file is that chain.
    """

    document: TrustDocument
    before: TrustChain | None
    vouched: bool


def header_item(
    header: bytes, manifest: bytes, cek: bytes | None, binding: Binding, reveal_to: Sequence[Recipient]
) -> HeaderItem:
    """One header of a request, with the content-encryption key wrapped for those who shall see what they sign."""
    entries = [] if cek is None else [recipient.wrap(cek, binding) for recipient in dict.fromkeys(reveal_to)]
    return HeaderItem(header, manifest, sections.build_recipients(entries))


def unsigned_front(header: Header, data: bytes, recipients: bytes) -> core.Front:
    """A front to open a manifest with, for whoever is to sign it; nobody vouches for it yet."""
    entries = sections.parse_recipients(recipients) if recipients else ()
    nobody = TrustChain(())
    return core.Front(header, data, nobody, 0, Tally((), (), 0), (), (), entries, 0)


def judge_request(request: Request, identities: Iterable[Opener] = ()) -> Shown:
    """Judge a request for a release or a pointer by every rule a reader has for header and manifest.

    Args:
        request: its purpose is RELEASE or POINTER.
        identities: what may open the wrapped content-encryption keys.

    Raises:
        BundleError: REQUEST_MISMATCH, or what a reader would refuse the bundle with.
    """
    shower = _Shower(request.purpose, tuple(identities))
    for item in request.items:
        if isinstance(item, HeaderItem):
            shower.take(item)
    return shower.result()


class _Shower:
    """State of one judgement."""

    def __init__(self, kind: int, identities: tuple[Opener, ...]) -> None:
        self._kind = kind
        self._identities = identities
        self._headers: list[ShownHeader] = []
        self._record: tuple[bytes, ReleaseRecord] | None = None
        self._pointer: PointerRecord | None = None
        self._size: tuple[int, int] | None = None

    def take(self, item: HeaderItem) -> None:
        """Judge one header and, where its key opens, its manifest."""
        header = parse_header(item.header)
        check_lengths(header)
        if header.kind != self._kind:
            raise refuse("KIND_MISMATCH", "a header of another kind than the request says")
        if self._headers and self._headers[0].header.publisher_id != header.publisher_id:
            raise refuse("REQUEST_MISMATCH", "the request holds headers of several publishers")
        if len(item.manifest) != header.manifest_len:
            raise refuse("MANIFEST_DIGEST", "the manifest section does not have its length")
        front = unsigned_front(header, item.header, item.recipients)
        core.check_manifest(front, item.manifest)
        needed = b""
        try:
            cek = open_entries(front.entries, self._identities, front.binding, item.manifest)
        except AccessError:
            self._headers.append(ShownHeader(header, True, b""))  # noqa: FBT003 - a named tuple
            return
        if self._kind == POINTER:
            self._take_pointer(core.open_pointer(front, item.manifest, cek))
        else:
            needed = self._take_release(front, item.manifest, cek)
        self._headers.append(ShownHeader(header, False, needed))  # noqa: FBT003

    def _take_pointer(self, pointer: PointerRecord) -> None:
        if self._pointer not in (None, pointer):
            raise refuse("REQUEST_MISMATCH", "the request holds several pointers; each is signed on its own")
        self._pointer = pointer

    def _take_release(self, front: core.Front, manifest: bytes, cek: bytes) -> bytes:
        layout, data, record = core.open_release_record(front, manifest, cek)
        if self._record is not None and self._record[0] != data:
            raise refuse("REQUEST_MISMATCH", "the request holds several releases; each is signed on its own")
        self._record = data, record
        if layout.form == COMPLETE:  # a patch's listing needs its base; the tree it yields is in the record
            files = core.open_release(front, layout, data, record, None).listing.files
            self._size = len(files), sum(entry.size for entry in files)
        return layout.needed_tree

    def result(self) -> Shown:
        """Put together what is shown."""
        data, record = self._record or (b"", None)
        files, unpacked = self._size or (None, None)
        return Shown(
            tuple(self._headers),
            self._headers[0].header.publisher_id,
            tuple(sorted({each.header.trust_epoch for each in self._headers})),
            record,
            digest(data) if data else b"",
            files,
            unpacked,
            self._pointer,
        )


def check_trusted(shown: Shown, chain: TrustChain) -> None:
    """Compare a request with the signer's own trust file.

    Raises:
        BundleError: PUBLISHER_MISMATCH, TRUST_WITHHELD, EPOCH_RETIRED.
    """
    if shown.publisher_id != chain.publisher_id:
        raise refuse("PUBLISHER_MISMATCH", f"publisher {shown.publisher_id.hex()[:16]}")
    newest = chain.newest
    if shown.epochs[-1] > newest.epoch:
        raise refuse("TRUST_WITHHELD", f"made under epoch {shown.epochs[-1]}, your trust file ends at {newest.epoch}")
    if shown.epochs[0] < newest.min_epoch:
        raise refuse("EPOCH_RETIRED", f"made under epoch {shown.epochs[0]}, the oldest accepted is {newest.min_epoch}")


def judge_trust_request(item: TrustItem, own: TrustChain | None = None) -> ShownTrust:
    """Judge a request for a trust document by every rule but those on its signatures.

    Args:
        item: document and chain.
        own: the signer's own trust chain, which the request's must be.

    Raises:
        BundleError: what a reader would refuse, INPUT_KEYS when it would lock the publisher out, or
            REQUEST_MISMATCH when it does not follow the signer's own chain.
    """
    before = rebuild(sections.parse_trust(item.chain)) if item.chain else None
    document = check_successor(item.document, before)
    if own is not None and (before is None or not extends(before, own)):
        raise refuse(
            "REQUEST_MISMATCH",
            f"the request does not follow your trust file, which ends at epoch {own.newest.epoch} "
            f"of publisher {own.publisher_id.hex()[:16]}",
        )
    return ShownTrust(document, before, own is not None)


def sign_request(request: Request, signers: Sequence[Signer]) -> SignatureFile:
    """Sign every header or the document of a request, which the caller has judged and shown.

    Raises:
        WriteError: INPUT_KEYS.
    """
    label = _LABELS[request.purpose]
    distinct = {signer.public_key: signer for signer in signers}
    answers: list[Answer] = []
    for item in request.items:
        data = item.document if isinstance(item, TrustItem) else item.header
        payload = digest(data) if request.purpose == TRUST else data
        rows = [sign_row(signer, label, payload) for signer in distinct.values()]
        answers.append(Answer(digest(data), tuple(sorted(rows, key=lambda row: (row.alg, row.kid)))))
    return SignatureFile(request.purpose, tuple(sorted(answers)))


def join_requests(requests: Sequence[Request]) -> Request:
    """One request of several, for one publisher and one kind; who opens it sees whether it is one release.

    Raises:
        BundleError: REQUEST_MISMATCH.
    """
    purposes = {request.purpose for request in requests}
    if len(purposes) > 1 or TRUST in purposes:
        raise refuse("REQUEST_MISMATCH", "only requests for releases can be joined, or only requests for pointers")
    items = {item.header: item for request in requests for item in request.items if isinstance(item, HeaderItem)}
    publishers = {parse_header(data).publisher_id for data in items}
    if len(publishers) > 1:
        raise refuse("REQUEST_MISMATCH", "the requests are of several publishers")
    return Request(purposes.pop(), tuple(items[data] for data in sorted(items)))


def answers_for(files: Iterable[SignatureFile], purpose: int, data: bytes) -> tuple[sections.SignatureRow, ...]:
    """Rows that some signature files hold for one header or document; one row for each key.

    Raises:
        BundleError: REQUEST_MISMATCH, when none of them answers it.
    """
    wanted = digest(data)
    rows = {
        (row.alg, row.kid): row
        for file in files
        if file.purpose == purpose
        for answer in file.answers
        if answer.digest == wanted
        for row in answer.rows
    }
    if not rows:
        raise refuse("REQUEST_MISMATCH", "no signature file given answers this request")
    return tuple(rows[key] for key in sorted(rows))
