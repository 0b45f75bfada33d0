"""The prelude, and files whose end is not where it says."""

from __future__ import annotations

from collections.abc import Iterator

from builder.bundle import Bundle
from builder.cases import Case, built, case, flip, section
from builder.encode import cbor, u32
from builder.keys import DEVICE, Row
from builder.scenes import pointer, release, wide
from builder.trust import Chain
from builder.wrap import Wrap, entry

LENGTHS = {"header": 12, "signatures": 16, "trust": 20, "recipients": 24}


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _prelude()
    yield from _limits()
    yield from _header_limits()
    yield from _shifted()
    yield from _cuts()
    yield from _ends()


def _with_prelude(name: str, offset: int, value: bytes) -> Bundle:
    bundle = release(name)
    bundle.hook("prelude", lambda p: p[:offset] + value + p[offset + len(value) :])
    return bundle


def _prelude() -> Iterator[Case]:
    magic = {
        "one-bit": (flip(bytes.fromhex("89424e444c0d0a1a"), 3), "One bit of the magic is wrong."),
        "seven-bits": (bytes.fromhex("09424e444c0d0a1a"), "The top bit of the magic was stripped."),
        "zip": (b"PK\x03\x04\x14\x00\x00\x00", "The file begins like a ZIP archive."),
        "zeros": (bytes(8), "The file begins with zeros."),
        "case": (bytes.fromhex("89626e646c0d0a1a"), "The letters of the magic are small."),
    }
    for name, (value, comment) in magic.items():
        yield case(_with_prelude(f"prelude-magic-{name}", 0, value), comment, "PRE-1", "PRELUDE_MAGIC")
    bundle = release("prelude-magic-crlf-to-lf")
    data = built(bundle).file.replace(b"\r\n", b"\n", 1)
    comment = "A text transfer turned the CRLF of the magic into LF."
    yield case(bundle, comment, "PRE-1", "PRELUDE_MAGIC", data=data)
    bundle = release("prelude-magic-lf-to-crlf")
    data = built(bundle).file.replace(b"\n", b"\r\n", 1)
    comment = "A text transfer turned the LF of the magic into CRLF."
    yield case(bundle, comment, "PRE-1", "PRELUDE_MAGIC", data=data)
    bundle = release("prelude-byte-before-magic")
    data = b"\0" + built(bundle).file
    yield case(bundle, "A byte precedes the magic.", "PRE-1", "PRELUDE_MAGIC", data=data)
    for major in (0, 2, 256, 65535):
        bundle = _with_prelude(f"prelude-major-{major}", 8, major.to_bytes(2, "big"))
        yield case(bundle, f"The major version is {major}.", "PRE-2", "PRELUDE_MAJOR")
    for name, offset, value in (
        ("short-low", 10, b"\0\1"),
        ("short-high", 10, b"\x80\0"),
        ("long-low", 28, b"\0\0\0\1"),
        ("long-high", 28, b"\x80\0\0\0"),
    ):
        bundle = _with_prelude(f"prelude-reserved-{name}", offset, value)
        comment = f"The reserved field at offset {offset} is not zero."
        yield case(bundle, comment, "PRE-3", "PRELUDE_RESERVED")


def _limits() -> Iterator[Case]:
    for name, value, rule in (
        ("header", 0, "PRE-4"),
        ("signatures", 0, "PRE-5"),
        ("recipients", 0, "PRE-7"),
        ("signatures", 131_649, "PRE-5"),
        ("trust", 2_097_153, "PRE-6"),
        ("recipients", 2_097_153, "PRE-7"),
        *((name, 0xFFFFFFFF, f"PRE-{4 + i}") for i, name in enumerate(LENGTHS)),
        *((name, 0x80000000, f"PRE-{4 + i}") for i, name in enumerate(LENGTHS)),
    ):
        label = {0xFFFFFFFF: "all-ones", 0x80000000: "sign-bit"}.get(value, str(value))
        bundle = _with_prelude(f"sizes-{name}-length-{label}", LENGTHS[name], u32(value))
        yield case(bundle, f"The prelude gives {name} {value} bytes.", rule, "SECTION_LIMIT")
    bundle = release("sizes-signatures-36-bytes")
    bundle.hook("signatures", lambda _: bytes.fromhex("0a0a") + bytes(34))
    yield case(bundle, "A signatures section of 36 bytes.", "PRE-5", "SECTION_LIMIT")
    bundle = release("sizes-signatures-37-bytes")
    bundle.signers, bundle.extra_rows = [], [Row(2570, bytes(32), b"\0")]
    comment = "The smallest signatures section holds one row of an unknown algorithm."
    yield case(bundle, comment, "PRE-5 SIG-6", "SIGNATURE_THRESHOLD")
    bundle = release("sizes-signatures-longest")
    bundle.signers = []
    bundle.extra_rows = [Row(2570, bytes([i]) + bytes(31), bytes(8192)) for i in range(16)]
    comment = "The longest signatures section holds no known row."
    yield case(bundle, comment, "PRE-5 SIG-3 SIG-6", "SIGNATURE_THRESHOLD")
    bundle = release("sizes-recipients-4-bytes")
    bundle.recipients = [entry(2570, b"")]
    yield case(bundle, "A recipients section of 4 bytes.", "PRE-7", "SECTION_LIMIT")
    bundle = release("sizes-recipients-5-bytes")
    bundle.recipients = [entry(2570, b"\0")]
    comment = "The smallest recipients section opens for nobody."
    yield case(bundle, comment, "PRE-7 RCP-8", "NO_IDENTITY")
    yield case(*_trust_at_limit())


