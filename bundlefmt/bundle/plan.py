"""Which contents there are and how records are cut from them (rules W-9, W-11, REC-2 to REC-6)."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import NamedTuple

from bundlefmt.bundle.inputs import Input
from bundlefmt.limits import LIMITS
from bundlefmt.model.records import Piece

_BLOCK = 1 << 20
_SMALL = 64 << 10
_HOLD = 32 << 20  # bytes of small files kept between looking for equal ones and packing


class Plan(NamedTuple):
    """Contents and records of a body to be written.

    Attributes:
        files: inputs in order of paths; a row is an index into it.
        first: for each row, the first row with the same content.
        records: pieces of each record, in body order.
    """

    files: tuple[Input, ...]
    first: tuple[int, ...]
    records: tuple[tuple[Piece, ...], ...]


def make_plan(files: tuple[Input, ...], share_small: int) -> Plan:
    """Find equal contents and cut records.

    Args:
        files: checked inputs in order of paths.
        share_small: contents below this many bytes share records of up to this many; 0 for one record per content.

    Returns:
        The plan; a function of the input alone (W-9).
    """
    files, first = _first_rows(files)
    rows = [row for row, item in enumerate(files) if first[row] == row and item.size]
    small = [row for row in rows if files[row].size < share_small]
    large = [row for row in rows if files[row].size >= share_small]
    records = _shared(files, small, share_small)
    for row in large:
        size = files[row].size
        step = LIMITS.record_plain_len
        records += [(Piece(row, offset, min(step, size - offset)),) for offset in range(0, size, step)]
    if not share_small:
        return Plan(files, first, tuple(records))
    # By path of their first content, so that a folder's files lie together in the body.
    records.sort(key=lambda pieces: (files[pieces[0].row].path, pieces[0].offset))
    return Plan(files, first, tuple(records))


def _shared(files: tuple[Input, ...], rows: list[int], size: int) -> list[tuple[Piece, ...]]:
    """Fill records with small contents, alike ones next to each other: by ending, then by name."""
    records: list[tuple[Piece, ...]] = []
    pieces: list[Piece] = []
    used = 0
    for row in sorted(rows, key=lambda row: _likeness(files[row].path)):
        length = files[row].size
        if used + length > size:
            records.append(tuple(pieces))
            pieces, used = [], 0
        pieces.append(Piece(row, 0, length))
        used += length
    if pieces:
        records.append(tuple(pieces))
    return records


def _likeness(path: str) -> tuple[str, str]:
    name = path.rpartition("/")[2]
    return name.partition(".")[2] or name, path


def _first_rows(files: tuple[Input, ...]) -> tuple[tuple[Input, ...], tuple[int, ...]]:
    """For each row the first row with equal bytes. Only files of equal size are read for it.

    Returns:
        The inputs, small ones that were read now with their bytes at hand, so that they are not read twice;
        and the first rows.
    """
    sizes = Counter(item.size for item in files)
    seen: dict[tuple[int, bytes], int] = {}
    first: list[int] = []
    held: list[Input] = []
    room = _HOLD
    buffer = memoryview(bytearray(_BLOCK))
    for row, item in enumerate(files):
        if sizes[item.size] == 1 or not item.size:
            first.append(row if item.size else seen.setdefault((0, b""), row))
            held.append(item)
            continue
        data = item.source if isinstance(item.source, bytes) else b""
        if not data and item.size <= min(room, _SMALL):
            part = buffer[: item.size]
            item.read_into(0, part)
            data = bytes(part)
        digest = sha256(data).digest() if data else _digest(item, buffer)
        found = seen.setdefault((item.size, digest), row)
        first.append(found)
        if found == row and data and not isinstance(item.source, bytes):
            room -= item.size
            item = item._replace(source=data)  # noqa: PLW2901 - the same input, read
        held.append(item)
    return tuple(held), tuple(first)


def _digest(item: Input, buffer: memoryview) -> bytes:
    state = sha256()
    for offset in range(0, item.size, len(buffer)):
        part = buffer[: min(len(buffer), item.size - offset)]
        item.read_into(offset, part)
        state.update(part)
    return state.digest()
