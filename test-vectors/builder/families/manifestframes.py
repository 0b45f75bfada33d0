"""The zstd frames of a manifest, and the limits of their items."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from builder.cases import Case, case
from builder.changes import ITEMS, reframed
from builder.encode import cbor
from builder.framefaults import FAULTS, FORMS, WINDOW_64_MIB, WINDOW_72_MIB, Form
from builder.frames import frame, raw_blocks, repeated_blocks
from builder.scenes import pointer, release

MIB = 1 << 20

OWN_FAULTS: dict[str, Form] = {
    "empty": Form(lambda _: b"", "The frame has no bytes.", "ZST-1"),
    "states-one-more": Form(lambda p: frame(raw_blocks(p), len(p) + 1), "The stated size is one too large.", "ZST-6"),
    "states-one-less": Form(lambda p: frame(raw_blocks(p), len(p) - 1), "The stated size is one too small.", "ZST-6"),
    "states-zero": Form(lambda p: frame(raw_blocks(p), 0), "The stated size is 0.", "ZST-6"),
    "window-72-mib": Form(
        lambda p: frame(raw_blocks(p), len(p), window=WINDOW_72_MIB),
        "The stated window is 72 MiB.",
        "ZST-5",
    ),
    "window-largest": Form(
        lambda p: frame(raw_blocks(p), len(p), window=b"\xff"),
        "The stated window is the largest that can be written.",
        "ZST-5",
    ),
    "bomb": Form(
        lambda p: frame(repeated_blocks(0, 80 * MIB), len(p)),
        "The frame states a small size and yields 80 MiB.",
        "ZST-6",
    ),
}

# A fault each in one item or two; a reader has one frame decoder for all of them.
PLACES = {name: (i % 3,) for i, name in enumerate(FAULTS)} | {
    "trailing-byte": (0, 1, 2),
    "skippable-before": (0, 1, 2),
    "no-content-size": (0, 1, 2),
    "empty": (0, 1, 2),
    "states-one-more": (0, 1),
    "states-one-less": (1, 2),
    "states-zero": (0,),
    "window-72-mib": (0, 1, 2),
    "window-largest": (2,),
    "bomb": (0, 1, 2),
}


def cases() -> Iterator[Case]:
    """Everything in this family."""
    for name, form in (FAULTS | OWN_FAULTS).items():
        for place in PLACES[name]:
            item = ITEMS[place]
            bundle = reframed(release(f"manifest-{item}-frame-{name}"), place, form.make)
            comment = f"In the {item} frame: {form.comment}"
            yield case(bundle, comment, form.rules, "MANIFEST_FRAME")
    for name in ("trailing-byte", "no-content-size", "yields-one-less"):
        form = FAULTS[name]
        bundle = reframed(pointer(f"manifest-pointer-frame-{name}"), 0, form.make)
        yield case(bundle, f"In the pointer frame: {form.comment}", form.rules, "MANIFEST_FRAME")
    yield from _accepted()
    yield from _limits()


def _accepted() -> Iterator[Case]:
    for name, form in FORMS.items():
        bundle = release(f"manifest-frames-{name}")
        # The two-byte size field counts from 256, so that the items must not be shorter.
        bundle.release = {6: "n" * 300}
        for place in (0,) if name == "size-2-bytes" else (0, 1, 2):
            reframed(bundle, place, form.make)
        yield case(bundle, form.comment, form.rules)
    bundle = reframed(
        release("manifest-frames-window-64-mib"),
        1,
        lambda p: frame(raw_blocks(p), len(p), window=WINDOW_64_MIB),
    )
    yield case(bundle, "The stated window of the listing frame is 64 MiB.", "ZST-5")
    bundle = reframed(
        release("manifest-frames-window-1-kib"),
        0,
        lambda p: frame(raw_blocks(p), len(p), window=b"\0"),
    )
    yield case(bundle, "The stated window of the release frame is 1 KiB, the smallest.", "ZST-5")


def _sized_release(name: str, length: int) -> Case:
    """A release record of exactly `length` bytes, in metadata values that compress well."""
    bundle = release(name)
    pairs = [[f"{i:02d}", "v" * 65_000] for i in range(16)]

    def fill(item: dict[int, Any]) -> dict[int, Any]:
        rest = length - len(cbor({**item, 7: [*pairs, ["zz", "v" * 5000]]})) + 5000
        return {**item, 7: [*pairs, ["zz", "v" * rest]]}

    bundle.hook("release_item", fill)
    comment = f"The release record has {length:,} bytes, with every part within its limit."
    return case(bundle, comment, "MAN-7 ZST-4", None if length <= MIB else "MANIFEST_LIMIT")


def _stated(blocks: bytes, size: int, _: bytes) -> bytes:
    return frame(blocks, size)


def _limits() -> Iterator[Case]:
    yield _sized_release("manifest-release-1-mib", MIB)
    yield _sized_release("manifest-release-over-1-mib", MIB + 1)
    for place, item, limit in (
        (0, "release", MIB),
        (1, "listing", 64 * MIB),
        (2, "records", 64 * MIB),
    ):
        for name, size in (("over-limit", limit + 1), ("1-tib", 1 << 40)):
            blocks = repeated_blocks(0, min(size, 65 * MIB))
            bundle = release(f"manifest-{item}-frame-{name}")
            reframed(bundle, place, partial(_stated, blocks, size))
            comment = f"The {item} frame states {size:,} bytes."
            yield case(bundle, comment, "ZST-4 MAN-7", "MANIFEST_LIMIT")
    bundle = reframed(
        pointer("manifest-pointer-frame-over-limit"),
        0,
        lambda _: frame(repeated_blocks(0, MIB + 1), MIB + 1),
    )
    comment = "The pointer frame states one byte over 1 MiB."
    yield case(bundle, comment, "ZST-4 MAN-7", "MANIFEST_LIMIT")
