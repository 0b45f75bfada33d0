"""The chain of trust documents (specification section 5, TRU rules)."""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.crypto.digests import digest, publisher_id, signer_kid
from bundlefmt.errors import BundleError, refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.trustdoc import TrustDocument, parse_trust_document
from bundlefmt.trust.threshold import count
from bundlefmt.wire import armor
from bundlefmt.wire.cose import LABEL_TRUST
from bundlefmt.wire.sections import TrustFrame, build_trust, parse_trust


class Link(NamedTuple):
    """One epoch of a chain: its frame and what it says."""

    frame: TrustFrame
    document: TrustDocument


class TrustChain:
    """Every trust document of one publisher from epoch 1 to the newest known.

    It is made by `parse_trust_file` or by `TrustChain.start`, and grows only by `walk`, so a chain at
    hand has always been verified. Immutable.

    Attributes:
        links: epochs 1 to the newest, in order.
    """

    __slots__ = ("links",)

    def __init__(self, links: tuple[Link, ...]) -> None:
        self.links = links

    @property
    def newest(self) -> TrustDocument:
        """The newest document known."""
        return self.links[-1].document

    @property
    def publisher_id(self) -> bytes:
        """The publisher, 32 bytes."""
        return self.links[0].document.publisher_id

    def frames(self) -> tuple[TrustFrame, ...]:
        """The frames of the chain, for a trust section or file."""
        return tuple(link.frame for link in self.links)

    @classmethod
    def start(cls, frame: TrustFrame) -> TrustChain:
        """Take a document of epoch 1 as given by the caller, who decides to trust its publisher id.

        Raises:
            BundleError: TRUST_FILE, TRUST_PUBLISHER, TRUST_ENCODING, TRUST_DOCUMENT, TRUST_UNSUPPORTED,
                TRUST_SIGNATURE.
        """
        document = parse_trust_document(frame.document)
        if document.epoch != 1:
            raise refuse(
                "TRUST_FILE", f"the first document is of epoch {document.epoch}, a trust file starts at epoch 1"
            )
        if publisher_id(frame.document) != document.publisher_id:
            raise refuse("TRUST_PUBLISHER", "the first document does not hash to its publisher id")
        _finish(frame, document)
        return cls((Link(frame, document),))


class Walk(NamedTuple):
    """Result of walking a trust section.

    Attributes:
        chain: the chain with what was learned, also when `error` is set (TRU-19).
        learned: number of new documents.
        error: why the section is refused, or None.
    """

    chain: TrustChain
    learned: int
    error: BundleError | None


def _signed_by(frame: TrustFrame, document: TrustDocument) -> None:
    """Require the root threshold of a document over a frame (TRU-10, TRU-11)."""
    payload = digest(frame.document)
    count(frame.rows, document.root, LABEL_TRUST, payload, bad="TRUST_SIGNATURE", few="TRUST_SIGNATURE")


def _finish(frame: TrustFrame, document: TrustDocument) -> None:
    """Last checks before a document is taken: understood (TRU-13), signed by its own root (TRU-11)."""
    if document.critical:
        raise refuse("TRUST_UNSUPPORTED", f"critical extension {document.critical[0]} in epoch {document.epoch}")
    if not document.root.reachable():
        raise refuse("TRUST_UNSUPPORTED", f"the root role of epoch {document.epoch} needs unknown algorithms")
    _signed_by(frame, document)


def _successor(frame: TrustFrame, previous: TrustDocument) -> TrustDocument:
    """Judge a document as the successor of another, in the order of section 5, step 4."""
    _signed_by(frame, previous)  # before a byte of it is decoded (RDG-1)
    document = parse_trust_document(frame.document)
    if document.publisher_id != previous.publisher_id:
        raise refuse("TRUST_PUBLISHER", "a trust document of another publisher")
    if document.epoch != previous.epoch + 1:
        raise refuse("TRUST_EPOCH", f"epoch {document.epoch} after epoch {previous.epoch}")
    if document.min_epoch < previous.min_epoch:
        raise refuse("TRUST_EPOCH", f"min_epoch falls from {previous.min_epoch} to {document.min_epoch}")
    _finish(frame, document)
    return document


