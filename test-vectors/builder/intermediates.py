"""Every value between inputs and file of a key case, as hexadecimal."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from builder.bundle import Built, context, leaf_size
from builder.cases import Case
from builder.cobblestone import derive
from builder.encode import u32
from builder.keys import COSE_ALG, IDENTITIES, LABELS, TRUST, sig_structure
from builder.wrap import ENC_LENGTH, wrap_info


def shown(value: Any) -> Any:
    """A CBOR value as JSON: byte strings as {"hex"}, maps with decimal keys."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, (list, tuple)):
        return [shown(one) for one in value]
    if isinstance(value, dict):
        return {str(key): shown(value[key]) for key in sorted(value)}
    return value


def _rows(table: bytes, label: str, payload: bytes) -> list[dict[str, Any]]:
    rows, at = [], 0
    while at < len(table):
        length = int.from_bytes(table[at + 34 : at + 36], "big")
        alg = int.from_bytes(table[at : at + 2], "big")
        kid = table[at + 2 : at + 34]
        rows.append(
            {
                "alg": alg,
                "kid": kid.hex(),
                "sig_structure": sig_structure(label, kid, payload, COSE_ALG[alg]).hex(),
                "signature": table[at + 36 : at + 36 + length].hex(),
            }
        )
        at += 36 + length
    return rows


def _message(cek: bytes, full_context: bytes, message: bytes) -> dict[str, str]:
    derived = derive(cek, full_context, message[:24])
    return {
        "context": full_context.hex(),
        "salt": message[:24].hex(),
        "key": derived.key.hex(),
        "base_nonce": derived.base_nonce.hex(),
        "commitment": derived.commitment.hex(),
        "message": message.hex(),
    }


def _entries(result: Built, identity: str | None) -> list[dict[str, Any]]:
    shown_entries = []
    for entry in result.at["entries"]:
        kind = int.from_bytes(entry[:2], "big")
        payload = entry[4:]
        one: dict[str, Any] = {"type": kind, "payload": payload.hex()}
        if kind in ENC_LENGTH:
            hinted = len(payload) == ENC_LENGTH[kind] + 52
            enc = payload[4 if hinted else 0 :][: ENC_LENGTH[kind]]
            publisher_id = result.at["header_item"][3]
            one["info"] = wrap_info(result.kind, publisher_id, result.bundle_id, kind).hex()
            one["enc"] = enc.hex()
            one["ciphertext"] = payload[-48:].hex()
            one["hint"] = payload[:4].hex() if hinted else None
            for key in IDENTITIES[identity or ""]:
                if key.type == kind and hinted and key.hint(enc) == payload[:4]:
                    one["identity_secret"] = key.secret.hex()
                    one["public_key"] = key.public.hex()
                    one["recipient_key_id"] = key.key_id.hex()
        shown_entries.append(one)
    return shown_entries


def intermediates(one: Case) -> dict[str, Any]:
    """The JSON of a key case."""
    result, at = one.built, one.built.at
    publisher_id = at["header_item"][3]
    record_context = context("bundlefmt/1 record", one.kind, publisher_id, result.bundle_id)
    manifest_context = context("bundlefmt/1 manifest", one.kind, publisher_id, result.bundle_id)
    header = at["header"]
    prelude = at["prelude"]
    items = {name: at[name].hex() for name in ("release", "pointer", "listing") if at.get(name)}
    if one.kind == 1:
        items["records"] = at["records"].hex()
    data: dict[str, Any] = {
        "case": one.name,
        "prelude": {
            "bytes": prelude.hex(),
            "header_len": len(header),
            "signatures_len": len(at["signatures"]),
            "trust_len": len(at["trust"]),
            "recipients_len": len(at["recipients"]),
        },
        "header": {"bytes": header.hex(), "decoded": shown(at["header_item"])},
        "signatures": _rows(at["signatures"], LABELS[one.kind], header),
        "trust": [
            {
                "document": frame.document.hex(),
                "decoded": shown(document.item()),
                "payload": sha256(frame.document).hexdigest(),
                "rows": _rows(frame.table, TRUST, sha256(frame.document).digest()),
            }
            for frame, document in zip(result.chain.frames, result.chain.documents, strict=True)
        ],
        "publisher_id": publisher_id.hex(),
        "bundle_id": result.bundle_id.hex(),
        "recipients": _entries(result, one.identity),
        "cek": result.cek.hex(),
        "manifest": {
            **_message(result.cek, manifest_context, at["manifest"]),
            "used": len(at["used"]),
            "plaintext": at["manifest_plain"].hex(),
            "frames": [frame.hex() for frame in at["frames"]],
            "items": items,
        },
        "leaf_size": leaf_size(at["body_len"]),
        "body_len": at["body_len"],
        "leaves": [leaf.hex() for leaf in at["leaves"]],
        "body_root": at["root"].hex(),
        "file_size": len(one.data),
        "file_sha256": sha256(one.data).hexdigest(),
    }
    if one.kind == 2:
        data["pointer"] = shown(at["pointer_item"])
        return data
    data["release"] = shown(at["release_item"])
    data["release_id"] = sha256(at["release"]).hexdigest()
    data["listing"] = shown(at["listing_item"])
    data["tree"] = sha256(at["listing"]).hexdigest()
    data["needed_tree"] = at["needed_tree"].hex() if "needed_tree" in at else None
    data["record_table"] = shown(at["record_items"])
    data["records"] = [
        {
            "offset": place.offset,
            "plaintext_sha256": sha256(place.plain).hexdigest(),
            **_message(result.cek, record_context + u32(index), message),
        }
        for index, (place, message) in enumerate(zip(result.placed, at["messages"], strict=True))
    ]
    return data
