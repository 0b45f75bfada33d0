"""Headers that are well-formed CBOR and not acceptable, or unusual and acceptable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from builder.bundle import Bundle
from builder.cases import Case, case
from builder.keys import LABELS, SigningKey
from builder.scenes import neighbour, pointer, release, rotated, steady
from builder.trust import Chain, role

Change = Callable[[list[Any]], Any]


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _shapes()
    yield from _extensions()
    yield from _suite_and_kind()
    yield from _publisher_and_epoch()


def _put(index: int, value: Any) -> Change:
    return lambda item: [*item[:index], value, *item[index + 1 :]]


def _inner(index: int, place: int, value: Any) -> Change:
    def change(item: list[Any]) -> list[Any]:
        pair = list(item[index])
        pair[place] = value
        return [*item[:index], pair, *item[index + 1 :]]

    return change


SHAPES: dict[str, tuple[Change, str]] = {
    "element-missing": (lambda h: h[:9], "The header has nine elements."),
    "element-extra": (lambda h: [*h, 0], "The header has eleven elements."),
    "not-an-array": (lambda h: dict(enumerate(h)), "The header is a map."),
    "format-other": (_put(0, "bundlefmt/2"), "The format string is another."),
    "format-trust": (
        _put(0, "bundlefmt/1 trust"),
        "The format string is that of a trust document.",
    ),
    "format-bytes": (_put(0, b"bundlefmt/1"), "The format is a byte string."),
    "format-nul": (_put(0, "bundlefmt/1\0"), "The format string ends in a NUL."),
    "kind-zero": (_put(1, 0), "The kind is 0."),
    "kind-three": (_put(1, 3), "The kind is 3."),
    "kind-large": (_put(1, 257), "The kind is 257, which is 1 in one byte."),
    "kind-true": (_put(1, True), "The kind is true, which some languages take for 1."),
    "kind-text": (_put(1, "1"), "The kind is a text."),
    "suite-true": (_put(2, True), "The suite is true, which some languages take for 1."),
    "suite-bytes": (_put(2, b"\1"), "The suite is a byte string."),
    "publisher-short": (lambda h: _put(3, h[3][:31])(h), "The publisher id has 31 bytes."),
    "publisher-long": (lambda h: _put(3, h[3] + b"\0")(h), "The publisher id has 33 bytes."),
    "publisher-text": (_put(3, "p" * 32), "The publisher id is a text."),
    "bundle-id-short": (lambda h: _put(4, h[4][:15])(h), "The bundle id has 15 bytes."),
    "bundle-id-long": (lambda h: _put(4, h[4] + b"\0")(h), "The bundle id has 17 bytes."),
    "bundle-id-empty": (_put(4, b""), "The bundle id is empty."),
    "epoch-zero": (_put(5, 0), "The trust epoch is 0."),
    "epoch-true": (_put(5, True), "The trust epoch is true, which some languages take for 1."),
    "epoch-bytes": (_put(5, b"\1"), "The trust epoch is a byte string."),
    "manifest-flat": (lambda h: [*h[:6], *h[6], *h[8:]], "The manifest pair stands unnested."),
    "manifest-missing": (lambda h: _put(6, h[6][:1])(h), "The manifest has no digest."),
    "manifest-extra": (lambda h: _put(6, [*h[6], 0])(h), "The manifest pair has three elements."),
    "manifest-digest-short": (
        lambda h: _inner(6, 1, h[6][1][:31])(h),
        "The manifest digest has 31 bytes.",
    ),
    "manifest-digest-long": (
        lambda h: _inner(6, 1, h[6][1] + b"\0")(h),
        "The manifest digest has 33 bytes.",
    ),
    "manifest-len-text": (_inner(6, 0, "300"), "The manifest length is a text."),
    "manifest-len-false": (_inner(6, 0, False), "The manifest length is false."),
    "body-missing": (lambda h: _put(7, h[7][:1])(h), "The body has no root."),
    "body-extra": (lambda h: _put(7, [*h[7], b""])(h), "The body pair has three elements."),
    "body-root-short": (lambda h: _inner(7, 1, h[7][1][:31])(h), "The body root has 31 bytes."),
    "body-root-empty": (_inner(7, 1, b""), "The body root is empty."),
    "body-len-bytes": (_inner(7, 0, b"\0"), "The body length is a byte string."),
    "critical-map": (_put(8, {}), "The critical list is a map."),
    "critical-number": (_put(8, 0), "The critical list is a number."),
    "extensions-array": (_put(9, []), "The extensions are an array."),
    "extensions-false": (_put(9, False), "The extensions are false."),
}


def _shapes() -> Iterator[Case]:
    for name, (change, comment) in SHAPES.items():
        bundle = release(f"header-{name}").hook("header_item", change)
        yield case(bundle, comment, "HDR-1", "HEADER_SHAPE")


def _extended(name: str, critical: list[Any], extensions: Any) -> Bundle:
    bundle = release(name)
    bundle.critical, bundle.extensions = critical, extensions
    return bundle


def _extensions() -> Iterator[Case]:
    for name, critical, extensions, comment in (
        ("critical-without-extension", [4096], {}, "A critical number names no extension."),
        (
            "critical-other-extension",
            [4097],
            {4096: 0},
            "A critical number names another extension.",
        ),
        ("critical-unsorted", [5000, 4096], {4096: 0, 5000: 0}, "The critical list descends."),
        ("critical-twice", [4096, 4096], {4096: 0}, "A critical number is listed twice."),
        ("critical-text", ["4096"], {4096: 0}, "A critical number is a text."),
        ("critical-true", [True], {1: 0}, "A critical number is true."),
    ):
        bundle = _extended(f"header-{name}", critical, extensions)
        rules = "HDR-1" if name in ("critical-text", "critical-true") else "HDR-3"
        yield case(bundle, comment, rules, "HEADER_SHAPE")
    for name, number in (("unknown", 4096), ("grease", 2570), ("private", 61440), ("zero", 0)):
        bundle = _extended(f"header-critical-{name}", [number], {number: b"x"})
        comment = f"The critical extension {number} is unknown."
        yield case(bundle, comment, "HDR-4 EXT-1", "UNSUPPORTED_CRITICAL")
    bundle = _extended("header-critical-second", [65535], {1: 0, 65535: 0})
    comment = "Of two extensions the second is critical and unknown."
    yield case(bundle, comment, "HDR-4", "UNSUPPORTED_CRITICAL")
    harmless: tuple[tuple[str, Any, str], ...] = (
        ("unknown", {4096: "ignored"}, "An unknown extension is ignored."),
        ("grease", {2570: b"", 64250: [0]}, "GREASE extensions are ignored."),
        ("private", {61440: 1, 65535: {}}, "Private extensions are ignored."),
        ("zero", {0: False}, "The extension number 0 is as unknown as any."),
        ("deep", {4096: {0: [{1: [[b"x"]]}]}}, "An unknown extension may hold any structure."),
    )
    for name, extensions, comment in harmless:
        yield case(_extended(f"header-extension-{name}", [], extensions), comment, "HDR-5 EXT-1")


def _suite_and_kind() -> Iterator[Case]:
    for suite in (0, 2, 2570, 61440, 65536, 2**53 - 1):
        bundle = release(f"header-suite-{suite}").hook("header_item", _put(2, suite))
        yield case(bundle, f"The suite is {suite}.", "HDR-2", "UNSUPPORTED_SUITE")
    release_key = SigningKey("standard release 1")
    pointer_key = SigningKey("standard pointer 1")
    bundle = release("header-release-posing-as-pointer")
    bundle.signers, bundle.label = [pointer_key], LABELS[2]
    comment = "The pointer key signed a release as a pointer, and a pointer was asked for."
    yield case(bundle, comment, "HDR-6 SIG-8", "KIND_MISMATCH", kind=2)
    bundle = pointer("header-pointer-posing-as-release")
    bundle.signers, bundle.label = [release_key], LABELS[1]
    comment = "The release key signed a pointer as a release, and a release was asked for."
    yield case(bundle, comment, "HDR-6 SIG-8", "KIND_MISMATCH", kind=1)
    bundle = release("header-pointer-with-body")
    bundle.signers, bundle.label = [pointer_key], LABELS[2]
    bundle.hook("header_item", _put(1, 2))
    yield case(bundle, "A pointer has a body.", "HDR-11", "HEADER_SHAPE", kind=2)


def _publisher_and_epoch() -> Iterator[Case]:
    bundle = release("header-other-publisher")
    bundle.publisher_id = neighbour().publisher_id
    comment = "The header names another publisher and is signed by the right key."
    yield case(bundle, comment, "HDR-7", "PUBLISHER_MISMATCH")
    shared = SigningKey("shared release")
    first = Chain.start("sharing-first", release=role(1, shared))
    second = Chain.start("sharing-second", release=role(1, shared))
    bundle = release("header-shared-key", first)
    bundle.trust = b""
    comment = "A correct bundle of another publisher that uses the same release key."
    yield case(bundle, comment, "HDR-7", "PUBLISHER_MISMATCH", pin=second.pin())
    for epoch in (2, 2**53 - 1):
        bundle = release(f"header-epoch-withheld-{epoch}")
        bundle.trust_epoch = epoch
        comment = f"The header was signed under epoch {epoch}; only epoch 1 is known."
        yield case(bundle, comment, "HDR-8", "TRUST_WITHHELD")
    bundle = release("header-epoch-stripped", steady())
    bundle.trust = steady().section(1, 4)
    comment = "Storage removed the last of five documents; the keys never changed."
    yield case(bundle, comment, "HDR-8", "TRUST_WITHHELD")
    bundle = release("header-epoch-stripped-all", steady())
    bundle.trust = b""
    comment = "Storage removed the trust section; the keys never changed."
    yield case(bundle, comment, "HDR-8", "TRUST_WITHHELD")
    retired = Chain.start("retired").extended().extended(min_epoch=3)
    bundle = release("header-epoch-retired", retired)
    bundle.trust_epoch = 2
    comment = "The newest document retires every epoch below 3; the header says 2."
    yield case(bundle, comment, "HDR-9", "EPOCH_RETIRED")
    bundle = release("header-epoch-retired-known", retired)
    bundle.trust_epoch, bundle.trust = 2, retired.section(1, 2)
    comment = "The reader knows from elsewhere that the epoch is retired."
    yield case(bundle, comment, "HDR-9", "EPOCH_RETIRED", pin=retired.pin(3))
    bundle = release("header-epoch-at-minimum", retired)
    yield case(bundle, "The header's epoch equals min_epoch.", "HDR-9")
    bundle = release("header-epoch-old", rotated())
    bundle.trust_epoch = 1
    comment = "An epoch older than the newest is accepted while it is not retired."
    yield case(bundle, comment, "HDR-8 HDR-9")
    bundle = release("header-manifest-digest-other")
    bundle.hook("header_item", _inner(6, 1, bytes(32)))
    yield case(bundle, "The manifest digest is another.", "HDR-12", "MANIFEST_DIGEST")
    bundle = release("header-manifest-changed")
    bundle.hook("manifest_section", lambda m: m[:-1] + bytes([m[-1] ^ 1]))
    yield case(bundle, "The last byte of the manifest was changed.", "HDR-12", "MANIFEST_DIGEST")
    bundle = release("header-manifest-commitment-changed")
    bundle.hook("manifest_section", lambda m: m[:24] + bytes([m[24] ^ 1]) + m[25:])
    comment = "The commitment in the manifest was changed: storage cannot deny access this way."
    yield case(bundle, comment, "HDR-12 ENC-1", "MANIFEST_DIGEST")
    bundle = release("header-changed-after-signing")
    bundle.hook("header_section", lambda h: h.replace(b"bundlefmt/1", b"bundlefmt/0"))
    comment = "The header was changed after it was signed."
    yield case(bundle, comment, "SIG-5", "SIGNATURE_INVALID")
