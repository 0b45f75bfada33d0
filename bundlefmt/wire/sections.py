"""Prelude and fixed binary tables (specification sections 2, 3, 5 and 6): shapes only, no meaning."""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS

MAGIC = b"\x89BNDL\r\x0a\x1a"
PRELUDE_LEN = 32
ALG_ED25519 = 1
ALG_HYBRID = 2  # Ed25519 and ML-DSA-65, both required
PUBLIC_KEY_LEN = {ALG_ED25519: 32, ALG_HYBRID: 32 + 1952}
SIGNATURE_LEN = {ALG_ED25519: 64, ALG_HYBRID: 64 + 3309}
TYPE_X25519 = 1
TYPE_HYBRID = 2

_HINT_LEN = 4
_WRAP_LEN = {TYPE_X25519: 80, TYPE_HYBRID: 1168}  # enc, 32-byte CEK and 16-byte tag


class Prelude(NamedTuple):
    """Section lengths in bytes."""

    header_len: int
    signatures_len: int
    trust_len: int
    recipients_len: int

    @property
    def front_len(self) -> int:
        """Bytes from the start of the file to the start of the manifest."""
        return PRELUDE_LEN + sum(self)


class SignatureRow(NamedTuple):
    """One row of a signature table."""

    alg: int
    kid: bytes
    signature: bytes


class TrustFrame(NamedTuple):
    """One trust document with its signatures, not yet verified."""

    document: bytes
    rows: tuple[SignatureRow, ...]


class RecipientEntry(NamedTuple):
    """One wrapped content-encryption key. `hint` is empty for an anonymous or unknown entry."""

    type: int
    hint: bytes
    wrap: bytes


def parse_prelude(data: bytes) -> Prelude:
    """Read the prelude (R1).

    Args:
        data: the first bytes of the file, 32 if it has so many.

    Raises:
        FormatError, LimitError: PRELUDE_MAGIC, PRELUDE_MAJOR, PRELUDE_RESERVED, SECTION_LIMIT, TRUNCATED.
    """
    if data[:8] != MAGIC[: len(data)]:
        raise refuse("PRELUDE_MAGIC", "the file does not begin with the bundle magic")
    if len(data) < PRELUDE_LEN:
        raise refuse("TRUNCATED", f"{len(data)} bytes, a prelude has {PRELUDE_LEN}")
    major = int.from_bytes(data[8:10], "big")
    if major != 1:
        raise refuse("PRELUDE_MAJOR", f"major version {major}")
    if data[10:12] != b"\0\0" or data[28:32] != b"\0\0\0\0":
        raise refuse("PRELUDE_RESERVED", "a reserved field is not zero")
    header, signatures, trust, recipients = (int.from_bytes(data[i : i + 4], "big") for i in (12, 16, 20, 24))
    for name, value, low, high in (
        ("header", header, 1, LIMITS.header_len),
        ("signatures", signatures, 37, LIMITS.signatures_len),
        ("trust", trust, 0, LIMITS.trust_len),
        ("recipients", recipients, 5, LIMITS.recipients_len),
    ):
        if not low <= value <= high:
            raise refuse("SECTION_LIMIT", f"{name} section of {value} bytes, allowed are {low} to {high}")
    return Prelude(header, signatures, trust, recipients)


def build_prelude(prelude: Prelude) -> bytes:
    """Encode a prelude, 32 bytes."""
    lengths = b"".join(value.to_bytes(4, "big") for value in prelude)
    return MAGIC + b"\0\1\0\0" + lengths + b"\0\0\0\0"


def parse_signatures(data: bytes, code: str = "SIGNATURE_TABLE") -> tuple[SignatureRow, ...]:
    """Read a signature table (SIG-1 to SIG-3).

    Args:
        data: the table's bytes, consumed exactly.
        code: error code to refuse with.
    """
    rows: list[SignatureRow] = []
    position = 0
    last = b""
    while position < len(data):
        head = data[position : position + 36]
        if len(head) < 36:
            raise refuse(code, "a signature row is cut off")
        alg = int.from_bytes(head[:2], "big")
        length = int.from_bytes(head[34:36], "big")
        if not 1 <= length <= LIMITS.signature_len or length != SIGNATURE_LEN.get(alg, length):
            raise refuse(code, f"signature of {length} bytes for algorithm {alg}")
        if head[:34] <= last:
            raise refuse(code, "signature rows are not in strictly ascending order")
        last = head[:34]
        position += 36
        signature = data[position : position + length]
        if len(signature) < length:
            raise refuse(code, "a signature is cut off")
        position += length
        rows.append(SignatureRow(alg, head[2:34], signature))
        if len(rows) > LIMITS.signature_rows:
            raise refuse(code, f"more than {LIMITS.signature_rows} signature rows")
    if not rows:
        raise refuse(code, "no signature rows")
    return tuple(rows)


