"""Why a signature row counts or not (specification section 3, SIG-4 to SIG-7), for people who audit.

Nothing here decides: `threshold.count` does. This tells what the chain knows about each row.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from bundlefmt.crypto.digests import signer_kid
from bundlefmt.model.trustdoc import Key, Role, TrustDocument
from bundlefmt.trust.chain import TrustChain
from bundlefmt.wire.sections import PUBLIC_KEY_LEN, SignatureRow

COUNTED = "counted"
UNKNOWN_KEY = "unknown-key"
UNKNOWN_ALGORITHM = "unknown-algorithm"
OTHER_ROLE = "other-role"
RETIRED = "retired"
NAMES = ("root", "release", "pointer")


class RowVerdict(NamedTuple):
    """What the chain knows about one row of a signature table.

    Attributes:
        alg, kid: of the row.
        reason: COUNTED for a key of the role asked for, else why the row is ignored.
        roles: roles that the key holds in the newest document.
        last_epoch: of a retired key, the last epoch in which it held the role asked for; else 0.
    """

    alg: int
    kid: bytes
    reason: str
    roles: tuple[str, ...]
    last_epoch: int

    @property
    def words(self) -> str:
        """The reason for people."""
        if self.reason == OTHER_ROLE:
            return f"ignored: it holds another role ({', '.join(self.roles)})"
        if self.reason == RETIRED:
            return f"ignored: retired, it held this role up to epoch {self.last_epoch}"
        return {
            COUNTED: "counted",
            UNKNOWN_ALGORITHM: f"ignored: unknown algorithm {self.alg}",
            UNKNOWN_KEY: "ignored: no trust document names this key",
        }[self.reason]


def key_kid(key: Key) -> bytes:
    """The kid of a key of a role; of an algorithm that is not implemented, something that names the key to people."""
    if key.alg in PUBLIC_KEY_LEN:
        return signer_kid(key.public)
    return sha256(key.alg.to_bytes(2, "big") + key.public).digest()


def _holds(role: Role, row: SignatureRow) -> bool:
    return any(key.alg == row.alg and key_kid(key) == row.kid for key in role.supported())


def _roles(document: TrustDocument, row: SignatureRow) -> tuple[str, ...]:
    return tuple(name for name in NAMES if _holds(getattr(document, name), row))


def explain(rows: Iterable[SignatureRow], chain: TrustChain, role: str) -> tuple[RowVerdict, ...]:
    """Tell about every row of a table.

    Args:
        rows: the table.
        chain: the reader's chain, with what the bundle taught.
        role: `root`, `release` or `pointer`; the one asked for.
    """
    verdicts: list[RowVerdict] = []
    for row in rows:
        now = _roles(chain.newest, row)
        last = 0
        if role in now:
            reason = COUNTED
        elif row.alg not in PUBLIC_KEY_LEN:
            reason = UNKNOWN_ALGORITHM
        else:
            # Its own past comes first: a key that moved to another role is retired from this one.
            held = [link.document.epoch for link in chain.links if _holds(getattr(link.document, role), row)]
            last = held[-1] if held else 0
            reason = RETIRED if held else OTHER_ROLE if now else UNKNOWN_KEY
        verdicts.append(RowVerdict(row.alg, row.kid, reason, now, last))
    return tuple(verdicts)
