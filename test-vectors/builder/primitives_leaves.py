"""Vectors for leaf sizes, leaves and the root of a body."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from .primitives_form import Case, Family, accept, by_pattern, pattern, refuse, require

COMMENT = """
Leaves and roots (section 9). of = 'size': body_len gives leaf_size and leaf_count. of = 'body':
the body by pattern (byte i is (i*31 + i//251) mod 256) gives leaf_size, leaf_count, first and
last leaf (absent for an empty body), the SHA-256 of the leaves section and the root. of =
'table': is this leaves section the one of body_len and root? of = 'leaf': do the bytes, by
pattern from its byte start on, with the byte at flip XORed with 01 where it is given, have this
digest as leaf index?
"""
SMALLEST, LARGEST, MOST = 16_384, 1_048_576, 1_024


def leaf_size(body_len: int) -> int:
    """The smallest size with at most 1,024 leaves, else the largest."""
    size = SMALLEST
    while size < LARGEST and -(-body_len // size) > MOST:
        size *= 2
    return size


def leaf(index: int, data: bytes) -> bytes:
    """The digest of a leaf; the index keeps leaves from moving."""
    return hashlib.sha256(b"\x00" + index.to_bytes(8, "big") + data).digest()


def leaves(body: bytes) -> list[bytes]:
    """All leaves of a body in order."""
    size = leaf_size(len(body))
    return [leaf(i, body[at : at + size]) for i, at in enumerate(range(0, len(body), size))]


def root(body_len: int, table: bytes) -> bytes:
    """The root over the leaves section."""
    head = b"\x01" + body_len.to_bytes(8, "big") + leaf_size(body_len).to_bytes(4, "big")
    return hashlib.sha256(head + table).digest()


def _sizes() -> Iterator[Case]:
    lengths = {0, 1, SMALLEST - 1, SMALLEST, SMALLEST + 1, 10**6, 10**9, 10**12}
    for power in range(24, 31):
        lengths |= {2**power - 1, 2**power, 2**power + 1}
    lengths |= {2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**40 - 1, 2**40}
    for length in sorted(lengths):
        size = leaf_size(length)
        require(size in (16384, 32768, 65536, 131072, 262144, 524288, 1048576), f"{length}: {size}")
        yield accept(
            f"size-of-{length}",
            "the leaf size follows from the length alone",
            "BDY-1",
            {"of": "size", "body_len": length},
            {"leaf_size": size, "leaf_count": -(-length // size)},
        )


def _bodies() -> Iterator[Case]:
    mebibyte = 1 << 20
    for length in (
        0,
        1,
        72,
        16383,
        16384,
        16385,
        32767,
        32768,
        32769,
        100_000,
        mebibyte,
        16 * mebibyte - 1,
        16 * mebibyte,
        16 * mebibyte + 1,
        32 * mebibyte,
        32 * mebibyte + 1,
    ):
        digests = leaves(pattern(length))
        table = b"".join(digests)
        output: dict[str, Any] = {"leaf_size": leaf_size(length), "leaf_count": len(digests)}
        if digests:
            output |= {"first_leaf": digests[0].hex(), "last_leaf": digests[-1].hex()}
        output |= {
            "leaves_sha256": hashlib.sha256(table).hexdigest(),
            "root": root(length, table).hex(),
        }
        yield accept(
            f"body-of-{length}",
            "an empty body" if length == 0 else "a body given by pattern",
            "BDY-1 BDY-2",
            {"of": "body", "body": by_pattern(length)},
            output,
        )


def _tables() -> Iterator[Case]:
    length = 3 * SMALLEST + 5
    digests = leaves(pattern(length))
    table = b"".join(digests)
    good_root = root(length, table)

    def inputs(body_len: int, data: bytes, digest: bytes) -> dict[str, Any]:
        return {"of": "table", "body_len": body_len, "leaves": data.hex(), "root": digest.hex()}

    yield accept(
        "table-of-4",
        "four leaves, the last one short",
        "BDY-1",
        inputs(length, table, good_root),
        {},
    )
    yield accept(
        "table-empty",
        "an empty body has an empty section",
        "BDY-1",
        inputs(0, b"", root(0, b"")),
        {},
    )
    flipped = bytes([table[0] ^ 1]) + table[1:]
    swapped = digests[1] + digests[0] + digests[2] + digests[3]
    plain = hashlib.sha256(table).digest()
    little = hashlib.sha256(b"\x01" + length.to_bytes(8, "little") + (16384).to_bytes(4, "little") + table)
    doubled = hashlib.sha256(b"\x01" + length.to_bytes(8, "big") + (32768).to_bytes(4, "big") + table)
    for name, comment, body_len, data, digest in (
        ("flipped-bit", "one bit of a leaf", length, flipped, good_root),
        (
            "flipped-root",
            "one bit of the root",
            length,
            table,
            bytes([good_root[0] ^ 1]) + good_root[1:],
        ),
        ("swapped-leaves", "two leaves in the wrong order", length, swapped, good_root),
        ("length-plus-1", "another length with as many leaves", length + 1, table, good_root),
        ("root-without-head", "the digest of the leaves alone", length, table, plain),
        (
            "root-little-endian",
            "numbers in the wrong order of bytes",
            length,
            table,
            little.digest(),
        ),
        (
            "root-other-leaf-size",
            "a leaf size of 32 KiB in the root",
            length,
            table,
            doubled.digest(),
        ),
        (
            "leaf-missing",
            "three leaves with their own root, for a length of four",
            length,
            table[:96],
            root(length, table[:96]),
        ),
        (
            "leaf-too-many",
            "five leaves with their own root, for a length of four",
            length,
            table + digests[0],
            root(length, table + digests[0]),
        ),
        (
            "leaf-in-empty-body",
            "one leaf where there is no body",
            0,
            digests[0],
            root(0, digests[0]),
        ),
        (
            "not-whole-leaves",
            "a section that is no multiple of 32",
            length,
            table[:-1],
            root(length, table[:-1]),
        ),
    ):
        sound = len(data) == 32 * -(-body_len // leaf_size(body_len)) and root(body_len, data) == digest
        require(not sound, f"{name}: the table is sound")
        yield refuse(f"table-{name}", comment, "BDY-1", inputs(body_len, data, digest), "LEAF_TABLE")


def _single() -> Iterator[Case]:
    length = 2 * SMALLEST + 100
    body = pattern(length)
    digests = leaves(body)

    def inputs(index: int, start: int, size: int, digest: bytes, flip: int | None = None) -> dict[str, Any]:
        case: dict[str, Any] = {
            "of": "leaf",
            "index": index,
            "bytes": by_pattern(size) | {"start": start},
        }
        if flip is not None:
            case["bytes"]["flip"] = flip
        return case | {"digest": digest.hex()}

    last = 2 * SMALLEST
    for index, start, size in ((0, 0, SMALLEST), (1, SMALLEST, SMALLEST), (2, last, 100)):
        require(leaf(index, body[start : start + size]) == digests[index], "a leaf of its own")
        yield accept(
            f"leaf-{index}",
            "one leaf alone",
            "BDY-2",
            inputs(index, start, size, digests[index]),
            {},
        )
    plain = hashlib.sha256(body[:SMALLEST]).digest()
    for name, comment, case in (
        ("first-byte", "the first byte is changed", inputs(0, 0, SMALLEST, digests[0], 0)),
        ("last-byte", "the last byte is changed", inputs(0, 0, SMALLEST, digests[0], SMALLEST - 1)),
        (
            "last-byte-of-body",
            "the last byte of a short leaf is changed",
            inputs(2, last, 100, digests[2], 99),
        ),
        ("wrong-index", "the right bytes in another place", inputs(1, 0, SMALLEST, digests[0])),
        ("shorter", "one byte is missing", inputs(2, last, 99, digests[2])),
        ("longer", "one byte too many", inputs(2, last, 101, digests[2])),
        ("without-head", "the digest of the bytes alone", inputs(0, 0, SMALLEST, plain)),
    ):
        yield refuse(f"leaf-{name}", comment, "BDY-2", case, "BODY_DIGEST")


def build() -> Family:
    """The family leaves."""
    return Family("leaves", COMMENT, [*_sizes(), *_bodies(), *_tables(), *_single()])
