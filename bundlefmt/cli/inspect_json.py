"""An inspection as the object of `inspect --json`. Keys begin with `unverified_` where nothing vouches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bundlefmt.cli import facts as shared
from bundlefmt.cli.decision import decision_json
from bundlefmt.cli.facts import Json
from bundlefmt.model.header import KIND_NAMES

if TYPE_CHECKING:
    from bundlefmt.bundle.inspect import Inspection, UnverifiedSigner
    from bundlefmt.bundle.steps import Steps
    from bundlefmt.model.header import Header


def inspection_json(facts: Inspection, names: dict[bytes, str]) -> Json:
    """Everything an inspection found.

    Args:
        facts: the inspection.
        names: file each key id came from.
    """
    header = facts.unverified_header
    body: Json = {
        "bundle": facts.is_bundle,
        "size": facts.size,
        "sections": [row._asdict() for row in facts.sections],
        "unverified_header": _header(header) if header is not None else None,
        "unverified_signers": [_signer(row) for row in facts.unverified_signers],
        "unverified_trust": [
            {
                "length": frame.length,
                "document": shared.document_json(frame.document) if frame.document is not None else None,
                "signers": [_signer(row) for row in frame.signers],
            }
            for frame in facts.unverified_trust
        ],
        "unverified_recipients": [
            {
                "type": entry.type,
                "type_name": entry.type_name,
                "length": entry.length,
                "hint": entry.hint.hex() or None,
                "keys": [{"key_id": key.hex(), "file": names.get(key)} for key in entry.hint_of],
                "opened": entry.opened,
            }
            for entry in facts.recipients
        ],
        "keys_given": [{"key_id": key.hex(), "file": name} for key, name in names.items()],
        "faults": [{**fault._asdict(), "rules": list(fault.rules)} for fault in facts.faults],
        "verified": _steps(facts.steps, facts) if facts.steps is not None else None,
    }
    return body


def _signer(row: UnverifiedSigner) -> Json:
    return {"alg": row.alg, "alg_name": row.alg_name, "kid": row.kid.hex()}


def _header(header: Header) -> Json:
    return {
        "kind": KIND_NAMES[header.kind],
        "publisher": header.publisher_id.hex(),
        "bundle_id": header.bundle_id.hex(),
        "trust_epoch": header.trust_epoch,
        "manifest_len": header.manifest_len,
        "manifest_digest": header.manifest_digest.hex(),
        "body_len": header.body_len,
        "body_root": header.body_root.hex(),
        "extensions": [number for number, _ in header.extensions],
    }


def _steps(steps: Steps, facts: Inspection) -> Json:
    front = steps.front
    refusal = steps.refusal
    return {
        "kind": KIND_NAMES[steps.kind],
        "steps": [
            {
                "id": step.id,
                "name": step.name,
                "outcome": step.outcome.replace(" ", "-"),
                "note": step.note or None,
                "refused": shared.refusal_json(step.error) if step.error is not None else None,
            }
            for step in steps.steps
        ],
        "refused": shared.refusal_json(refusal) if refusal is not None else None,
        "publisher": steps.chain.publisher_id.hex(),
        "newest_epoch": steps.chain.newest.epoch,
        "signers": [kid.hex() for kid in front.tally.counted] if front is not None else [],
        "threshold": front.tally.threshold if front is not None else None,
        "decision": decision_json(facts.unverified_signers, steps.chain, steps.kind, verified=front is not None),
        "identities_tried": list(steps.tried),
        "release": _release(steps),
        "pointer": shared.pointer_json(steps.pointer) if steps.pointer is not None else None,
    }


def _release(steps: Steps) -> Json | None:
    if steps.record is None:
        return None
    tree = shared.tree_json(steps.release) if steps.release is not None else {}
    return {**shared.record_json(steps.record, steps.release_id), **tree}
