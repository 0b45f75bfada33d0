"""Reading the start of a bundle from a source: R1 to R6 in order, and the audit without a key."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from bundlefmt.bundle.core import Front, check_leaves, check_manifest, check_size, judge_front
from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.bundle.source import ByteSource, Openable, open_source, read_exact
from bundlefmt.errors import BundleError
from bundlefmt.model.header import RELEASE
from bundlefmt.wire.sections import PRELUDE_LEN, parse_prelude


class Audited(NamedTuple):
    """What an audit established: signatures and every byte, except the recipients section.

    Attributes:
        front: verified front of the bundle.
        size: bytes of the whole file.
    """

    front: Front
    size: int


@contextlib.contextmanager
def keeping(front: Front) -> Iterator[None]:
    """A refusal by a later step still carries the trust documents that were taken (TRU-19)."""
    try:
        yield
    except BundleError as exc:
        if front.learned:
            exc.learned = front.chain
        raise


def open_front(source: ByteSource, policy: TrustPolicy, kind: int) -> tuple[Front, bytes]:
    """R1 to R6.

    Args:
        source: the bundle.
        policy: with its clock reading taken.
        kind: RELEASE or POINTER.

    Returns:
        The verified front and the manifest section.

    Raises:
        BundleError: the codes of R1 to R6, and SOURCE_FAILED; `learned` holds new trust documents.
    """
    head = bytearray(PRELUDE_LEN)
    count = source.read_into(0, memoryview(head))
    if count < PRELUDE_LEN and (failure := getattr(source, "error", None)):
        raise failure
    prelude = parse_prelude(bytes(head[:count]))
    rest = read_exact(source, PRELUDE_LEN, prelude.front_len - PRELUDE_LEN, "sections before the manifest")
    front = judge_front(prelude, rest, policy.chain, kind, policy.now or 0)
    with keeping(front):
        if source.size is not None:
            check_size(front, source.size)
        manifest = read_exact(source, front.manifest_at, front.header.manifest_len, "manifest")
        check_manifest(front, manifest)
    return front, manifest


def read_leaves(source: ByteSource, front: Front) -> bytes:
    """R10: read the leaf table and verify it."""
    leaves = read_exact(source, front.leaves_at, front.leaves_len, "leaf table")
    check_leaves(front, leaves)
    return leaves


def audit_bundle(file: Openable, *, trust: TrustPolicy, kind: int = RELEASE) -> Audited:
    """Verify signatures and every byte without a decryption key (R1 to R6, R10, R11).

    What it cannot judge: the recipients section beyond its shape, rows of unknown keys, and
    everything inside the manifest, such as product and number.

    Args:
        file: path, bytes, binary stream or ByteSource.
        trust: whom to trust; expectations about the release are not judged here.
        kind: RELEASE or POINTER.

    Returns:
        The verified front.

    Raises:
        BundleError: the bundle is refused; `learned` holds new trust documents.
    """
    from bundlefmt.bundle.body import Leaves  # noqa: PLC0415 - a refusal before the body needs none of it
    from bundlefmt.bundle.scan import audit  # noqa: PLC0415

    source = open_source(file)
    try:
        front, _ = open_front(source, trust.at_one_clock(), kind)
        with keeping(front):
            audit(Leaves(source, front.body_at, front.header.body_len, read_leaves(source, front)))
    finally:
        source.close()
    return Audited(front, front.file_size)
