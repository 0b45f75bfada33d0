"""Path rules (specification section 8, PTH-1 to PTH-8), judged alike by every reader: no Unicode tables."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS

# One search answers PTH-1 (empty components) to PTH-6. ASCII keeps IGNORECASE from folding other letters.
_BAD = re.compile(
    r"""[\x00-\x1f\x7f-\x9f\\:]        # PTH-3, PTH-4
      | (?:^|/)(?=/|$)                 # PTH-1
      | [. ](?:/|$)                    # PTH-2 and PTH-5
      | (?:^|/)                        # PTH-6
        (?: con | prn | aux | nul | clock\$ | conin\$ | conout\$ | (?:com|lpt)[0-9\u00b9\u00b2\u00b3] )
        [ ]* (?:[./]|$)
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def check_path(path: str, code: str = "PATH_INVALID") -> None:
    """Check one path by itself (PTH-1 to PTH-6).

    Args:
        path: decoded from valid UTF-8.
        code: error code to refuse with.

    Raises:
        BundleError: with `code`.
    """
    if not path or _BAD.search(path):
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
