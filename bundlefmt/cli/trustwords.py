"""Trust documents in plain words: what one epoch changes, who must sign it, what runs out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bundlefmt.cli import ui

if TYPE_CHECKING:
    from bundlefmt.model.trustdoc import Key, Role, TrustDocument
    from bundlefmt.trust.rotation import Wanted

Pairs = list[tuple[str, str]]
WARN_AHEAD = 60 * 86400  # seconds before a document expires
_DAY = 86400


def key_words(key: Key) -> str:
    """A key for people: algorithm and key id."""
    from bundlefmt.bundle.inspect import ALG_NAMES
    from bundlefmt.trust.explain import key_kid

    if key.alg in ALG_NAMES:
        return f"{ALG_NAMES[key.alg]} {key_kid(key).hex()}"
    return f"algorithm {key.alg}, {len(key.public)} bytes"


def role_pairs(name: str, role: Role) -> Pairs:
    """A role and its keys."""
    return [(name, f"{role.threshold} of {len(role.keys)}"), *(("", key_words(key)) for key in role.keys)]


def voids(document: TrustDocument) -> str:
    """What a document voids."""
    return f"bundles of epochs below {document.min_epoch}" if document.min_epoch > 1 else "nothing"


def expires(document: TrustDocument) -> str:
    """When a document expires."""
    return ui.when(document.expires) if document.expires else "never"


def document_pairs(document: TrustDocument) -> Pairs:
    """A document."""
    return [
        ("issued", ui.when(document.issued)),
        ("expires", expires(document)),
        ("voids", voids(document)),
        *role_pairs("root", document.root),
        *role_pairs("release", document.release),
        *role_pairs("pointer", document.pointer),
    ]


def change_pairs(before: TrustDocument | None, after: TrustDocument) -> Pairs:
    """What a document changes; all of it where nothing is before it."""
    if before is None:
        return [("publisher", after.publisher_id.hex()), ("epoch", "1, a new publisher"), *document_pairs(after)]
    pairs = [("publisher", after.publisher_id.hex()), ("epoch", f"{after.epoch}, after {before.epoch}")]
    for name in ("root", "release", "pointer"):
        pairs += _role_change(name, getattr(before, name), getattr(after, name))
    if after.min_epoch != before.min_epoch:
        pairs.append(("voids", f"{voids(after)}; before: {voids(before)}"))
    if after.expires != before.expires:
        pairs.append(("expires", f"{expires(after)}; before: {expires(before)}"))
    if after.extensions != before.extensions:
        pairs.append(("extensions", ", ".join(str(number) for number, _ in after.extensions) or "none"))
    if len(pairs) == 2:
        pairs.append(("changes", "nothing but its number"))
    return pairs


def _role_change(name: str, before: Role, after: Role) -> Pairs:
    if before == after:
        return []
    counts = f"{after.threshold} of {len(after.keys)}"
    if (before.threshold, len(before.keys)) != (after.threshold, len(after.keys)):
        counts += f"; before: {before.threshold} of {len(before.keys)}"
    return [
        (name, counts),
        *(("", f"adds {key_words(key)}") for key in after.keys if key not in before.keys),
        *(("", f"removes {key_words(key)}") for key in before.keys if key not in after.keys),
    ]


def wanted_lines(wanted: Sequence[Wanted]) -> list[str]:
    """Whose signatures a document still needs."""
    lines: list[str] = []
    for each in wanted:
        keys = ", ".join(key_words(key) for key in each.keys)
        lines.append(f"the root of epoch {each.epoch} has {each.have} of {each.need} signatures; left are {keys}")
    return lines


def expiry_warning(document: TrustDocument, now: int | None = None) -> str | None:
    """A warning from 60 days before the newest document expires, for `show` and `pack`."""
    moment = int(time.time()) if now is None else now
    left = document.expires - moment
    if not document.expires or left > WARN_AHEAD:
        return None
    what = f"the trust document of epoch {document.epoch}"
    how = "; publisher rotate --expires makes the next one"
    if left <= 0:
        return f"warning: {what} expired at {ui.when(document.expires)}: devices that know it take no pointer{how}"
    days = left // _DAY
    span = f"{days} days" if days > 1 else "a day" if days else "hours"
    return f"warning: {what} expires in {span}, at {ui.when(document.expires)}{how}"


def spare_warnings(document: TrustDocument) -> list[str]:
    """Roles that stand on their last keys: one more loss and nobody can sign."""
    root = document.root
    if len(root.keys) > root.threshold or len(root.keys) == 1:
        return []
    return [f"warning: all {len(root.keys)} root keys must sign the next epoch; losing one locks you out"]
