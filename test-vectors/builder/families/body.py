"""Leaves, root and padding of the body."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from builder.bundle import Bundle, File, body_root, leaf_digests
from builder.cases import Case, built, case, flip
from builder.changes import keep, tree
from builder.encode import u32, u64
from builder.scenes import wide
from builder.stream import expand

LEAF = 16384


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield case(wide("body-fine"), "Three records over three leaves.", "BDY-1 BDY-2")
    yield from _table()
    yield from _root()
    yield from _leaves()
    yield from _bytes()
    yield from _sizes()


def _swapped(table: bytes) -> bytes:
    return table[32:64] + table[:32] + table[64:]


def _table() -> Iterator[Case]:
    other = b"".join(built(wide("body-table-donor")).at["leaves"])
    for name, change, comment in (
        ("first-bit", lambda t: flip(t, 0), "The first bit of the leaf table was changed."),
        ("last-bit", lambda t: flip(t, len(t) - 1), "The last bit of the leaf table was changed."),
        ("swapped", _swapped, "Two leaves of the table were swapped."),
        ("zeros", lambda t: bytes(len(t)), "The leaf table is zeros."),
        ("other", lambda _: other, "The leaf table is that of another release."),
    ):
        bundle = wide(f"body-table-{name}").hook("leaves_section", change)
        yield case(bundle, comment, "BDY-1", "LEAF_TABLE")


def _root() -> Iterator[Case]:
    probe = built(wide("body-root-probe"))
    length = probe.at["body_len"]

    def start(prefix: bytes, size: int, leaf: int, leaves: list[bytes]) -> bytes:
        return sha256(prefix + u64(size) + u32(leaf) + b"".join(leaves)).digest()

    for name, make, comment in (
        ("zeros", lambda _: bytes(32), "The root is zeros."),
        ("prefix-0", lambda v: start(b"\0", length, LEAF, v), "The root has the prefix of a leaf."),
        ("no-prefix", lambda v: start(b"", length, LEAF, v), "The root has no prefix."),
        ("length-one-more", lambda v: body_root(length + 1, v), "The root has another length."),
        (
            "leaf-size-32768",
            lambda v: start(b"\1", length, 2 * LEAF, v),
            "The root has another leaf size.",
        ),
        ("order", lambda v: body_root(length, v[::-1]), "The root has the leaves in reverse."),
        ("leaf-missing", lambda v: body_root(length, v[:-1]), "The root lacks the last leaf."),
        ("leaves-only", lambda v: sha256(b"".join(v)).digest(), "The root has the leaves alone."),
    ):
        bundle = wide(f"body-root-{name}")
        kept: dict[str, Any] = {}
        keep(bundle, "leaves", kept)
        bundle.hook("root", lambda _, k=kept, make=make: make(k["leaves"]))
        yield case(bundle, comment, "BDY-1", "LEAF_TABLE")
    for name, root, comment in (
        ("zeros", bytes(32), "The root of an empty body is zeros."),
        ("of-nothing", sha256(b"").digest(), "The root of an empty body is the digest of nothing."),
        ("leaf-size-0", start(b"\1", 0, 0, []), "The root of an empty body has leaf size 0."),
        (
            "one-leaf",
            body_root(0, [sha256(b"\0" + u64(0)).digest()]),
            "The root of an empty body has one empty leaf.",
        ),
    ):
        bundle = tree(f"body-empty-root-{name}").hook("root", lambda _, value=root: value)
        yield case(bundle, comment, "BDY-1", "LEAF_TABLE")


def _leaves() -> Iterator[Case]:
    """Leaves that are wrong before they are signed."""

    def from_body(bundle: Bundle, make: Any) -> Bundle:
        kept: dict[str, Any] = {}
        keep(bundle, "body", kept)
        return bundle.hook("leaves", lambda _: make(kept["body"]))

    def pieces(body: bytes) -> list[bytes]:
        return [body[at : at + LEAF] for at in range(0, len(body), LEAF)]

    for name, make, comment in (
        (
            "prefix-1",
            lambda b: [sha256(b"\1" + u64(i) + p).digest() for i, p in enumerate(pieces(b))],
            "The leaves have the prefix of a root.",
        ),
        (
            "no-index",
            lambda b: [sha256(b"\0" + p).digest() for p in pieces(b)],
            "The leaves have no index.",
        ),
        (
            "index-from-1",
            lambda b: [sha256(b"\0" + u64(i + 1) + p).digest() for i, p in enumerate(pieces(b))],
            "The leaves are counted from 1.",
        ),
        (
            "index-little-endian",
            lambda b: [sha256(b"\0" + i.to_bytes(8, "little") + p).digest() for i, p in enumerate(pieces(b))],
            "The index is little-endian; leaf 0 is right and leaf 1 is not.",
        ),
        (
            "plain",
            lambda b: [sha256(p).digest() for p in pieces(b)],
            "The leaves are the digests of their bytes alone.",
        ),
        (
            "last-zero-filled",
            lambda b: [sha256(b"\0" + u64(i) + p.ljust(LEAF, b"\0")).digest() for i, p in enumerate(pieces(b))],
            "The last leaf is filled with zeros.",
        ),
        (
            "signed-swapped",
            lambda b: [leaf_digests(b)[i] for i in (1, 0, 2)],
            "Two leaves are swapped in a signed table.",
        ),
    ):
        bundle = from_body(wide(f"body-leaves-{name}"), make)
        yield case(bundle, comment, "BDY-2", "BODY_DIGEST")


def _bytes() -> Iterator[Case]:
    result = built(wide("body-bytes-probe"))
    length = result.at["body_len"]
    padding = result.placed[-1].offset + result.placed[-1].length
    for name, offset, comment in (
        ("first", 0, "The first byte of the body was changed."),
        ("first-leaf", 8000, "A byte of the first leaf was changed."),
        ("first-leaf-last-byte", LEAF - 1, "The last byte of the first leaf was changed."),
        ("second-leaf-first-byte", LEAF, "The first byte of the second leaf was changed."),
        ("second-leaf", 20_000, "A byte of the second leaf was changed."),
        ("second-leaf-last-byte", 2 * LEAF - 1, "The last byte of the second leaf was changed."),
        ("last-leaf", 2 * LEAF + 100, "A byte of the last leaf was changed."),
        ("last-record-last-byte", padding - 1, "The last byte of the last record was changed."),
        ("padding-first-byte", padding, "The first byte of the padding was changed."),
        ("padding", length - 1, "The last byte of the body was changed, in the padding."),
    ):
        bundle = wide(f"body-changed-{name}")
        bundle.hook("body_section", lambda b, at=offset: flip(b, at))
        yield case(bundle, comment, "BDY-2 BDY-3 RDG-5", "BODY_DIGEST")
    bundle = wide("body-changed-leaves-swapped")
    bundle.hook("body_section", lambda b: b[LEAF : 2 * LEAF] + b[:LEAF] + b[2 * LEAF :])
    yield case(bundle, "Two leaves of the body were swapped.", "BDY-2", "BODY_DIGEST")
    bundle = wide("body-changed-leaf-twice")
    bundle.hook("body_section", lambda b: b[:LEAF] + b[:LEAF] + b[2 * LEAF :])
    yield case(bundle, "The first leaf stands in the place of the second.", "BDY-2", "BODY_DIGEST")
    bundle = wide("body-changed-zeros")
    bundle.hook("body_section", lambda b: bytes(len(b)))
    yield case(bundle, "The body is zeros.", "BDY-2", "BODY_DIGEST")
    other = built(wide("body-changed-donor")).at["body"]
    bundle = wide("body-changed-other").hook("body_section", lambda _: other)
    yield case(bundle, "The body is that of another release.", "BDY-2", "BODY_DIGEST")
    bundle = wide("body-padding-zeros").hook("body", lambda b: b[:padding].ljust(length, b"\0"))
    comment = "The padding is zeros; a writer must not, and a reader cannot tell random from zeros."
    yield case(bundle, comment, "BDY-2 REC-14")


def _sizes() -> Iterator[Case]:
    for name, size, comment in (
        ("one-leaf", 16_312, "The body is exactly one leaf."),
        ("one-leaf-more", 16_313, "The records have one byte more than a leaf."),
        ("two-leaves", 32_680, "The body is exactly two leaves."),
    ):
        bundle = tree(f"body-size-{name}", File("a", expand("body", "size", size)))
        yield case(bundle, comment, "BDY-2 REC-14")
    for size in (16_383, 16_384, 16_385, 32_767, 32_768, 32_769):
        bundle = tree(f"body-stored-{size}", File("a", expand("body", "stored", size)))
        yield case(bundle, f"A stored content of {size:,} bytes.", "ENC-3")
    for chunks, size in ((256, (4 << 20) - 1), (257, 4 << 20)):
        bundle = tree(f"body-stored-{chunks}-chunks", File("zeros", bytes(size)))
        comment = f"A stored content of {size:,} bytes, whose message has {chunks} chunks."
        yield case(bundle, comment, "ENC-3")
