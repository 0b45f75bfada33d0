"""Every path by which the library reads, each reduced to a result as the index writes it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.source import Openable
from bundlefmt.conformance import reference
from bundlefmt.conformance.setting import Setting
from bundlefmt.conformance.vectors import BundleCase
from bundlefmt.errors import BundleError
from bundlefmt.model.header import POINTER, RELEASE

KINDS = {"release": RELEASE, "pointer": POINTER}
Result = dict[str, Any]


class OddPieces(io.RawIOBase):
    """A stream that never returns the piece that was asked for: sizes repeat in an odd rhythm."""

    def __init__(self, data: bytes, sizes: tuple[int, ...] = (1, 31, 2, 16385, 7, 4099)) -> None:
        self._data = io.BytesIO(data)
        self._sizes = self._forever(sizes)

    @staticmethod
    def _forever(sizes: tuple[int, ...]) -> Iterator[int]:
        while True:
            yield from sizes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(memoryview(buffer)[: next(self._sizes)])


def result_of(read: Callable[[], Result]) -> Result:
    """What a reading comes to."""
    try:
        return read()
    except BundleError as exc:
        return {"result": "refuse", "code": exc.code, "phase": exc.phase}


def setting(case: BundleCase, workers: int | None = None) -> Setting:
    """Trust, identities and expectations of a case."""
    return reference.setting(case, workers)


def audit(case: BundleCase, source: Openable) -> Result:
    """Without identity."""

    def read() -> Result:
        with setting(case) as given:
            audit_bundle(source, trust=given.policy, kind=KINDS[case.kind])
        return {"result": "accept"}

    return result_of(read)


def facts(reader: BundleReader) -> Result:
    """What the index says of an accepted release."""
    return {
        "result": "accept",
        "tree": reader.release.tree.hex(),
        "release_id": reader.release_id.hex(),
        "number": reader.release.number,
        "files": len(reader.namelist()),
    }


def whole(case: BundleCase, source: Openable, released: bytearray, workers: int | None) -> Result:
    """Everything in body order, then what the needed tree supplies; after a refusal the reader stays refused."""

    def read() -> Result:
        with setting(case, workers) as given:
            if case.kind == "pointer":
                return {"result": "accept", "sequence": given.pointer(source).pointer.sequence}
            reader = given.reader(source)
            try:
                for chunk in reader.contents():
                    released.extend(chunk.data)
                for row in reader.manifest.table.external:
                    reader.external(row)
            except BundleError as exc:
                require_dead(reader, exc)
                raise
            return facts(reader)

    return result_of(read)


def require_dead(reader: BundleReader, refusal: BundleError) -> None:
    """RDG-2: no later call gets past a refusal."""
    names = reader.namelist()[:3]
    for call in (lambda: list(reader.contents()), reader.verify_all, lambda: [reader.read(name) for name in names]):
        with pytest.raises(BundleError) as caught:
            call()
        assert caught.value.code == refusal.code


def unpack(case: BundleCase, source: Openable, out: Path) -> Result:
    """To a new folder."""

    def read() -> Result:
        with setting(case) as given:
            reader = given.reader(source)
            reader.extractall(str(out))
            return facts(reader)

    return result_of(read)
