"""Vectors for zstd frames with compressed blocks, with and without prefix, made by the library."""

from __future__ import annotations

from collections.abc import Iterator

from backports import zstd

from .primitives_form import Case, VectorError, frozen, test_only
from .primitives_frames import Head, block
from .primitives_zstdform import HELLO, PLAIN, bad, good, manifest, record


def _text(lines: int) -> bytes:
    words = [test_only(f"word {i}", 4).hex() for i in range(40)]
    return b"".join(f"{i} {words[i * 7 % 40]} {words[i * i % 40]}\n".encode() for i in range(lines))


def _compress(content: bytes, prefix: bytes | None = None, **options: int) -> bytes:
    chosen: dict[int, int] = {getattr(zstd.CompressionParameter, name): value for name, value in options.items()}
    history = None if prefix is None else zstd.ZstdDict(prefix, is_raw=True).as_prefix
    compressor = zstd.ZstdCompressor(options=chosen, zstd_dict=history)
    compressor.set_pledged_input_size(len(content))
    return compressor.compress(content, mode=zstd.ZstdCompressor.FLUSH_FRAME)


def _made(name: str, content: bytes, prefix: bytes | None = None, **options: int) -> bytes:
    return bytes.fromhex(frozen("zstd frames", name, lambda: _compress(content, prefix, **options).hex()))


def compressed() -> Iterator[Case]:
    short, long = _text(60), _text(8000)
    for level in (1, 3, 9, 19):
        frame = _made(f"short text level {level}", short, compression_level=level)
        yield good(
            f"compressed-level-{level}",
            f"text at level {level}",
            "ZST-1",
            record(frame, len(short)),
            short,
        )
    frame = _made("long text", long, compression_level=9)
    yield good(
        "compressed-several-blocks",
        "more than one compressed block",
        "ZST-1",
        record(frame, len(long)),
        long,
    )
    yield good("compressed-manifest", "the same in a manifest", "ZST-1", manifest(frame), long)
    summed = _made("short text with checksum", short, compression_level=9, checksum_flag=1)
    yield good("compressed-checksum", "with a checksum", "ZST-7", record(summed, len(short)), short)
    yield bad(
        "compressed-checksum-wrong",
        "with a wrong checksum",
        "ZST-7",
        record(summed[:-1] + bytes([summed[-1] ^ 1]), len(short)),
    )
    windowed = _made("long text in 1 KiB window", long, compression_level=9, window_log=10)
    yield good("compressed-small-window", "a window of 1 KiB", "ZST-5", record(windowed, len(long)), long)
    noise = test_only("noise", 1000)
    stored = _made("noise", noise, compression_level=9)
    yield good("compressed-noise", "bytes that do not shrink", "ZST-1", record(stored, len(noise)), noise)
    mixed = noise + short + bytes(2000)
    frame = _made("mixed", mixed, compression_level=9)
    yield good("compressed-mixed", "noise, text and zeros", "ZST-1", record(frame, len(mixed)), mixed)
    plain = _made("short text level 9", short, compression_level=9)
    size = len(short)
    if plain[4] != 0x60 or size < 256:
        raise VectorError("the compressed text has another header")
    for delta, label in ((1, "plus-1"), (-1, "minus-1")):
        patched = plain[:5] + (size + delta - 256).to_bytes(2, "little") + plain[7:]
        yield bad(
            f"compressed-stated-{label}",
            "the stated size is patched",
            "ZST-6",
            record(patched, size + delta),
        )
    unstated = _made("short text without size", short, compression_level=9, content_size_flag=0)
    yield bad("compressed-no-content-size", "made without a content size", "ZST-3", record(unstated, size))
    yield bad("compressed-cut", "one byte is missing", "ZST-6", record(plain[:-1], size))
    yield bad("compressed-twice", "the frame stands twice", "ZST-1", record(plain * 2, size))
    head = Head(len(HELLO)).encode()
    for name, comment, damaged in (
        ("block-type-3", "the reserved type of block", block(3, len(HELLO), HELLO, last=True)),
        ("block-empty", "a compressed block of no bytes", block(2, 0, b"", last=True)),
        (
            "block-of-noise",
            "a compressed block that is none",
            block(2, len(HELLO), b"\xff" * len(HELLO), last=True),
        ),
    ):
        yield bad(f"compressed-{name}", comment, "ZST-6", record(head + damaged, len(HELLO)))


def prefixes() -> Iterator[Case]:
    old = _text(400)
    new = old[:3000] + b"a new line\n" + old[3000:]
    for name, prefix, content in (
        ("text", old, new),
        ("8-bytes", b"01234567", b"0123456701234567" * 4),
    ):
        frame = _made(f"prefix {name}", content, prefix, compression_level=9, checksum_flag=1)
        with_prefix = {"prefix": prefix.hex()}
        yield good(
            f"prefix-{name}",
            "compressed against a prefix",
            "MAN-6",
            record(frame, len(content)) | with_prefix,
            content,
        )
        yield good(
            f"prefix-{name}-manifest",
            "the same in a manifest",
            "MAN-6",
            manifest(frame) | with_prefix,
            content,
        )
    frame = _made("prefix text", new, old, compression_level=9, checksum_flag=1)
    yield bad("prefix-missing", "decoded without its prefix", "ZST-6 ZST-7", record(frame, len(new)))
    wrong = record(frame, len(new)) | {"prefix": (old[:100] + b"#" + old[101:]).hex()}
    yield bad("prefix-changed", "one byte of the prefix is another", "ZST-7", wrong)
    unused = record(PLAIN, len(HELLO)) | {"prefix": old[:64].hex()}
    yield good("prefix-not-used", "a frame that needs no prefix is given one", "ZST-1", unused, HELLO)
