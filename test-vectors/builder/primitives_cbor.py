"""Vectors for the CBOR profile, CBR-1 to CBR-9: containers, keys, depth, number of items."""

from __future__ import annotations

from collections.abc import Iterator

from . import primitives_strictcbor as strictcbor
from .primitives_cborform import bad, good, repeated
from .primitives_cborscalars import integers, strings, types, utf8
from .primitives_form import Case, Family

COMMENT = """
The CBOR profile (CBR-1 to CBR-9). Input: cbor in hexadecimal, or for long items repeat: the bytes
of prefix followed by count times those of unit. Output: value, each item as an object with its
type: uint, bytes (hexadecimal), text, bool, array, map (pairs, in order); items is the number of
items that CBR-9 counts. No case has an error code, because the code follows from where the item
stands. 'lax' lists who accepts what is refused here: 'cbor2' is cbor2 6.2.1 with indefinite
lengths, duplicate keys and all tags switched off.
"""


def _containers() -> Iterator[Case]:
    for name, data in (
        ("array-empty", "80"),
        ("array-one", "8100"),
        ("array-nested", "83010282034104"),
        ("array-23", "97" + "00" * 23),
        ("array-24", "9818" + "00" * 24),
        ("array-255", "98ff" + "00" * 255),
        ("array-256", "990100" + "00" * 256),
        ("map-empty", "a0"),
        ("map-one", "a10000"),
        ("map-23", "b7" + "".join(f"{i:02x}00" for i in range(23))),
        ("map-24", "b818" + "".join(f"{i:02x}00" for i in range(24))),
        ("map-value-map", "a101a10203"),
        ("array-of-each-type", "87" + "00" + "4100" + "6161" + "f4" + "f5" + "8100" + "a10000"),
    ):
        yield good(name, "a container at the edge of a width or of its contents", "CBR-2 CBR-5", data)
    for label, major, unit in (("array", 0x80, "00"), ("map", 0xA0, "")):
        for length, tail in (
            ("0-in-1", "1800"),
            ("1-in-1", "1801"),
            ("23-in-1", "1817"),
            ("1-in-2", "190001"),
            ("24-in-2", "190018"),
            ("1-in-4", "1a00000001"),
            ("1-in-8", "1b0000000000000001"),
        ):
            count = int(tail[2:], 16)
            content = (
                unit * count if unit else "".join(f"{i:02x}00" if i < 24 else f"18{i:02x}00" for i in range(count))
            )
            data = f"{major | int(tail[:2], 16):02x}" + tail[2:] + content
            yield bad(
                f"{label}-long-form-{length}-bytes",
                "a count in more bytes than it needs",
                "CBR-2",
                data,
            )
        yield bad(
            f"{label}-indefinite",
            "a container that ends with a break",
            "CBR-3",
            f"{major | 31:02x}0000ff",
        )
        yield bad(
            f"{label}-indefinite-empty",
            "an empty container with a break",
            "CBR-3",
            f"{major | 31:02x}ff",
        )
        yield bad(f"{label}-indefinite-inside", "in an array", "CBR-3", f"81{major | 31:02x}ff")
        yield bad(
            f"{label}-huge-count",
            "2^62 items announced",
            "CBR-1",
            f"{major | 27:02x}4000000000000000",
        )
        yield bad(
            f"{label}-count-2-to-32-minus-1",
            "4,294,967,295 items announced",
            "CBR-1",
            f"{major | 26:02x}ffffffff00",
        )
    yield bad("array-cut", "one item short", "CBR-1", "8200")
    yield bad("map-cut-value", "a key without a value", "CBR-1", "a100")
    yield bad("map-cut-pair", "one pair short", "CBR-1", "a20000")
    yield bad("array-cut-inside", "the last item is cut", "CBR-1", "82001900")


def _whole_item() -> Iterator[Case]:
    yield bad("empty-input", "no item at all", "CBR-1", "")
    for name, data in (
        ("uint-then-uint", "0102"),
        ("array-then-zero", "8000"),
        ("map-then-map", "a0a0"),
        ("text-then-newline", "61610a"),
        ("uint-then-break", "00ff"),
        ("bytes-then-tag", "40c0"),
    ):
        yield bad(f"trailing-{name}", "bytes after the item", "CBR-1", data)


