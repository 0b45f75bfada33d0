"""Deterministic bytes in place of random ones.

Every salt, CEK, bundle_id, ephemeral secret and padding byte of a vector is drawn from the name of
its case, so that the same sources give the same files.
"""

from __future__ import annotations

from hashlib import shake_256


def expand(name: str, purpose: str, length: int) -> bytes:
    """`length` bytes that depend on the case's name and their purpose only."""
    return shake_256(f"bundlefmt test vector\0{name}\0{purpose}".encode()).digest(length)
