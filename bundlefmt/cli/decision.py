"""Which document decided, which keys counted, which rows did not and why: for `verify` and `inspect`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bundlefmt.model.header import KIND_NAMES
from bundlefmt.wire.sections import SignatureRow

if TYPE_CHECKING:
    from bundlefmt.trust.chain import TrustChain
    from bundlefmt.trust.explain import RowVerdict

Json = dict[str, Any]


def verdicts(rows: Iterable[tuple[int, bytes]], chain: TrustChain, kind: int) -> tuple[RowVerdict, ...]:
    """What the chain says of each row.

    Args:
        rows: algorithm and kid of each.
        chain: with what the bundle taught.
        kind: RELEASE or POINTER, which the role follows from (SIG-8).
    """
    from bundlefmt.trust.explain import explain

    return explain((SignatureRow(alg, kid, b"") for alg, kid in rows), chain, KIND_NAMES[kind])


def decision_json(rows: Iterable[tuple[int, bytes]], chain: TrustChain, kind: int, *, verified: bool) -> Json:
    """The decision for `--json`.

    Args:
        rows, chain, kind: as for `verdicts`.
        verified: whether the signatures were verified; else a key of the role is only named.
    """
    from bundlefmt.crypto.digests import digest
    from bundlefmt.trust.explain import COUNTED

    link = chain.links[-1]
    role = getattr(link.document, KIND_NAMES[kind])
    return {
        "document": digest(link.frame.document).hex(),
        "epoch": link.document.epoch,
        "min_epoch": link.document.min_epoch,
        "role": KIND_NAMES[kind],
        "threshold": role.threshold,
        "keys": len(role.keys),
        "rows": [
            {
                "alg": row.alg,
                "kid": row.kid.hex(),
                "outcome": "not-verified" if row.reason == COUNTED and not verified else row.reason,
                "roles": list(row.roles),
                "held_until_epoch": row.last_epoch or None,
            }
            for row in verdicts(rows, chain, kind)
        ],
    }