def _keys() -> Iterator[Case]:
    for name, comment, data in (
        ("ascending", "0, 1, 2", "a3000001000200"),
        ("gap", "0 and 23", "a200001700"),
        ("width-1-to-2", "23, then 24", "a21700181800"),
        ("width-2-to-3", "255, then 256", "a218ff0019010000"),
        ("width-3-to-5", "65535, then 65536", "a219ffff001a0001000000"),
        ("width-5-to-9", "2^32 - 1, then 2^32", "a21affffffff001b000000010000000000"),
        (
            "every-width",
            "23, 24, 256, 65536, 2^32",
            "a51700181800190100001a00010000001b000000010000000000",
        ),
        ("highest", "2^53 - 1", "a11b001fffffffffffff00"),
        ("same-in-two-maps", "key 0 in two maps", "82a10000a10000"),
    ):
        yield good(f"keys-{name}", comment, "CBR-6", data)
    for name, comment, data in (
        ("duplicate", "0 twice", "a200000001"),
        ("duplicate-wide", "256 twice", "a21901000019010001"),
        ("duplicate-last", "0, 1, 1", "a3000001000101"),
        ("descending", "1, then 0", "a201000000"),
        ("descending-wide", "256, then 255", "a21901000018ff00"),
        ("wide-first", "24, then 23", "a21818001700"),
        ("descending-widest", "2^32, then 65536", "a21b0000000100000000001a0001000000"),
        ("descending-last", "0, 2, 1", "a3000002000100"),
        ("duplicate-inside", "0 twice in a map in an array", "81a200000000"),
        ("text", "a text key", "a1616100"),
        ("bytes", "a byte string key", "a1410000"),
        ("bool", "true as key", "a1f500"),
        ("array", "an array as key", "a18000"),
        ("map", "a map as key", "a1a000"),
        ("uint-then-text", "0, then text", "a20000616100"),
        ("text-then-uint", "text, then 0", "a26161000000"),
    ):
        yield bad(f"keys-{name}", comment, "CBR-6", data)
    for name, comment, rules, data in (
        ("negative", "-1 as key", "CBR-5 CBR-6", "a12000"),
        ("null", "null as key", "CBR-5 CBR-6", "a1f600"),
        ("float", "1.0 as key", "CBR-5 CBR-6", "a1f93c0000"),
        ("two-nan", "NaN twice, which compares unequal", "CBR-5 CBR-6", "a2f97e0000f97e0000"),
        ("tag", "a tag as key", "CBR-5 CBR-6", "a1c10000"),
        ("long-form", "0 in two bytes as key", "CBR-2", "a1180000"),
        ("duplicate-by-long-form", "0, then 0 in two bytes", "CBR-2 CBR-6", "a20000180000"),
        ("2-to-53", "2^53 as key", "CBR-4", "a11b002000000000000000"),
    ):
        yield bad(f"keys-{name}", comment, rules, data)


def _depth() -> Iterator[Case]:
    for name, comment, data in (
        ("arrays-8", "8 arrays", "81" * 7 + "80"),
        ("arrays-8-with-value", "8 arrays around an integer", "81" * 8 + "00"),
        ("maps-8", "8 maps", "a100" * 7 + "a0"),
        ("mixed-8", "arrays and maps in turn", "81a100" * 4 + "00"),
        ("wide-8", "two branches of 8", "82" + ("81" * 6 + "80") * 2),
    ):
        yield good(f"depth-{name}", comment, "CBR-8", data)
    for name, comment, data in (
        ("arrays-9", "9 arrays", "81" * 8 + "80"),
        ("arrays-9-with-value", "9 arrays around an integer", "81" * 9 + "00"),
        ("maps-9", "9 maps", "a100" * 8 + "a0"),
        ("mixed-9", "8 in turn, then an empty map", "81a100" * 4 + "a0"),
        ("second-branch-9", "only the second branch is too deep", "8280" + "81" * 7 + "80"),
        ("map-value-9", "the value of the second pair is too deep", "a2000001" + "81" * 7 + "80"),
        ("arrays-1000", "1,000 arrays", "81" * 999 + "80"),
    ):
        yield bad(f"depth-{name}", comment, "CBR-8", data)


def _items() -> Iterator[Case]:
    most = strictcbor.MAX_ITEMS
    yield repeated(
        "items-most",
        "4,194,303 integers and their array",
        "CBR-9",
        f"9a{most - 1:08x}",
        "00",
        most - 1,
        ok=True,
    )
    yield repeated(
        "items-one-too-many",
        "4,194,304 integers and their array",
        "CBR-9",
        f"9a{most:08x}",
        "00",
        most,
        ok=False,
    )
    yield repeated(
        "items-empty-arrays",
        "4,194,304 empty arrays in an array: 4 MB that cost a decoder hundreds",
        "CBR-9",
        f"9a{most:08x}",
        "80",
        most,
        ok=False,
    )
    pairs = (most - 1) // 3
    yield repeated(
        "items-map-pairs-most",
        f"{pairs:,} maps of one pair in an array: the map, its key and its value count",
        "CBR-9",
        f"9a{pairs:08x}",
        "a10000",
        pairs,
        ok=True,
    )
    yield repeated(
        "items-map-pairs-one-too-many",
        f"{pairs + 1:,} maps of one pair in an array",
        "CBR-9",
        f"9a{pairs + 1:08x}",
        "a10000",
        pairs + 1,
        ok=False,
    )


def build() -> Family:
    """The family cbor."""
    cases = [
        *_whole_item(),
        *integers(),
        *strings(),
        *utf8(),
        *_containers(),
        *types(),
        *_keys(),
        *_depth(),
        *_items(),
    ]
    return Family("cbor", COMMENT, cases)
