"""Vectors for zstd frames, ZST-1 to ZST-7: form, single frame, descriptor, sizes."""

from __future__ import annotations

from collections.abc import Iterator

from .primitives_form import Case, Family
from .primitives_frames import MAGIC, Head, raw, rle, rle_blocks
from .primitives_zstdbounds import checksums, windows
from .primitives_zstdform import HELLO, MEBIBYTE, PLAIN, bad, both, both_bad, good, manifest, record
from .primitives_zstdlibrary import compressed, prefixes

COMMENT = """
Zstd frames (ZST-1 to ZST-7). Input: frame in hexadecimal, unit ('record' or 'manifest'), expected
for a record (the sum of its pieces) or limit for a manifest (the most bytes of the item, MAN-7),
and prefix where there is one. Output: size and sha256 of what the frame yields, and window, the
number that ZST-5 bounds. Most frames are written by hand from raw blocks and blocks of one
repeated byte; the others were made once with libzstd 1.5.7.
"""


def _forms() -> Iterator[Case]:
    size = len(HELLO)
    yield from both("raw", "one raw block", "ZST-1 ZST-3", PLAIN, HELLO)
    yield from both(
        "rle",
        "one block of a repeated byte",
        "ZST-1",
        Head(200).encode() + rle(0x61, 200),
        b"a" * 200,
    )
    yield from both(
        "several-blocks",
        "raw and repeated",
        "ZST-1",
        Head(size + 9).encode() + rle(0x7A, 9, last=False) + raw(HELLO),
        b"z" * 9 + HELLO,
    )
    yield from both(
        "empty-blocks",
        "blocks of no bytes first and last",
        "ZST-6",
        Head(size).encode() + raw(b"", last=False) + raw(HELLO, last=False) + raw(b""),
        HELLO,
    )
    yield good(
        "empty-single-segment",
        "an empty output",
        "ZST-6",
        record(Head(0).encode() + raw(b""), 0),
        b"",
    )
    yield good(
        "empty-with-window",
        "an empty output with a window",
        "ZST-6",
        record(Head(0, 0x00, 4).encode() + raw(b""), 0),
        b"",
    )
    for width in (1, 4, 8):
        yield good(
            f"content-size-{width}-bytes",
            "no rule asks for the shortest form",
            "ZST-3",
            record(Head(size, None, width).encode() + raw(HELLO), size),
            HELLO,
        )
    for length in (255, 256, 257, 65_535, 65_536, 65_791, 65_792):
        yield good(
            f"content-size-of-{length}",
            "at the edge of a form",
            "ZST-3",
            record(Head(length).encode() + rle(1, length), length),
            b"\x01" * length,
        )
    yield good(
        "content-size-2-bytes-with-window",
        "256 in two zero bytes",
        "ZST-3",
        record(Head(256, 0x00, 2).encode() + rle(2, 256), 256),
        b"\x02" * 256,
    )
    yield good(
        "content-size-8-bytes-with-window",
        "a window and eight bytes",
        "ZST-3",
        record(Head(size, 0x00, 8).encode() + raw(HELLO), size),
        HELLO,
    )
    yield good(
        "block-of-128-kib",
        "the longest block",
        "ZST-8",
        record(Head(131_072).encode() + rle(3, 131_072), 131_072),
        b"\x03" * 131_072,
    )
    yield bad(
        "block-over-128-kib",
        "one byte more than a block may have",
        "ZST-6 ZST-8",
        record(Head(131_073).encode() + rle(3, 131_073), 131_073),
    )


