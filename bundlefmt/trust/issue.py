"""Making trust documents (specification section 5). The counterpart of `chain`, for publishers."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bundlefmt.crypto.digests import digest, publisher_id
from bundlefmt.crypto.signatures import is_enrollable
from bundlefmt.errors import refuse
from bundlefmt.model.trustdoc import PUBLISHER_AT, Key, Role, TrustDocument
from bundlefmt.trust.chain import TrustChain
from bundlefmt.wire.sections import SignatureRow, TrustFrame


def make_role(public_keys: Sequence[bytes], threshold: int = 1) -> Role:
    """A role of Ed25519 and hybrid keys.

    Args:
        public_keys: 32 bytes (Ed25519) or 1,984 (hybrid) each; a key given twice counts once.
        threshold: how many must sign.

    Raises:
        WriteError: INPUT_KEYS, for an Ed25519 key that is not of prime order (W-6) or a threshold that cannot be met.
    """
    keys = sorted({Key.of(public) for public in public_keys})
    for key in keys:
        if not is_enrollable(key.public):
            raise refuse("INPUT_KEYS", "a signing key is not a point of prime order (W-6)")
    if not 1 <= threshold <= len(keys):
        raise refuse("INPUT_KEYS", f"a threshold of {threshold} for {len(keys)} keys")
    return Role(threshold, tuple(keys))


def first_document(root: Role, release: Role, pointer: Role, *, issued: int | None = None, expires: int = 0) -> bytes:
    """The document of epoch 1, with its publisher id filled in (TRU-7).

    Args:
        root, release, pointer: the roles.
        issued: time; None takes the clock.
        expires: time, or 0 for never.

    Returns:
        The document's bytes, to be signed by the root threshold.
    """
    when = int(time.time()) if issued is None else issued
    blank = TrustDocument(bytes(32), 1, when, expires, 1, root, release, pointer).encode()
    return blank[:PUBLISHER_AT] + publisher_id(blank) + blank[PUBLISHER_AT + 32 :]


def payload(document: bytes) -> bytes:
    """What root keys sign of a document: its SHA-256."""
    return digest(document)


def start_chain(document: bytes, rows: Sequence[SignatureRow]) -> TrustChain:
    """Verify a first document and start a chain from it.

    Raises:
        BundleError: as `TrustChain.start`.
    """
    return TrustChain.start(TrustFrame(document, tuple(sorted(rows, key=lambda row: (row.alg, row.kid)))))
