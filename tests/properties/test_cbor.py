"""Two strict decoders, one over cbor2 and one written from the rules, agree on everything."""

from __future__ import annotations

from random import Random
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import anycbor, strictcbor

from bundlefmt.errors import EncodingError
from bundlefmt.limits import UINT_MAX
from bundlefmt.wire import cbor


def verdict(data: bytes) -> Any:
    """What the library says: ("ok", value) or the refusal."""
    try:
        return "ok", cbor.decode(data, "MANIFEST_ENCODING")
    except EncodingError as exc:
        return ("refused", None) if exc.code == "MANIFEST_ENCODING" else (exc.code, None)


def other(data: bytes) -> Any:
    """What the independent decoder says."""
    try:
        return "ok", strictcbor.decode(data)
    except strictcbor.Refused:
        return "refused", None


def typed(value: Any) -> Any:
    """A value with its types, as True == 1 in Python."""
    if isinstance(value, list):
        return [typed(part) for part in value]
    if isinstance(value, dict):
        return [(typed(key), typed(part)) for key, part in value.items()]
    return type(value), value


def agree(data: bytes) -> None:
    ours, theirs = verdict(data), other(data)
    assert ours[0] == theirs[0], data.hex()
    assert typed(ours[1]) == typed(theirs[1])


uints = (
    st.integers(0, 30)
    | st.integers(0, UINT_MAX)
    | st.sampled_from([23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, UINT_MAX])
)
scalars = uints | st.booleans() | st.binary(max_size=40) | st.text(max_size=40)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(uints, inner, max_size=5).map(lambda items: dict(sorted(items.items())))
    ),
    max_leaves=20,
)


@given(values)
def test_encoder_and_both_decoders(value: Any) -> None:
    data = anycbor.encode(value)
    agree(data)
    if verdict(data)[0] == "ok":  # but for values nested too deep
        assert cbor.encode(value) == data
        assert typed(cbor.decode(data, "HEADER_ENCODING")) == typed(value)


@given(st.binary(max_size=12))
@example(b"")
@example(b"\xf8\x14")
@example(b"\xf8\x18")
@example(b"\xc1\x1a\x51\x4b\x67\xb0")
@example(b"\xa2\x02\x00\x01\x00")
@example(b"\xa2\x01\x00\x01\x00")
@example(b"\xa1\xf5\x00")
@example(b"\xa1\xf4\x00")
@example(b"\xa1\x41\x00\x00")
@example(b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff")
@example(b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff")
@example(b"\xbb\x7f\xff\xff\xff\xff\xff\xff\xff")
@example(b"\xd8\x1c\x80")
@example(b"\xd9\xd9\xf7\x00")
def test_any_bytes(data: bytes) -> None:
    agree(data)


@given(
    st.sampled_from([b"\x00", b"\x40", b"\x60", b"\x80", b"\xa0", b"\xf4", b"\x82\x01", b"\xa1\x01", b"\x83\xf5\x41"]),
    st.binary(max_size=6),
)
def test_any_bytes_after_a_good_start(start: bytes, rest: bytes) -> None:
    agree(start + rest)


@given(values, st.integers(0, 2**32), st.sampled_from([0.05, 0.3]))
def test_nearly_valid(value: Any, seed: int, rate: float) -> None:
    rng = Random(seed)
    agree(anycbor.encode(value, rng, rate))
    agree(anycbor.encode(anycbor.change(value, rng), rng, rate))
    data = anycbor.encode(value)
    for _ in range(4):
        data = anycbor.flip(data, rng)
        agree(data)
    agree(data[: rng.randrange(len(data) + 1)])


def test_every_short_item() -> None:
    """All items of one and two bytes, and all heads before eight bytes."""
    for first in range(256):
        agree(bytes((first,)))
        for second in range(256):
            agree(bytes((first, second)))
        agree(bytes((first,)) + bytes(range(1, 9)))
        agree(bytes((first,)) + b"\xff" * 8)
        agree(bytes((first,)) + bytes(8))


@pytest.mark.parametrize("outer", [b"\x81", b"\xa1\x00"])
def test_depth(outer: bytes) -> None:
    for depth in range(12):
        data = outer * depth + b"\x00"
        agree(data)
        assert verdict(data)[0] == ("ok" if depth <= 8 else "refused")
        data = outer * depth + b"\x80"
        agree(data)
        assert verdict(data)[0] == ("ok" if depth <= 7 else "refused")


@pytest.mark.parametrize(
    "bad",
    [
        b"\x80",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x80\x80",
        b"\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\xfe",
        b"a\xff",
        b"\xe2\x82",
    ],
)
def test_bad_text(bad: bytes) -> None:
    for padding in (b"", b"x" * 5000):  # cbor2 reads long texts by another way
        text = padding + bad
        agree(anycbor.head(3, len(text)) + text)
        assert verdict(anycbor.head(3, len(text)) + text)[0] == "refused"


def test_number_of_items() -> None:
    """CBR-9 counts the outermost item, keys and values."""
    inside = b"\x00" * 4096
    data = anycbor.head(4, 4096) + inside
    assert len(cbor.decode(data, "LISTING", items=4097)) == 4096
    with pytest.raises(EncodingError) as info:
        cbor.decode(data, "MANIFEST_ENCODING", items=4096)
    assert info.value.code == "MANIFEST_ENCODING"
    pairs = {key: key for key in range(3000)}
    data = anycbor.encode(pairs)
    assert cbor.decode(data, "MANIFEST_ENCODING", items=6001) == pairs
    with pytest.raises(EncodingError):
        cbor.decode(data, "MANIFEST_ENCODING", items=6000)


def test_items_are_counted_past_strings_and_strange_heads() -> None:
    """A string of more bytes than items are allowed is one item; counting stops where no head can be."""
    text = b"\x59\x10\x00" + bytes(4096)
    assert cbor.decode(b"\x82\x18\x18" + text, "MANIFEST_ENCODING", items=3) == [24, bytes(4096)]
    for data in (b"\x82" + text + b"\x1c", b"\x82" + text + b"\x5f", b"\x82\x18\x18" + text + b"\x00\x00"):
        with pytest.raises(EncodingError):
            cbor.decode(data, "MANIFEST_ENCODING", items=4)


@pytest.mark.parametrize("tail", [b"\x1c", b"\x5f", b"\x9f", b"\xfc"])
def test_long_items_refuse_strange_heads(tail: bytes) -> None:
    data = anycbor.head(4, 5000) + b"\x00" * 4999 + tail
    agree(data)
    assert verdict(data)[0] == "refused"


@pytest.mark.parametrize(
    "bad", [-1, 2**53, 1.5, None, {"a": 1}, {1: -1}, [[None]], {True: 1}, {2: 0, 1: -1}, {b"x": 1}, {1, 2}]
)
def test_encoder_refuses(bad: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its message is not promised
        cbor.encode(bad)


def test_builtin_tags_are_all_of_cbor2() -> None:
    """A tag that cbor2 decodes by itself and the library does not list would run its code before the refusal."""
    found = set()
    for tag in [*range(2**16 + 1), 2**31, 2**32 - 1]:
        for payload in (b"\x00", b"\x60", b"\x40", b"\x80", b"\x82\x00\x00"):
            hit: list[int] = []
            try:
                cbor2.loads(anycbor.head(6, tag) + payload, tag_hook=lambda item, *_, hit=hit: hit.append(item.tag))
            except (cbor2.CBORError, ValueError, TypeError, ArithmeticError):
                found.add(tag)
                break
            if not hit:
                found.add(tag)
                break
    assert found == set(cbor.BUILTIN_TAGS)
