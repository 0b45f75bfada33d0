"""The CBOR profile, in headers and in trust documents that are new to the reader."""

from __future__ import annotations

from collections.abc import Iterator

from builder.cases import Case, case
from builder.encode import ARRAY, BYTES, MAP, TEXT, UINT, Raw, cbor, nested, wide_head
from builder.scenes import release
from builder.trust import Chain

# Name: (bytes of one extension's value, rules, comment)
FORMS: dict[str, tuple[bytes, str, str]] = {
    "uint-8-for-0": (wide_head(UINT, 0, 1), "CBR-2", "0 takes two bytes"),
    "uint-8-for-23": (wide_head(UINT, 23, 1), "CBR-2", "23 takes two bytes"),
    "uint-16-for-255": (wide_head(UINT, 255, 2), "CBR-2", "255 takes three bytes"),
    "uint-32-for-65535": (wide_head(UINT, 65535, 4), "CBR-2", "65,535 takes five bytes"),
    "uint-64-for-1": (wide_head(UINT, 1, 8), "CBR-2", "1 takes nine bytes"),
    "uint-64-for-32-bits": (wide_head(UINT, 2**32 - 1, 8), "CBR-2", "2^32-1 takes nine bytes"),
    "bytes-length-8": (wide_head(BYTES, 1, 1) + b"x", "CBR-2", "a byte string's length is long"),
    "bytes-length-64": (wide_head(BYTES, 1, 8) + b"x", "CBR-2", "a byte string's length is long"),
    "text-length-8": (wide_head(TEXT, 1, 1) + b"x", "CBR-2", "a text's length is long"),
    "text-length-16": (wide_head(TEXT, 24, 2) + b"x" * 24, "CBR-2", "a text's length is long"),
    "array-count-8": (wide_head(ARRAY, 1, 1) + b"\0", "CBR-2", "an array's count is long"),
    "array-count-32": (wide_head(ARRAY, 0, 4), "CBR-2", "an array's count is long"),
    "map-count-8": (wide_head(MAP, 1, 1) + b"\0\0", "CBR-2", "a map's count is long"),
    "map-key-8": (b"\xa1" + wide_head(UINT, 1, 1) + b"\0", "CBR-2", "a map key is long"),
    "array-indefinite": (b"\x9f\0\xff", "CBR-3", "an array is indefinite"),
    "bytes-indefinite": (b"\x5f\x41x\xff", "CBR-3", "a byte string is indefinite"),
    "text-indefinite": (b"\x7f\x61x\xff", "CBR-3", "a text is indefinite"),
    "map-indefinite": (b"\xbf\0\0\xff", "CBR-3", "a map is indefinite"),
    "break-alone": (b"\xff", "CBR-3", "a break stands alone"),
    "uint-2-to-53": (cbor(2**53), "CBR-4", "an integer is 2^53"),
    "uint-2-to-64": (cbor(2**64 - 1), "CBR-4", "an integer is 2^64-1"),
    "map-key-2-to-53": (b"\xa1" + cbor(2**53) + b"\0", "CBR-4", "a map key is 2^53"),
    "negative-1": (b"\x20", "CBR-5", "an integer is -1"),
    "negative-large": (b"\x3b" + b"\xff" * 8, "CBR-5", "an integer is -2^64"),
    "float-16": (bytes.fromhex("f93c00"), "CBR-5", "1.0 is a 16-bit float"),
    "float-16-nan": (bytes.fromhex("f97e00"), "CBR-5", "NaN is a 16-bit float"),
    "float-32": (bytes.fromhex("fa47c35000"), "CBR-5", "100000.0 is a 32-bit float"),
    "float-64": (bytes.fromhex("fb3ff199999999999a"), "CBR-5", "1.1 is a 64-bit float"),
    "null": (b"\xf6", "CBR-5", "a value is null"),
    "undefined": (b"\xf7", "CBR-5", "a value is undefined"),
    "simple-0": (b"\xe0", "CBR-5", "a value is simple(0)"),
    "simple-19": (b"\xf3", "CBR-5", "a value is simple(19)"),
    "simple-255": (b"\xf8\xff", "CBR-5", "a value is simple(255)"),
    "simple-true-long": (b"\xf8\x15", "CBR-5", "true is written in two bytes"),
    "tag-0": (b"\xc0\x74" + b"2026-01-01T00:00:00Z", "CBR-5", "a date has tag 0"),
    "tag-1": (bytes.fromhex("c11a514b67b0"), "CBR-5", "a time has tag 1"),
    "tag-2": (bytes.fromhex("c24101"), "CBR-5", "a big integer has tag 2"),
    "tag-2-empty": (bytes.fromhex("c240"), "CBR-5", "a big integer of tag 2 is 0"),
    "tag-24": (bytes.fromhex("d8184100"), "CBR-5", "embedded CBOR has tag 24"),
    "tag-28": (bytes.fromhex("d81c80"), "CBR-5", "a value is marked shareable with tag 28"),
    "tag-55799": (bytes.fromhex("d9d9f700"), "CBR-5", "a value has the self-description tag"),
    "map-unsorted": (bytes.fromhex("a202000100"), "CBR-6", "map keys descend"),
    "map-unsorted-widths": (
        b"\xa2" + cbor(256) + b"\0" + cbor(24) + b"\0",
        "CBR-6",
        "a longer map key precedes a shorter one",
    ),
    "map-duplicate": (bytes.fromhex("a201000100"), "CBR-6", "a map key is there twice"),
    "map-key-text": (bytes.fromhex("a1617800"), "CBR-6", "a map key is a text"),
    "map-key-bytes": (bytes.fromhex("a1417800"), "CBR-6", "a map key is a byte string"),
    "map-key-bool": (bytes.fromhex("a1f500"), "CBR-6", "a map key is true"),
    "map-key-array": (bytes.fromhex("a18000"), "CBR-6", "a map key is an array"),
    "text-bad-byte": (b"\x61\xff", "CBR-7", "a text holds ff"),
    "text-cut": (b"\x62\xe2\x82", "CBR-7", "a text ends inside a character"),
    "text-overlong": (b"\x62\xc0\xaf", "CBR-7", "a text holds an overlong slash"),
    "text-overlong-nul": (b"\x62\xc0\x80", "CBR-7", "a text holds an overlong NUL"),
    "text-surrogate": (b"\x63\xed\xa0\x80", "CBR-7", "a text holds a surrogate"),
    "text-surrogate-pair": (
        b"\x66\xed\xa0\xbd\xed\xb3\xa6",
        "CBR-7",
        "a text holds two surrogates",
    ),
    "text-above-unicode": (b"\x64\xf4\x90\x80\x80", "CBR-7", "a text goes beyond U+10FFFF"),
    "depth-9": (cbor(nested(7)), "CBR-8", "arrays nest nine deep, the outermost counted"),
    "depth-9-maps": (
        b"\xa1\0" * 6 + b"\xa0",
        "CBR-8",
        "maps nest nine deep, the outermost counted",
    ),
    "depth-500": (b"\x81" * 500 + b"\0", "CBR-8", "arrays nest five hundred deep"),
    "bomb-array": (wide_head(ARRAY, 4_194_305, 4), "CBR-9", "an array declares 4,194,305 items"),
    "bomb-array-64": (wide_head(ARRAY, 2**63, 8), "CBR-9", "an array declares 2^63 items"),
    "bomb-map": (wide_head(MAP, 2**32 - 1, 4), "CBR-9", "a map declares 2^32-1 pairs"),
    "bomb-bytes": (wide_head(BYTES, 2**63 - 1, 8), "CBR-1", "a byte string declares 2^63-1 bytes"),
    "bomb-bytes-64": (
        wide_head(BYTES, 2**64 - 1, 8),
        "CBR-1",
        "a byte string declares 2^64-1 bytes",
    ),
    "bomb-text": (wide_head(TEXT, 2**31, 4), "CBR-1", "a text declares 2^31 bytes"),
    "info-28": (b"\x1c", "CBR-2", "an integer has the reserved length 28"),
    "info-30": (b"\x5e", "CBR-2", "a byte string has the reserved length 30"),
}

