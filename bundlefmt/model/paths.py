"""Path rules (specification section 8, PTH-1 to PTH-8), judged alike by every reader: no Unicode tables."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS


def _either_case(words: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in words)


# One search over "/" + path answers PTH-1 (empty components) to PTH-6. It begins with one set of
# characters, which lets the engine skip all others; IGNORECASE or plain alternatives would take that away.
_DEVICES = "|".join(map(_either_case, ("con", "prn", "aux", "nul", r"clock\$", r"conin\$", r"conout\$")))
_PORTS = f"(?:{_either_case('com')}|{_either_case('lpt')})[0-9\u00b9\u00b2\u00b3]"
_BAD = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\:/. ](?:"
    r"(?<![/. ])"  # PTH-3, PTH-4
    r"|(?=/|$)"  # PTH-1 after a slash; PTH-2 and PTH-5 after a dot or a space
    rf"|(?<=/)(?:{_DEVICES}|{_PORTS}) *(?:[./]|$))"  # PTH-6
)


def check_path(path: str, code: str = "PATH_INVALID") -> None:
    """Check one path by itself (PTH-1 to PTH-6).

    Args:
        path: decoded from valid UTF-8.
        code: error code to refuse with.

    Raises:
        BundleError: with `code`.
    """
    if _BAD.search("/" + path):
        raise refuse(code, f"path {path[:100]!a}")
    size = len(path) if path.isascii() else len(path.encode())
    if size > LIMITS.component_len and (
        size > LIMITS.path_len or any(len(part.encode()) > LIMITS.component_len for part in path.split("/"))
    ):
        raise refuse(code, f"path of {size} bytes, {path[:100]!a}")


def _fold(path: str) -> bytes:
    return path.encode().lower()  # bytes.lower maps A-Z only


def check_collisions(paths: Iterable[str], code: str = "PATH_COLLISION") -> None:
    """Check that no two names of a tree are one after mapping A-Z to a-z (PTH-7, PTH-8).

    Args:
        paths: every path, each distinct and accepted by `check_path`.
        code: error code to refuse with.

    Raises:
        BundleError: with `code`.
    """
    files: set[bytes] = set()
    folders: dict[bytes, str] = {}
    last = ""
    for path in paths:
        folded = _fold(path)
        if folded in files:
            raise refuse(code, f"{path[:100]!a} and another file differ only in case")
        files.add(folded)
        folder = path.rpartition("/")[0]
        if folder == last:
            continue
        last = folder
        while folder:
            known = folders.setdefault(_fold(folder), folder)
            if known != folder:
                raise refuse(code, f"folders {known[:100]!a} and {folder[:100]!a} differ only in case")
            folder = folder.rpartition("/")[0]
    if not files.isdisjoint(folders):
        both = min(files & folders.keys())
        raise refuse(code, f"{both[:100].decode(errors='replace')!a} is a file and a folder")