def _one_frame() -> Iterator[Case]:
    size = len(HELLO)
    skippable = bytes.fromhex("502a4d1804000000") + b"skip"
    for name, comment, frame in (
        ("empty", "no byte at all", b""),
        ("magic-wrong", "one bit of the magic", b"\x29" + PLAIN[1:]),
        ("magic-reversed", "the magic in the other order of bytes", MAGIC[::-1] + PLAIN[4:]),
        ("magic-old", "the magic of an older format", bytes.fromhex("27b52ffd") + PLAIN[4:]),
        ("magicless", "without magic", PLAIN[4:]),
        ("dictionary", "a dictionary", bytes.fromhex("37a430ec") + PLAIN[4:]),
        ("gzip", "another format", bytes.fromhex("1f8b08000000000000")),
        ("skippable-before", "a skippable frame first", skippable + PLAIN),
        (
            "skippable-empty-before",
            "a skippable frame of no bytes first",
            bytes.fromhex("5f2a4d1800000000") + PLAIN,
        ),
        ("skippable-only", "only a skippable frame", skippable),
        ("byte-before", "one byte first", b"\x00" + PLAIN),
    ):
        yield from both_bad(f"start-{name}", comment, "ZST-1", frame, size)
    for name, comment, tail in (
        ("byte", "one byte after the frame", b"\x00"),
        ("skippable", "a skippable frame after it", skippable),
        ("frame", "a second frame", PLAIN),
        ("empty-frame", "a second frame that yields nothing", Head(0).encode() + raw(b"")),
        ("magic", "the beginning of a second frame", MAGIC),
        ("block", "a block after the last one", raw(HELLO)),
    ):
        yield from both_bad(f"after-{name}", comment, "ZST-1", PLAIN + tail, size)
    half = Head(size).encode() + raw(HELLO[:5], last=False)
    for name, comment, frame in (
        ("magic", "only the magic", MAGIC),
        ("descriptor", "no content size", MAGIC + b"\x20"),
        ("header", "no block", Head(size).encode()),
        (
            "block-head",
            "two of three bytes of a block's head",
            Head(size).encode() + raw(HELLO)[:2],
        ),
        ("block", "one byte of the block is missing", PLAIN[:-1]),
        ("last-block", "the last block is missing", half),
        (
            "no-last-flag",
            "no block says that it is the last",
            Head(size).encode() + raw(HELLO, last=False),
        ),
        ("content-size", "the content size is cut", Head(size, None, 8).encode()[:-3]),
    ):
        yield from both_bad(f"cut-{name}", comment, "ZST-6", frame, size)


def _descriptor() -> Iterator[Case]:
    size = len(HELLO)
    for name, comment, head in (
        ("reserved-bit", "bit 3", Head(size, flags=0x08)),
        ("unused-bit", "bit 4, which decoders ignore", Head(size, flags=0x10)),
        ("both-bits", "bits 3 and 4", Head(size, flags=0x18)),
        (
            "dictionary-zero",
            "a dictionary id of 0 in one byte, which decoders take for none",
            Head(size, flags=0x01, dictionary=bytes(1)),
        ),
        (
            "dictionary-1-byte",
            "a dictionary id in one byte",
            Head(size, flags=0x01, dictionary=b"\x07"),
        ),
        ("dictionary-2-bytes", "in two bytes", Head(size, flags=0x02, dictionary=b"\x07\x01")),
        (
            "dictionary-4-bytes",
            "in four bytes",
            Head(size, flags=0x03, dictionary=b"\x07\x01\x00\x01"),
        ),
        ("dictionary-zero-4-bytes", "0 in four bytes", Head(size, flags=0x03, dictionary=bytes(4))),
        (
            "dictionary-with-window",
            "with a window",
            Head(size, 0x00, 4, flags=0x01, dictionary=bytes(1)),
        ),
    ):
        yield from both_bad(f"descriptor-{name}", comment, "ZST-2", head.encode() + raw(HELLO), size)
    for name, comment, window in (
        ("small", "a window of 1 KiB", 0x00),
        ("8-mib", "a window of 8 MiB", 0x68),
    ):
        yield from both_bad(
            f"no-content-size-{name}",
            comment + " and no content size",
            "ZST-3",
            Head(None, window).encode() + raw(HELLO),
            size,
        )


