"""Vectors for zstd frames: windows, ZST-5, and checksums, ZST-7."""

from __future__ import annotations

from collections.abc import Iterator

from .primitives_form import Case, pattern
from .primitives_frames import Head, checksum, raw, rle_blocks
from .primitives_zstdform import (
    HELLO,
    MEBIBYTE,
    PLAIN,
    WINDOWS,
    bad,
    both_bad,
    good,
    manifest,
    record,
)


def windows() -> Iterator[Case]:
    size = len(HELLO)
    for unit, bound, byte in (("record", "8 MiB", 0x68), ("manifest", "64 MiB", 0x80)):
        for name, comment, window in (
            ("smallest", "1 KiB", 0x00),
            ("odd", "1 KiB and 7 eighths", 0x07),
            ("just-below", f"15 sixteenths of {bound}", byte - 1),
            ("largest", bound, byte),
        ):
            frame = Head(size, window, 4).encode() + raw(HELLO)
            inputs = record(frame, size) if unit == "record" else manifest(frame)
            yield good(f"window-{unit}-{name}", f"a window of {comment}", "ZST-5", inputs, HELLO)
        for name, comment, window in (
            ("just-over", f"an eighth more than {bound}", byte + 1),
            ("double", f"twice {bound}", byte + 8),
            ("2-to-31", "2 GiB", 0xA8),
            ("highest", "the largest that can be written", 0xFF),
        ):
            frame = Head(size, window, 4).encode() + raw(HELLO)
            inputs = record(frame, size) if unit == "record" else manifest(frame)
            yield bad(f"window-{unit}-{name}", f"a window of {comment}, and few bytes", "ZST-5", inputs)
    frame = Head(size, 0x69, 4).encode() + raw(HELLO)
    yield good("window-manifest-9-mib", "too large for a record only", "ZST-5", manifest(frame), HELLO)
    most = WINDOWS["record"]
    whole = Head(most).encode() + rle_blocks(0x42, most)
    yield good(
        "single-segment-record-8-mib",
        "the window is the content size",
        "ZST-5",
        record(whole, most),
        b"\x42" * most,
    )
    yield good(
        "single-segment-manifest-9-mib",
        "within the bounds of a manifest",
        "ZST-5",
        manifest(Head(9 * MEBIBYTE).encode() + rle_blocks(0, 9 * MEBIBYTE)),
        bytes(9 * MEBIBYTE),
    )
    most = WINDOWS["manifest"]
    yield good(
        "single-segment-manifest-64-mib",
        "the largest item",
        "ZST-5 MAN-7",
        manifest(Head(most).encode() + rle_blocks(0, most)),
        bytes(most),
    )


def checksums() -> Iterator[Case]:
    for length in (0, 1, 3, 4, 8, 13, 31, 32, 33, 100):
        content = pattern(length)
        frame = Head(length, flags=0x04).encode() + raw(content) + checksum(content)
        yield good(
            f"checksum-{length}-bytes",
            "a checksum that is right",
            "ZST-7",
            record(frame, length),
            content,
        )
    frame = Head(len(HELLO), flags=0x04).encode() + raw(HELLO)
    sound = checksum(HELLO)
    for name, comment, tail, rules in (
        ("first-bit", "one bit of the checksum", bytes([sound[0] ^ 1]) + sound[1:], "ZST-7"),
        ("last-bit", "another bit of it", sound[:3] + bytes([sound[3] ^ 0x80]), "ZST-7"),
        ("zero", "a checksum of zeros", bytes(4), "ZST-7"),
        ("reversed", "the other order of bytes", sound[::-1], "ZST-7"),
        ("missing", "announced and missing", b"", "ZST-6"),
        ("cut", "three of four bytes", sound[:3], "ZST-6"),
        ("twice", "eight bytes", sound * 2, "ZST-1"),
    ):
        yield from both_bad(f"checksum-{name}", comment, rules, frame + tail, len(HELLO))
    other = Head(len(HELLO), flags=0x04).encode() + raw(HELLO[:-1] + b"!") + sound
    yield bad(
        "checksum-of-other-content",
        "one byte of the block is changed",
        "ZST-7",
        record(other, len(HELLO)),
    )
    yield bad(
        "checksum-not-announced",
        "four bytes that no flag announces",
        "ZST-1",
        record(PLAIN + sound, len(HELLO)),
    )
