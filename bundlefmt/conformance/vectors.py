"""The test vectors as they lie in a folder (test-vectors/README.md). Reads and checks; judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

INDEX_FORMAT = "bundlefmt-vectors/1"
PRIMITIVES_FORMAT = "bundlefmt-primitives/1"
PRIMITIVES = "primitives"  # also the first word of the names of primitive families
DEFAULT = Path(__file__).resolve().parents[2] / "test-vectors"  # beside the package in a checkout


class VectorsError(Exception):
    """The folder does not hold a sound set of vectors."""


class BundleCase(NamedTuple):
    """One bundle with its one right answer.

    Attributes:
        name: permanent and unique.
        family: group of the case.
        comment: what is wrong, or special.
        rules: rules it is about.
        bundle: the file.
        sha256: its digest, hexadecimal.
        kind: `release` or `pointer`.
        trust: trust file.
        identity: key file, or None.
        needed: complete bundle of the needed release, or None.
        now: the clock reading.
        expect: what the caller states, maybe nothing.
        audit: right result without identity.
        open: right result of a full reading.
        released: number and SHA-256 of the bytes that an eager one-pass reader hands on.
    """

    name: str
    family: str
    comment: str
    rules: tuple[str, ...]
    bundle: Path
    sha256: str
    kind: str
    trust: Path
    identity: Path | None
    needed: Path | None
    now: int
    expect: dict[str, Any]
    audit: dict[str, Any]
    open: dict[str, Any]
    released: tuple[int, str]

    @property
    def accepted(self) -> bool:
        """Whether a full reading accepts the bundle."""
        return bool(self.open["result"] == "accept")

    def data(self) -> bytes:
        """The bundle's bytes, checked.

        Raises:
            VectorsError: they are not the ones of the index.
        """
        data = self.bundle.read_bytes()
        if sha256(data).hexdigest() != self.sha256:
            raise VectorsError(f"{self.bundle} does not have the SHA-256 of the index")
        return data


class PrimitiveCase(NamedTuple):
    """One input of a primitive with its one right result.

    Attributes:
        name: `primitives/FAMILY/NAME`.
        family: `primitives/FAMILY`.
        question: FAMILY alone.
        rules: rules it is about.
        input: what a client is given.
        accepted: whether it is good.
        output: what it yields if so.
        code: the code it is refused with, or None where the place decides it.
    """

    name: str
    family: str
    question: str
    rules: tuple[str, ...]
    input: dict[str, Any]
    accepted: bool
    output: dict[str, Any]
    code: str | None


class Vectors(NamedTuple):
    """A set of vectors.

    Attributes:
        root: the folder.
        bundles: cases of the index, in its order.
        primitives: cases of the primitives, file by file.
    """

    root: Path
    bundles: tuple[BundleCase, ...]
    primitives: tuple[PrimitiveCase, ...]


def load(root: Path) -> Vectors:
    """Read a folder of vectors.

    Raises:
        VectorsError: it is not one, or a bundle lies in it that the index does not know.
    """
    try:
        index = json.loads((root / "index.json").read_text("utf-8"))
        if index["format"] != INDEX_FORMAT:
            raise VectorsError(f"{root}: format {index['format']!r} is not known to this version")
        bundles = tuple(_bundle_case(root, row) for row in index["cases"])
        primitives = tuple(_primitives(root))
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise VectorsError(f"{root} holds no readable vectors: {exc}") from exc
    listed = {case.bundle.name for case in bundles}
    if len(listed) != len(bundles):
        raise VectorsError(f"{root}: a name occurs twice")
    stored = {path.name for path in (root / "bundles").iterdir()}
    if listed != stored:
        raise VectorsError(f"{root}: index and bundles differ in {', '.join(sorted(listed ^ stored)[:5])}")
    return Vectors(root, bundles, primitives)


def _bundle_case(root: Path, row: dict[str, Any]) -> BundleCase:
    identity, needed, released = row["identity"], row["needed"], row["released"]
    return BundleCase(
        name=row["name"],
        family=row["family"],
        comment=row["comment"],
        rules=tuple(row["rules"]),
        bundle=root / row["bundle"],
        sha256=row["sha256"],
        kind=row["kind"],
        trust=root / row["trust"],
        identity=root / identity if identity else None,
        needed=root / needed if needed else None,
        now=row["now"],
        expect=row["expect"] or {},
        audit=row["audit"],
        open=row["open"],
        released=(released["bytes"], released["sha256"]),
    )


def _primitives(root: Path) -> Iterator[PrimitiveCase]:
    for path in sorted((root / PRIMITIVES).glob("*.json")):
        if path.name == "schema.json":
            continue
        table = json.loads(path.read_text("utf-8"))
        if table["format"] != PRIMITIVES_FORMAT:
            raise VectorsError(f"{path}: format {table['format']!r} is not known to this version")
        family = table["family"]
        material = {name: bytes.fromhex(data) for name, data in table.get("material", {}).items()}
        for row in table["cases"]:
            yield PrimitiveCase(
                name=f"{PRIMITIVES}/{family}/{row['name']}",
                family=f"{PRIMITIVES}/{family}",
                question=family,
                rules=tuple(row["rules"]),
                input=_put_together(row["input"], material),
                accepted=row["result"] == "accept",
                output=row.get("output", {}),
                code=row.get("code"),
            )


def _put_together(given: dict[str, Any], material: dict[str, bytes]) -> dict[str, Any]:
    """Give a message itself in place of the parts it is made of."""
    if "parts" not in given:
        return given
    message = bytearray()
    for part in given["parts"]:
        message += material[part["material"]][part["start"] : part["end"]]
    for offset in given.get("flip", ()):
        message[offset] ^= 1
    kept = {key: value for key, value in given.items() if key not in ("parts", "flip")}
    return {**kept, "message": message.hex()}
