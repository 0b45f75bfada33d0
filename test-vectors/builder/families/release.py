"""The release record, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from builder.bundle import CREATED
from builder.cases import Case, case
from builder.scenes import release
from builder.stream import expand

SECRET = expand("release", "secret", 32)
LATER = expand("release", "later secret", 32)
NAME_TEXTS = (
    ("empty", "", "empty"),
    ("129", "p" * 129, "129 characters long"),
    ("dot-first", ".demo", "a dot and letters"),
    ("dash-first", "-demo", "a dash and letters"),
    ("space", "de mo", "with a space"),
    ("slash", "de/mo", "with a slash"),
    ("newline", "demo\n", "followed by a newline"),
    ("nul", "demo\0", "followed by a NUL"),
    ("umlaut", "d\u00e9mo", "with a letter outside ASCII"),
    ("digit-other", "demo\u0661", "with a digit outside ASCII"),
    ("plus", "demo+1", "with a plus"),
)

# Field: name, value, comment. None removes the field.
FIELDS: dict[int, tuple[tuple[str, Any, str], ...]] = {
    0: (
        ("product-missing", None, "There is no product."),
        ("product-bytes", b"demo", "The product is a byte string."),
        *((f"product-{n}", value, f"The product is {c}.") for n, value, c in NAME_TEXTS),
    ),
    1: (
        ("number-missing", None, "There is no number."),
        ("number-zero", 0, "The number is 0."),
        ("number-true", True, "The number is true, which some languages take for 1."),
        ("number-text", "42", "The number is a text."),
        ("number-array", [1, 4, 2], "The number is an array."),
    ),
    2: (
        ("version-missing", None, "There is no version."),
        ("version-empty", "", "The version is empty."),
        ("version-129", "1" * 129, "The version has 129 bytes."),
        ("version-130-bytes", "\u00e9" * 65, "The version has 65 characters in 130 bytes."),
        ("version-bytes", b"1.4.2", "The version is a byte string."),
        ("version-number", 1, "The version is a number."),
    ),
    3: (
        ("created-missing", None, "There is no time of creation."),
        ("created-text", "2026-05-28", "The time of creation is a text."),
        ("created-false", False, "The time of creation is false."),
    ),
    4: (
        ("expires-zero", 0, "A release expires at 0, which is not never here."),
        ("expires-at-created", CREATED, "A release expires when it was created."),
        ("expires-before-created", CREATED - 1, "A release expires before it was created."),
        ("expires-text", "never", "The expiry is a text."),
        ("expires-true", True, "The expiry is true."),
    ),
    5: (
        ("requires-empty", {}, "Nothing is required in a map."),
        ("requires-array", [[1]], "The requirements are an array."),
        ("requires-key-3", {0: [1], 3: 0}, "The requirements have an unknown key."),
        ("requires-key-64", {0: [1], 64: 0}, "The requirements have an unknown key of 64."),
        ("requires-no-parts", {0: []}, "The lowest host version has no parts."),
        ("requires-five-parts", {0: [1, 2, 3, 4, 5]}, "The lowest host version has five parts."),
        ("requires-five-parts-high", {1: [1, 0, 0, 0, 0]}, "The host version has five parts."),
        ("requires-text-part", {0: [1, "2"]}, "A part of the host version is a text."),
        ("requires-true-part", {0: [True]}, "A part of the host version is true."),
        ("requires-number", {0: 1}, "The lowest host version is a number."),
        ("requires-text", {1: "2.0"}, "The host version that is too high is a text."),
        ("platforms-none", {2: []}, "The platforms are an empty array."),
        ("platforms-33", {2: [f"p{i:02d}" for i in range(33)]}, "There are 33 platforms."),
        ("platforms-unsorted", {2: ["b", "a"]}, "The platforms descend."),
        ("platforms-twice", {2: ["a", "a"]}, "A platform is there twice."),
        ("platforms-upper-case", {2: ["Linux"]}, "A platform has an upper-case letter."),
        ("platforms-empty-text", {2: [""]}, "A platform is empty."),
        ("platforms-65", {2: ["p" * 65]}, "A platform has 65 characters."),
        ("platforms-newline", {2: ["linux\n"]}, "A newline follows a platform."),
        ("platforms-text", {2: "linux"}, "The platforms are a text."),
        ("platforms-bytes", {2: [b"linux"]}, "A platform is a byte string."),
    ),
    6: (
        ("notes-65537", "n" * 65537, "The notes have 65,537 bytes."),
        (
            "notes-65538-bytes",
            "\u00e9" * 32769,
            "The notes have 32,769 characters in 65,538 bytes.",
        ),
        ("notes-bytes", b"notes", "The notes are a byte string."),
        ("notes-false", False, "The notes are false."),
    ),
    7: (
        ("metadata-none", [], "The metadata are an empty array."),
        ("metadata-257", [[f"{i:03d}", ""] for i in range(257)], "There are 257 pairs."),
        ("metadata-unsorted", [["b", ""], ["a", ""]], "The metadata keys descend."),
        ("metadata-twice", [["a", "1"], ["a", "2"]], "A metadata key is there twice."),
        (
            "metadata-code-units",
            [["\U0001f4e6", ""], ["\uffee", ""]],
            "The metadata keys are ordered by UTF-16 code units, not by bytes.",
        ),
        ("metadata-case-order", [["a", ""], ["B", ""]], "The metadata keys ignore case."),
        ("metadata-key-empty", [["", "v"]], "A metadata key is empty."),
        ("metadata-key-129", [["k" * 129, "v"]], "A metadata key has 129 bytes."),
        ("metadata-value-65537", [["k", "v" * 65537]], "A metadata value has 65,537 bytes."),
        ("metadata-key-bytes", [[b"k", "v"]], "A metadata key is a byte string."),
        ("metadata-value-number", [["k", 1]], "A metadata value is a number."),
        ("metadata-one", [["k"]], "A pair has one element."),
        ("metadata-three", [["k", "v", "w"]], "A pair has three elements."),
        ("metadata-map", {0: "v"}, "The metadata are a map."),
        ("metadata-flat", ["k", "v"], "The metadata are not in pairs."),
    ),
    8: (
        ("identities-none", [], "The identities are an empty array."),
        (
            "identities-17",
            [[3, bytes([i])] for i in range(17)],
            "There are seventeen identities.",
        ),
        ("identities-unsorted", [[2, SECRET], [1, SECRET]], "The identities' types descend."),
        (
            "identities-secrets-unsorted",
            sorted([[1, SECRET], [1, LATER]], reverse=True),
            "Of two identities of one type the secrets descend.",
        ),
        ("identities-twice", [[1, SECRET], [1, SECRET]], "An identity is there twice."),
        ("identities-1-short", [[1, SECRET[:31]]], "A secret of type 1 has 31 bytes."),
        ("identities-1-long", [[1, SECRET + b"\0"]], "A secret of type 1 has 33 bytes."),
        ("identities-2-long", [[2, SECRET * 2]], "A secret of type 2 has 64 bytes."),
        ("identities-3-empty", [[3, b""]], "A secret of unknown type is empty."),
        ("identities-3-4097", [[3, b"s" * 4097]], "A secret of unknown type has 4,097 bytes."),
        ("identities-type-65536", [[65536, SECRET]], "The type of an identity is 65,536."),
        ("identities-type-true", [[True, SECRET]], "The type of an identity is true."),
        ("identities-text", [[1, "s" * 32]], "A secret is a text."),
        ("identities-one", [[1]], "An identity has no secret."),
        ("identities-three", [[1, SECRET, 0]], "An identity has three elements."),
        ("identities-length-order", [[3, b"b"], [3, b"ab"]], "The shorter secret comes first."),
    ),
    9: (
        ("tree-missing", None, "There is no tree."),
        ("tree-short", bytes(31), "The tree has 31 bytes."),
        ("tree-long", bytes(33), "The tree has 33 bytes."),
        ("tree-empty", b"", "The tree is empty."),
        ("tree-text", "t" * 32, "The tree is a text."),
    ),
}


def cases() -> Iterator[Case]:
    """Everything in this family."""
    for key, rows in FIELDS.items():
        for name, value, comment in rows:
            bundle = release(f"release-{name}")
            bundle.release = {key: value}
            yield case(bundle, comment, "REL-1", "RELEASE_RECORD")
    for key in (10, 23, 24, 63):
        bundle = release(f"release-key-{key}")
        bundle.release = {key: 0}
        yield case(bundle, f"The unknown key {key} is refused.", "REL-1", "RELEASE_RECORD")
    yield from _whole()
    yield from _trees()
    yield from _accepted()


def _whole() -> Iterator[Case]:
    bundle = release("release-empty").hook("release_item", lambda item: {})
    # The tree is then missing too; no map without fields could hold it.
    yield case(bundle, "The release record is an empty map.", "REL-1", "RELEASE_RECORD")
    bundle = release("release-array")
    bundle.hook("release_item", lambda item: [item[key] for key in sorted(item)])
    yield case(bundle, "The release record is an array.", "REL-1", "RELEASE_RECORD")
    bundle = release("release-number-instead").hook("release_item", lambda item: 0)
    yield case(bundle, "The release record is a number.", "REL-1", "RELEASE_RECORD")
    bundle = release("release-pointer-instead")
    bundle.hook(
        "release_item",
        lambda item: {0: "demo", 1: "stable", 2: 7, 3: CREATED, 4: CREATED + 1, 5: 0, 6: []},
    )
    yield case(bundle, "In its place is a pointer's item.", "REL-1", "RELEASE_RECORD")


def _trees() -> Iterator[Case]:
    for name, value, comment in (
        ("zeros", bytes(32), "The tree is 32 zeros."),
        ("other", expand("release", "tree", 32), "The tree is that of no listing here."),
    ):
        bundle = release(f"release-tree-{name}")
        bundle.release = {9: value}
        yield case(bundle, comment, "REL-2", "TREE_DIGEST")
    bundle = release("release-tree-one-bit")
    bundle.hook("release_item", lambda i: {**i, 9: i[9][:31] + bytes([i[9][31] ^ 1])})
    yield case(bundle, "The tree differs in its last bit.", "REL-2", "TREE_DIGEST")


def _accepted() -> Iterator[Case]:
    for key, name, value, comment in (
        (0, "product-one", "9", "The product is one digit."),
        (0, "product-dots", "a..b__--", "The product has all its marks."),
        (1, "number-one", 1, "The number is 1."),
        (2, "version-any", "\u65b0 version\n\0", "A version is any text."),
        (3, "created-zero", 0, "A release of 1970."),
        (3, "created-future", 2**53 - 1, "A release of the far future is accepted."),
        (6, "notes-empty", "", "The notes are empty."),
        (7, "metadata-one-pair", [["k", ""]], "One pair with an empty value."),
        (
            7,
            "metadata-bytes-order",
            [["\uffee", ""], ["\U0001f4e6", ""]],
            "Metadata keys are ordered by bytes, not by UTF-16 code units.",
        ),
        (
            7,
            "metadata-256-pairs",
            [[f"{i:03d}", ""] for i in range(256)],
            "There are 256 pairs.",
        ),
        (
            8,
            "identities-prefix-order",
            [[3, b"a"], [3, b"ab"], [3, b"b"]],
            "A secret precedes the longer one that it begins.",
        ),
        (8, "identities-type-0", [[0, b"s"]], "An identity of type 0 is unknown like any other."),
        (64, "key-64", 0, "The unknown key 64 is ignored."),
    ):
        bundle = release(f"release-fine-{name}")
        bundle.release = {key: value}
        yield case(bundle, comment, "REL-1")
    bundle = release("release-fine-expires-next-second")
    bundle.release = {4: CREATED + 1}
    comment = "A release that expires one second after its creation, read at its creation."
    yield case(bundle, comment, "REL-1 POL-4", now=CREATED)