def build_signatures(rows: tuple[SignatureRow, ...] | list[SignatureRow]) -> bytes:
    """Encode a signature table; rows are put in order."""
    ordered = sorted(rows, key=lambda row: (row.alg, row.kid))
    return b"".join(
        row.alg.to_bytes(2, "big") + row.kid + len(row.signature).to_bytes(2, "big") + row.signature for row in ordered
    )


def parse_trust(data: bytes, code: str = "TRUST_TABLE") -> tuple[TrustFrame, ...]:
    """Split a trust section into frames (TRU-1). Nothing in a document is decoded.

    Args:
        data: the section's bytes, consumed exactly; may be empty.
        code: error code to refuse with.
    """
    frames: list[TrustFrame] = []
    position = 0
    while position < len(data):
        head = data[position : position + 8]
        if len(head) < 8:
            raise refuse(code, "a trust frame is cut off")
        document_len = int.from_bytes(head[:4], "big")
        table_len = int.from_bytes(head[4:], "big")
        if not 54 <= document_len <= LIMITS.trust_document_len or not 37 <= table_len <= LIMITS.signatures_len:
            raise refuse(code, "a length in a trust frame is outside its limits")
        middle = position + 8 + document_len
        end = middle + table_len
        if end > len(data):
            raise refuse(code, "a trust frame is cut off")
        rows = parse_signatures(data[middle:end], code)
        frames.append(TrustFrame(data[position + 8 : middle], rows))
        position = end
        if len(frames) > LIMITS.trust_frames:
            raise refuse(code, f"more than {LIMITS.trust_frames} trust frames")
    return tuple(frames)


def build_trust(frames: tuple[TrustFrame, ...] | list[TrustFrame]) -> bytes:
    """Encode a trust section."""
    parts: list[bytes] = []
    for frame in frames:
        table = build_signatures(frame.rows)
        parts += (len(frame.document).to_bytes(4, "big"), len(table).to_bytes(4, "big"), frame.document, table)
    return b"".join(parts)


def parse_recipients(data: bytes) -> tuple[RecipientEntry, ...]:
    """Read the recipients section (RCP-1 to RCP-4).

    Raises:
        FormatError: RECIPIENT_TABLE.
    """
    entries: list[RecipientEntry] = []
    position = unknown = 0
    last = b""
    while position < len(data):
        if len(data) - position < 4:
            raise refuse("RECIPIENT_TABLE", "a recipient entry is cut off")
        kind = int.from_bytes(data[position : position + 2], "big")
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        end = position + 4 + length
        hinted = False
        if kind in _WRAP_LEN:
            hinted = length == _WRAP_LEN[kind] + _HINT_LEN
            if not hinted and length != _WRAP_LEN[kind]:
                raise refuse("RECIPIENT_TABLE", f"recipient entry of type {kind} with {length} bytes")
        else:
            unknown += 1
            if unknown > LIMITS.unknown_recipients:
                raise refuse("RECIPIENT_TABLE", f"more than {LIMITS.unknown_recipients} entries of unknown type")
            if not 1 <= length <= LIMITS.recipient_len:
                raise refuse("RECIPIENT_TABLE", f"recipient entry of unknown type with {length} bytes")
        if end > len(data):
            raise refuse("RECIPIENT_TABLE", "a recipient entry is cut off")
        raw = data[position:end]
        if raw <= last:
            raise refuse("RECIPIENT_TABLE", "recipient entries are not in strictly ascending order")
        last = raw
        hint_len = _HINT_LEN if hinted else 0
        entries.append(RecipientEntry(kind, raw[4 : 4 + hint_len], raw[4 + hint_len :]))
        if len(entries) > LIMITS.recipients:
            raise refuse("RECIPIENT_TABLE", f"more than {LIMITS.recipients} recipient entries")
        position = end
    return tuple(entries)


def build_recipients(entries: tuple[RecipientEntry, ...] | list[RecipientEntry]) -> bytes:
    """Encode a recipients section; entries are put in order."""
    return b"".join(
        sorted(
            entry.type.to_bytes(2, "big")
            + (len(entry.hint) + len(entry.wrap)).to_bytes(2, "big")
            + entry.hint
            + entry.wrap
            for entry in entries
        )
    )
