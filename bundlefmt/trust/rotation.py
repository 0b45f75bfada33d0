"""Changing who may sign: the next document of a chain (specification section 5), for publishers and their signers.

Everything here refuses to make or sign a document that would lock the publisher out: one that no reader
takes, or after which nobody can make the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bundlefmt.crypto.digests import publisher_id
from bundlefmt.crypto.signatures import is_enrollable
from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.trustdoc import Key, Role, TrustDocument, parse_trust_document
from bundlefmt.trust.chain import TrustChain, walk
from bundlefmt.trust.explain import key_kid
from bundlefmt.trust.issue import start_chain
from bundlefmt.wire.sections import SignatureRow, TrustFrame, build_trust

ROLES = ("root", "release", "pointer")


class Wanted(NamedTuple):
    """What a document still needs before readers take it.

    Attributes:
        epoch: of the document whose root role asks.
        have, need: signatures by distinct keys of that role.
        keys: those that have not signed yet.
    """

    epoch: int
    have: int
    need: int
    keys: tuple[Key, ...]


def add_keys(role: Role, keys: Iterable[Key]) -> Role:
    """A role with more keys and the same threshold.

    Raises:
        WriteError: INPUT_KEYS, when a key stands in it already.
    """
    added = tuple(dict.fromkeys(keys))
    for key in added:
        if key in role.keys:
            raise refuse("INPUT_KEYS", f"key {_short(key)} holds this role already")
    return Role(role.threshold, tuple(sorted((*role.keys, *added))))


def remove_keys(role: Role, keys: Iterable[Key]) -> Role:
    """A role without some keys and with the same threshold, which may then be out of reach; see `check_safe`."""
    gone = set(keys)
    return Role(role.threshold, tuple(key for key in role.keys if key not in gone))


def next_document(
    chain: TrustChain,
    *,
    issued: int,
    root: Role | None = None,
    release: Role | None = None,
    pointer: Role | None = None,
    min_epoch: int | None = None,
    expires: int | None = None,
) -> TrustDocument:
    """The next epoch of a chain, with what is given changed and everything else as it was.

    Args:
        chain: the publisher's whole chain.
        issued: time.
        root, release, pointer: new roles.
        min_epoch: bundles signed under an older epoch become void.
        expires: time, or 0 for never; None keeps what the newest document says.

    Raises:
        WriteError: INPUT_KEYS, WRITE_LIMIT; the document would lock the publisher out.
    """
    newest = chain.newest
    document = newest._replace(
        epoch=newest.epoch + 1,
        issued=issued,
        expires=newest.expires if expires is None else expires,
        min_epoch=newest.min_epoch if min_epoch is None else min_epoch,
        root=root or newest.root,
        release=release or newest.release,
        pointer=pointer or newest.pointer,
    )
    check_safe(document, chain)
    return document


def check_safe(document: TrustDocument, chain: TrustChain | None) -> None:
    """See that a document does not lock the publisher out, before anybody signs it.

    Args:
        document: the one to be signed.
        chain: what it follows; None for epoch 1.

    Raises:
        WriteError: INPUT_KEYS, WRITE_LIMIT.
    """
    for name in ROLES:
        role: Role = getattr(document, name)
        for key in role.supported():
            if not is_enrollable(key.public):
                raise refuse("INPUT_KEYS", f"a {name} key is not a point of prime order (W-6)")
        if not 1 <= role.threshold <= len(role.keys):
            raise refuse(
                "INPUT_KEYS",
                f"the {name} role would need {role.threshold} of {len(role.keys)} keys, which nobody can reach; "
                "add a key or lower the threshold in the same step",
            )
        if len(role.keys) > LIMITS.role_keys:
            raise refuse("WRITE_LIMIT", f"{len(role.keys)} keys in the {name} role")
        if not role.reachable():
            raise refuse("INPUT_KEYS", f"the {name} role would need algorithms that this version cannot verify")
    if document.expires and document.expires <= document.issued:
        raise refuse("INPUT_KEYS", "the document would be expired when it is issued; give another time of expiry")
    if not 1 <= document.min_epoch <= document.epoch:
        raise refuse("INPUT_KEYS", f"min_epoch {document.min_epoch} is above epoch {document.epoch}")
    if chain is not None and document.min_epoch < chain.newest.min_epoch:
        raise refuse("INPUT_KEYS", f"min_epoch is {chain.newest.min_epoch} and cannot fall: what was voided stays void")
    data = document.encode()
    parse_trust_document(data)  # the reader's own decoder has the last word
    _check_room(data, document, chain)


def _check_room(data: bytes, document: TrustDocument, chain: TrustChain | None) -> None:
    """Bundles carry the whole chain (W-7), so it has to fit into a trust section with all signatures it may get."""
    frames = () if chain is None else chain.frames()
    signers = set(document.root.keys) | (set() if chain is None else set(chain.newest.root.keys))
    table = len(signers) * (36 + LIMITS.signature_len)
    longest = len(build_trust(frames)) + 8 + len(data) + min(table, LIMITS.signatures_len)
    if len(data) > LIMITS.trust_document_len or len(frames) >= LIMITS.trust_frames or longest > LIMITS.trust_len:
        raise refuse("WRITE_LIMIT", f"a chain of {len(frames) + 1} documents is longer than a bundle can carry")


def check_successor(data: bytes, chain: TrustChain | None) -> TrustDocument:
    """Judge a document that is not signed yet by every rule but those on signatures, for who is to sign it.

    Args:
        data: the document's bytes.
        chain: what it follows; None for epoch 1.

    Raises:
        BundleError: what a reader would refuse it with, or INPUT_KEYS when it would lock the publisher out.
    """
    document = parse_trust_document(data)
    if chain is None:
        if document.epoch != 1:
            raise refuse("TRUST_EPOCH", f"epoch {document.epoch} follows nothing that is at hand")
        if publisher_id(data) != document.publisher_id:
            raise refuse("TRUST_PUBLISHER", "the first document does not hash to its publisher id")
    else:
        newest = chain.newest
        if document.publisher_id != chain.publisher_id:
            raise refuse("TRUST_PUBLISHER", "a trust document of another publisher")
        if document.epoch != newest.epoch + 1:
            raise refuse("TRUST_EPOCH", f"epoch {document.epoch} after epoch {newest.epoch}")
        if document.min_epoch < newest.min_epoch:
            raise refuse("TRUST_EPOCH", f"min_epoch falls from {newest.min_epoch} to {document.min_epoch}")
    if document.critical:
        raise refuse("TRUST_UNSUPPORTED", f"critical extension {document.critical[0]} in epoch {document.epoch}")
    check_safe(document, chain)
    return document


def wanted(
    document: TrustDocument, chain: TrustChain | None, signed: Iterable[tuple[int, bytes]]
) -> tuple[Wanted, ...]:
    """Which thresholds a document has not reached: that of the root before it (TRU-10) and its own (TRU-11).

    Args:
        document: the one being signed.
        chain: what it follows; None for epoch 1.
        signed: algorithm and kid of every row at hand, taken to be valid.

    Returns:
        One item for each threshold that is not reached.
    """
    rows = set(signed)
    found: list[Wanted] = []
    for source in (*(() if chain is None else (chain.newest,)), document):
        keys = source.root.supported()
        left = tuple(key for key in keys if (key.alg, key_kid(key)) not in rows)
        have = len(keys) - len(left)
        if have < source.root.threshold:
            found.append(Wanted(source.epoch, have, source.root.threshold, left))
    return tuple(found)


def extend(chain: TrustChain | None, data: bytes, rows: Sequence[SignatureRow]) -> TrustChain:
    """Extend a chain by a signed document, judged as every reader will.

    Args:
        chain: what it follows; None for epoch 1.
        data: the document.
        rows: its signatures.

    Raises:
        BundleError: the document is not what follows, or too few signed it.
    """
    if chain is None:
        return start_chain(data, rows)
    frame = TrustFrame(data, tuple(sorted(rows, key=lambda row: (row.alg, row.kid))))
    walked = walk(chain, (frame,))
    if walked.error is not None:
        raise walked.error
    return walked.chain


def rebuild(frames: Sequence[TrustFrame]) -> TrustChain:
    """A chain from the frames of every epoch from 1 on, of any number.

    Raises:
        BundleError: as for a trust file.
    """
    if not frames:
        raise refuse("TRUST_FILE", "no trust document")
    chain = TrustChain.start(frames[0])
    for frame in frames[1:]:
        chain = extend(chain, frame.document, frame.rows)
    return chain


def extends(longer: TrustChain, shorter: TrustChain) -> bool:
    """Whether a chain is another one, with nothing or with documents added."""
    mine = [link.frame.document for link in longer.links]
    return mine[: len(shorter.links)] == [link.frame.document for link in shorter.links]


def _short(key: Key) -> str:
    return key_kid(key).hex()[:16]
