"""PTH-1 to PTH-8 over bytes, written from the specification alone; slow and plain on purpose."""

from __future__ import annotations

from collections.abc import Iterable

_DEVICES = {b"CON", b"PRN", b"AUX", b"NUL", b"CLOCK$", b"CONIN$", b"CONOUT$"}
_DEVICES |= {
    name + digit
    for name in (b"COM", b"LPT")
    for digit in (*[b"%d" % n for n in range(10)], b"\xc2\xb9", b"\xc2\xb2", b"\xc2\xb3")
}


def _lower(name: bytes) -> bytes:
    return bytes(byte + 32 if 0x41 <= byte <= 0x5A else byte for byte in name)


def _upper(name: bytes) -> bytes:
    return bytes(byte - 32 if 0x61 <= byte <= 0x7A else byte for byte in name)


def path_ok(path: bytes) -> bool:
    """PTH-1 to PTH-6 for the bytes of a valid UTF-8 text."""
    if not 1 <= len(path) <= 1024:
        return False
    for at, byte in enumerate(path):
        if byte in (0x5C, 0x3A, 0x7F) or byte <= 0x1F:
            return False
        if byte == 0xC2 and at + 1 < len(path) and 0x80 <= path[at + 1] <= 0x9F:
            return False
    for part in path.split(b"/"):
        if not 1 <= len(part) <= 255 or part in (b".", b"..") or part[-1:] in (b".", b" "):
            return False
        stem = part[: part.index(b".")] if b"." in part else part
        if _upper(stem.rstrip(b" ")) in _DEVICES:
            return False
    return True


def tree_ok(paths: Iterable[bytes]) -> bool:
    """PTH-7 and PTH-8 over distinct paths."""
    files: dict[bytes, int] = {}
    folders: dict[bytes, set[bytes]] = {}
    for path in paths:
        files[_lower(path)] = files.get(_lower(path), 0) + 1
        at = path.find(b"/")
        while at >= 0:
            folders.setdefault(_lower(path[:at]), set()).add(path[:at])
            at = path.find(b"/", at + 1)
    return (
        all(count == 1 for count in files.values())
        and all(len(names) == 1 for names in folders.values())
        and not files.keys() & folders.keys()
    )
