"""The record table: what the body yields, in order (specification section 8, REC rules)."""

from __future__ import annotations

from typing import Any, NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.listing import Listing
from bundlefmt.wire import cbor

STORED = 0
ZSTD = 1
THIS = 0
NEEDED = 1


class Piece(NamedTuple):
    """A run of one content's bytes."""

    row: int
    offset: int
    length: int


class Range(NamedTuple):
    """A run of known bytes used as prefix; `source` is THIS or NEEDED listing."""

    source: int
    row: int
    offset: int
    length: int


class Record(NamedTuple):
    """One encrypted unit of the body.

    Attributes:
        coding: STORED or ZSTD.
        coded_len: bytes that were encrypted.
        pieces: what the plaintext is, in order.
        prefix: what it is compressed against.
        plain_len: bytes it yields.
    """

    coding: int
    coded_len: int
    pieces: tuple[Piece, ...]
    prefix: tuple[Range, ...]
    plain_len: int


class RecordTable(NamedTuple):
    """A validated record table.

    Attributes:
        records: in body order.
        external: first rows of contents that the needed tree must supply, ascending.
    """

    records: tuple[Record, ...]
    external: tuple[int, ...]


def encode_records(records: list[Record], listing: Listing) -> bytes:
    """Encode a record table; whole contents become bare rows (REC-5)."""
    files = listing.files
    rows = [
        [
            record.coding,
            record.coded_len,
            [p.row if p.length == files[p.row].size else list(p) for p in record.pieces],
            [list(part) for part in record.prefix],
        ]
        for record in records
    ]
    return cbor.encode(rows)


def parse_records(data: bytes, listing: Listing, needed: Listing | None) -> RecordTable:
    """Decode and validate a record table against its listing.

    Args:
        data: the item's bytes.
        listing: the bundle's own.
        needed: listing of the needed tree in form 1, else None.

    Raises:
        BundleError: MANIFEST_ENCODING, MANIFEST_LIMIT, RECORD_TABLE, RECORD_PIECES, RECORD_PREFIX, CONTENT_MISSING.
    """
    rows = cbor.decode(data, "MANIFEST_ENCODING")
    if type(rows) is not list:
        raise refuse("RECORD_TABLE", "the record table is not an array")
    if len(rows) > LIMITS.records:
        raise refuse("MANIFEST_LIMIT", f"{len(rows)} records")
    check = _Checker(listing, needed)
    records = tuple([check.record(number, row) for number, row in enumerate(rows)])
    return RecordTable(records, check.external())


