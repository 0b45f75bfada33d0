"""Layout of the manifest's plaintext (specification section 8, MAN rules)."""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.header import POINTER, RELEASE
from bundlefmt.wire import zstd
from bundlefmt.wire.padding import padme

COMPLETE = 0
PATCH = 1
POINTER_FORM = 2
_FRAMES = {COMPLETE: 3, PATCH: 3, POINTER_FORM: 1}


class ManifestLayout(NamedTuple):
    """Frames of a manifest, not yet decompressed.

    Attributes:
        form: COMPLETE, PATCH or POINTER_FORM.
        needed_tree: 32 bytes in a patch, else empty.
        frames: release, listing, records; or the pointer.
    """

    form: int
    needed_tree: bytes
    frames: tuple[bytes, ...]


def split_manifest(plaintext: bytes, kind: int) -> ManifestLayout:
    """Cut a manifest's plaintext into its frames (MAN-1 to MAN-4).

    Raises:
        FormatError: MANIFEST_LAYOUT.
    """
    form = plaintext[0] if plaintext else -1
    if (kind == RELEASE and form not in (COMPLETE, PATCH)) or (kind == POINTER and form != POINTER_FORM):
        raise refuse("MANIFEST_LAYOUT", f"form {form} in a bundle of kind {kind}")
    position = 33 if form == PATCH else 1
    needed_tree = plaintext[1:position]
    frames: list[bytes] = []
    for _ in range(_FRAMES[form]):
        start = position + 4
        end = start + int.from_bytes(plaintext[position:start], "big")
        if start > len(plaintext) or end > len(plaintext):
            raise refuse("MANIFEST_LAYOUT", "a frame lies outside the manifest")
        frames.append(plaintext[start:end])
        position = end
    if len(plaintext) != padme(position) or plaintext.count(0, position) != len(plaintext) - position:
        raise refuse("MANIFEST_LAYOUT", "the padding of the manifest is wrong")
    return ManifestLayout(form, needed_tree, tuple(frames))


def join_manifest(layout: ManifestLayout) -> bytes:
    """Encode a manifest's plaintext with its padding."""
    parts = [bytes((layout.form,)), layout.needed_tree]
    for frame in layout.frames:
        parts += (len(frame).to_bytes(4, "big"), frame)
    used = b"".join(parts)
    return used.ljust(padme(len(used)), b"\0")


def inflate(frame: bytes, limit: int, prefix: bytes = b"") -> bytes:
    """Decompress one manifest frame.

    Args:
        frame: the frame.
        limit: most bytes it may yield (MAN-7).
        prefix: the needed listing, in a patch; ignored below 8 bytes (MAN-6).

    Raises:
        BundleError: MANIFEST_FRAME, MANIFEST_LIMIT.
    """
    size = zstd.frame_size(frame, "MANIFEST_FRAME", LIMITS.manifest_window)
    if size > limit:
        raise refuse("MANIFEST_LIMIT", f"an item of {size} bytes in the manifest")
    return zstd.decompress(frame, size, "MANIFEST_FRAME", prefix if len(prefix) >= LIMITS.prefix_min_len else b"")
