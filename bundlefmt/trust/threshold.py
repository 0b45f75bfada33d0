"""Counting signatures (specification section 3, SIG-4 to SIG-8)."""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.crypto import signatures
from bundlefmt.crypto.digests import signer_kid
from bundlefmt.errors import refuse
from bundlefmt.model.trustdoc import Key, Role
from bundlefmt.wire.cose import signed_bytes
from bundlefmt.wire.sections import SignatureRow


class Tally(NamedTuple):
    """Outcome of one count.

    Attributes:
        counted: kids whose signatures were valid, each a distinct public key of the role.
        ignored: kids of rows that are not of the role.
        threshold: how many the role demands.
    """

    counted: tuple[bytes, ...]
    ignored: tuple[bytes, ...]
    threshold: int


def count(rows: tuple[SignatureRow, ...], role: Role, label: bytes, payload: bytes, *, bad: str, few: str) -> Tally:
    """Verify every known row and require the threshold.

    Args:
        rows: a signature table, strictly ascending by algorithm and kid.
        role: the role asked for, of the document asked for.
        label: one of the labels of `bundlefmt.wire.cose`.
        payload: what was signed.
        bad: error code for a bad signature of a key of the role (SIG-5).
        few: error code for too few (SIG-6).

    Returns:
        The tally.

    Raises:
        BundleError: with `bad` or `few`.
    """
    # Keyed by (alg, kid computed from the key): the kid on the wire selects and nothing more (SIG-4).
    known: dict[tuple[int, bytes], Key] = {(key.alg, signer_kid(key.public)): key for key in role.supported()}
    counted: dict[bytes, bytes] = {}  # public key -> kid, so that a threshold counts keys (SIG-6)
    ignored: list[bytes] = []
    for row in rows:
        key = known.get((row.alg, row.kid))
        if key is None:
            ignored.append(row.kid)
            continue
        if not signatures.verifies(key.public, signed_bytes(row.kid, label, payload, key.alg), row.signature):
            raise refuse(bad, f"the signature of key {row.kid.hex()[:16]} is not valid")
        counted[key.public] = row.kid
    if len(counted) < role.threshold:
        raise refuse(few, f"{len(counted)} valid signatures by keys of this role, {role.threshold} are needed")
    return Tally(tuple(counted.values()), tuple(ignored), role.threshold)
