"""The zstd frames of records."""

from __future__ import annotations

from collections.abc import Iterator

from builder.bundle import Bundle, File, Record
from builder.cases import Case, case
from builder.changes import tree
from builder.framefaults import FAULTS, FORMS, WINDOW_8_MIB, WINDOW_9_MIB, Form, sized
from builder.frames import BLOCK, block, compress, frame, raw_blocks, raw_frame, repeated_blocks

MIB = 1 << 20
TEXT = b"".join(b"line %d of a text that compresses\n" % i for i in range(90))

OWN_FAULTS: dict[str, Form] = {
    "states-one-more": Form(
        lambda p: raw_frame(p + b"\n"),
        "The frame states and yields one byte more than its pieces have.",
        "ZST-4",
    ),
    "states-one-less": Form(
        lambda p: raw_frame(p[:-1]),
        "The frame states and yields one byte less than its pieces have.",
        "ZST-4",
    ),
    "states-zero": Form(lambda _: raw_frame(b""), "The frame is one of nothing.", "ZST-4"),
    "states-too-much": Form(lambda p: frame(raw_blocks(p), 1 << 40), "The frame states 1 TiB.", "ZST-4"),
    "states-only-one-more": Form(
        lambda p: frame(raw_blocks(p), len(p) + 1),
        "The frame states one byte more than it yields and its pieces have.",
        "ZST-4",
    ),
    "states-all-ones": Form(lambda p: frame(raw_blocks(p), 2**64 - 1), "The frame states 2^64 - 1 bytes.", "ZST-4"),
    "bomb": Form(
        lambda p: frame(repeated_blocks(0, 32 * MIB), len(p)),
        "The frame states what its pieces have and yields 32 MiB.",
        "ZST-6",
    ),
    "bomb-stated": Form(
        lambda _: frame(repeated_blocks(0, 32 * MIB), 32 * MIB),
        "The frame states and yields 32 MiB.",
        "ZST-4",
    ),
    "empty-blocks": Form(
        lambda p: frame(block(0, 0, b"", last=False) * 1000, len(p)),
        "The frame consists of a thousand empty blocks.",
        "ZST-6",
    ),
    "window-9-mib": Form(
        lambda p: frame(raw_blocks(p), len(p), window=WINDOW_9_MIB),
        "The stated window is 9 MiB, the next after 8.",
        "ZST-5",
    ),
    "window-64-mib": Form(
        lambda p: frame(raw_blocks(p), len(p), window=b"\x80"),
        "The stated window is 64 MiB, as only a manifest may have.",
        "ZST-5",
    ),
    "window-largest": Form(
        lambda p: frame(raw_blocks(p), len(p), window=b"\xff"),
        "The stated window is the largest that can be written.",
        "ZST-5",
    ),
    "block-over-window": Form(
        lambda p: frame(raw_blocks(p), len(p), window=b"\0"),
        "A raw block is larger than the stated window of 1 KiB.",
        "ZST-8",
    ),
    "not-compressed": Form(lambda p: p, "A stored record is labelled zstd.", "ZST-1"),
    "gzip": Form(lambda p: bytes.fromhex("1f8b08000000000000ff") + p, "The record begins like gzip.", "ZST-1"),
    "one-byte": Form(lambda _: b"\x28", "The record is the first byte of the magic.", "ZST-1"),
    "frame-in-frame": Form(lambda p: raw_frame(raw_frame(p)), "The record is compressed twice.", "ZST-4"),
}

OWN_FORMS: dict[str, Form] = {
    "window-8-mib": Form(
        lambda p: frame(raw_blocks(p), len(p), window=WINDOW_8_MIB),
        "The stated window is 8 MiB.",
        "ZST-5",
    ),
    "window-1-kib": Form(
        lambda p: frame(raw_small(p), len(p), window=b"\0"),
        "The stated window is 1 KiB and smaller than the content.",
        "ZST-5",
    ),
    "level-1": Form(lambda p: compress(p, params=(("compression_level", 1),)), "A fast level.", "ZST-6"),
    "level-19": Form(lambda p: compress(p, params=(("compression_level", 19),)), "A slow level.", "ZST-6"),
    "larger": Form(
        lambda p: frame(b"".join(block(0, 1, p[i : i + 1], i + 1 == len(p)) for i in range(len(p))), len(p)),
        "The frame is four times as long as the content.",
        "ZST-6",
    ),
}


def raw_small(plain: bytes) -> bytes:
    """Raw blocks of at most 1 KiB, the largest that a window of 1 KiB allows."""
    starts = range(0, len(plain), 1024)
    return b"".join(
        block(0, len(plain[at : at + 1024]), plain[at : at + 1024], at + 1024 >= len(plain)) for at in starts
    )


