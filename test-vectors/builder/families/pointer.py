"""Pointer records."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from builder.bundle import CREATED, Bundle
from builder.cases import NOW, Case, case
from builder.scenes import pointer, release
from builder.stream import expand

DAY = 86_400


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _offers()
    yield from _fields()
    yield from _offer_faults()
    yield from _bundle_faults()
    yield from _policy()
    yield from _forms()


def offered(number: int) -> list[Any]:
    """One bundle of an offer."""
    seed = expand("offered", str(number), 64)
    name = sha256(seed).hexdigest()
    return [name[:40], name[24:64], 1234, 65536, seed[:32], b""]


def offer(number: int) -> list[Any]:
    """A correct offer."""
    seed = expand("offer", str(number), 64)
    return [number, f"1.{number}", seed[:32], seed[32:], {}, 10_000, [offered(number)]]


def _pointer(name: str, **fields: Any) -> Bundle:
    bundle = pointer(f"pointer-{name}")
    bundle.pointer = {int(key[1:]): value for key, value in fields.items()}
    return bundle


def _offers() -> Iterator[Case]:
    for amount in (0, 1, 2, 16):
        offers = [offer(i + 1) for i in range(amount)]
        bundle = _pointer(f"{amount}-offers", f6=offers)
        yield case(bundle, f"A pointer with {amount} offers.", "PTR-1")
    bundle = _pointer("17-offers", f6=[offer(i + 1) for i in range(17)])
    yield case(bundle, "A pointer with 17 offers.", "PTR-1", "POINTER_RECORD")
    full = offer(43)
    full[4] = {0: [1], 1: [3, 0], 2: ["linux-x86_64"]}
    full[5] = 0
    full[6] = [[*offered(i)[:5], expand("tree", "needed", 32)] for i in range(64)]
    full[6][0][0], full[6][0][1] = "a" * 16, "z" * 64
    bundle = _pointer("full-offer", f6=[full], f5=2_678_400, f64=b"ignored")
    comment = "An offer with 64 bundles, names of both lengths, every requirement and share 0."
    yield case(bundle, comment, "PTR-1")
    bundle = _pointer("unknown-keys", f64=1, f9007199254740991=[{}])
    yield case(bundle, "Unknown keys from 64 on are ignored.", "PTR-1 REL-1")
    bundle = _pointer("longest-life", f3=NOW - 5, f4=NOW - 5 + 31 * DAY)
    yield case(bundle, "A pointer for exactly 31 days.", "PTR-2")


def _fields() -> Iterator[Case]:
    for key, name in enumerate(("product", "channel", "sequence", "issued", "expires", "spread")):
        bundle = _pointer(f"without-{name}", **{f"f{key}": None})
        yield case(bundle, f"The {name} is missing.", "PTR-1", "POINTER_RECORD")
    bundle = _pointer("without-offers", f6=None)
    yield case(bundle, "The list of offers is missing.", "PTR-1", "POINTER_RECORD")
    for name, key, value, comment in (
        ("product-empty", 0, "", "The product is empty."),
        ("product-129", 0, "p" * 129, "The product has 129 characters."),
        ("product-space", 0, "de mo", "The product holds a space."),
        ("product-slash", 0, "de/mo", "The product holds a slash."),
        ("product-starts-with-dot", 0, ".demo", "The product begins with a dot."),
        ("product-newline", 0, "demo\n", "The product ends in a newline."),
        ("product-not-ascii", 0, "d\u00e9mo", "The product holds a letter outside ASCII."),
        ("product-bytes", 0, b"demo", "The product is a byte string."),
        ("channel-empty", 1, "", "The channel is empty."),
        ("channel-129", 1, "c" * 129, "The channel has 129 characters."),
        ("channel-starts-with-dash", 1, "-stable", "The channel begins with a dash."),
        ("channel-digit-not-ascii", 1, "\u0661", "The channel is a digit outside ASCII."),
        ("sequence-zero", 2, 0, "The sequence is 0."),
        ("sequence-true", 2, True, "The sequence is true."),
        ("sequence-text", 2, "7", "The sequence is a text."),
        ("issued-text", 3, "today", "The time of issue is a text."),
        ("expires-bytes", 4, b"\0", "The expiry is a byte string."),
        ("expires-zero", 4, 0, "The expiry is 0: a pointer always expires."),
        ("spread-too-long", 5, 2_678_401, "The spread is above 31 days."),
        ("spread-text", 5, "1", "The spread is a text."),
        ("offers-map", 6, {}, "The offers are a map."),
        ("unknown-key-7", 7, 0, "There is an unknown key, 7."),
        ("unknown-key-63", 63, 0, "There is an unknown key, 63."),
    ):
        rules = "PTR-2" if name == "expires-zero" else "PTR-1"
        bundle = _pointer(name, **{f"f{key}": value})
        yield case(bundle, comment, rules, "POINTER_RECORD")
    for name, issued, expires, comment in (
        ("expires-at-issue", NOW + 5, NOW + 5, "It expires when it is issued."),
        ("expires-before-issue", NOW + 5, NOW + 4, "It expires before it is issued."),
        ("life-too-long", NOW - 5, NOW - 4 + 31 * DAY, "It lives one second over 31 days."),
    ):
        bundle = _pointer(name, f3=issued, f4=expires)
        yield case(bundle, comment, "PTR-2", "POINTER_RECORD")
    bundle = pointer("pointer-array").hook("pointer_item", lambda item: list(item.values()))
    yield case(bundle, "The pointer is an array.", "PTR-1", "POINTER_RECORD")


def _changed(index: int, value: Any) -> list[Any]:
    one = offer(43)
    one[index] = value
    return one


def _offer_faults() -> Iterator[Case]:
    for name, offers, comment in (
        ("numbers-equal", [offer(43), offer(43)], "Two offers have one number."),
        ("numbers-descending", [offer(44), offer(43)], "The numbers of the offers descend."),
        ("element-missing", [offer(43)[:6]], "An offer has six elements."),
        ("element-extra", [[*offer(43), 0]], "An offer has eight elements."),
        ("number-text", [_changed(0, "43")], "An offer's number is a text."),
        ("version-empty", [_changed(1, "")], "An offer's version is empty."),
        ("version-129", [_changed(1, "v" * 129)], "An offer's version has 129 bytes."),
        ("version-129-bytes", [_changed(1, "v" + "\u00e9" * 64)], "65 characters are 129 bytes."),
        ("release-id-short", [_changed(2, bytes(31))], "An offer's release id has 31 bytes."),
        ("tree-long", [_changed(3, bytes(33))], "An offer's tree has 33 bytes."),
        ("requires-array", [_changed(4, [])], "An offer's requirements are an array."),
        ("requires-unknown", [_changed(4, {3: 0})], "An offer has an unknown requirement."),
        ("requires-host-empty", [_changed(4, {0: []})], "A host version has no integer."),
        ("requires-host-five", [_changed(4, {1: [1] * 5})], "A host version has five integers."),
        ("requires-platforms-empty", [_changed(4, {2: []})], "The platforms are an empty list."),
        (
            "requires-platforms-descending",
            [_changed(4, {2: ["b", "a"]})],
            "The platforms descend.",
        ),
        ("requires-platform-upper", [_changed(4, {2: ["Linux"]})], "A platform has a capital."),
        ("share-10001", [_changed(5, 10_001)], "A share is above 10,000."),
        ("share-true", [_changed(5, True)], "A share is true."),
        ("bundles-none", [_changed(6, [])], "An offer has no bundles."),
        ("bundles-65", [_changed(6, [offered(i) for i in range(65)])], "An offer has 65 bundles."),
        ("bundles-map", [_changed(6, {})], "An offer's bundles are a map."),
    ):
        bundle = _pointer(f"offer-{name}", f6=offers)
        yield case(bundle, comment, "PTR-1", "POINTER_RECORD")


def _bundle_faults() -> Iterator[Case]:
    for name, index, value, comment in (
        ("head-15", 0, "a" * 15, "A head's name has 15 characters."),
        ("head-65", 0, "a" * 65, "A head's name has 65 characters."),
        ("head-upper", 0, "A" * 16, "A head's name has capitals."),
        ("head-path", 0, "../" + "a" * 16, "A head's name is a path."),
        ("head-newline", 0, "a" * 16 + "\n", "A head's name ends in a newline."),
        ("head-digits-not-ascii", 0, "\u0661" * 16, "A head's name has digits outside ASCII."),
        ("body-15", 1, "a" * 15, "A body's name has 15 characters."),
        ("body-bytes", 1, b"a" * 16, "A body's name is a byte string."),
        ("head-len-text", 2, "1234", "The length of the head is a text."),
        ("body-len-true", 3, True, "The length of the body is true."),
        ("digest-31", 4, bytes(31), "The digest of the header has 31 bytes."),
        ("digest-empty", 4, b"", "The digest of the header is empty."),
        ("needed-31", 5, bytes(31), "The needed tree has 31 bytes."),
        ("needed-text", 5, "", "The needed tree is an empty text."),
    ):
        one = offered(43)
        one[index] = value
        bundle = _pointer(f"bundle-{name}", f6=[_changed(6, [one])])
        yield case(bundle, comment, "PTR-1", "POINTER_RECORD")
    for name, one, comment in (
        ("element-missing", offered(43)[:5], "An offered bundle has five elements."),
        ("element-extra", [*offered(43), 0], "An offered bundle has seven elements."),
    ):
        bundle = _pointer(f"bundle-{name}", f6=[_changed(6, [one])])
        yield case(bundle, comment, "PTR-1", "POINTER_RECORD")


def _policy() -> Iterator[Case]:
    for name, now, code in (
        ("last-second", CREATED + 2_678_399, None),
        ("expired", CREATED + 2_678_400, "POINTER_EXPIRED"),
        ("long-expired", CREATED + 10**9, "POINTER_EXPIRED"),
    ):
        bundle = _pointer(name)
        comment = f"A pointer read {now - CREATED - 2_678_400} seconds from its expiry."
        yield case(bundle, comment, "POL-5", code, now=now)
    expect: dict[str, Any] = {"product": "demo", "channel": "stable"}
    yield case(
        _pointer("as-expected"),
        "Product and channel are as expected.",
        "POL-1 POL-7",
        expect=expect,
    )
    for name, changed, code, rule in (
        ("other-product", {"product": "demo2"}, "PRODUCT_MISMATCH", "POL-1"),
        ("product-case", {"product": "Demo"}, "PRODUCT_MISMATCH", "POL-1"),
        ("other-channel", {"channel": "beta"}, "CHANNEL_MISMATCH", "POL-7"),
        ("channel-case", {"channel": "STABLE"}, "CHANNEL_MISMATCH", "POL-7"),
    ):
        bundle = _pointer(name)
        comment = f"The caller expects another value: {name}."
        yield case(bundle, comment, rule, code, expect={**expect, **changed})


def _forms() -> Iterator[Case]:
    for form in (0, 1):
        bundle = pointer(f"pointer-form-{form}")
        bundle.form = form
        comment = f"A pointer's manifest has form {form}."
        yield case(bundle, comment, "MAN-1", "MANIFEST_LAYOUT")
    for form in (2, 3, 255):
        bundle = release(f"pointer-release-of-form-{form}")
        bundle.hook("used", lambda u, f=form: bytes([f]) + u[1:])
        comment = f"A release's manifest has form {form}."
        yield case(bundle, comment, "MAN-1", "MANIFEST_LAYOUT")
    bundle = release("pointer-record-in-release")
    bundle.form = 2
    bundle.files = []
    comment = "A release's manifest is that of a pointer."
    yield case(bundle, comment, "MAN-1", "MANIFEST_LAYOUT")
    bundle = pointer("pointer-form-3").hook("used", lambda u: b"\x03" + u[1:])
    yield case(bundle, "A pointer's manifest has form 3.", "MAN-1", "MANIFEST_LAYOUT")
