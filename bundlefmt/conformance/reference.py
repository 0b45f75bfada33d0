"""What an eager reader releases of a case, and which files it finds.

The index states length and SHA-256 of what is released. A client may hand on less before a refusal;
then its bytes are compared with those of this library, once these agree with the index.
"""

from __future__ import annotations

import io
from hashlib import sha256
from typing import NamedTuple

from bundlefmt.bundle.source import StreamSource
from bundlefmt.conformance.setting import Setting
from bundlefmt.conformance.vectors import BundleCase, VectorsError
from bundlefmt.errors import BundleError


class ListedFile(NamedTuple):
    """A file that a case's listing names."""

    path: str
    sha256: str


def setting(case: BundleCase, workers: int | None = None) -> Setting:
    """What a case states, for this library."""
    return Setting(
        case.trust, case.now, identity=case.identity, needed=case.needed, expect=case.expect, workers=workers
    )


def released(case: BundleCase) -> bytes:
    """The bytes that an eager reader hands on.

    Raises:
        VectorsError: this library does not release what the index states, so that it is no reference.
    """
    found = bytearray()
    try:
        with setting(case) as given:
            for chunk in given.reader(StreamSource(io.BytesIO(case.data()))).contents():
                found += chunk.data
    except BundleError:
        pass  # what was released before counts
    if (len(found), sha256(found).hexdigest()) != case.released:
        raise VectorsError(f"{case.name}: this version does not release what the index states")
    return bytes(found)


def files(case: BundleCase) -> list[ListedFile]:
    """The files of a case whose manifest this library accepts; of others none."""
    try:
        with setting(case) as given:
            return [ListedFile(entry.path, entry.digest.hex()) for entry in given.reader(case.bundle).listing.files]
    except BundleError:
        return []