def _limit_rules(code: str) -> str:
    return "HDR-10" if code == "HEADER_LIMIT" else "HDR-10 PRE-8"


def _trust_at_limit() -> tuple[Bundle, str, str]:
    """Sixteen new documents that fill the section, most of them as long as one may be."""
    chain = Chain.start("voluminous")
    room = 2_097_152
    for left in range(16, 0, -1):
        frame_len = 131_072 + 108 if left > 1 else room
        probe = chain.extended(extensions={4096: bytes(100_000)})
        slack = frame_len - len(probe.frames[-1].encode())
        chain = chain.extended(extensions={4096: bytes(100_000 + slack)})
        room -= frame_len
    bundle = release("sizes-trust-longest", chain)
    bundle.trust = chain.section(2)
    if len(bundle.trust) != 2_097_152:
        raise ValueError(len(bundle.trust))
    comment = "The longest trust section, with documents of the longest size."
    return bundle, comment, "PRE-6 TRU-1"


def _header_limits() -> Iterator[Case]:
    bundle = release("sizes-header-1-byte")
    bundle.hook("header", lambda _: cbor([]))
    yield case(bundle, "A header of one byte, an empty array.", "PRE-4 HDR-1", "HEADER_SHAPE")
    for length, code in ((1024, None), (1025, "SECTION_LIMIT")):
        probe = release(f"sizes-header-{length}-bytes")
        probe.extensions = {4096: bytes(500)}
        slack = length - len(built(probe).at["header"])
        bundle = release(f"sizes-header-{length}-bytes")
        bundle.extensions = {4096: bytes(500 + slack)}
        yield case(bundle, f"A header of {length} bytes.", "PRE-4", code)
    for value, code in ((72, "HEADER_LIMIT"), (73, "MANIFEST_LAYOUT")):
        bundle = release(f"sizes-manifest-{value}-bytes")
        bundle.hook("manifest_plain", lambda _, n=value: bytes(n - 72))
        comment = f"A manifest section of {value} bytes, its plaintext of {value - 72}."
        yield case(bundle, comment, "HDR-10" if code == "HEADER_LIMIT" else "HDR-10 MAN-4", code)
    for length, code in ((67_108_864, "TRUNCATED"), (67_108_865, "HEADER_LIMIT")):
        bundle = release(f"sizes-manifest-len-{length}")
        bundle.hook("header_item", lambda h, n=length: [*h[:6], [n, h[6][1]], *h[7:]])
        comment = f"The header gives the manifest {length} bytes; the file ends inside it."
        data = built(bundle).file[: section(built(bundle), "manifest")[1]]
        yield case(bundle, comment, _limit_rules(code), code, data=data)
    for length, code in (
        (2**40, "TRUNCATED"),
        (2**40 + 1, "HEADER_LIMIT"),
        (2**53 - 1, "HEADER_LIMIT"),
    ):
        bundle = release(f"sizes-body-len-{length}")
        bundle.hook("header_item", lambda h, n=length: [*h[:7], [n, h[7][1]], *h[8:]])
        comment = f"The header gives the body {length} bytes; the file ends inside the manifest."
        data = built(bundle).file[: section(built(bundle), "manifest")[1] - 7]
        yield case(bundle, comment, _limit_rules(code), code, data=data)


