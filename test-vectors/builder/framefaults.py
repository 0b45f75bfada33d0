"""Ways to write a zstd frame wrong, or unusually right, for any plaintext."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from builder.encode import u32
from builder.frames import BLOCK, MAGIC, block, compress, frame, raw_blocks, raw_frame

Make = Callable[[bytes], bytes]

SKIPPABLE = bytes.fromhex("502a4d18") + (4).to_bytes(4, "little") + b"skip"
CHECKSUM = (("checksum_flag", 1),)
WINDOW_8_MIB = b"\x68"
WINDOW_9_MIB = b"\x69"
WINDOW_64_MIB = b"\x80"
WINDOW_72_MIB = b"\x81"


@dataclass(frozen=True)
class Form:
    """A way to write a frame."""

    make: Make
    comment: str
    rules: str


def halves(plain: bytes) -> bytes:
    """Two raw blocks with an empty one between them."""
    middle = len(plain) // 2
    first = block(0, middle, plain[:middle], last=False) + block(0, 0, b"", last=False)
    return first + block(0, len(plain) - middle, plain[middle:], last=True)


def open_end(plain: bytes) -> bytes:
    """Raw blocks of which none is marked as the last."""
    blocks = bytearray(raw_blocks(plain))
    blocks[len(plain) // BLOCK * (BLOCK + 3)] &= 0xFE
    return bytes(blocks)


def sized(plain: bytes, flag: int, width: int, offset: int = 0) -> bytes:
    """A raw single-segment frame with the size field of a given width."""
    field = (len(plain) - offset).to_bytes(width, "little")
    return MAGIC + bytes([flag << 6 | 0x20]) + field + raw_blocks(plain)


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


FAULTS: dict[str, Form] = {
    "trailing-byte": Form(lambda p: raw_frame(p) + b"\0", "A byte follows the frame.", "ZST-1"),
    "second-frame": Form(lambda p: raw_frame(p) + raw_frame(b""), "An empty second frame follows.", "ZST-1"),
    "two-frames": Form(
        lambda p: raw_frame(p[: len(p) // 2]) + raw_frame(p[len(p) // 2 :]),
        "Two frames together yield what one should.",
        "ZST-1",
    ),
    "skippable-before": Form(lambda p: SKIPPABLE + raw_frame(p), "A skippable frame precedes the frame.", "ZST-1"),
    "skippable-after": Form(lambda p: raw_frame(p) + SKIPPABLE, "A skippable frame follows the frame.", "ZST-1"),
    "skippable-alone": Form(lambda _: SKIPPABLE, "There is only a skippable frame.", "ZST-1"),
    "magic-legacy": Form(lambda p: b"\x27" + raw_frame(p)[1:], "The magic is that of an older format.", "ZST-1"),
    "magic-missing": Form(lambda p: raw_frame(p)[4:], "The frame has no magic.", "ZST-1"),
    "dictionary-id-1": Form(
        lambda p: frame(raw_blocks(p), len(p), descriptor=1, dictionary=b"\x01"),
        "The frame names a dictionary in one byte.",
        "ZST-2",
    ),
    "dictionary-id-2": Form(
        lambda p: frame(raw_blocks(p), len(p), descriptor=2, dictionary=b"\0\x01"),
        "The frame names a dictionary in two bytes.",
        "ZST-2",
    ),
    "dictionary-id-4": Form(
        lambda p: frame(raw_blocks(p), len(p), descriptor=3, dictionary=u32(1)),
        "The frame names a dictionary in four bytes.",
        "ZST-2",
    ),
    "dictionary-id-zero": Form(
        lambda p: frame(raw_blocks(p), len(p), descriptor=1, dictionary=b"\0"),
        "The frame has a dictionary id of 0, which decoders take for none.",
        "ZST-2",
    ),
    "unused-bit": Form(
        lambda p: frame(raw_blocks(p), len(p), descriptor=0x10),
        "The unused bit is set, which decoders ignore.",
        "ZST-2",
    ),
    "reserved-bit": Form(lambda p: frame(raw_blocks(p), len(p), descriptor=0x08), "The reserved bit is set.", "ZST-2"),
    "no-content-size": Form(
        lambda p: frame(raw_blocks(p), None, window=b"\x50"),
        "The frame does not state its content size.",
        "ZST-3",
    ),
    "yields-one-less": Form(
        lambda p: frame(raw_blocks(p[:-1]), len(p)),
        "The frame yields one byte less than it states.",
        "ZST-6",
    ),
    "yields-one-more": Form(
        lambda p: frame(raw_blocks(p + b"\0"), len(p)),
        "The frame yields one byte more than it states.",
        "ZST-6",
    ),
    "yields-nothing": Form(
        lambda p: frame(block(0, 0, b"", last=True), len(p)),
        "The frame yields nothing.",
        "ZST-6",
    ),
    "checksum-wrong": Form(lambda p: _flipped(compress(p, params=CHECKSUM)), "The frame's checksum is wrong.", "ZST-7"),
    "checksum-missing": Form(
        lambda p: compress(p, params=CHECKSUM)[:-4],
        "The frame lacks the checksum it announces.",
        "ZST-1",
    ),
    "cut-byte": Form(lambda p: raw_frame(p)[:-1], "The frame lacks its last byte.", "ZST-1"),
    "cut-header": Form(lambda p: raw_frame(p)[:7], "The frame ends in its header.", "ZST-1"),
    "cut-magic": Form(lambda p: raw_frame(p)[:4], "The frame ends after its magic.", "ZST-1"),
    "cut-blocks": Form(lambda p: frame(open_end(p), len(p)), "No block of the frame is the last.", "ZST-1 ZST-6"),
    "block-reserved": Form(
        lambda p: frame(block(3, len(p), p, last=True), len(p)),
        "A block has the reserved type.",
        "ZST-6",
    ),
    "block-damaged": Form(
        lambda p: frame(block(2, 4, b"\x03\x00\x00\x00", last=True), len(p)),
        "A compressed block refers to an entropy table that never came.",
        "ZST-6",
    ),
}

FORMS: dict[str, Form] = {
    "raw": Form(raw_frame, "The frame holds raw blocks.", "ZST-1"),
    "compressed": Form(compress, "The frame holds compressed blocks.", "ZST-1"),
    "blocks": Form(lambda p: frame(halves(p), len(p)), "An empty block stands between two blocks.", "ZST-6"),
    "empty-last-block": Form(
        lambda p: frame(open_end(p) + block(0, 0, b"", last=True), len(p)),
        "The last block is empty.",
        "ZST-6",
    ),
    "checksum": Form(lambda p: compress(p, params=CHECKSUM), "The frame has a right checksum.", "ZST-7"),
    "size-8-bytes": Form(lambda p: sized(p, 3, 8), "The content size takes eight bytes.", "ZST-3"),
    "size-2-bytes": Form(
        lambda p: sized(p, 1, 2, 256),
        "The content size takes two bytes, which count from 256.",
        "ZST-3",
    ),
}
