"""Private places beside a destination, where something is made before it gets its name.

The path is chosen before anything is made there, so that a caller who is interrupted at any moment knows
what to remove.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_NAME_LEN = 32  # letters of the name that are kept; four bytes each still fit into 255


def private_path(target: str) -> str:
    """A path beside another that nothing else has."""
    folder, name = os.path.split(target)
    return os.path.join(folder, f".{name[:_NAME_LEN]}.{os.urandom(8).hex()}.partial")


def make_folder(path: str) -> None:
    """Make a folder that only this user can enter.

    Raises:
        OSError: it could not be made.
    """
    os.mkdir(path, 0o700)


def make_file(path: str, mode: int = 0o600) -> int:
    """Make a file that only this user can open, unless a mode is given; returns its descriptor.

    Raises:
        OSError: it could not be made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, mode)


@contextlib.contextmanager
def alone(folder: str) -> Iterator[None]:
    """One process at a time reads a file of a folder and replaces it; the lock is on the folder, as the file goes."""
    import fcntl  # noqa: PLC0415 - only here

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def name_new(work: str, target: str) -> None:
    """Give a finished file its name, unless the name is taken.

    Raises:
        FileExistsError: the name is taken; nothing was changed.
        OSError: it could not be named.
    """
    try:
        os.link(work, target)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: the name is taken with an empty file first, which fails where one stands.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.replace(work, target)


def umask() -> int:
    """This process's file mode mask.

    Where the system does not tell it, it has to be set to be read; the value meanwhile is the strictest, so that
    a file another thread makes at that moment is too private and never too open.
    """
    try:
        with open("/proc/self/status", "rb") as status:
            for line in status:
                if line.startswith(b"Umask:"):
                    return int(line.split()[1], 8)
    except (OSError, ValueError, IndexError):
        pass
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
