"""The CBOR profile (specification section 1, rules CBR-1 to CBR-9). The only importer of cbor2.

cbor2's strict options do not enforce the profile: it ignores trailing bytes and accepts longer
encodings, and its built-in tags run code. So decoding goes: bound depth and number of items on the
raw bytes, decode with every tag refused, compare the re-encoding, then check the types.
"""

from __future__ import annotations

from typing import Any

import cbor2

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS, UINT_MAX

# Every tag cbor2 6.2.1 decodes by itself. `tag_hook` alone does not see these; a test compares the
# list with the library's, so that a new release cannot add one unnoticed.
BUILTIN_TAGS = (
    *range(6), 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799,
)  # fmt: skip


def _refuse_tag(*_: object) -> Any:
    raise cbor2.CBORDecodeError("tag")


_NO_TAGS: Any = dict.fromkeys(BUILTIN_TAGS, _refuse_tag)


def decode(data: bytes, code: str, *, items: int = LIMITS.cbor_items) -> Any:
    """Decode one CBOR item under the profile.

    Args:
        data: the item's bytes, all of them.
        code: error code to refuse with.
        items: most items in all (CBR-9).

    Returns:
        Integers, bytes, str, bool, lists and dicts.

    Raises:
        EncodingError: with `code`, when the bytes are outside the profile.
    """
    if len(data) > items:  # an item has at least one byte
        _bound(data, code, items)
    try:
        value = cbor2.loads(
            data,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            max_depth=LIMITS.cbor_depth,  # stops recursion; the library counts values and not containers
            semantic_decoders=_NO_TAGS,
            tag_hook=_refuse_tag,
        )
        _walk(value)
        same = cbor2.dumps(value) == data
    except (cbor2.CBORError, _ProfileError, ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise refuse(code, f"CBOR outside the profile ({type(exc).__name__})") from None
    if not same:
        raise refuse(code, "CBOR is not in its one deterministic encoding")
    return value


def encode(value: Any) -> bytes:
    """Encode a value under the profile.

    Args:
        value: integers, bytes, str, bool, lists, tuples and dicts with integer keys.

    Returns:
        The one deterministic encoding.

    Raises:
        ValueError: the value cannot be expressed in the profile.
    """
    _walk(value)
    return cbor2.dumps(value, canonical=True)


class _ProfileError(ValueError):
    """A type or value the profile does not have."""


def _walk(value: Any) -> None:
    """Check types, ranges and nesting of a decoded value (CBR-4, CBR-5, CBR-8, key types of CBR-6), level by level."""
    level = [value]
    depth = 0
    while level:
        below: list[Any] = []
        push = below.append
        for item in level:
            kind = type(item)
            if kind is list or kind is tuple:
                parts = item
            elif kind is dict:
                last = -1
                for key in item:
                    if type(key) is not int or not last < key <= UINT_MAX:
                        raise _ProfileError("map key")
                    last = key
                parts = item.values()
            else:
                _scalar(item)
                continue
            for part in parts:
                # The ordinary scalars are checked here instead of being pushed: tables have millions of them.
                part_kind = type(part)
                if part_kind is int:
                    if not 0 <= part <= UINT_MAX:
                        raise _ProfileError("integer")
                elif part_kind is not bytes and part_kind is not str:
                    push(part)
        depth += any(type(item) is list or type(item) is dict or type(item) is tuple for item in level)
        if depth > LIMITS.cbor_depth:
            raise _ProfileError("depth")
        level = below


def _scalar(value: Any) -> None:
    kind = type(value)
    if kind is int:
        if not 0 <= value <= UINT_MAX:
            raise _ProfileError("integer")
    elif kind is not bytes and kind is not str and kind is not bool:
        raise _ProfileError(kind.__name__)


_LENGTHS = {24: 1, 25: 2, 26: 4, 27: 8}


def _bound(data: bytes, code: str, items: int) -> None:
    """Count items without building them (CBR-9), so that memory is bounded before it is taken."""
    position = count = 0
    end = len(data)
    lengths = _LENGTHS
    while position < end:
        head = data[position]
        position += 1
        count += 1
        if count > items:
            raise refuse(code, f"more than {items} CBOR items")
        low = head & 31
        if low < 24:
            value = low
        else:
            size = lengths.get(low)
            if size is None:
                raise refuse(code, "CBOR length of a form the profile does not have")
            value = int.from_bytes(data[position : position + size], "big")
            position += size
        if 0x40 <= head < 0x80:
            position += value
