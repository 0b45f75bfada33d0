"""Large bodies that are signed and wrong: what is refused, what was released before, what stays behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pytest
from support import forge
from support.publisher import FAST, Publisher
from support.reading import Pipe, collect

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.crypto import cobblestone
from bundlefmt.errors import BundleError
from bundlefmt.model.listing import encode_listing
from bundlefmt.wire.padding import padme
from bundlefmt.wire.zstd import Compressor

ACME = Publisher("bodies")
MIB = 1 << 20


class Made(NamedTuple):
    """A forged bundle and its contents by row."""

    data: bytes
    contents: list[bytes]


def make(
    level: int,
    *,
    change: Callable[[int, bytes], bytes] = lambda index, message: message,
    recode: Callable[[int, bytes], bytes] = lambda index, coded: coded,
    lie: int = -1,
) -> Made:
    """Small records, big ones, and a content cut over three of them.

    Args:
        level: of the big records; 0 stores them.
        change: applied to each message before leaves are made.
        recode: applied to each coded record before it is encrypted.
        lie: row whose listed digest is another content's.
    """
    rng = Random(9)
    contents = [
        rng.randbytes(1500 * MIB // 1000),
        b"small one",
        rng.randbytes(3 * MIB),
        b"small two",
        rng.randbytes(2 * MIB),
    ]
    listed = [content if row != lie else content[::-1] for row, content in enumerate(contents)]
    listing = encode_listing([forge.entry(f"{row}", content) for row, content in enumerate(listed)])
    pieces: list[list[tuple[int, int, int]]] = [
        [(0, 0, len(contents[0]))],
        [(1, 0, 9)],
        *[[(2, start, MIB + MIB // 4)] for start in range(0, 2 * MIB, MIB + MIB // 4)],
        [(2, 2 * MIB + MIB // 2, MIB // 2), (3, 0, 9)],
        [(4, 0, 2 * MIB)],
    ]
    table: list[Any] = []
    messages: list[bytes] = []
    bound = forge.binding(ACME)
    for index, record in enumerate(pieces):
        plain = b"".join(contents[row][start : start + length] for row, start, length in record)
        coded = recode(index, Compressor(level).compress(plain) if level else plain)
        wire = [row if length == len(contents[row]) else [row, start, length] for row, start, length in record]
        table.append([1 if level else 0, len(coded), wire, []])
        messages.append(change(index, cobblestone.seal(forge.CEK, bound.record_context(index), coded)))
    body = b"".join(messages)
    body += bytes(padme(len(body)) - len(body))
    plaintext = forge.release_plaintext(forge.release_for(listing), listing, forge.encode_table(table))
    return Made(forge.forge(ACME, plaintext, body).join(), contents)


def flipped(wanted: int, at: int) -> Callable[[int, bytes], bytes]:
    """Change one byte of one message."""

    def change(index: int, message: bytes) -> bytes:
        if index != wanted:
            return message
        place = at % len(message)
        return message[:place] + bytes((message[place] ^ 1,)) + message[place + 1 :]

    return change


WAYS = [("file", 0), ("file", 2), ("stream", 0), ("stream", 2)]


def read(made: Made, way: tuple[str, int], *, right: bool = True) -> tuple[str, dict[int, bytes]]:
    """Read until refused: the code, and what was handed out, which must be `right`."""
    kind, workers = way
    before = threading.active_count()
    reader = ACME.open(made.data if kind == "file" else Pipe(made.data), workers=workers)
    seen: dict[int, bytes] = {}
    try:
        for chunk in reader.contents():
            seen[chunk.row] = seen.get(chunk.row, b"") + bytes(chunk.data)
    except BundleError as exc:
        code = exc.code
    else:
        code = "accepted"
    assert threading.active_count() == before, "threads are left"
    for row, data in seen.items():
        assert not right or made.contents[row].startswith(data)
    return code, seen


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("level", [0, 1])
def test_good(level: int, way: tuple[str, int]) -> None:
    made = make(level)
    code, seen = read(made, way)
    assert code == "accepted"
    assert seen == dict(enumerate(made.contents))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("index", range(6))
def test_messages_that_do_not_authenticate(level: int, way: tuple[str, int], index: int) -> None:
    """Leaves are right, so that only the records can tell; everything before is handed out, nothing of it or after."""
    for at in (0, 30, 60, -1):
        code, seen = read(make(level, change=flipped(index, at)), way)
        assert code == "RECORD_DECRYPT"
        want = [{}, {0}, {0, 1}, {0, 1, 2}, {0, 1, 2}, {0, 1, 2, 3}][index]
        assert set(seen) == set(want)
        if index in (3, 4):
            assert len(seen[2]) == (MIB + MIB // 4) * (index - 2)


def test_messages_of_another_index() -> None:
    messages: list[bytes] = []

    def change(index: int, message: bytes) -> bytes:
        messages.append(message)
        return messages[2] if index == 3 else message

    for way in WAYS:
        messages.clear()
        assert read(make(0, change=change), way)[0] == "RECORD_DECRYPT"


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("row", range(5))
def test_contents_of_another_digest(level: int, way: tuple[str, int], row: int) -> None:
    made = make(level, lie=row)
    code, seen = read(made, way)
    assert code == "CONTENT_DIGEST"
    assert set(seen) <= set(range(row + 1))
    assert row == 2 or row not in seen
    if row == 2:
        assert len(seen[2]) < len(made.contents[2])
    reader = ACME.open(made.data)
    for other in range(5):
        if other != row:  # by name, only the content asked for is judged
            assert reader.read(str(other)) == made.contents[other]
    with pytest.raises(BundleError, match="CONTENT_DIGEST"):
        reader.read(str(row))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("index", range(6))
def test_frames_that_are_wrong(way: tuple[str, int], index: int) -> None:
    """A frame of other bytes is found at the end of its content; earlier cuts of it may be out, signed as they are."""
    faults: tuple[Callable[[bytes], bytes], ...] = (
        lambda coded: coded[:-1],
        lambda coded: coded + b"\0",
        lambda coded: coded[:40] + b"\xff" * 8 + coded[48:] if len(coded) > 100 else coded[:-2] + b"xx",
    )
    for number, fault in enumerate(faults):
        made = make(1, recode=lambda at, coded, fault=fault: fault(coded) if at == index else coded)  # type: ignore[misc]
        code, seen = read(made, way, right=number < 2)
        assert code in (("RECORD_FRAME",) if number < 2 else ("RECORD_FRAME", "CONTENT_DIGEST"))
        last = [0, 1, 2, 2, 2, 4][index]
        assert set(seen) <= set(range(last + 1))
        assert len(seen.get(last, b"")) < len(made.contents[last])


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("level", [0, 1])
def test_damage_and_cuts_anywhere(level: int, way: tuple[str, int]) -> None:
    made = make(level)
    start = ACME.open(made.data).front.body_at
    rng = Random(way[1])
    for at in [start, len(made.data) - 1, *(rng.randrange(start, len(made.data)) for _ in range(6))]:
        data = bytearray(made.data)
        data[at] ^= 4
        assert read(made._replace(data=bytes(data)), way)[0] == "BODY_DIGEST"
        with pytest.raises(BundleError, match="BODY_DIGEST"):
            audit_bundle(Pipe(bytes(data)) if way[0] == "stream" else bytes(data), trust=ACME.policy)
        if way[0] == "stream":
            assert read(made._replace(data=made.data[:at]), way)[0] == "TRUNCATED"
            with pytest.raises(BundleError, match="TRUNCATED"):
                audit_bundle(Pipe(made.data[:at]), trust=ACME.policy)


def test_threads_end_when_a_consumer_stops() -> None:
    before = threading.active_count()
    data = make(0).data
    for stop in range(1, 5):
        reader = ACME.open(data, workers=2)
        for number, _ in enumerate(reader.contents()):
            if number == stop:
                break
        del _
        del reader
        assert threading.active_count() == before


def test_small_records_spread_over_leaves_and_batches() -> None:
    rng = Random(5)
    tree = {f"{number:05}": rng.randbytes(rng.choice((9, 40, 3000, 20_000))) for number in range(1200)}
    data = ACME.pack(tree, FAST._replace(level=0))
    for workers in (0, 3):
        for source in (data, Pipe(data, 99_999)):
            found = collect(ACME.open(source, workers=workers))
            assert {path: each for path, (each, _) in found.items()} == tree
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    for workers in (0, 3):
        for source in (bytes(changed), Pipe(bytes(changed))):
            seen = {}
            reader = ACME.open(source, workers=workers)
            names = reader.namelist()
            with pytest.raises(BundleError, match="BODY_DIGEST"):  # noqa: PT012
                for chunk in reader.contents():
                    seen[names[chunk.row]] = bytes(chunk.data)
            assert seen == {path: tree[path] for path in names[: len(seen)]}
            assert len(seen) > 300
