"""An encoder that can also write what the profile forbids, and mutations of decoded values."""

from __future__ import annotations

import struct
from random import Random
from typing import Any

EDGES = (0, 1, 2, 3, 7, 8, 9, 23, 24, 31, 32, 63, 64, 255, 256, 4095, 16384, 65535, 65536)
WIDE = (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**40, 2**40 + 1, 2**53 - 1, 2**53, 2**63, 2**64 - 1)


class Raw(bytes):
    """Bytes that stand in the encoding as they are."""


def head(major: int, value: int, width: int = -1) -> bytes:
    """A head; `width` 0, 1, 2, 4 or 8 forces a form that may not be the shortest."""
    if width < 0:
        width = next(w for w, top in ((0, 24), (1, 1 << 8), (2, 1 << 16), (4, 1 << 32), (8, 1 << 64)) if value < top)
    if width == 0:
        return bytes((major << 5 | value,))
    return bytes((major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width],)) + value.to_bytes(width, "big")


def encode(value: Any, rng: Random | None = None, rate: float = 0.0) -> bytes:
    """Encode anything; with `rng`, now and then in a form the profile forbids."""
    fault = rng is not None and rng.random() < rate
    if isinstance(value, Raw):
        return bytes(value)
    if fault and rng is not None:
        return _faulty(value, rng, rate)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, min(value, WIDE[-1])) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        return head(3, len(text)) + text
    if isinstance(value, dict):
        pairs = [encode(k, rng, rate) + encode(v, rng, rate) for k, v in value.items()]
        return head(5, len(pairs)) + b"".join(pairs)
    return head(4, len(value)) + b"".join(encode(part, rng, rate) for part in value)


def _faulty(value: Any, rng: Random, rate: float) -> bytes:
    good = encode(value)
    choice = rng.randrange(12)
    if choice == 0 and isinstance(value, int) and value >= 0:
        return head(0, value, rng.choice([w for w in (1, 2, 4, 8) if value < 1 << (8 * w)] or [8]))
    if choice == 1 and isinstance(value, (bytes, str)):
        raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        major = 2 if isinstance(value, bytes) else 3
        if rng.random() < 0.5:
            return bytes((major << 5 | 31,)) + head(major, len(raw)) + raw + b"\xff"
        return head(major, len(raw), rng.choice((4, 8))) + raw
    if choice == 2 and isinstance(value, (list, tuple)):
        inside = b"".join(encode(part, rng, rate) for part in value)
        return rng.choice(
            (b"\x9f" + inside + b"\xff", head(4, len(value), 8) + inside, head(4, len(value) + 1) + inside)
        )
    if choice == 3 and isinstance(value, dict):
        pairs = list(value.items())
        rng.shuffle(pairs)
        if pairs and rng.random() < 0.5:
            pairs.append(pairs[0])
        return head(5, len(pairs)) + b"".join(encode(k) + encode(v) for k, v in pairs)
    if choice == 4:
        return head(6, rng.choice((0, 1, 2, 4, 24, 25, 28, 29, 30, 36, 55799, 1 << 40))) + good
    if choice == 5:
        return bytes((0xE0 | rng.randrange(32),))
    if choice == 6:
        return rng.choice(
            (b"\xf9\x3c\x00", b"\xfa\x00\x00\x00\x00", b"\xf8\x15", b"\xf8\xff", b"\xf7", b"\x20", b"\x3b" + bytes(8))
        )
    if choice == 7:
        return b"\x81" * rng.choice((1, 6, 7, 8, 9, 40)) + good
    if choice == 8:
        return good[:-1]
    if choice == 9:
        return head(rng.choice((2, 3, 4, 5)), rng.choice(WIDE[:-1]))
    if choice == 10:
        return b"\x63" + rng.choice((b"\xed\xa0\x80", b"\xc0\x80a", b"a\xff\xfe", b"\xf0\x80\x80"))
    return good + bytes((rng.randrange(256),))


def change(value: Any, rng: Random, depth: int = 0) -> Any:
    """One change somewhere in a decoded value."""
    if isinstance(value, (list, tuple)) and value and rng.random() < 0.8:
        parts = list(value)
        at = rng.randrange(len(parts))
        action = rng.randrange(10)
        if action == 0:
            del parts[at]
        elif action == 1:
            parts.insert(at, parts[rng.randrange(len(parts))])
        elif action == 2:
            other = rng.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        else:
            parts[at] = change(parts[at], rng, depth + 1)
        return parts
    if isinstance(value, dict) and value and rng.random() < 0.8:
        items = dict(value)
        key = rng.choice(list(items))
        action = rng.randrange(8)
        if action == 0:
            del items[key]
        elif action == 1:
            items[rng.choice(EDGES)] = items[key]
        else:
            items[key] = change(items[key], rng, depth + 1)
        return dict(sorted(items.items())) if rng.random() < 0.9 else items
    return _scalar(value, rng)


def _scalar(value: Any, rng: Random) -> Any:
    choice = rng.randrange(8)
    if choice == 0:
        return rng.choice((None, True, False, 1.5, -1, b"", "", [], {}, [[]], {0: 0}, 0, "a", b"a"))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice((value + 1, max(value - 1, 0), rng.choice(EDGES), rng.choice(EDGES), rng.choice(WIDE)))
    if isinstance(value, bytes):
        return rng.choice((value[:-1], value + b"\0", flip(value, rng), bytes(len(value)), value * 2))
    if isinstance(value, str):
        odd = rng.choice(
            ("/", "\\", "..", ".", " ", "\0", "\x85", "con", "A", "\u00e9", "\ud800", ":", "\U0001f600", "x" * 300)
        )
        at = rng.randrange(len(value) + 1)
        return rng.choice((value[:at] + odd + value[at:], odd, value[:at], value.swapcase()))
    return value


def flip(data: bytes, rng: Random) -> bytes:
    """One bit changed."""
    if not data:
        return b"\0"
    bit = rng.randrange(8 * len(data))
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