def _shifted() -> Iterator[Case]:
    """Section lengths of the prelude that are in range and wrong."""
    codes = {
        "header": ("SIGNATURE_TABLE", "SIG-1"),
        "signatures": ("SIGNATURE_TABLE", "SIG-1"),
        "trust": ("TRUST_TABLE", "TRU-1"),
        "recipients": ("RECIPIENT_TABLE", "RCP-1"),
    }
    for name, (code, rule) in codes.items():
        for step, word in ((1, "more"), (-1, "less")):
            bundle = release(f"sizes-{name}-length-one-{word}")
            value = len(built(release("sizes-probe")).at[name]) + step
            at = LENGTHS[name]
            bundle.hook("prelude", lambda p, a=at, v=value: p[:a] + u32(v) + p[a + 4 :])
            comment = f"The prelude gives {name} one byte {word} than it has."
            yield case(bundle, comment, rule, code)
    for name, value in (("signatures", 131_648), ("trust", 2_097_152), ("recipients", 2_097_152)):
        bundle = _with_prelude(f"sizes-{name}-length-beyond-file", LENGTHS[name], u32(value))
        comment = f"The prelude gives {name} as many bytes as allowed; the file is shorter."
        yield case(bundle, comment, "PRE-8", "TRUNCATED", stop=0)
    bundle = _with_prelude("sizes-header-length-beyond-file", 12, u32(1024))
    data = built(bundle).file[:1000]
    yield case(bundle, "The file ends inside a header of 1,024 bytes.", "PRE-8", "TRUNCATED", data=data)


def _cuts() -> Iterator[Case]:
    probe = built(wide("sizes-probe"))
    for name, start, end in probe.sections:
        if name != "body":
            yield _cut(f"sizes-cut-inside-{name}", (start + end) // 2, f"The file ends inside {name}.")
            yield _cut(f"sizes-cut-after-{name}", end, f"The file ends after {name}.")
    start, end = section(probe, "body")
    messages = sum(map(len, probe.at["messages"]))
    for name, at, comment in (
        ("body-first-byte", start + 1, "The file ends after one byte of the body."),
        ("body-first-leaf-short", start + 16383, "One byte of the first leaf is missing."),
        ("body-first-leaf", start + 16384, "The file ends with the first leaf."),
        ("body-second-leaf", start + 32768, "The file ends with the second leaf."),
        (
            "body-records",
            start + messages,
            "The file ends with the last record, before the padding.",
        ),
        ("body-padding", (start + messages + end) // 2, "The file ends inside the padding."),
        ("body-last-byte", end - 1, "The last byte of the padding is missing."),
    ):
        yield _cut(f"sizes-cut-{name}", at, comment)
    bundle = release("sizes-empty-file")
    yield case(bundle, "The file is empty.", "PRE-8", "TRUNCATED", data=b"")
    bundle = release("sizes-magic-only")
    yield case(bundle, "The file is the magic.", "PRE-8", "TRUNCATED", data=built(bundle).file[:8])
    bundle = pointer("sizes-cut-pointer")
    data = built(bundle).file[:-1]
    yield case(bundle, "The last byte of a pointer is missing.", "PRE-8", "TRUNCATED", data=data)


def _cut(name: str, length: int, comment: str) -> Case:
    bundle = wide(name)
    return case(bundle, comment, "PRE-8", "TRUNCATED", data=built(bundle).file[:length])


def _ends() -> Iterator[Case]:
    for name, tail in (("zero", b"\0"), ("newline", b"\n"), ("many", bytes(70_000))):
        bundle = release(f"sizes-trailing-{name}")
        data = built(bundle).file + tail
        comment = f"The file goes on after the body: {len(tail)} bytes."
        yield case(bundle, comment, "PRE-9", "TRAILING_DATA", data=data)
    bundle = release("sizes-two-bundles")
    data = built(bundle).file + built(release("valid-two-files")).file
    yield case(bundle, "A second bundle follows the first.", "PRE-9", "TRAILING_DATA", data=data)
    bundle = pointer("sizes-trailing-pointer")
    data = built(bundle).file + b"\0"
    yield case(bundle, "A byte follows a pointer, which has no body.", "PRE-9", "TRAILING_DATA", data=data)
    bundle = wide("sizes-trailing-multi-record")
    data = built(bundle).file + b"\0"
    comment = "A byte follows a body of several leaves."
    yield case(bundle, comment, "PRE-9", "TRAILING_DATA", data=data)
    bundle = release("sizes-minimal-recipients")
    bundle.recipients = [Wrap(DEVICE, hint=False)]
    yield case(bundle, "One anonymous entry of 80 bytes.", "PRE-7 RCP-3")
