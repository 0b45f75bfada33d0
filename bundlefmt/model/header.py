"""The header, the only signed bytes (specification section 4)."""

from __future__ import annotations

from typing import Any, NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.wire import cbor

FORMAT = "bundlefmt/1"
SUITE = 1
RELEASE = 1
POINTER = 2
KIND_NAMES = {RELEASE: "release", POINTER: "pointer"}
EXTENSION_MAX = 0xFFFF
_MANIFEST_MIN = 73


class Header(NamedTuple):
    """A decoded header.

    Attributes:
        kind: 1 release, 2 pointer.
        publisher_id: 32 bytes.
        bundle_id: 16 bytes, made with the content-encryption key.
        trust_epoch: newest epoch of the publisher when this was signed.
        manifest_len: bytes of the manifest section.
        manifest_digest: its SHA-256.
        body_len: bytes of the body.
        body_root: root over its leaves.
        critical: extension numbers that must be understood.
        extensions: number and value, ascending.
    """

    kind: int
    publisher_id: bytes
    bundle_id: bytes
    trust_epoch: int
    manifest_len: int
    manifest_digest: bytes
    body_len: int
    body_root: bytes
    critical: tuple[int, ...] = ()
    extensions: tuple[tuple[int, Any], ...] = ()

    def encode(self) -> bytes:
        """The header's bytes."""
        return cbor.encode(
            [
                FORMAT,
                self.kind,
                SUITE,
                self.publisher_id,
                self.bundle_id,
                self.trust_epoch,
                [self.manifest_len, self.manifest_digest],
                [self.body_len, self.body_root],
                list(self.critical),
                dict(self.extensions),
            ]
        )


def is_bytes(value: object, length: int) -> bool:
    """Whether a decoded value is a byte string of that length."""
    return type(value) is bytes and len(value) == length


def is_uint(value: object, low: int = 0) -> bool:
    """Whether a decoded value is an integer (not a boolean) of at least `low`."""
    return type(value) is int and value >= low


def parse_extensions(critical: Any, extensions: Any, code: str) -> tuple[tuple[int, ...], tuple[tuple[int, Any], ...]]:
    """Check an extension map and its list of critical numbers (HDR-3, TRU-20)."""
    if type(critical) is not list or type(extensions) is not dict:
        raise refuse(code, "critical must be an array and extensions a map")
    if any(number > EXTENSION_MAX for number in extensions):
        raise refuse(code, "an extension number is above 65535")
    last = -1
    for number in critical:
        if type(number) is not int or number <= last or number not in extensions:
            raise refuse(code, "critical must ascend and name extensions that are present")
        last = number
    return tuple(critical), tuple(extensions.items())


def parse_header(data: bytes) -> Header:
    """Decode a header (R5): profile, shape, suite, critical extensions.

    The caller has verified a signature over `data` first, or labels the result unverified.

    Args:
        data: the header section, at most 1,024 bytes.

    Raises:
        BundleError: HEADER_ENCODING, HEADER_SHAPE, UNSUPPORTED_SUITE, UNSUPPORTED_CRITICAL, HEADER_LIMIT.
    """
    value = cbor.decode(data, "HEADER_ENCODING")
    if type(value) is not list or len(value) != 10 or value[0] != FORMAT:
        raise refuse("HEADER_SHAPE", "not a bundlefmt/1 header")
    _, kind, suite, publisher, bundle, epoch, manifest, body, critical, extensions = value
    pairs_ok = all(type(p) is list and len(p) == 2 and is_uint(p[0]) and is_bytes(p[1], 32) for p in (manifest, body))
    if not (
        pairs_ok
        and type(kind) is int
        and kind in KIND_NAMES
        and is_uint(suite)
        and is_bytes(publisher, 32)
        and is_bytes(bundle, 16)
        and is_uint(epoch, 1)
    ):
        raise refuse("HEADER_SHAPE", "a header field has the wrong type, length or value")
    numbers, items = parse_extensions(critical, extensions, "HEADER_SHAPE")
    if kind == POINTER and body[0] != 0:
        raise refuse("HEADER_SHAPE", "a pointer with a body")
    if suite != SUITE:
        raise refuse("UNSUPPORTED_SUITE", f"suite {suite}")
    if numbers:
        raise refuse("UNSUPPORTED_CRITICAL", f"critical extension {numbers[0]}")
    return Header(kind, publisher, bundle, epoch, manifest[0], manifest[1], body[0], body[1], numbers, items)


def check_lengths(header: Header) -> None:
    """HDR-10: manifest and body lengths within limits."""
    if not _MANIFEST_MIN <= header.manifest_len <= LIMITS.manifest_len:
        raise refuse("HEADER_LIMIT", f"manifest of {header.manifest_len} bytes")
    if header.body_len > LIMITS.body_len:
        raise refuse("HEADER_LIMIT", f"body of {header.body_len} bytes")