def _sizes() -> Iterator[Case]:
    size = len(HELLO)
    for delta, word in ((1, "one more"), (-1, "one less")):
        label = "plus-1" if delta > 0 else "minus-1"
        frame = Head(size + delta).encode() + raw(HELLO)
        yield from both_bad(
            f"stated-{label}",
            f"the frame states {word} than its blocks have",
            "ZST-6",
            frame,
            size + delta,
        )
        yield bad(
            f"stated-{label}-blocks-fit",
            f"the frame states {word}, the pieces fit its blocks",
            "ZST-4",
            record(frame, size),
        )
        windowed = Head(size + delta, 0x00, 4).encode() + raw(HELLO)
        yield bad(
            f"stated-{label}-with-window",
            f"states {word}, with a window",
            "ZST-6",
            record(windowed, size + delta),
        )
        yield bad(
            f"expected-{label}",
            f"the pieces have {word} than a sound frame",
            "ZST-4",
            record(PLAIN, size + delta),
        )
    yield bad("expected-zero", "pieces of nothing and a sound frame", "ZST-4", record(PLAIN, 0))
    yield bad(
        "stated-zero",
        "states nothing and yields something",
        "ZST-6",
        record(Head(0).encode() + raw(HELLO), 0),
    )
    yield bad(
        "stated-2-to-63",
        "a number that is negative with a sign",
        "ZST-4",
        record(Head(2**63, 0x00, 8).encode() + raw(HELLO), size),
    )
    yield bad(
        "stated-2-to-64-minus-1",
        "the value that libraries use for 'unknown'",
        "ZST-4",
        record(Head(2**64 - 1, 0x00, 8).encode() + raw(HELLO), size),
    )
    yield bad(
        "stated-2-to-32-more",
        "the lower four bytes fit",
        "ZST-4",
        record(Head(2**32 + size, 0x00, 8).encode() + raw(HELLO), size),
    )
    bomb = Head(100).encode() + b"".join(rle(0, 131_072, last=False) for _ in range(2000)) + raw(b"")
    yield from both_bad("bomb", "states 100 bytes and yields 250 MiB", "ZST-6", bomb, 100)
    windowed = Head(100, 0x68, 4).encode() + bomb[len(Head(100).encode()) :]
    yield from both_bad("bomb-with-window", "the same with a window of 8 MiB", "ZST-6", windowed, 100)
    honest = Head(MEBIBYTE + 1, 0x50).encode() + rle_blocks(0, MEBIBYTE + 1)
    yield bad(
        "manifest-over-1-mib",
        "a release or pointer of one byte too many",
        "ZST-4 MAN-7",
        manifest(honest, MEBIBYTE),
    )
    fits = Head(MEBIBYTE).encode() + rle_blocks(0, MEBIBYTE)
    yield good(
        "manifest-of-1-mib",
        "a release or pointer as long as can be",
        "ZST-4 MAN-7",
        manifest(fits, MEBIBYTE),
        bytes(MEBIBYTE),
    )
    over = Head(64 * MEBIBYTE + 1, 0x80).encode() + rle_blocks(0, 64 * MEBIBYTE + 1)
    yield bad(
        "manifest-over-64-mib",
        "a listing of one byte too many, the window within bounds",
        "ZST-4 MAN-7",
        manifest(over),
    )
    huge = Head(2**64 - 1, 0x00, 8).encode() + raw(HELLO)
    yield bad(
        "manifest-stated-2-to-64-minus-1",
        "states more than memory has",
        "ZST-4 MAN-7",
        manifest(huge),
    )
    both = Head(64 * MEBIBYTE + 1).encode() + rle_blocks(0, 64 * MEBIBYTE + 1)
    yield bad(
        "manifest-over-64-mib-single-segment",
        "size and window are over their limits at once",
        "ZST-4 ZST-5 MAN-7",
        manifest(both),
        code=False,
    )


def build() -> Family:
    """The family zstd-frame."""
    cases = [
        *_forms(),
        *_one_frame(),
        *_descriptor(),
        *_sizes(),
        *windows(),
        *checksums(),
        *compressed(),
        *prefixes(),
    ]
    return Family("zstd-frame", COMMENT, cases)
