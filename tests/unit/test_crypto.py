"""Messages, frames and armor below the layers that vectors reach."""

from __future__ import annotations

import os

import pytest

from bundlefmt.crypto import cobblestone, suite
from bundlefmt.errors import BundleError, DecryptError, WriteError
from bundlefmt.wire import zstd

KEY = bytes(32)
CONTEXT = b"context"
SIZES = [0, 1, 16383, 16384, 16385, 3 << 20]


@pytest.mark.parametrize("size", SIZES)
def test_messages_open_in_every_way(size: int) -> None:
    plain = os.urandom(size)
    message = bytearray(suite.message_len(size))
    cobblestone.seal_into(KEY, CONTEXT, plain, memoryview(message))
    for sealed in (bytes(message), cobblestone.seal(KEY, CONTEXT, memoryview(plain))):
        assert cobblestone.unseal(KEY, CONTEXT, sealed, "RECORD_DECRYPT") == plain
        assert cobblestone.matches_commitment(KEY, CONTEXT, sealed[:56])
        assert not cobblestone.matches_commitment(KEY, b"another", sealed[:56])
        assert not cobblestone.matches_commitment(b"\1" * 32, CONTEXT, sealed[:56])
        cobblestone.Opener(KEY, CONTEXT, "SELF_CHECK").compare(memoryview(sealed), plain)
        for step in (1 << 20, 16400, 17):
            if step == 17 and size > 20_000:
                continue
            opener = cobblestone.Opener(KEY, CONTEXT, "RECORD_DECRYPT")
            buffer = memoryview(bytearray(size))
            for start in range(0, len(sealed), step):
                opener.feed(memoryview(sealed)[start : start + step], buffer)
            opener.finish(buffer)
            assert buffer == plain


@pytest.mark.parametrize("size", SIZES[:5])
def test_messages_that_do_not_open(size: int) -> None:
    plain = os.urandom(size)
    good = cobblestone.seal(KEY, CONTEXT, plain)
    flipped = bytearray(good)
    flipped[-1] ^= 1
    for message in (bytes(flipped), good[:-1], good + b"\0", good[:56], b"", b"\1" + good[1:]):
        with pytest.raises(DecryptError):
            cobblestone.unseal(KEY, CONTEXT, message, "RECORD_DECRYPT")
        with pytest.raises(DecryptError):
            _open(message, size)
        with pytest.raises(WriteError):
            cobblestone.Opener(KEY, CONTEXT, "SELF_CHECK").compare(memoryview(message), plain)


def _open(message: bytes, size: int) -> None:
    opener = cobblestone.Opener(KEY, CONTEXT, "RECORD_DECRYPT")
    buffer = memoryview(bytearray(size))
    opener.feed(memoryview(message), buffer)
    opener.finish(buffer)


@pytest.mark.parametrize("other", [0, 999, 1001, 40_000])
def test_messages_of_another_length_than_their_record(other: int) -> None:
    with pytest.raises(DecryptError):
        _open(cobblestone.seal(KEY, CONTEXT, bytes(1000)), other)
    with pytest.raises(DecryptError):
        _open(cobblestone.seal(KEY, CONTEXT, bytes(other)), 1000)


@pytest.mark.parametrize("expected", [b"", b"x" * 39_999, b"x" * 40_001, b"x" * 39_999 + b"y", b"y" + b"x" * 39_999])
def test_messages_that_hold_something_else(expected: bytes) -> None:
    message = cobblestone.seal(KEY, CONTEXT, b"x" * 40_000)
    with pytest.raises(WriteError, match="SELF_CHECK"):
        cobblestone.Opener(KEY, CONTEXT, "SELF_CHECK").compare(memoryview(message), expected)


def test_levels() -> None:
    for level in (0, 23, -1):
        with pytest.raises(ValueError, match="level"):
            zstd.Compressor(level)


@pytest.mark.parametrize("size", [0, 1, 5, 255, 256, 257, 65791, 65792, 300_000])
@pytest.mark.parametrize("history", [b"", b"history, " * 40])
def test_frames_come_back(size: int, history: bytes) -> None:
    data = (b"history, data " * (size // 14 + 1))[:size]
    frame = zstd.Compressor(3).compress(data, history)
    assert zstd.frame_size(frame, "RECORD_FRAME", 8 << 20) == size
    for form in (frame, memoryview(frame), memoryview(bytearray(frame))):
        assert zstd.decompress(form, size, "RECORD_FRAME", history) == data


def code_of(frame: bytes, size: int, history: bytes = b"") -> str:
    with pytest.raises(BundleError) as info:
        zstd.decompress(frame, size, "RECORD_FRAME", history)
    return info.value.code


@pytest.mark.parametrize("size", [0, 100, 200_000])
@pytest.mark.parametrize("history", [b"", b"history, " * 40])
def test_frames_that_are_not_one_whole_frame(size: int, history: bytes) -> None:
    frame = zstd.Compressor(3).compress(bytes(size), history)
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    empty = zstd.Compressor(3).compress(b"")
    for wrong in (frame[:-1], frame + b"\0", frame + frame, frame + skippable, frame + empty, frame[:7]):
        assert code_of(wrong, size, history) == "RECORD_FRAME"


def test_frames_of_another_size_than_they_state() -> None:
    """Single-segment frames with one raw block of three bytes."""

    def frame(stated: int, block: bytes) -> bytes:
        return b"\x28\xb5\x2f\xfd\x20" + bytes((stated,)) + (len(block) << 3 | 1).to_bytes(3, "little") + block

    assert zstd.decompress(frame(3, b"abc"), 3, "RECORD_FRAME") == b"abc"
    for stated in (0, 1, 2, 4, 200):
        assert code_of(frame(stated, b"abc"), stated) == "RECORD_FRAME"
    assert zstd.decompress(frame(0, b""), 0, "RECORD_FRAME") == b""
    assert code_of(frame(1, b""), 1) == "RECORD_FRAME"
    assert code_of(frame(3, b"abc"), 2) == "RECORD_FRAME"  # the caller asked for another size than is stated


def test_a_decoder_after_a_failure_is_as_good_as_new() -> None:
    good = zstd.Compressor(3).compress(b"text " * 1000)
    for at in range(6, len(good)):
        bad = good[:at] + bytes((good[at] ^ 0x55,)) + good[at + 1 :]
        with _either():
            zstd.decompress(bad, 5000, "RECORD_FRAME")
        assert zstd.decompress(good, 5000, "RECORD_FRAME") == b"text " * 1000


def _either() -> object:
    import contextlib

    return contextlib.suppress(BundleError)
