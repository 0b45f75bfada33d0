"""The release record (specification section 8): what a release is, in the words its signers see."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.header import is_bytes, is_uint
from bundlefmt.wire import cbor

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_PLATFORM = re.compile(r"[a-z0-9._-]{1,64}")
_KNOWN_SECRET_LEN = {1: 32, 2: 32}
_IGNORED_FROM = 64
_HOST_PARTS = 4

HostVersion = tuple[int, ...]


class Requires(NamedTuple):
    """What a release needs of the host application.

    Attributes:
        at_least: lowest host version, or None.
        below: first host version that is too high, or None.
        platforms: names of which one must match; empty for any.
    """

    at_least: HostVersion | None = None
    below: HostVersion | None = None
    platforms: tuple[str, ...] = ()

    def value(self) -> dict[int, Any]:
        """As the map of the wire."""
        fields = {0: self.at_least, 1: self.below, 2: self.platforms}
        return {key: list(field) for key, field in fields.items() if field}


class NewIdentity(NamedTuple):
    """A decryption key that travels inside a release. The secret stays out of reprs."""

    type: int
    secret: bytes

    def __repr__(self) -> str:
        return f"NewIdentity(type={self.type}, secret=<{len(self.secret)} bytes>)"


class ReleaseRecord(NamedTuple):
    """What a release says of itself.

    Attributes:
        product: id of the application.
        number: the only thing that is compared; strictly increasing per product.
        version: label for people.
        created: time.
        tree: SHA-256 of the listing.
        expires: time, or None.
        requires: host range and platforms.
        notes: for people, may be empty.
        metadata: pairs of texts, sorted by key.
        identities: decryption keys for the device's keyring.
        ignored: entries with keys from 64 on, kept as they came.
    """

    product: str
    number: int
    version: str
    created: int
    tree: bytes
    expires: int | None = None
    requires: Requires = Requires()
    notes: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    identities: tuple[NewIdentity, ...] = ()
    ignored: tuple[tuple[int, Any], ...] = ()

    def encode(self) -> bytes:
        """The record's bytes; their SHA-256 is the release id."""
        value: dict[int, Any] = {0: self.product, 1: self.number, 2: self.version, 3: self.created}
        if self.expires is not None:
            value[4] = self.expires
        if requires := self.requires.value():
            value[5] = requires
        if self.notes:
            value[6] = self.notes
        if self.metadata:
            value[7] = [list(pair) for pair in self.metadata]
        if self.identities:
            value[8] = [list(identity) for identity in self.identities]
        value[9] = self.tree
        value.update(self.ignored)
        return cbor.encode(value)


def is_name(value: object) -> bool:
    """Whether a value is a product or channel name."""
    return type(value) is str and _NAME.fullmatch(value) is not None


def is_label(value: object) -> bool:
    """Whether a value is a version label: 1 to 128 bytes of text."""
    return type(value) is str and 1 <= len(value.encode()) <= LIMITS.name_len


def is_platform(value: object) -> bool:
    """Whether a value is a platform name."""
    return type(value) is str and _PLATFORM.fullmatch(value) is not None


def is_host_version(value: object) -> bool:
    """Whether a value is a host version, 1 to 4 integers."""
    return type(value) is list and 1 <= len(value) <= _HOST_PARTS and all(is_uint(part) for part in value)


def compare_host(left: HostVersion, right: HostVersion) -> int:
    """Compare two host versions number by number, the shorter padded with zeros; negative, 0 or positive."""
    a, b = (tuple(version) + (0,) * (_HOST_PARTS - len(version)) for version in (left, right))
    return (a > b) - (a < b)


def parse_requires(value: Any, code: str, *, may_be_empty: bool = False) -> Requires:
    """Check a `requires` map."""
    ok = type(value) is dict and value.keys() <= {0, 1, 2} and (bool(value) or may_be_empty)
    ok = ok and all(is_host_version(value[key]) for key in (0, 1) if key in value)
    if ok and 2 in value:
        names = value[2]
        ok = type(names) is list and 1 <= len(names) <= LIMITS.platforms and all(is_platform(name) for name in names)
        ok = ok and all(a < b for a, b in pairwise(names))
    if not ok:
        raise refuse(code, "the host requirements are malformed")
    low, high = (tuple(value[key]) if key in value else None for key in (0, 1))
    return Requires(low, high, tuple(value.get(2, ())))


def _parse_metadata(value: Any) -> tuple[tuple[str, str], ...]:
    ok = type(value) is list and 1 <= len(value) <= LIMITS.metadata_pairs
    last = b""
    for pair in value if ok else ():
        if type(pair) is not list or len(pair) != 2 or not is_label(pair[0]) or type(pair[1]) is not str:
            ok = False
            break
        key = pair[0].encode()
        if key <= last or len(pair[1].encode()) > LIMITS.text_len:
            ok = False
            break
        last = key
    if not ok:
        raise refuse("RELEASE_RECORD", "the metadata pairs are malformed")
    return tuple((pair[0], pair[1]) for pair in value)


def _parse_identities(value: Any) -> tuple[NewIdentity, ...]:
    ok = type(value) is list and 1 <= len(value) <= LIMITS.identities
    found: list[NewIdentity] = []
    for row in value if ok else ():
        if (
            type(row) is not list
            or len(row) != 2
            or type(row[0]) is not int
            or row[0] > 0xFFFF
            or type(row[1]) is not bytes
        ):
            ok = False
            break
        need = _KNOWN_SECRET_LEN.get(row[0])
        length_ok = len(row[1]) == need if need else 1 <= len(row[1]) <= LIMITS.public_key_len
        if not length_ok or (found and tuple(row) <= found[-1]):
            ok = False
            break
        found.append(NewIdentity(*row))
    if not ok:
        raise refuse("RELEASE_RECORD", "the new identities are malformed")
    return tuple(found)


def parse_release(data: bytes) -> ReleaseRecord:
    """Decode a release record (REL-1).

    Raises:
        BundleError: MANIFEST_ENCODING, RELEASE_RECORD.
    """
    value = cbor.decode(data, "MANIFEST_ENCODING")
    if type(value) is not dict:
        raise refuse("RELEASE_RECORD", "the release record is not a map")
    strange = [key for key in value if key > 9 and key < _IGNORED_FROM]
    if strange or not value.keys() >= {0, 1, 2, 3, 9}:
        raise refuse("RELEASE_RECORD", "the release record lacks a field or has an unknown one")
    product, number, version, created = (value[key] for key in range(4))
    if not (
        is_name(product) and is_uint(number, 1) and is_label(version) and is_uint(created) and is_bytes(value[9], 32)
    ):
        raise refuse("RELEASE_RECORD", "a field of the release record has the wrong type, length or value")
    expires = value.get(4)
    if 4 in value and not (is_uint(expires) and expires > created):
        raise refuse("RELEASE_RECORD", "the release expires before it was created")
    notes = value.get(6, "")
    if type(notes) is not str or len(notes.encode()) > LIMITS.text_len:
        raise refuse("RELEASE_RECORD", "the notes are not a text of at most 64 KiB")
    return ReleaseRecord(
        product=product,
        number=number,
        version=version,
        created=created,
        tree=value[9],
        expires=expires,
        requires=parse_requires(value[5], "RELEASE_RECORD") if 5 in value else Requires(),
        notes=notes,
        metadata=_parse_metadata(value[7]) if 7 in value else (),
        identities=_parse_identities(value[8]) if 8 in value else (),
        ignored=tuple((key, item) for key, item in value.items() if key >= _IGNORED_FROM),
    )
