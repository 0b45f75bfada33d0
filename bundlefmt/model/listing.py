"""The listing: every file of a tree, once (specification section 8, LST and PTH rules)."""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.paths import check_collisions, check_path
from bundlefmt.wire import cbor

REGULAR = 0
EXECUTABLE = 1
_EMPTY_SHA256 = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


class FileEntry(NamedTuple):
    """One file.

    Attributes:
        path: relative, `/` separated.
        mode: 0 regular, 1 executable.
        size: bytes.
        digest: SHA-256 of the content, 32 bytes.
    """

    path: str
    mode: int
    size: int
    digest: bytes

    @property
    def executable(self) -> bool:
        """Whether the file is to be installed executable."""
        return self.mode == EXECUTABLE


class Listing:
    """A validated listing.

    Attributes:
        encoded: its bytes; their SHA-256 is the tree.
        files: rows in order.
        first_rows: content digest to the first row that has it.
    """

    __slots__ = ("encoded", "files", "first_rows")

    def __init__(self, encoded: bytes, files: tuple[FileEntry, ...], first_rows: dict[bytes, int]) -> None:
        self.encoded = encoded
        self.files = files
        self.first_rows = first_rows

    def row_of(self, entry: FileEntry) -> int:
        """First row with the entry's content."""
        return self.first_rows[entry.digest]

    def is_first(self, row: int) -> bool:
        """Whether a row exists and is the one that names its content."""
        return row < len(self.files) and self.first_rows[self.files[row].digest] == row


def encode_listing(files: list[FileEntry]) -> bytes:
    """Encode rows, put in order of the bytes of their paths."""
    ordered = sorted(files, key=lambda entry: entry.path.encode())
    return cbor.encode([list(entry) for entry in ordered])


def parse_listing(data: bytes) -> Listing:
    """Decode and validate a listing.

    Raises:
        BundleError: MANIFEST_ENCODING, MANIFEST_LIMIT, LISTING, PATH_INVALID, PATH_COLLISION.
    """
    rows = cbor.decode(data, "MANIFEST_ENCODING")
    if type(rows) is not list:
        raise refuse("LISTING", "the listing is not an array")
    if len(rows) > LIMITS.files:
        raise refuse("MANIFEST_LIMIT", f"{len(rows)} files")
    files: list[FileEntry] = []
    first_rows: dict[bytes, int] = {}
    last = ""
    for number, row in enumerate(rows):
        if type(row) is not list or len(row) != 4:
            raise refuse("LISTING", f"row {number} does not have four fields")
        path, mode, size, digest = row
        if (
            type(path) is not str
            or type(mode) is not int
            or mode > 1
            or type(size) is not int
            or size > LIMITS.file_size
            or type(digest) is not bytes
            or len(digest) != 32
        ):
            raise refuse("LISTING", f"row {number} has a field of the wrong type, length or value")
        # Code point order of str is the byte order of UTF-8, and decoded text has no surrogates.
        if number and path <= last:
            raise refuse("LISTING", f"row {number} is not in strictly ascending order of paths")
        last = path
        if (size == 0) is not (digest == _EMPTY_SHA256):
            raise refuse("LISTING", f"row {number} has a size that its digest contradicts")
        first = first_rows.setdefault(digest, number)
        if first != number and files[first].size != size:
            raise refuse("LISTING", f"rows {first} and {number} have one digest and two sizes")
        check_path(path)
        files.append(FileEntry(path, mode, size, digest))
    check_collisions(entry.path for entry in files)
    return Listing(data, tuple(files), first_rows)
