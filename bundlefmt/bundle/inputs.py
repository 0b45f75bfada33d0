"""What goes into a bundle: files of a folder, or bytes, with the writer's path rules (W-5)."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.paths import check_collisions, check_path

_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Input(NamedTuple):
    """One file to pack.

    Attributes:
        path: in the bundle.
        executable: whether it is installed executable.
        size: bytes.
        source: path on disk, or the bytes themselves.
        stamp: what tells the file that was found: device, inode, size, time of the last change; empty for bytes.
    """

    path: str
    executable: bool
    size: int
    source: str | bytes
    stamp: tuple[int, ...] = ()

    def check_unchanged(self) -> None:
        """See that the file is still the one that was found.

        Raises:
            WriteError: INPUT_CHANGED, INPUT_TREE.
        """
        if not isinstance(self.source, bytes):
            self.read_into(0, memoryview(b""))

    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill a buffer from an offset of the file that was found, whatever stands under its name now.

        Raises:
            WriteError: INPUT_CHANGED, when it is another file or was written to; INPUT_TREE, when it cannot be read.
        """
        if isinstance(self.source, bytes):
            buffer[:] = self.source[offset : offset + len(buffer)]
            return
        try:
            handle = os.open(self.source, _FLAGS)
            try:
                # The open file is compared, not its name: links and folders may have been swapped meanwhile.
                changed = _stamp(os.fstat(handle)) != self.stamp
                done = 0
                while not changed and done < len(buffer):
                    count = os.preadv(handle, [buffer[done:]], offset + done)
                    changed = not count
                    done += count
            finally:
                os.close(handle)
        except OSError as exc:
            raise refuse("INPUT_TREE", f"{self.path[:100]!a}: {exc.strerror}") from exc
        if changed:
            raise refuse("INPUT_CHANGED", f"{self.path[:100]!a} changed while it was packed")


def _stamp(info: os.stat_result) -> tuple[int, ...]:
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns


class Tree(NamedTuple):
    """Files of a folder.

    Attributes:
        files: in order of paths.
        empty_folders: folders that hold no file; a bundle does not keep them.
    """

    files: tuple[Input, ...]
    empty_folders: tuple[str, ...]


def scan_folder(folder: str | os.PathLike[str]) -> Tree:
    """List a folder's files, without following links.

    Raises:
        WriteError: INPUT_TREE, for links, devices, unreadable folders and names that are not UTF-8.
    """
    root = os.fspath(folder)
    files: list[Input] = []
    empty: list[str] = []
    pending = [(root, "")]
    while pending:
        path, prefix = pending.pop()
        try:
            with os.scandir(path) as items:
                entries = list(items)
            if not entries and prefix:
                empty.append(prefix.rstrip("/"))
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, name + "/"))
                    continue
                files.append(_input(name, entry.path, entry.stat(follow_symlinks=False)))
        except OSError as exc:
            raise refuse("INPUT_TREE", f"{os.fsdecode(path)[:200]!a}: {exc.strerror}") from exc
    check_inputs(files)
    files.sort(key=lambda item: item.path)
    return Tree(tuple(files), tuple(sorted(empty)))


def file_input(path: str, name: str) -> Input:
    """One file of the disk.

    Raises:
        WriteError: INPUT_TREE, when it is missing, a link or not a regular file.
    """
    try:
        return _input(name, path, os.stat(path, follow_symlinks=False))
    except OSError as exc:
        raise refuse("INPUT_TREE", f"{name[:100]!a}: {exc.strerror}") from exc


def _input(name: str, path: str, info: os.stat_result) -> Input:
    if not stat.S_ISREG(info.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(info.st_mode) else "not a regular file"
        raise refuse("INPUT_TREE", f"{name[:100]!a} is {what}")
    return Input(name, bool(info.st_mode & stat.S_IXUSR), info.st_size, path, _stamp(info))


def check_inputs(files: Iterable[Input]) -> None:
    """Check paths and sizes under the reader's and the writer's rules (PTH rules, W-5).

    Raises:
        WriteError: INPUT_TREE, WRITE_LIMIT.
    """
    paths: list[str] = []
    for item in files:
        check_writer_path(item.path)
        if item.size > LIMITS.file_size:
            raise refuse("WRITE_LIMIT", f"{item.path[:100]!a} has {item.size} bytes")
        paths.append(item.path)
    if len(paths) > LIMITS.files:
        raise refuse("WRITE_LIMIT", f"{len(paths)} files, the format holds {LIMITS.files}")
    paths.sort()
    check_collisions(paths, "INPUT_TREE")
    if not all(path.isascii() for path in paths):
        _check_folded(paths)


def _check_folded(paths: list[str]) -> None:
    """Uniqueness after full case folding, folders included; needed only when a name is not ASCII."""
    seen: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            name = "/".join(parts[:end])
            other = seen.setdefault(_fold(name), name)
            if other != name:
                raise refuse("INPUT_TREE", f"{other[:100]!a} and {name[:100]!a} are one name on some disks")


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def check_writer_path(path: str) -> None:
    """Check one path under the reader's and the writer's rules.

    Raises:
        WriteError: INPUT_TREE.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        raise refuse("INPUT_TREE", f"{path[:100]!a} is not valid Unicode") from None
    check_path(path, "INPUT_TREE")
    if path.isascii():
        return
    if not unicodedata.is_normalized("NFC", path):
        raise refuse("INPUT_TREE", f"{path[:100]!a} is not in Unicode normal form C")
    for letter in path:
        if letter in _BIDI:
            raise refuse("INPUT_TREE", f"{path[:100]!a} holds a bidirectional control")
        if unicodedata.category(letter) == "Cn":
            raise refuse("INPUT_TREE", f"{path[:100]!a} holds a code point that is not assigned")
