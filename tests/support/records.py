"""Random record tables that keep every rule, with the body they describe."""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

from bundlefmt.model.listing import Listing, parse_listing
from bundlefmt.wire.zstd import Compressor
from support import anycbor, forge
from support.publisher import Publisher

Contents = dict[str, bytes]


class Built(NamedTuple):
    """A forged release.

    Attributes:
        data: the bundle.
        tree: what it holds.
        table: its record table as plain values.
        own_prefix: whether a record has a prefix of this listing.
        external: paths whose contents only the needed tree has.
    """

    data: bytes
    tree: Contents
    table: list[Any]
    own_prefix: bool
    external: tuple[str, ...]


def _sorted(tree: Contents) -> Contents:
    return dict(sorted(tree.items(), key=lambda item: item[0].encode()))


def _ranges(rng: Random, sources: list[tuple[int, int, bytes]]) -> tuple[list[list[int]], bytes]:
    """One to four ranges over known contents, of 8 bytes or more in all."""
    ranges: list[list[int]] = []
    parts: list[bytes] = []
    for _ in range(rng.randint(1, 4)):
        source, row, data = rng.choice(sources)
        offset = rng.randrange(len(data))
        length = rng.randint(1, len(data) - offset)
        ranges.append([source, row, offset, length])
        parts.append(data[offset : offset + length])
    prefix = b"".join(parts)
    if len(prefix) < 8 or prefix[:4] == b"\x37\xa4\x30\xec":
        return [], b""
    return ranges, prefix


def build(publisher: Publisher, rng: Random, tree: Contents, needed: Contents | None) -> Built:
    """Cut contents into random pieces, join pieces to records, choose codings and prefixes, encrypt.

    Args:
        publisher: who signs.
        rng: decides.
        tree: files of the release; contents that the needed tree has may stay out of the body.
        needed: files of the needed tree for a patch, or None.
    """
    tree = _sorted(tree)
    listing_bytes = forge.listing_of(tree)
    listing = parse_listing(listing_bytes)
    rows = list(tree.values())
    known: list[tuple[int, int, bytes]] = []
    there: set[bytes] = set()
    needed_bytes = b""
    if needed is not None:
        needed_bytes = forge.listing_of(needed)
        first = parse_listing(needed_bytes).first_rows
        known = [(1, row, data) for row, data in enumerate(_sorted(needed).values()) if data and row in first.values()]
        there = set(needed.values())

    waiting: dict[int, list[tuple[int, int]]] = {}
    external: list[int] = []
    for row in listing.first_rows.values():
        data = rows[row]
        if not data:
            continue
        if data in there and rng.random() < 0.6:
            external.append(row)
            continue
        marks = sorted(
            {rng.randrange(1, len(data)) for _ in range(rng.choice((0, 0, 1, 2, 5)))} if len(data) > 1 else set()
        )
        ends = [*marks, len(data)]
        waiting[row] = list(zip([0, *marks], ends, strict=True))

    table: list[Any] = []
    coded_all: list[bytes] = []
    chained: set[int] = set()
    complete: list[int] = []
    own_prefix = False
    while waiting:
        pieces: list[tuple[int, int, int]] = []
        for _ in range(rng.choice((1, 1, 2, 4))):
            if waiting:
                row = rng.choice(list(waiting))
                start, end = waiting[row].pop(0)
                pieces.append((row, start, end))
                if not waiting[row]:
                    del waiting[row]
        plain = b"".join(rows[row][start:end] for row, start, end in pieces)
        sources = known + [(0, row, rows[row]) for row in complete if row not in chained]
        ranges, prefix = _ranges(rng, sources) if sources and rng.random() < 0.6 else ([], b"")
        stored = not ranges and rng.random() < 0.4
        coded = plain if stored else Compressor(rng.choice((1, 3, 9))).compress(plain, prefix)
        if any(part[0] == 0 for part in ranges):
            own_prefix = True
            chained |= {row for row, _, _ in pieces}
        complete += [row for row, _, end in pieces if end == len(rows[row])]
        wire = [row if (start, end) == (0, len(rows[row])) else [row, start, end - start] for row, start, end in pieces]
        table.append([0 if stored else 1, len(coded), wire, ranges])
        coded_all.append(coded)
    data = _join(publisher, listing, table, coded_all, needed_bytes)
    names = list(tree)
    return Built(data, tree, table, own_prefix, tuple(names[row] for row in external))


def _join(publisher: Publisher, listing: Listing, table: list[Any], coded: list[bytes], needed: bytes) -> bytes:
    plaintext = forge.release_plaintext(
        forge.release_for(listing.encoded),
        listing.encoded,
        anycbor.encode(table),
        needed=sha256(needed).digest() if needed else b"",
        needed_listing=needed,
    )
    return forge.forge(publisher, plaintext, forge.seal_body(publisher, coded)).join()