def cases() -> Iterator[Case]:
    """Everything in this family."""
    for name, form in (FAULTS | OWN_FAULTS).items():
        bundle = _between(f"compression-{name}", form.make(TEXT))
        yield case(bundle, form.comment, form.rules, "RECORD_FRAME", stop=1)
    for name, form in (FORMS | OWN_FORMS).items():
        bundle = _between(f"compression-fine-{name}", form.make(TEXT))
        yield case(bundle, form.comment, form.rules)
    yield from _shared()
    yield from _contents()


def _between(name: str, coded: bytes) -> Bundle:
    """Three records; the second is compressed, the others are stored."""
    bundle = tree(name, File("a", b"before"), File("b", TEXT), File("c", b"after"))
    bundle.records = [Record([0]), Record([1], coding=1, coded=coded), Record([2])]
    return bundle


def _shared() -> Iterator[Case]:
    files = (File("a", b"first"), File("b", b"second"), File("c", b"third"))
    together = b"firstsecondthird"
    for name, plain, comment in (
        (
            "short",
            together[:-1],
            "The frame of a shared record lacks the last content's last byte.",
        ),
        ("first-only", b"first", "The frame of a shared record yields the first content alone."),
    ):
        bundle = tree(f"compression-shared-{name}", *files)
        bundle.records = [Record([0, 1, 2], coding=1, coded=raw_frame(plain))]
        yield case(bundle, comment, "ZST-4", "RECORD_FRAME", stop=0)
    for name, length, code in (("fine-block-of-128-kib", BLOCK, ""), ("block-over-128-kib", BLOCK + 1, "RECORD_FRAME")):
        zeros = bytes(length)
        bundle = tree(f"compression-{name}", File("a", zeros))
        bundle.records = [Record([0], coding=1, coded=frame(block(1, length, b"\0", last=True), length))]
        comment = f"The frame is one repeated byte in one block of {length} bytes."
        yield case(bundle, comment, "ZST-8", code, stop=0) if code else case(bundle, comment, "ZST-8")
    bundle = tree("compression-shared-frames", *files)
    coded = b"".join(map(raw_frame, (b"first", b"second", b"third")))
    bundle.records = [Record([0, 1, 2], coding=1, coded=coded)]
    comment = "A shared record has a frame for each content."
    yield case(bundle, comment, "ZST-1 ZST-4", "RECORD_FRAME", stop=0)


def _contents() -> Iterator[Case]:
    bundle = tree("compression-fine-8-mib-of-zeros", File("zeros", bytes(8 * MIB)))
    coded = frame(repeated_blocks(0, 8 * MIB), 8 * MIB)
    bundle.records = [Record([0], coding=1, coded=coded)]
    yield case(bundle, "8 MiB from 256 bytes: small input is no bomb.", "ZST-4 ZST-5 REC-2")
    bundle = tree("compression-fine-8-mib-window", File("zeros", bytes(8 * MIB)))
    coded = frame(repeated_blocks(0, 8 * MIB), 8 * MIB, window=WINDOW_8_MIB)
    bundle.records = [Record([0], coding=1, coded=coded)]
    yield case(bundle, "8 MiB in a frame that states a window of 8 MiB.", "ZST-5")
    bundle = tree("compression-fine-repeated-byte", File("x", b"x" * 300_000))
    coded = frame(repeated_blocks(0x78, 300_000), 300_000)
    bundle.records = [Record([0], coding=1, coded=coded)]
    yield case(bundle, "Three blocks of one repeated byte.", "ZST-6")
    bundle = tree("compression-fine-size-1-byte", File("x", b"y" * 200))
    bundle.records = [Record([0], coding=1, coded=sized(b"y" * 200, 0, 1))]
    yield case(bundle, "The content size takes one byte.", "ZST-3")
    inner = raw_frame(b"a file that is a frame")
    bundle = tree("compression-fine-stored-frame", File("a.zst", inner))
    yield case(bundle, "A stored content is itself a frame and stays one.", "ZST-1 REC-3")
    bundle = tree("compression-fine-frame-of-frame", File("a.zst", inner))
    bundle.records = [Record([0], coding=1, coded=raw_frame(inner))]
    yield case(bundle, "A compressed content is itself a frame and stays one.", "ZST-6")
    bundle = tree("compression-fine-cuts", File("text", TEXT))
    half = len(TEXT) // 2
    bundle.records = [
        Record([[0, 0, half]], coding=1),
        Record([[0, half, len(TEXT) - half]], coding=1),
    ]
    yield case(bundle, "Two frames yield the halves of a content.", "ZST-1 REC-6")