class _Checker:
    """State of one pass over a table."""

    def __init__(self, listing: Listing, needed: Listing | None) -> None:
        self.listing = listing
        self.needed = needed
        self.done = [0] * len(listing.files)  # bytes yielded of each first row
        self.chained: set[int] = set()  # rows yielded in part by a record with a prefix of this listing
        self.pieces = self.ranges = 0

    def record(self, number: int, row: Any) -> Record:
        if type(row) is not list or len(row) != 4:
            raise refuse("RECORD_TABLE", f"record {number} does not have four fields")
        coding, coded_len, raw_pieces, raw_prefix = row
        # The ordinary record, one whole content without prefix, judged by the same rules in one look:
        # tables have hundreds of thousands of them. Whatever is unusual goes the long way.
        if (
            type(raw_pieces) is list
            and len(raw_pieces) == 1
            and type(raw_pieces[0]) is int
            and type(coding) is int
            and type(coded_len) is int
            and raw_prefix == []
            and self.listing.is_first(content := raw_pieces[0])
        ):
            size = self.listing.files[content].size
            stored_right = coded_len == size if coding == STORED else coding == ZSTD
            if 0 < size <= LIMITS.record_plain_len and stored_right and 1 <= coded_len <= LIMITS.record_coded_len:
                self.pieces += 1
                if self.pieces <= LIMITS.pieces and not self.done[content]:
                    self.done[content] = size
                    return Record(coding, coded_len, (Piece(content, 0, size),), (), size)
                self.pieces -= 1
        if type(coding) is not int or coding > ZSTD or type(coded_len) is not int:
            raise refuse("RECORD_TABLE", f"record {number} has an unknown coding or no length")
        if type(raw_pieces) is not list or type(raw_prefix) is not list or not raw_pieces:
            raise refuse("RECORD_TABLE", f"record {number} has malformed pieces or prefix")
        if not 1 <= coded_len <= LIMITS.record_coded_len:
            raise refuse("RECORD_TABLE", f"record {number} of {coded_len} coded bytes")
        self.pieces += len(raw_pieces)
        self.ranges += len(raw_prefix)
        if self.pieces > LIMITS.pieces or self.ranges > LIMITS.ranges:
            raise refuse("MANIFEST_LIMIT", "too many pieces or ranges in the record table")
        # Shapes of the whole record before their meaning, so that one fault has one code.
        pieces = [self._shape(number, item, 3, "RECORD_TABLE") for item in raw_pieces]
        prefix = tuple([Range(*self._shape(number, item, 4, "RECORD_TABLE")) for item in raw_prefix])
        found = tuple([self._piece(number, item) for item in pieces])
        plain_len = sum([piece.length for piece in found])
        if not 1 <= plain_len <= LIMITS.record_plain_len:
            raise refuse("RECORD_TABLE", f"record {number} yields {plain_len} bytes")
        if coding == STORED and (coded_len != plain_len or prefix):
            raise refuse("RECORD_TABLE", f"stored record {number} has another length than its pieces, or a prefix")
        if prefix:
            self._prefix(number, prefix)
        own_prefix = any(part.source == THIS for part in prefix)
        for piece in found:
            if piece.offset != self.done[piece.row]:
                raise refuse("RECORD_PIECES", f"record {number} yields row {piece.row} out of order")
            self.done[piece.row] += piece.length
            if own_prefix:
                self.chained.add(piece.row)
        return Record(coding, coded_len, found, prefix, plain_len)

    @staticmethod
    def _shape(number: int, item: Any, fields: int, code: str) -> list[int]:
        if type(item) is int and fields == 3:
            return [item]
        if type(item) is not list or len(item) != fields or any(type(field) is not int for field in item):
            raise refuse(code, f"record {number} has a malformed piece or range")
        return item

    def _piece(self, number: int, item: list[int]) -> Piece:
        row = item[0]
        if not self.listing.is_first(row):
            raise refuse("RECORD_PIECES", f"record {number} names row {row}, which names no content")
        size = self.listing.files[row].size
        if size == 0:
            raise refuse("RECORD_PIECES", f"record {number} names the empty content")
        if len(item) == 1:
            return Piece(row, 0, size)
        _, offset, length = item
        if length < 1 or offset + length > size or length == size:
            raise refuse("RECORD_PIECES", f"record {number} has a piece that is empty, whole or outside row {row}")
        return Piece(row, offset, length)

    def _prefix(self, number: int, prefix: tuple[Range, ...]) -> None:
        if len(prefix) > LIMITS.prefix_ranges:
            raise refuse("RECORD_PREFIX", f"record {number} has {len(prefix)} ranges")
        total = 0
        for part in prefix:
            if part.source > NEEDED:
                raise refuse("RECORD_TABLE", f"record {number} has a range with unknown source")
            listing = self.listing if part.source == THIS else self.needed
            if listing is None:
                raise refuse("RECORD_PREFIX", f"record {number} of a complete bundle uses a needed tree")
            if not listing.is_first(part.row):
                raise refuse("RECORD_PREFIX", f"record {number} has a range of row {part.row}, which names no content")
            size = listing.files[part.row].size
            if part.length < 1 or part.offset + part.length > size:
                raise refuse("RECORD_PREFIX", f"record {number} has a range outside row {part.row}")
            if part.source == THIS and (self.done[part.row] != size or part.row in self.chained):
                raise refuse(
                    "RECORD_PREFIX", f"record {number} uses row {part.row} before it is complete, or as a chain"
                )
            total += part.length
        if not LIMITS.prefix_min_len <= total <= LIMITS.prefix_len:
            raise refuse("RECORD_PREFIX", f"record {number} has a prefix of {total} bytes")

    def external(self) -> tuple[int, ...]:
        """Contents not yielded at all, which the needed tree must hold (REC-6 to REC-8)."""
        missing: list[int] = []
        for digest, row in self.listing.first_rows.items():
            size = self.listing.files[row].size
            if self.done[row] == size:
                continue
            if self.done[row]:
                raise refuse("RECORD_PIECES", f"row {row} is yielded only in part")
            if self.needed is None:
                raise refuse("CONTENT_MISSING", f"row {row} is not in this complete bundle")
            there = self.needed.first_rows.get(digest)
            if there is None or self.needed.files[there].size != size:
                raise refuse("CONTENT_MISSING", f"row {row} is neither in the body nor in the needed tree")
            missing.append(row)
        return tuple(missing)
