"""Private places beside a destination, where something is made before it gets its name."""

from __future__ import annotations

import os

_NAME_LEN = 32  # letters of the name that are kept; four bytes each still fit into 255


def _path(target: str) -> str:
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{name[:_NAME_LEN]}.{os.urandom(8).hex()}.partial")


def private_folder(target: str) -> str:
    """Make a folder that only this user can enter, beside a path.

    Raises:
        OSError: it could not be made.
    """
    path = _path(target)
    os.mkdir(path, 0o700)
    return path


def private_file(target: str) -> tuple[int, str]:
    """Make a file that only this user can open, beside a path; returns its descriptor and its path.

    Raises:
        OSError: it could not be made.
    """
    path = _path(target)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, 0o600), path
