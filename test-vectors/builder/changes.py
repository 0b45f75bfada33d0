"""Changes of stage values that several families make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from builder.bundle import Bundle, File
from builder.frames import raw_frame
from builder.scenes import standard

Change = Callable[[Any], Any]

ITEMS = ("release", "listing", "records")


def tree(name: str, *files: File) -> Bundle:
    """A release of these files."""
    bundle = Bundle(name, standard())
    bundle.files = list(files)
    return bundle


def edit(change: Change, *place: int) -> Change:
    """Change one value inside nested arrays or maps; `place` is its index on each level."""

    def apply(item: Any) -> Any:
        if not place:
            return change(item)
        copy = dict(item) if isinstance(item, dict) else list(item)
        copy[place[0]] = edit(change, *place[1:])(copy[place[0]])
        return copy

    return apply


def put(value: Any, *place: int) -> Change:
    """Replace one value inside nested arrays or maps."""
    return edit(lambda _: value, *place)


def keep(bundle: Bundle, stage: str, kept: dict[str, Any]) -> None:
    """Copy the value of a stage to `kept` when it is made, for hooks of later stages."""

    def note(value: Any) -> Any:
        kept[stage] = value
        return value

    bundle.hook(stage, note)


def reframed(bundle: Bundle, place: int, make: Callable[[bytes], bytes]) -> Bundle:
    """Replace the manifest's frame `place` by what `make` makes of its item."""
    kept: dict[str, Any] = {}
    stage = ITEMS[place] if bundle.kind == 1 else "pointer"
    keep(bundle, stage, kept)
    return bundle.hook("frames", lambda frames: [*frames[:place], make(kept[stage]), *frames[place + 1 :]])


def uncompressed(bundle: Bundle) -> Bundle:
    """Write the manifest in raw frames, so that its length follows from its items' lengths."""
    for place in range(3 if bundle.kind == 1 else 1):
        reframed(bundle, place, raw_frame)
    return bundle
