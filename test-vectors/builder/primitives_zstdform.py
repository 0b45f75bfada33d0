"""Cases of zstd frames: the rules read plainly over the frame header, then the library."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from backports import zstd

from .primitives_form import Case, VectorError, accept, refuse
from .primitives_frames import MAGIC, Head, raw

MEBIBYTE = 1 << 20
WINDOWS = {"record": 8 * MEBIBYTE, "manifest": 64 * MEBIBYTE}
CODES = {"record": "RECORD_FRAME", "manifest": "MANIFEST_FRAME"}
HELLO = b"hello, bundle"


class _Refused(Exception):
    """Refused by the rule named first."""


def _header(frame: bytes) -> tuple[int, int]:
    """Content size and window of a frame header."""
    if frame[:4] != MAGIC or len(frame) < 6:
        raise _Refused("ZST-1" if frame[:4] != MAGIC else "ZST-6")
    flags = frame[4]
    if flags & 0b0001_1011:
        raise _Refused("ZST-2")
    single, code = flags & 0x20, flags >> 6
    width = (1 if single else 0) if code == 0 else 1 << code
    if width == 0:
        raise _Refused("ZST-3")
    at = 5 if single else 6
    if len(frame) < at + width:
        raise _Refused("ZST-6")
    size = int.from_bytes(frame[at : at + width], "little") + (256 if width == 2 else 0)
    exponent, mantissa = frame[5] >> 3, frame[5] & 7
    window = size if single else (1 << (10 + exponent)) // 8 * (8 + mantissa)
    return size, window


def judge(inputs: dict[str, Any]) -> tuple[bytes, int]:
    """What the frame yields and its window, or `_Refused`."""
    frame = bytes.fromhex(inputs["frame"])
    size, window = _header(frame)
    if inputs["unit"] == "record" and size != inputs["expected"]:
        raise _Refused("ZST-4")
    if inputs["unit"] == "manifest" and size > inputs["limit"]:
        raise _Refused("MAN-7")
    if window > WINDOWS[inputs["unit"]]:
        raise _Refused("ZST-5")
    history = None
    if "prefix" in inputs:
        history = zstd.ZstdDict(bytes.fromhex(inputs["prefix"]), is_raw=True).as_prefix
    decoder = zstd.ZstdDecompressor(history)
    content = b""
    try:
        piece = decoder.decompress(frame, max_length=size + 1)
        content += piece
        while not decoder.eof and len(content) <= size and piece:
            piece = decoder.decompress(b"", max_length=size + 1 - len(content))
            content += piece
    except zstd.ZstdError as error:
        raise _Refused("ZST-7" if "checksum" in str(error) else "ZST-6") from None
    if decoder.unused_data:
        raise _Refused("ZST-1")
    if not decoder.eof or len(content) != size:
        raise _Refused("ZST-6")
    return content, window


def record(frame: bytes, expected: int) -> dict[str, Any]:
    """The input of a record's frame."""
    return {"unit": "record", "frame": frame.hex(), "expected": expected}


def manifest(frame: bytes, limit: int = 64 * MEBIBYTE) -> dict[str, Any]:
    """The input of a manifest's frame."""
    return {"unit": "manifest", "frame": frame.hex(), "limit": limit}


def good(name: str, comment: str, rules: str, inputs: dict[str, Any], content: bytes) -> Case:
    """A frame that yields `content`."""
    try:
        found, window = judge(inputs)
    except _Refused as refused:
        raise VectorError(f"{name}: refused by {refused}") from None
    if found != content:
        raise VectorError(f"{name}: another content")
    output = {"size": len(found), "sha256": hashlib.sha256(found).hexdigest(), "window": window}
    return accept(name, comment, rules, inputs, output)


def bad(name: str, comment: str, rules: str, inputs: dict[str, Any], *, code: bool = True) -> Case:
    """A frame that is refused, by one of the rules named."""
    try:
        judge(inputs)
    except _Refused as refused:
        if str(refused) not in rules.split():
            raise VectorError(f"{name}: refused by {refused}, not {rules}") from None
        own = "MANIFEST_LIMIT" if str(refused) == "MAN-7" else CODES[inputs["unit"]]
        return refuse(name, comment, rules, inputs, own if code else None)
    raise VectorError(f"{name}: accepted")


def both(name: str, comment: str, rules: str, frame: bytes, content: bytes) -> Iterator[Case]:
    yield good(f"{name}-record", comment, rules, record(frame, len(content)), content)
    yield good(f"{name}-manifest", comment, rules, manifest(frame), content)


def both_bad(name: str, comment: str, rules: str, frame: bytes, expected: int) -> Iterator[Case]:
    yield bad(f"{name}-record", comment, rules, record(frame, expected))
    yield bad(f"{name}-manifest", comment, rules, manifest(frame))


PLAIN = Head(len(HELLO)).encode() + raw(HELLO)
