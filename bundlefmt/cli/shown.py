"""What a signer is shown, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bundlefmt.cli import facts, trustwords, ui

if TYPE_CHECKING:
    from bundlefmt.bundle.request import Shown, ShownTrust

Pairs = list[tuple[str, str]]
_KINDS = {1: "release", 2: "pointer"}


def request_pairs(shown: Shown) -> Pairs:
    """A request for a release or a pointer: one record, and every header that carries it."""
    kind = _KINDS[shown.headers[0].header.kind]
    count = len(shown.headers)
    patches = sum(bool(each.needed_tree) for each in shown.headers)
    what = f"{kind}, {count} bundles" if count > 1 else f"{kind}, 1 bundle"
    if patches:
        what += f", {patches} of them patches" if count > 1 else ", a patch"
    pairs: Pairs = [
        ("kind", what),
        ("publisher", shown.publisher_id.hex()),
        ("epoch", ", ".join(map(str, shown.epochs))),
    ]
    if shown.record is not None:
        pairs += facts.record_pairs(shown.record, shown.release_id)
        if shown.record.expires is None:
            pairs.append(("expires", "never"))
        if not facts.requires_pairs(shown.record.requires):
            pairs.append(("host", "any"))
        files = "not shown: a patch, whose listing needs its base" if shown.files is None else str(shown.files)
        pairs.append(("files", files if shown.unpacked is None else f"{files}, {ui.size(shown.unpacked)}"))
    if shown.pointer is not None:
        pairs += facts.pointer_pairs(shown.pointer)
    return pairs


def trust_pairs(shown: ShownTrust) -> Pairs:
    """A request for a trust document: what it changes."""
    before = None if shown.before is None else shown.before.newest
    return trustwords.change_pairs(before, shown.document)
