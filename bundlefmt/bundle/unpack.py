"""From a verified bundle to a new folder (section 9, "What may be released"; R14 and after).

Files are written into a private folder beside the destination and appear under its name by one
rename, when every byte is verified. A refusal, an error or a signal leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.workplace import make_folder, private_path, umask
from bundlefmt.errors import refuse
from bundlefmt.model.listing import FileEntry

Progress = Callable[[int, int], None]  # bytes done, bytes in all

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def unpack(
    reader: BundleReader, path: str | os.PathLike[str], *, sync: bool = False, progress: Progress | None = None
) -> None:
    """Write the whole tree to a new folder.

    Args:
        reader: opened bundle; a stream is read to its end.
        path: folder that does not exist yet; its parent does.
        sync: make everything durable before the folder appears, and its name before returning.
        progress: called with bytes written and bytes in all.

    Raises:
        BundleError: the bundle is refused, or INSTALL_EXISTS, INSTALL_COLLISION, INSTALL_FAILED. Nothing was made,
            unless the message says that only the durability of the name failed.
    """
    target = os.path.abspath(path)
    parent = os.path.dirname(target)
    if os.path.lexists(target):
        raise refuse("INSTALL_EXISTS", f"{target} exists already")
    work = private_path(target)
    try:
        make_folder(work)
        _Tree(reader, work, progress).write()
        os.chmod(work, 0o777 & ~umask())
        if sync:
            sync_tree(work)
        os.rename(work, target)
    except OSError as exc:
        _remove(work)
        raise refuse("INSTALL_FAILED", f"{target}: {exc.strerror or exc}") from exc
    except BaseException:
        _remove(work)
        raise
    if sync:
        try:
            sync_folder(parent)
        except OSError as exc:
            detail = f"{target} is complete, but its name may not survive a power cut: {exc.strerror or exc}"
            raise refuse("INSTALL_FAILED", detail) from exc


def _remove(work: str) -> None:
    import shutil  # noqa: PLC0415 - only after a failure

    shutil.rmtree(work, ignore_errors=True)


class _Tree:
    """One tree being written into a private folder."""

    def __init__(self, reader: BundleReader, root: str, progress: Progress | None) -> None:
        self._reader = reader
        self._root = root + os.sep
        self._progress = progress
        self._folders: set[str] = {""}
        self._copies: dict[int, list[int]] = {}  # first row -> further rows with the same content
        listing = reader.listing
        for row, entry in enumerate(listing.files):
            first = listing.first_rows[entry.digest]
            if first != row:
                self._copies.setdefault(first, []).append(row)
        self._done = 0
        self._total = sum(entry.size for entry in listing.files)

    def write(self) -> None:
        files = self._reader.listing.files
        for entry in files:
            if not entry.size:
                os.close(self._create(entry))
        handle = -1
        open_row = -1
        try:
            for chunk in self._reader.contents():
                entry = files[chunk.row]
                if chunk.offset == 0 and chunk.last:
                    self._whole(entry, chunk.data)
                    for copy in self._copies.get(chunk.row, ()):
                        self._whole(files[copy], chunk.data)
                    continue
                if chunk.row != open_row:
                    if handle >= 0:
                        os.close(handle)
                        handle = -1
                    handle = self._create(entry) if chunk.offset == 0 else self._append(entry)
                    open_row = chunk.row
                _write_all(handle, chunk.data)
                self._advance(len(chunk.data))
                if chunk.last:
                    os.close(handle)
                    handle = open_row = -1
                    self._duplicate(chunk.row)
        finally:
            if handle >= 0:
                os.close(handle)
        for row in self._reader.external_rows():
            self._stream(row)
            self._duplicate(row)

    def _whole(self, entry: FileEntry, data: bytes | memoryview) -> None:
        handle = self._create(entry)
        try:
            _write_all(handle, data)
        finally:
            os.close(handle)
        self._advance(entry.size)

    def _stream(self, row: int) -> None:
        """Copy a content of the needed tree, whatever its size; its digest is checked at its end."""
        handle = self._create(self._reader.listing.files[row])
        try:
            for part in self._reader.external_chunks(row):
                _write_all(handle, part)
                self._advance(len(part))
        finally:
            os.close(handle)

    def _duplicate(self, row: int) -> None:
        """Copy a content that was written in parts to the other files that have it."""
        files = self._reader.listing.files
        for copy in self._copies.get(row, ()):
            handle = self._create(files[copy])
            with open(self._root + files[row].path, "rb") as source, os.fdopen(handle, "wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
            self._advance(files[copy].size)

    def _create(self, entry: FileEntry) -> int:
        """Create a file that must not exist: the folder is new, so an existing one means this disk folds names."""
        folder = entry.path.rpartition("/")[0]
        if folder not in self._folders:
            self._make_folder(folder)
        try:
            return os.open(self._root + entry.path, _FLAGS, 0o777 if entry.executable else 0o666)
        except FileExistsError:
            raise refuse("INSTALL_COLLISION", f"{entry.path[:100]!a} and another name are one on this disk") from None

    def _append(self, entry: FileEntry) -> int:
        return os.open(self._root + entry.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))

    def _make_folder(self, folder: str) -> None:
        parent = folder.rpartition("/")[0]
        if parent not in self._folders:
            self._make_folder(parent)
        try:
            os.mkdir(self._root + folder)
        except FileExistsError:
            raise refuse("INSTALL_COLLISION", f"{folder[:100]!a} and another name are one on this disk") from None
        self._folders.add(folder)

    def _advance(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)


def _write_all(handle: int, data: bytes | memoryview) -> None:
    count = os.write(handle, data)
    while count < len(data):
        data = memoryview(data)[count:]
        count = os.write(handle, data)


def sync_folder(path: str) -> None:
    """Make the entries of a folder durable, where the system can."""
    with contextlib.suppress(PermissionError):  # Windows does not open folders
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(root: str) -> None:
    """Make a whole tree durable: one syncfs where there is one, else every file and folder."""
    if sys.platform == "linux":
        handle = os.open(root, os.O_RDONLY)
        try:
            import ctypes  # noqa: PLC0415 - rarely needed and slow to import

            if ctypes.CDLL(None).syncfs(handle) == 0:
                return
        finally:
            os.close(handle)
    for folder, _, names in os.walk(root):
        for name in names:
            handle = os.open(os.path.join(folder, name), os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        sync_folder(folder)