IN_TRUST = (
    "uint-8-for-23",
    "array-indefinite",
    "uint-2-to-53",
    "negative-1",
    "float-64",
    "null",
    "tag-1",
    "tag-28",
    "map-unsorted",
    "map-duplicate",
    "map-key-text",
    "text-overlong",
    "text-surrogate",
    "depth-9",
    "bomb-array",
)

VALID = {
    "uint-edges": ([0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53 - 1], "CBR-2 CBR-4"),
    "bools": ([False, True], "CBR-5"),
    "depth-8": (nested(6), "CBR-8"),
    "text-any-character": ("\0\x7f\u00e9\ud7ff\ue000\uffff\U0010ffff", "CBR-7"),
    "map-key-order": ({0: 0, 23: 0, 24: 0, 255: 0, 256: 0, 2**53 - 1: 0}, "CBR-6"),
    "empty-values": ([b"", "", [], {}], "CBR-5"),
}


def cases() -> Iterator[Case]:
    """Everything in this family."""
    for name, (data, rules, comment) in FORMS.items():
        bundle = release(f"cbor-header-{name}")
        bundle.extensions = {4096: Raw(data)}
        where = "In an extension of the header"
        yield case(bundle, f"{where} {comment}.", rules, "HEADER_ENCODING")
    for name in IN_TRUST:
        data, rules, comment = FORMS[name]
        chain = Chain.start("encodings").extended(extensions={4096: Raw(data)})
        bundle = release(f"cbor-trust-{name}", chain)
        where = "In an extension of a new trust document"
        yield case(bundle, f"{where} {comment}.", rules, "TRUST_ENCODING")
    for name, (value, rules) in VALID.items():
        bundle = release(f"cbor-header-valid-{name}")
        bundle.extensions = {4096: value}
        yield case(bundle, "An extension holds values at the edges of the profile.", rules)
    yield from _whole_items()


