"""The path rules, read plainly: the second opinion of the path vectors."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

DEVICES = {b"CON", b"PRN", b"AUX", b"NUL", b"CLOCK$", b"CONIN$", b"CONOUT$"} | {
    port + digit
    for port in (b"COM", b"LPT")
    for digit in [b"%d" % i for i in range(10)] + ["¹".encode(), "²".encode(), "³".encode()]
}
BIDI = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def broken_rules(path: bytes) -> set[str]:
    """The ids of the rules PTH-1 to PTH-6 that a path breaks."""
    components = path.split(b"/")
    broken = set()
    if not 1 <= len(path) <= 1024 or any(not 1 <= len(c) <= 255 for c in components):
        broken.add("PTH-1")
    if b"." in components or b".." in components:
        broken.add("PTH-2")
    if b"\\" in path or b":" in path:
        broken.add("PTH-3")
    controls = any(byte < 0x20 or byte == 0x7F for byte in path)
    if controls or any(a == 0xC2 and 0x80 <= b <= 0x9F for a, b in pairwise(path)):
        broken.add("PTH-4")
    if any(c.endswith((b".", b" ")) for c in components):
        broken.add("PTH-5")
    if any(c.split(b".")[0].rstrip(b" ").upper() in DEVICES for c in components):
        broken.add("PTH-6")
    return broken


def folders(path: bytes) -> list[bytes]:
    """The folders above a path, the outermost first."""
    components = path.split(b"/")
    return [b"/".join(components[:i]) for i in range(1, len(components))]


def broken_set_rules(paths: list[bytes]) -> set[str]:
    """Which of PTH-7 and PTH-8 a listing of these paths breaks."""
    above = {folder for path in paths for folder in folders(path)}
    files = [path.lower() for path in paths]
    lowered = [folder.lower() for folder in above]
    broken = set()
    if len(set(files)) < len(files) or len(set(lowered)) < len(lowered):
        broken.add("PTH-7")
    if set(files) & set(lowered):
        broken.add("PTH-8")
    return broken


def broken_by_unicode(paths: list[str]) -> set[str]:
    """What a writer finds: form, fold, unassigned, bidi."""
    broken = set()
    for path in paths:
        if unicodedata.normalize("NFC", path) != path:
            broken.add("form")
        if any(unicodedata.category(c) == "Cn" for c in path):
            broken.add("unassigned")
        if any(ord(c) in BIDI for c in path):
            broken.add("bidi")
    names = set(paths)
    for path in paths:
        components = path.split("/")
        names |= {"/".join(components[:i]) for i in range(1, len(components))}
    if len({name.casefold() for name in names}) < len(names):
        broken.add("fold")
    return broken
