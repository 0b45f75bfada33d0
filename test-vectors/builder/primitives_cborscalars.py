"""Vectors for the CBOR profile: integers, strings, text and the types that may not occur."""

from __future__ import annotations

from collections.abc import Iterator

from .primitives_cborform import bad, good
from .primitives_form import Case


def integers() -> Iterator[Case]:
    for value, data in (
        (0, "00"),
        (1, "01"),
        (23, "17"),
        (24, "1818"),
        (25, "1819"),
        (255, "18ff"),
        (256, "190100"),
        (65535, "19ffff"),
        (65536, "1a00010000"),
        (2**32 - 1, "1affffffff"),
        (2**32, "1b0000000100000000"),
        (2**53 - 2, "1b001ffffffffffffe"),
        (2**53 - 1, "1b001fffffffffffff"),
    ):
        yield good(f"uint-{value}", "an unsigned integer at the edge of a width", "CBR-2 CBR-4", data)
    for label, data in (
        ("2-to-53", "1b0020000000000000"),
        ("2-to-53-plus-1", "1b0020000000000001"),
        ("2-to-63", "1b8000000000000000"),
        ("2-to-64-minus-1", "1bffffffffffffffff"),
    ):
        yield bad(f"uint-{label}", "beyond what every language counts exactly", "CBR-4", data)
    for label, data in (
        ("0-in-1", "1800"),
        ("23-in-1", "1817"),
        ("0-in-2", "190000"),
        ("24-in-2", "190018"),
        ("255-in-2", "1900ff"),
        ("0-in-4", "1a00000000"),
        ("256-in-4", "1a00000100"),
        ("65535-in-4", "1a0000ffff"),
        ("0-in-8", "1b0000000000000000"),
        ("1-in-8", "1b0000000000000001"),
        ("65536-in-8", "1b0000000000010000"),
        ("2-to-32-minus-1-in-8", "1b00000000ffffffff"),
    ):
        yield bad(f"uint-long-form-{label}-bytes", "an integer in more bytes than it needs", "CBR-2", data)
    for data in ("18", "19", "1900", "1a", "1a000000", "1b", "1b00000000000000"):
        yield bad(f"uint-cut-{data}", "the argument is cut off", "CBR-1", data)
    for data in ("1c", "1d", "1e", "1f", "5c", "7d", "9e", "bc"):
        yield bad(
            f"reserved-head-{data}",
            "a head that CBOR reserves or that ends nothing",
            "CBR-5 CBR-3",
            data,
        )


def strings() -> Iterator[Case]:
    yield good("bytes-empty", "the empty byte string", "CBR-2 CBR-5", "40")
    yield good("text-empty", "the empty text string", "CBR-2 CBR-7", "60")
    yield good("bytes-one", "one byte", "CBR-2", "4100")
    for length, head in ((23, "57"), (24, "5818"), (255, "58ff"), (256, "590100")):
        yield good(f"bytes-{length}", "a byte string at the edge of a width", "CBR-2", head + "a5" * length)
        text = f"{int(head[:2], 16) + 0x20:02x}" + head[2:]
        yield good(
            f"text-{length}",
            "a text string at the edge of a width",
            "CBR-2 CBR-7",
            text + "61" * length,
        )
    for label, major in (("bytes", 0x40), ("text", 0x60)):
        for form, tail in (
            ("0-in-1", "1800"),
            ("1-in-1", "180161"),
            ("23-in-1", "1817" + "61" * 23),
            ("1-in-2", "19000161"),
            ("24-in-2", "190018" + "61" * 24),
            ("1-in-4", "1a0000000161"),
            ("1-in-8", "1b000000000000000161"),
        ):
            data = f"{major | int(tail[:2], 16):02x}" + tail[2:]
            yield bad(
                f"{label}-long-form-{form}-bytes",
                "a length in more bytes than it needs",
                "CBR-2",
                data,
            )
        yield bad(f"{label}-cut", "one byte short", "CBR-1", f"{major | 3:02x}6161")
        yield bad(f"{label}-no-content", "only a head", "CBR-1", f"{major | 1:02x}")
        yield bad(f"{label}-huge-length", "a length of 2^62", "CBR-1", f"{major | 27:02x}4000000000000000")
        yield bad(
            f"{label}-length-2-to-64",
            "the largest length that can be written",
            "CBR-1",
            f"{major | 27:02x}ffffffffffffffff61",
        )
        yield bad(
            f"{label}-indefinite",
            "a string in chunks",
            "CBR-3",
            f"{major | 31:02x}{major | 1:02x}61ff",
        )
        yield bad(f"{label}-indefinite-empty", "a string in no chunks", "CBR-3", f"{major | 31:02x}ff")