def _whole_items() -> Iterator[Case]:
    for name, change, rules, comment in (
        ("trailing-byte", lambda h: h + b"\0", "CBR-1", "A byte follows the header's item."),
        ("trailing-item", lambda h: h + h, "CBR-1", "The header's item is there twice."),
        ("cut", lambda h: h[:-1], "CBR-1", "The header's item lacks its last byte."),
        ("outer-count-long", lambda h: b"\x98\x0a" + h[1:], "CBR-2", "The outer count is long."),
        (
            "outer-indefinite",
            lambda h: b"\x9f" + h[1:] + b"\xff",
            "CBR-3",
            "The header is an indefinite array.",
        ),
        ("outer-tag", lambda h: b"\xd9\xd9\xf7" + h, "CBR-5", "The header has the tag 55799."),
        (
            "kind-long",
            lambda h: h.replace(b"bundlefmt/1\x01", b"bundlefmt/1\x18\x01", 1),
            "CBR-2",
            "The kind takes two bytes.",
        ),
        (
            "format-long",
            lambda h: h.replace(b"\x6bbundlefmt/1", b"\x78\x0bbundlefmt/1", 1),
            "CBR-2",
            "The length of the format string is long.",
        ),
        (
            "publisher-long",
            lambda h: h.replace(b"\x58\x20", b"\x59\x00\x20", 1),
            "CBR-2",
            "The length of the publisher id is long.",
        ),
        (
            "publisher-chunks",
            lambda h: h[:15] + b"\x5f" + h[15:49] + b"\xff" + h[49:],
            "CBR-3",
            "The publisher id is an indefinite byte string.",
        ),
        (
            "extension-numbers-descend",
            lambda h: h[:-1] + bytes.fromhex("a21910010019100000"),
            "CBR-6",
            "The extension numbers descend.",
        ),
        (
            "extension-twice",
            lambda h: h[:-1] + bytes.fromhex("a21910000019100000"),
            "CBR-6",
            "An extension is there twice.",
        ),
        (
            "extension-number-text",
            lambda h: h[:-1] + b"\xa1\x63abc\0",
            "CBR-6",
            "An extension has a name instead of a number.",
        ),
        ("empty-array-tail", lambda h: h + b"\x80", "CBR-1", "An empty array follows the header."),
        (
            "random",
            lambda h: bytes(range(255, 255 - len(h), -1)),
            "CBR-1",
            "The header is no CBOR.",
        ),
    ):
        bundle = release(f"cbor-header-{name}").hook("header", change)
        yield case(bundle, comment, rules, "HEADER_ENCODING")
    for name, change, rules, comment in (
        ("trailing-byte", lambda d: d + b"\0", "CBR-1", "A byte follows a trust document's item."),
        ("cut", lambda d: d[:-1], "CBR-1", "A trust document lacks its last byte."),
        (
            "outer-count-long",
            lambda d: b"\x98\x0b" + d[1:],
            "CBR-2",
            "The outer count of a trust document is long.",
        ),
    ):
        chain = Chain.start("encodings").extended(data=change)
        yield case(release(f"cbor-trust-{name}", chain), comment, rules, "TRUST_ENCODING")
