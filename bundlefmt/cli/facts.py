"""Releases, pointers and trust documents as JSON and as lines, for the verbs that show them.

Times are seconds since 1970 in JSON; digests, ids and keys are lower-case hexadecimal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bundlefmt.cli import ui

if TYPE_CHECKING:
    from bundlefmt.bundle.core import Release
    from bundlefmt.errors import BundleError
    from bundlefmt.model.pointer import PointerRecord
    from bundlefmt.model.release import HostVersion, ReleaseRecord, Requires
    from bundlefmt.model.trustdoc import Role, TrustDocument

Json = dict[str, Any]
Pairs = list[tuple[str, str]]


def refusal_json(exc: BundleError) -> Json:
    """A refusal."""
    return {"code": exc.code, "phase": exc.phase, "rules": list(exc.rules), "detail": exc.detail}


def requires_json(requires: Requires) -> Json:
    """Host requirements; versions are dotted."""
    return {
        "at_least": dotted(requires.at_least),
        "below": dotted(requires.below),
        "platforms": list(requires.platforms),
    }


def dotted(version: HostVersion | None) -> str | None:
    """A host version as people write it."""
    return ".".join(map(str, version)) if version else None


def record_json(record: ReleaseRecord, release_id: bytes) -> Json:
    """A release record. Secrets of new identities are counted, not shown."""
    return {
        "product": record.product,
        "number": record.number,
        "version": record.version,
        "release_id": release_id.hex(),
        "tree": record.tree.hex(),
        "created": record.created,
        "expires": record.expires,
        "requires": requires_json(record.requires),
        "notes": record.notes,
        "metadata": dict(record.metadata),
        "new_identities": len(record.identities),
    }


def tree_json(release: Release) -> Json:
    """What the manifest holds."""
    files = release.listing.files
    return {
        "files": len(files),
        "contents": len(release.listing.first_rows),
        "records": len(release.table.records),
        "unpacked_size": sum(entry.size for entry in files),
        "needed_tree": release.needed_tree.hex() or None,
    }


def pointer_json(pointer: PointerRecord) -> Json:
    """A pointer."""
    return {
        "product": pointer.product,
        "channel": pointer.channel,
        "sequence": pointer.sequence,
        "issued": pointer.issued,
        "expires": pointer.expires,
        "spread": pointer.spread,
        "offers": [
            {
                "number": offer.number,
                "version": offer.version,
                "release_id": offer.release_id.hex(),
                "tree": offer.tree.hex(),
                "requires": requires_json(offer.requires),
                "share": offer.share,
                "bundles": [
                    {
                        "head": item.head,
                        "body": item.body,
                        "head_len": item.head_len,
                        "body_len": item.body_len,
                        "header_digest": item.header_digest.hex(),
                        "needed_tree": item.needed.hex() or None,
                    }
                    for item in offer.bundles
                ],
            }
            for offer in pointer.offers
        ],
    }


def role_json(role: Role) -> Json:
    """A role, with the kids of its keys."""
    from bundlefmt.crypto.digests import signer_kid
    from bundlefmt.wire.sections import PUBLIC_KEY_LEN

    return {
        "threshold": role.threshold,
        "keys": [
            {
                "alg": key.alg,
                "kid": signer_kid(key.public).hex() if key.alg in PUBLIC_KEY_LEN else None,
                "public_key": key.public.hex(),
            }
            for key in role.keys
        ],
    }


def document_json(document: TrustDocument) -> Json:
    """A trust document."""
    return {
        "epoch": document.epoch,
        "issued": document.issued,
        "expires": document.expires or None,
        "min_epoch": document.min_epoch,
        "roles": {
            "root": role_json(document.root),
            "release": role_json(document.release),
            "pointer": role_json(document.pointer),
        },
    }


def record_pairs(record: ReleaseRecord, release_id: bytes) -> Pairs:
    """A release record, for people."""
    pairs = [
        ("product", record.product),
        ("version", record.version),
        ("number", str(record.number)),
        ("release id", release_id.hex()),
        ("tree", record.tree.hex()),
        ("created", ui.when(record.created)),
    ]
    if record.expires is not None:
        pairs.append(("expires", ui.when(record.expires)))
    pairs += requires_pairs(record.requires)
    pairs += [(f"meta {key}", value) for key, value in record.metadata]
    if record.identities:
        pairs.append(("new keys", f"{len(record.identities)} for the device's keyring"))
    pairs += [("notes" if not number else "", line) for number, line in enumerate(record.notes.splitlines())]
    return pairs


def requires_pairs(requires: Requires) -> Pairs:
    """Host requirements, for people."""
    pairs: Pairs = []
    if requires.at_least or requires.below:
        bounds = [f"{dotted(requires.at_least)} or later" if requires.at_least else ""]
        bounds.append(f"below {dotted(requires.below)}" if requires.below else "")
        pairs.append(("host", ", ".join(filter(None, bounds))))
    if requires.platforms:
        pairs.append(("platforms", ", ".join(requires.platforms)))
    return pairs


def tree_pairs(release: Release) -> Pairs:
    """What the manifest holds, for people."""
    facts = tree_json(release)
    pairs = [
        ("files", f"{facts['files']} ({facts['contents']} distinct contents in {facts['records']} records)"),
        ("unpacked", ui.size(facts["unpacked_size"])),
    ]
    if release.needed_tree:
        pairs.append(("patch over", release.needed_tree.hex()))
    return pairs


def pointer_pairs(pointer: PointerRecord) -> Pairs:
    """A pointer, for people."""
    pairs = [
        ("product", pointer.product),
        ("channel", pointer.channel),
        ("sequence", str(pointer.sequence)),
        ("issued", ui.when(pointer.issued)),
        ("expires", ui.when(pointer.expires)),
        ("spread", f"{pointer.spread} s"),
    ]
    for offer in pointer.offers:
        pairs.append(("offer", f"{offer.version}, number {offer.number}, to {offer.share / 100:g} %"))
        pairs += [("", f"release {offer.release_id.hex()}"), ("", f"{len(offer.bundles)} bundles")]
    return pairs
