"""Cases of the CBOR profile: the verdict, a second opinion and what cbor2 makes of the bytes."""

from __future__ import annotations

from typing import Any

import cbor2

from . import primitives_strictcbor as strictcbor
from .primitives_form import Case, accept, frozen, refuse, require


def _refuse_tag(*_: Any) -> Any:
    raise cbor2.CBORDecodeError("tag")


_TAGS = (
    0,
    1,
    2,
    3,
    4,
    5,
    25,
    28,
    29,
    30,
    35,
    36,
    37,
    52,
    54,
    100,
    256,
    258,
    260,
    261,
    1004,
    43000,
    55799,
)


def _accepted_by_cbor2(data: bytes) -> bool:
    """Whether the strictest options of cbor2 let the bytes through."""
    try:
        cbor2.loads(
            data,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            max_depth=strictcbor.MAX_DEPTH,
            semantic_decoders=dict.fromkeys(_TAGS, _refuse_tag),
            tag_hook=_refuse_tag,
        )
    except (cbor2.CBORError, ValueError, TypeError, UnicodeError, OverflowError):
        return False
    return True


def good(name: str, comment: str, rules: str, data: str) -> Case:
    """An item of the profile."""
    value, items = strictcbor.decode(bytes.fromhex(data))
    require(_accepted_by_cbor2(bytes.fromhex(data)), f"{name}: cbor2 refuses it")
    hexadecimal = bytes.fromhex(data).hex()
    return accept(name, comment, rules, {"cbor": hexadecimal}, {"value": value, "items": items})


def bad(name: str, comment: str, rules: str, data: str) -> Case:
    """Bytes outside the profile; the first rule is the one a plain decoder meets first."""
    raw = bytes.fromhex(data)
    try:
        strictcbor.decode(raw)
    except strictcbor.ProfileError as error:
        require(str(error) in rules.split(), f"{name}: refused by {error}, not by {rules}")
    else:
        require(condition=False, message=f"{name}: the profile accepts it")
    measured = frozen("cbor2 6.2.1 accepts", name, lambda: "yes" if _accepted_by_cbor2(raw) else "no")
    case = refuse(name, comment, rules, {"cbor": raw.hex()})
    case["lax"] = ["cbor2"] if measured == "yes" else []
    return case


def repeated(name: str, comment: str, rules: str, prefix: str, unit: str, count: int, *, ok: bool) -> Case:
    """An item too long to write down."""
    inputs = {"repeat": {"prefix": prefix, "unit": unit, "count": count}}
    data = bytes.fromhex(prefix) + bytes.fromhex(unit) * count
    try:
        items = strictcbor.decode(data)[1]
    except strictcbor.ProfileError as error:
        require(not ok and str(error) in rules.split(), f"{name}: refused by {error}")
        case = refuse(name, comment, rules, inputs)
        case["lax"] = ["cbor2"]
        return case
    require(ok, f"{name}: the profile accepts it")
    return accept(name, comment, rules, inputs, {"items": items})