def utf8() -> Iterator[Case]:
    for name, comment, content in (
        ("two-bytes-lowest", "U+0080", "c280"),
        ("two-bytes-highest", "U+07FF", "dfbf"),
        ("three-bytes-lowest", "U+0800", "e0a080"),
        ("before-surrogates", "U+D7FF", "ed9fbf"),
        ("after-surrogates", "U+E000", "ee8080"),
        ("noncharacter", "U+FFFE", "efbfbe"),
        ("replacement-character", "U+FFFD", "efbfbd"),
        ("three-bytes-highest", "U+FFFF", "efbfbf"),
        ("byte-order-mark", "U+FEFF is a character like any other", "efbbbf"),
        ("four-bytes-lowest", "U+10000", "f0908080"),
        ("four-bytes-highest", "U+10FFFF", "f48fbfbf"),
        ("nul", "U+0000", "00"),
        ("not-normalised", "a, then U+0308: the profile does not normalise", "61cc88"),
    ):
        head = f"{0x60 + len(content) // 2:02x}"
        yield good(f"utf8-{name}", comment, "CBR-7", head + content)
    for name, comment, content in (
        ("lone-continuation", "a continuation byte alone", "80"),
        ("lone-lead", "a lead byte alone", "c3"),
        ("lead-then-ascii", "a lead byte before an ASCII byte", "c361"),
        ("overlong-2", "U+002F in two bytes", "c0af"),
        ("overlong-2-nul", "U+0000 in two bytes", "c080"),
        ("overlong-2-c1", "U+007F in two bytes", "c1bf"),
        ("overlong-3", "U+002F in three bytes", "e080af"),
        ("overlong-3-highest", "U+07FF in three bytes", "e09fbf"),
        ("overlong-4", "U+002F in four bytes", "f08080af"),
        ("overlong-4-highest", "U+FFFF in four bytes", "f08fbfbf"),
        ("surrogate-lowest", "U+D800", "eda080"),
        ("surrogate-highest", "U+DFFF", "edbfbf"),
        ("surrogate-pair", "U+10000 as two surrogates", "eda080edb080"),
        ("above-10ffff", "U+110000", "f4908080"),
        ("five-bytes", "a form of five bytes", "f888808080"),
        ("byte-fe", "a byte that never occurs", "fe"),
        ("byte-ff", "a byte that never occurs", "ff"),
        ("cut-3", "two of three bytes", "e282"),
        ("cut-4", "three of four bytes", "f09f98"),
        ("latin-1", "Latin-1 inside ASCII", "61e462"),
    ):
        head = f"{0x60 + len(content) // 2:02x}"
        yield bad(f"utf8-{name}", comment, "CBR-7", head + content)
    yield bad(
        "utf8-character-across-strings",
        "a character begun in one string and ended in the next",
        "CBR-7",
        "8261c361a4",
    )


def types() -> Iterator[Case]:
    yield good("false", "false", "CBR-5", "f4")
    yield good("true", "true", "CBR-5", "f5")
    for name, comment, data in (
        ("negative-1", "-1", "20"),
        ("negative-24", "-24", "37"),
        ("negative-25", "-25", "3818"),
        ("negative-256", "-256", "38ff"),
        ("negative-2-to-64", "-2^64", "3bffffffffffffffff"),
        ("negative-in-array", "-1 in an array", "8120"),
        ("float16-one", "1.0", "f93c00"),
        ("float16-nan", "NaN", "f97e00"),
        ("float16-minus-zero", "-0.0", "f98000"),
        ("float16-infinity", "infinity", "f97c00"),
        ("float32-one", "1.0 in 4 bytes", "fa3f800000"),
        ("float64-tenth", "0.1", "fb3fb999999999999a"),
        ("float64-one", "1.0 in 8 bytes", "fb3ff0000000000000"),
        ("null", "null", "f6"),
        ("undefined", "undefined", "f7"),
        ("simple-0", "simple value 0", "e0"),
        ("simple-19", "simple value 19", "f3"),
        ("simple-32", "simple value 32", "f820"),
        ("simple-255", "simple value 255", "f8ff"),
        ("simple-false-long", "false in two bytes", "f814"),
        ("simple-24", "a simple value that may not be written", "f818"),
        ("break", "a break alone", "ff"),
        ("reserved-7-28", "reserved", "fc"),
        ("reserved-7-30", "reserved", "fe"),
        ("tag-0-time-text", "a date as text", "c074323032362d30312d30315430303a30303a30305a"),
        ("tag-1-time", "a date as number", "c11a514b67b0"),
        ("tag-2-bignum", "an integer as bytes", "c2420100"),
        ("tag-3-bignum", "a negative integer as bytes", "c34100"),
        ("tag-4-decimal", "a decimal fraction", "c4820001"),
        ("tag-24-embedded", "CBOR in a byte string", "d8184100"),
        ("tag-28-shareable", "a value to share", "d81c80"),
        ("tag-29-reference", "a shared value", "d81d00"),
        ("tag-30-rational", "a rational", "d81e820102"),
        ("tag-35-regular-expression", "a regular expression", "d8236161"),
        ("tag-258-set", "a set", "d9010280"),
        ("tag-55799-self-described", "self-described CBOR", "d9d9f700"),
        ("tag-unassigned", "tag 64,000", "d9fa0000"),
        ("tag-64-bit", "tag 2^32", "db000000010000000000"),
        ("tag-in-array", "a tag in an array", "81c100"),
        ("tag-in-map", "a tag as a value", "a100c100"),
        ("null-in-array", "null in an array", "81f6"),
        ("undefined-in-map", "undefined as a value", "a100f7"),
        ("float-in-map", "a float as a value", "a100f90000"),
    ):
        yield bad(f"type-{name}", comment, "CBR-5", data)
