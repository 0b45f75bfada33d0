"""This library's answers to the cases of test-vectors/primitives: each family to the function that decides it."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256, shake_256
from typing import Any

from bundlefmt.bundle.inputs import Input, check_inputs
from bundlefmt.bundle.policy import TrustPolicy, judge_release
from bundlefmt.crypto import cobblestone, digests, ed25519, hpke, schedule, signatures, suite
from bundlefmt.errors import refuse
from bundlefmt.keys.recipients import Identity, Recipient, format_recipient, parse_identities, parse_recipients
from bundlefmt.limits import LIMITS
from bundlefmt.model.manifest import inflate
from bundlefmt.model.paths import check_collisions, check_path
from bundlefmt.model.release import ReleaseRecord, compare_host, parse_requires
from bundlefmt.wire import armor, cbor, zstd
from bundlefmt.wire.cose import signed_bytes
from bundlefmt.wire.padding import padme
from bundlefmt.wire.sections import ALG_ED25519, ALG_HYBRID, PUBLIC_KEY_LEN, RecipientEntry
from bundlefmt.wire.sections import parse_recipients as parse_entries

Object = dict[str, Any]


class UnknownQuestion(Exception):
    """A family, or a question of it, that this code does not know: a failure, never skipped."""


class Refused(Exception):
    """Refused by a rule whose code the place decides."""


def answer(family: str, given: Object) -> Object:
    """Answer one case.

    Args:
        family: name of the file.
        given: the case's input.

    Returns:
        Its output.

    Raises:
        BundleError: the input is refused.
        Refused: likewise, without a code of its own.
        UnknownQuestion: nobody knows how to answer.
    """
    ask = _FAMILIES.get(family)
    if ask is None:
        raise UnknownQuestion(family)
    return ask(given)


_PERIOD = bytes((i * 31 + i // 251) & 255 for i in range(251 * 256))


def _pattern(given: Object) -> bytes:
    """Byte `i` is `(i * 31 + i // 251) mod 256`, which repeats after 251 * 256 bytes."""
    start = given.get("start", 0)
    first = start % len(_PERIOD)
    end = first + given["length"]
    data = bytearray((_PERIOD * (end // len(_PERIOD) + 1))[first:end])
    if "flip" in given:
        data[given["flip"]] ^= 1
    return bytes(data)


def _by_question(**questions: Callable[[Object], Object]) -> Callable[[Object], Object]:
    def ask(given: Object) -> Object:
        question = questions.get(given["of"])
        if question is None:
            raise UnknownQuestion(given["of"])
        return question(given)

    return ask


# Signatures and CBOR


def _require_signature(public: str, message: bytes, signature: str) -> Object:
    if not ed25519.verifies(bytes.fromhex(public), message, bytes.fromhex(signature)):
        raise Refused
    return {}


def _hybrid_signature(given: Object) -> Object:
    public, payload = bytes.fromhex(given["public_key"]), bytes.fromhex(given["payload"])
    data = signed_bytes(digests.signer_kid(public), given["label"].encode(), payload, ALG_HYBRID)
    # In a bundle the key's length is checked when its trust document is read.
    length_ok = len(public) == PUBLIC_KEY_LEN[ALG_HYBRID]
    if not length_ok or not signatures.verifies(public, data, bytes.fromhex(given["signature"])):
        raise Refused
    return {}


def _ed25519(given: Object) -> Object:
    return _require_signature(given["public_key"], bytes.fromhex(given["message"]), given["signature"])


def _structure(given: Object, alg: int = ALG_ED25519) -> Object:
    label, payload = given["label"].encode(), bytes.fromhex(given["payload"])
    return {"to_be_signed": signed_bytes(bytes.fromhex(given["kid"]), label, payload, alg).hex()}


def _hybrid_structure(given: Object) -> Object:
    return _structure(given, ALG_HYBRID)


def _signature(given: Object) -> Object:
    kid = digests.signer_kid(bytes.fromhex(given["public_key"]))
    data = signed_bytes(kid, given["label"].encode(), bytes.fromhex(given["payload"]))
    return _require_signature(given["public_key"], data, given["signature"])


def _kid(given: Object) -> Object:
    return {"kid": digests.signer_kid(bytes.fromhex(given["public_key"])).hex()}


def _cbor(given: Object) -> Object:
    repeat = given.get("repeat")
    if repeat is None:
        value = cbor.decode(bytes.fromhex(given["cbor"]), "HEADER_ENCODING")
        return {"items": _count(value), "value": _typed(value)}
    data = bytes.fromhex(repeat["prefix"]) + bytes.fromhex(repeat["unit"]) * repeat["count"]
    return {"items": _count(cbor.decode(data, "HEADER_ENCODING"))}


def _count(value: Any) -> int:
    if isinstance(value, list):
        return 1 + sum(map(_count, value))
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(_count, value.values()))
    return 1


def _typed(value: Any) -> Object:
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"uint": value}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, list):
        return {"array": [_typed(item) for item in value]}
    return {"map": [[_typed(key), _typed(item)] for key, item in value.items()]}


# Sizes, leaves, paths, versions


def _padme(given: Object) -> Object:
    return {"padded": padme(given["length"])}


def _leaf_sizes(given: Object) -> Object:
    length = given["body_len"]
    return {"leaf_size": digests.leaf_size(length), "leaf_count": digests.leaf_count(length)}


def _body(given: Object) -> Object:
    body = memoryview(_pattern(given["body"]))
    size = digests.leaf_size(len(body))
    starts = range(0, len(body), size)
    leaves = [digests.leaf_digest(number, body[start : start + size]) for number, start in enumerate(starts)]
    joined = b"".join(leaves)
    output = {
        "leaf_size": size,
        "leaf_count": len(leaves),
        "leaves_sha256": sha256(joined).hexdigest(),
        "root": digests.body_root(len(body), joined).hex(),
    }
    return {**output, "first_leaf": leaves[0].hex(), "last_leaf": leaves[-1].hex()} if leaves else output


def _table(given: Object) -> Object:
    length, leaves = given["body_len"], bytes.fromhex(given["leaves"])
    # In a bundle the table's length follows from the body's; here both are given.
    count_ok = len(leaves) == 32 * digests.leaf_count(length)
    if not count_ok or digests.body_root(length, leaves).hex() != given["root"]:
        raise refuse("LEAF_TABLE", "the leaf table does not give the root")
    return {}


def _leaf(given: Object) -> Object:
    if digests.leaf_digest(given["index"], _pattern(given["bytes"])).hex() != given["digest"]:
        raise refuse("BODY_DIGEST", "the leaf does not have its digest")
    return {}


def _path(given: Object) -> Object:
    path = bytes.fromhex(given["path"]).decode()
    check_path(path)
    return {"components": [part.encode().hex() for part in path.split("/")]}


def _path_set(given: Object) -> Object:
    paths = [bytes.fromhex(path).decode() for path in given["paths"]]
    check_collisions(paths)
    parents = {"/".join(parts[:end]) for parts in (path.split("/") for path in paths) for end in range(1, len(parts))}
    return {"folders": [name.hex() for name in sorted(name.encode() for name in parents)]}


def _writer_paths(given: Object) -> Object:
    check_inputs([Input(bytes.fromhex(path).decode(), executable=False, size=0, source=b"") for path in given["paths"]])
    return {}


def _compare(given: Object) -> Object:
    return {"order": compare_host(tuple(given["a"]), tuple(given["b"]))}


def _requires(given: Object) -> Object:
    fields = {int(key): value for key, value in given["requires"].items()}
    requires = parse_requires(fields, "RELEASE_RECORD", may_be_empty=True)
    record = ReleaseRecord("p", 1, "1", 0, bytes(32), requires=requires)
    host = tuple(given["host"]) if "host" in given else None
    # Without a floor the chain is not looked at.
    policy = TrustPolicy(chain=None, now=0, host=host, platform=given.get("platform"))  # type: ignore[arg-type]
    judge_release(policy, None, record, bytes(32))  # type: ignore[arg-type]
    return {}


# Keys and wraps


def _recipient(given: Object) -> Object:
    return {"key_id": digests.recipient_key_id(given["type"], bytes.fromhex(given["public_key"])).hex()}


def _hint(given: Object) -> Object:
    enc, public = bytes.fromhex(given["enc"]), bytes.fromhex(given["public_key"])
    return {"hint": digests.recipient_hint(given["type"], enc, public).hex()}


def _identity(given: Object) -> Object:
    secret = bytes.fromhex(given["secret"])
    recipient = Identity(given["type"], secret).recipient
    output = {"public_key": recipient.public.hex(), "key_id": recipient.key_id.hex()}
    return output if recipient.type == hpke.X25519 else {**output, "expanded": shake_256(secret).hexdigest(96)}


def _check(given: Object) -> Object:
    key = bytes.fromhex(given["key"])
    if given["label"] == armor.IDENTITY:
        text = Identity(given["type"], key).armored()
    else:
        text = format_recipient(Recipient(given["type"], key))
    return {"check": armor.dearmor(text)[0].data[-4:].hex()}


def _armor(given: Object) -> Object:
    label, text = given["label"], given["text"]
    if label == armor.IDENTITY:
        blocks = [block.data for block in armor.dearmor(text)]
        return {
            "blocks": [
                _key_block(one.type, data[2:-4]) for one, data in zip(parse_identities(text), blocks, strict=True)
            ]
        }
    if label == armor.RECIPIENT:
        return {"blocks": [_key_block(one.type, one.public) for one in parse_recipients(text)]}
    found = armor.dearmor(text, "TRUST_FILE")
    if len(found) != 1 or found[0].label != label:
        raise refuse("TRUST_FILE", "expected one block")
    return {"blocks": [{"content": found[0].data.hex()}]}


def _key_block(kind: int, key: bytes) -> Object:
    return {"type": kind, "key": key.hex()}


def _binding(given: Object) -> suite.Binding:
    return suite.Binding(given["kind"], bytes.fromhex(given["publisher_id"]), bytes.fromhex(given["bundle_id"]))


def _in_suite(place: bytes, number: int) -> bytes:
    """The library knows suite 1 alone; for any other the field behind the label is replaced."""
    start = place.index(0) + 1
    return place[:start] + number.to_bytes(2, "big") + place[start + 2 :]


def _wrap(given: Object) -> Object:
    kind, payload = given["type"], bytes.fromhex(given["payload"])
    (entry,) = parse_entries(kind.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload)
    secret = bytes.fromhex(given["identity"])
    info = _in_suite(_binding(given).wrap_info(kind), given["suite"])
    cek = _unwrap(Identity(kind, secret), secret, entry, given, info)
    if cek is None:
        raise refuse("NO_IDENTITY", "the entry does not open")
    return {"cek": cek.hex(), "info": info.hex()}


def _unwrap(identity: Identity, secret: bytes, entry: RecipientEntry, given: Object, info: bytes) -> bytes | None:
    if given["suite"] == suite.SUITE:
        return identity.unwrap(entry, _binding(given))
    return hpke.unwrap(entry.type, secret, entry.wrap, info)


# Messages and frames


def context(given: Object) -> bytes:
    """The context of a case of `cobblestone`."""
    binding = _binding(given)
    found = binding.manifest_context() if given["unit"] == "manifest" else binding.record_context(given["index"])
    return _in_suite(found, given["suite"])


def _message(given: Object) -> Object:
    cek, salt, place = bytes.fromhex(given["cek"]), bytes.fromhex(given["salt"]), context(given)
    plaintext = _pattern(given["plaintext"])
    derived = schedule.derive(cek, place, salt)
    message = schedule.message(cek, place, salt, plaintext)
    # The message is the test's; that it is one is decided by what opens every bundle.
    whole = cobblestone.unseal(cek, place, message, "RECORD_DECRYPT") == plaintext
    if not whole or len(message) != suite.message_len(len(plaintext)):
        raise Refused
    return {
        "context": place.hex(),
        "key": derived.key.hex(),
        "base_nonce": derived.base_nonce.hex(),
        "commitment": derived.commitment.hex(),
        "message_len": len(message),
        "message_sha256": sha256(message).hexdigest(),
        "message": message.hex(),
    }


def _open(given: Object) -> Object:
    code = "MANIFEST_DECRYPT" if given["unit"] == "manifest" else "RECORD_DECRYPT"
    plaintext = cobblestone.unseal(bytes.fromhex(given["cek"]), context(given), bytes.fromhex(given["message"]), code)
    return {"plaintext_len": len(plaintext), "plaintext_sha256": sha256(plaintext).hexdigest()}


def _length(given: Object) -> Object:
    length = suite.plain_len(given["message_len"])
    if length < 0:
        raise refuse("MANIFEST_DECRYPT", "no message has this length")
    return {"plaintext_len": length}


def _zstd_frame(given: Object) -> Object:
    frame, prefix = bytes.fromhex(given["frame"]), bytes.fromhex(given.get("prefix", ""))
    if given["unit"] == "manifest":
        data = inflate(frame, given["limit"], prefix)
    else:
        size = zstd.frame_size(frame, "RECORD_FRAME", LIMITS.record_window)
        if size != given["expected"]:
            raise refuse("RECORD_FRAME", "the frame states another size")
        data = zstd.decompress(frame, size, "RECORD_FRAME", prefix)
    return {"size": len(data), "sha256": sha256(data).hexdigest(), "window": _window(frame, len(data))}


def _window(frame: bytes, size: int) -> int:
    """The number that ZST-5 bounds; the library compares it and keeps it to itself."""
    if frame[4] & 0x20:
        return size
    base = 1 << (10 + (frame[5] >> 3))
    return base + base // 8 * (frame[5] & 7)


_FAMILIES: dict[str, Callable[[Object], Object]] = {
    "ed25519": _ed25519,
    "cbor": _cbor,
    "sig-structure": _by_question(kid=_kid, structure=_structure, signature=_signature),
    "hybrid-signature": _by_question(kid=_kid, structure=_hybrid_structure, signature=_hybrid_signature),
    "leaves": _by_question(size=_leaf_sizes, body=_body, table=_table, leaf=_leaf),
    "padme": _padme,
    "paths": _by_question(path=_path, set=_path_set),
    "paths-writer": _writer_paths,
    "key-ids": _by_question(
        signer=_kid, recipient=_recipient, hint=_hint, identity=_identity, check=_check, armor=_armor
    ),
    "wrap": _wrap,
    "cobblestone": _by_question(message=_message, open=_open, length=_length),
    "zstd-frame": _zstd_frame,
    "host-version": _by_question(compare=_compare, requires=_requires),
}
