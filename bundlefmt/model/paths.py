"""Path rules (specification section 8, PTH-1 to PTH-8), judged alike by every reader: no Unicode tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

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

    Folded paths are put in an order in which everything below a folder stands together, and only
    neighbours are compared: memory does not grow with the number of folders, which deep paths multiply.

    Args:
        paths: every path, each distinct and accepted by `check_path`.
        code: error code to refuse with.

    Raises:
        BundleError: with `code`.
    """
    # A zero byte sorts before every other and is in no path, so a folder's own name comes right before what is in it.
    rows = sorted((_fold(path).replace(b"/", b"\0"), path) for path in paths)
    for (left, first), (right, second) in pairwise(rows):
        if left == right:
            raise refuse(code, f"{first[:100]!a} and {second[:100]!a} differ only in case")
        if right.startswith(left) and right[len(left)] == 0:
            raise refuse(code, f"{first[:100]!a} is a file and a folder")
        folder = first.rpartition("/")[0]
        if folder != second.rpartition("/")[0]:
            _compare_folders(first, second, code)


def _compare_folders(first: str, second: str, code: str) -> None:
    """Folders that two paths share after folding must be spelled alike."""
    for one, other in zip(first.split("/")[:-1], second.split("/")[:-1], strict=False):
        if one == other:
            continue
        if _fold(one) == _fold(other):
            raise refuse(code, f"folders of {first[:100]!a} and {second[:100]!a} differ only in case")
        return
