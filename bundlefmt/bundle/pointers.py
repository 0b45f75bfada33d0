"""Reading pointer bundles (specification sections 8 and 10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bundlefmt.bundle.body import Leaves
from bundlefmt.bundle.core import Front, open_pointer
from bundlefmt.bundle.front import keeping, open_front, read_leaves
from bundlefmt.bundle.policy import TrustPolicy, judge_pointer
from bundlefmt.bundle.scan import expect_end
from bundlefmt.bundle.source import Openable, open_source
from bundlefmt.keys.recipients import Opener, open_entries
from bundlefmt.model.header import POINTER
from bundlefmt.model.pointer import PointerRecord


class ReadPointer(NamedTuple):
    """A verified pointer.

    Attributes:
        pointer: what the channel offers.
        front: everything verified up to the signatures.
    """

    pointer: PointerRecord
    front: Front


def read_pointer(file: Openable, *, trust: TrustPolicy, identities: Iterable[Opener]) -> ReadPointer:
    """Read a pointer bundle (R1 to R11).

    Args:
        file: path, bytes, binary stream or ByteSource.
        trust: whom to trust and what to expect.
        identities: decryption keys to try.

    Raises:
        BundleError: the pointer is refused; `learned` holds new trust documents.
    """
    policy = trust.at_one_clock()
    source = open_source(file)
    try:
        front, manifest = open_front(source, policy, POINTER)
        with keeping(front):
            cek = open_entries(front.entries, identities, front.binding, manifest)
            pointer = open_pointer(front, manifest, cek)
            judge_pointer(policy, pointer)
            expect_end(Leaves(source, front.body_at, 0, read_leaves(source, front)))
    finally:
        source.close()
    return ReadPointer(pointer, front)