def _needed_rows(frame: TrustFrame, previous: TrustDocument, document: TrustDocument) -> TrustFrame:
    """A frame without rows of unknown keys: storage may add them, and they would fill the reader's chain for ever."""
    keys = {(key.alg, signer_kid(key.public)) for role in (previous.root, document.root) for key in role.supported()}
    return TrustFrame(frame.document, tuple(row for row in frame.rows if (row.alg, row.kid) in keys))


def _is_fork(frame: TrustFrame, chain: TrustChain) -> bool:
    """Whether a document verifies as another document of the reader's own epoch (section 5, step 5)."""
    if len(chain.links) < 2:
        return False
    try:
        document = _successor(frame, chain.links[-2].document)
    except BundleError:
        return False
    return document.epoch == chain.newest.epoch


def walk(chain: TrustChain, frames: tuple[TrustFrame, ...]) -> Walk:
    """Walk a trust section from the reader's chain (R3).

    Args:
        chain: the reader's chain.
        frames: the section's frames, which may be none.

    Returns:
        What was learned and, if the section must be refused, why. It does not raise, so that no
        caller can lose what was learned before the refusal.
    """
    start = chain
    known = {link.frame.document: number for number, link in enumerate(start.links)}
    previous = -1  # position in the growing chain of the document before this frame; -1 before the first
    pending_fork = False
    try:
        for number, frame in enumerate(frames):
            position = known.get(frame.document, -1)
            follows = number == 0 or position == previous + 1
            if position >= 0 and follows and not pending_fork:
                # Known: nothing is decoded, but a flipped bit in its table must not pass.
                if position:
                    _signed_by(frame, start.links[position - 1].document)
                _signed_by(frame, start.links[position].document)
                previous = position
                continue
            newest = len(chain.links) - 1
            if number == 0 or previous == newest or pending_fork:
                if newest - len(start.links) + 1 >= LIMITS.trust_steps:
                    raise refuse("TRUST_STEPS", f"more than {LIMITS.trust_steps} new trust documents")
                try:
                    document = _successor(frame, chain.newest)
                except BundleError as exc:
                    if number == 0 and exc.code in ("TRUST_SIGNATURE", "TRUST_EPOCH") and _is_fork(frame, start):
                        pending_fork = True
                        continue
                    raise
                chain = TrustChain((*chain.links, Link(_needed_rows(frame, chain.newest, document), document)))
                previous = newest + 1
                pending_fork = False
            elif previous == newest - 1 and chain is start and _is_fork(frame, start):
                pending_fork = True
            else:
                raise refuse("TRUST_SIGNATURE", "a trust document is neither known nor the successor of a known one")
        if pending_fork:
            raise refuse("TRUST_FORK", f"another document of epoch {start.newest.epoch}")
    except BundleError as exc:
        # A fork that nothing healed is the older fault, whatever came of the frame after it.
        fork = refuse("TRUST_FORK", f"another document of epoch {start.newest.epoch}")
        return Walk(chain, len(chain.links) - len(start.links), fork if pending_fork else exc)
    return Walk(chain, len(chain.links) - len(start.links), None)


def parse_trust_file(text: str) -> TrustChain:
    """Read a trust file: the armored chain from epoch 1 (specification section 11, ARM-1, ARM-2).

    Args:
        text: the file's text.

    Returns:
        The verified chain. That its publisher is the right one is the caller's decision.

    Raises:
        BundleError: TRUST_FILE, or the code of the document that fails.
    """
    blocks = armor.dearmor(text, "TRUST_FILE")
    if len(blocks) != 1 or blocks[0].label != armor.TRUST:
        raise refuse("TRUST_FILE", f"expected one block {armor.TRUST!r}")
    frames = parse_trust(blocks[0].data, "TRUST_FILE")
    if not frames:
        raise refuse("TRUST_FILE", "the trust file holds no document")
    chain = TrustChain.start(frames[0])
    for frame in frames[1:]:
        document = _successor(frame, chain.newest)
        chain = TrustChain((*chain.links, Link(frame, document)))
    return chain


def format_trust_file(chain: TrustChain) -> str:
    """Write a trust file."""
    document = chain.newest
    head = f"Publisher {chain.publisher_id.hex()}\nEpochs 1 to {document.epoch}\n"
    return head + armor.armor(armor.TRUST, build_trust(chain.frames()))
