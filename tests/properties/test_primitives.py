"""Sizes, paths and host versions against plain restatements of the specification."""

from __future__ import annotations

import os
from hashlib import sha256

from hypothesis import example, given
from hypothesis import strategies as st
from support.pathrules import path_ok, tree_ok

from bundlefmt.crypto import cobblestone, digests, suite
from bundlefmt.errors import PathError
from bundlefmt.model.paths import check_collisions, check_path
from bundlefmt.model.release import compare_host
from bundlefmt.wire.padding import padme

lengths = (
    st.integers(0, 1 << 41)
    | st.integers(0, 5000)
    | st.integers(0, 41).flatmap(lambda e: st.integers(max((1 << e) - 3, 0), (1 << e) + 3))
)


@given(lengths)
@example(0)
@example(1)
@example(2)
@example(3)
def test_padme(length: int) -> None:
    if length < 2:
        assert padme(length) == length
        return
    exponent = max(e for e in range(42) if 2**e <= length)
    keep = max(s for s in range(6) if 2**s <= exponent) + 1
    step = 2 ** (exponent - keep)
    assert padme(length) == -(-length // step) * step
    assert length <= padme(length) <= length * 1.12 + 1
    assert padme(padme(length)) == padme(length)
    assert padme(length + 1) >= padme(length)


@given(lengths)
def test_message_lengths(length: int) -> None:
    message = suite.message_len(length)
    assert message == 56 + length + 16 * (length // 16384 + 1)
    assert suite.plain_len(message) == length
    assert suite.message_len(length + 1) > message


@given(st.integers(-10, 200_000))
def test_lengths_that_no_message_has(length: int) -> None:
    plain = suite.plain_len(length)
    possible = [n for n in range(max(0, length - 400), max(0, length - 72) + 1) if suite.message_len(n) == length]
    assert possible == ([plain] if plain >= 0 else [])


@given(st.integers(0, 3), st.integers(-2, 2))
def test_real_messages_have_their_length(chunks: int, more: int) -> None:
    size = max(0, chunks * 16384 + more)
    message = cobblestone.seal(bytes(32), b"", os.urandom(size))
    assert len(message) == suite.message_len(size)
    assert len(cobblestone.unseal(bytes(32), b"", message, "RECORD_DECRYPT")) == size


@given(lengths)
def test_leaf_size(length: int) -> None:
    fitting = [1 << e for e in range(14, 21) if -(-length // (1 << e)) <= 1024]
    size = fitting[0] if fitting else 1 << 20
    assert digests.leaf_size(length) == size
    assert digests.leaf_count(length) == -(-length // size)


@given(st.binary(max_size=100), st.integers(0, 2**64 - 1), st.binary(max_size=96))
def test_leaf_bytes(data: bytes, index: int, leaves: bytes) -> None:
    assert digests.leaf_digest(index, data) == sha256(b"\0" + index.to_bytes(8, "big") + data).digest()
    assert digests.body_root(5, leaves) == sha256(b"\1" + b"\0" * 7 + b"\5" + b"\0\0\x40\0" + leaves).digest()


PARTS = [
    *"/.: \\aAcCoOnN$1\u00b9\u00b2\u00b3\u00e9\x7f\x80\x85\x9f\xa0\x00\x1f",
    *(
        "con",
        "PRN",
        "aux",
        "Nul",
        "CLOCK$",
        "conin$",
        "CONOUT$",
        "com1",
        "LPT0",
        "lpt\u00b3",
        "COM\u00b9",
        "com",
        "com10",
        "..",
        "x" * 254,
    ),
    *(
        "\u0130",
        "\u0131",
        "\u017f",
        "\u212a",
        "\ud7ff",
        "\ue000",
        "\U0010ffff",
        "/con",
        "con.txt",
        "con .",
        "nul /",
        " con",
    ),
    *("y" * 1000, "\u4e2d" * 85, "\u00df"),
]
texts = st.lists(st.sampled_from(PARTS), max_size=7).map("".join) | st.text(max_size=20)


def _accepted(path: str) -> bool:
    try:
        check_path(path)
    except PathError as exc:
        return exc.code != "PATH_INVALID"
    return True


@given(texts)
@example("")
@example("a/" * 511 + "bb")
@example("a/" * 511 + "bbb")
@example("\u00e9" * 127)
@example("\u00e9" * 127 + "a")
@example("\u00e9" * 128)
@example("con\u00a0")
@example("aux\u3000.txt")
def test_paths(path: str) -> None:
    assert _accepted(path) == path_ok(path.encode())


@given(
    st.lists(
        st.lists(
            st.sampled_from(["a", "A", "b", "\u00e9", "\u00c9", "k", "\u212a", "i", "\u0130"]), min_size=1, max_size=4
        ).map("/".join),
        max_size=8,
        unique=True,
    )
)
def test_collisions(paths: list[str]) -> None:
    for order in (paths, sorted(paths), sorted(paths, reverse=True)):
        try:
            check_collisions(order)
            good = True
        except PathError as exc:
            good = exc.code != "PATH_COLLISION"
        assert good == tree_ok([path.encode() for path in paths])


def _three_way(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    for place in range(4):
        a = left[place] if place < len(left) else 0
        b = right[place] if place < len(right) else 0
        if a != b:
            return 1 if a > b else -1
    return 0


versions = st.lists(st.integers(0, 3) | st.just(2**53 - 1), min_size=1, max_size=4).map(tuple)


@given(versions, versions)
def test_host_versions(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    assert compare_host(left, right) == _three_way(left, right) == -compare_host(right, left)
