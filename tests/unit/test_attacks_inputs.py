"""What inputs that change, fail or lie cannot bring about: streams, needed folders, stored chains."""

from __future__ import annotations

import gc
import io
import os
import threading
from array import array
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from support import forge
from support.publisher import FAST, Publisher, sign_document
from support.reading import Pipe, collect_once

from bundlefmt.bundle.batches import plan
from bundlefmt.bundle.source import FileSource
from bundlefmt.bundle.trees import FolderTree
from bundlefmt.errors import BundleError
from bundlefmt.model.records import NEEDED, STORED, THIS, ZSTD, Piece, Range, Record
from bundlefmt.trust.chain import walk
from bundlefmt.wire.sections import SignatureRow, TrustFrame, build_trust
from bundlefmt.wire.zstd import Compressor

ACME = Publisher("attacks on inputs")
BLOCK = 1 << 20


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(BundleError) as info:
        action()
    return info.value.code


# Streams


class Breaking(Pipe):
    """A stream that fails once after some bytes, and would go on afterwards."""

    def __init__(self, data: bytes, after: int) -> None:
        super().__init__(data)
        self._after = after

    def read(self, size: int = -1) -> bytes:
        if self._at >= self._after:
            self._after = len(self._data) + 1
            raise OSError(104, "Connection reset by peer")
        return super().read(size)


def streamed(data: bytes, after: int, workers: int) -> tuple[list[tuple[int, int, bytes]], str]:
    """Chunks before the refusal of a breaking stream, and its code, which a second try repeats."""
    reader = ACME.open(Breaking(data, after), workers=workers)
    found: list[tuple[int, int, bytes]] = []
    code = ""
    try:
        for chunk in reader.contents():
            found.append((chunk.row, chunk.offset, bytes(chunk.data)))  # noqa: PERF401 - kept when it raises
    except BundleError as exc:
        code = exc.code
    assert code_of(reader.verify_all) == code
    return found, code


STREAMED = {
    "stored": ACME.pack({f"{n}": Random(n).randbytes(1_200_000) for n in range(5)}, FAST._replace(level=0)),
    "small": ACME.pack({f"{n}": Random(n).randbytes(30_000) for n in range(150)}, FAST._replace(share_small=0)),
    "packed": ACME.pack({f"{n}": Random(n).randbytes(2_500_000).hex().encode() for n in range(2)}),
}


@pytest.mark.parametrize("kind", STREAMED)
def test_a_stream_that_fails_midway(kind: str) -> None:
    data = STREAMED[kind]
    body_at = ACME.open(data).front.body_at
    for share in (0.0, 0.3, 0.75, 0.99):
        after = body_at + int((len(data) - body_at) * share)
        alone, code = streamed(data, after, 0)
        assert code == "SOURCE_FAILED"
        assert streamed(data, after, 4) == (alone, code)
        if share > 0.7:
            assert alone  # what came whole before the fault is handed out


@pytest.mark.parametrize("kind", STREAMED)
def test_a_bad_leaf_before_the_failure_wins(kind: str) -> None:
    data = bytearray(STREAMED[kind])
    body_at = ACME.open(bytes(data)).front.body_at
    data[body_at + 5] ^= 1
    for workers in (0, 1, 4):
        assert streamed(bytes(data), body_at + (len(data) - body_at) * 3 // 4, workers) == ([], "BODY_DIGEST")


def test_a_stream_that_fails_before_the_body() -> None:
    data = STREAMED["small"]
    body_at = ACME.open(data).front.body_at
    for after in (0, 10, 32, 100, body_at - 1):
        for stream in (Breaking(data[:after], after), Pipe(data[:after])):
            want = "SOURCE_FAILED" if isinstance(stream, Breaking) else "TRUNCATED"
            assert code_of(partial(ACME.open, stream)) == want


# Needed folders


def patch(needed: FolderTree, *, changed: bytes = b"") -> bytes:
    """A patch that takes "f" as it is, or replaces it by bytes with a prefix of a block for each record."""
    row = next(row for row, entry in enumerate(needed.listing.files) if entry.path == "f")
    table, coded = [], []
    listing = forge.listing_of({"f": changed}) if changed else needed.listing.encoded
    for at in range(0, len(changed), BLOCK):
        part = changed[at : at + BLOCK]
        prefix = changed[at : at + BLOCK - 1]  # differs in the last byte of each block
        coded.append(Compressor(1).compress(part, prefix))
        table.append([1, len(coded[-1]), [[0, at, len(part)]], [[1, row, at, len(prefix)]]])
    plaintext = forge.release_plaintext(
        forge.release_for(listing),
        listing,
        forge.encode_table(table),
        needed=sha256(needed.listing.encoded).digest(),
        needed_listing=needed.listing.encoded,
    )
    return forge.forge(ACME, plaintext, forge.seal_body(ACME, coded)).join()


@pytest.mark.parametrize("size", [1000, BLOCK, 3 * BLOCK + 5])
@pytest.mark.parametrize("change", ["other", "longer", "shorter", "link"])
def test_a_needed_file_that_changed_is_refused_before_any_of_it(tmp_path: Path, size: int, change: str) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    file = folder / "f"
    good = Random(size).randbytes(size)
    file.write_bytes(good)
    needed = FolderTree(folder)
    data = patch(needed)
    if change == "link":
        file.rename(tmp_path / "f")
        file.symlink_to(tmp_path / "f")
    else:
        file.write_bytes({"other": good[::-1], "longer": good + b"x", "shorter": good[:-1]}[change])
    with ACME.open(data, needed=needed) as reader:
        found = []
        with pytest.raises(BundleError, match="NEEDED_CONTENT"):  # noqa: PT012 - what came before it counts
            for chunk in reader.external_chunks(0):
                found.append(bytes(chunk))  # noqa: PERF401 - kept when it raises
        assert found == []
    for count in (1, size, size + 1, -1):
        with ACME.open(data, needed=needed) as reader, reader.open("f") as opened:
            assert code_of(partial(opened.read, count)) == "NEEDED_CONTENT"
            assert code_of(partial(reader.read, "f")) == "NEEDED_CONTENT"


def test_only_whole_good_blocks_come_before_a_changed_one(tmp_path: Path) -> None:
    good = Random(4).randbytes(3 * BLOCK)
    (tmp_path / "f").write_bytes(good)
    needed = FolderTree(tmp_path)
    data = patch(needed)
    (tmp_path / "f").write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    found = bytearray()
    with pytest.raises(BundleError, match="NEEDED_CONTENT"):  # noqa: PT012
        for chunk in ACME.open(data, needed=needed).chunks("f"):
            found += chunk
    assert found == good[: 2 * BLOCK]


def test_a_pipe_in_the_place_of_a_needed_file(tmp_path: Path) -> None:
    """Opening it must not wait for a writer who never comes."""
    file = tmp_path / "f"
    file.write_bytes(b"content")
    needed = FolderTree(tmp_path)
    data = patch(needed)
    file.unlink()
    os.mkfifo(file)
    codes: list[str] = []

    def work() -> None:
        codes.append(code_of(partial(ACME.open(data, needed=needed).read, "f")))
        codes.append(code_of(partial(FolderTree, tmp_path)))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(10)
    assert codes == ["NEEDED_CONTENT", "NEEDED_TREE"]


def test_folders_nested_too_deeply_for_any_listing(tmp_path: Path) -> None:
    deepest = tmp_path / "top"
    deepest.mkdir()
    for _ in range(1100):
        deepest /= "a"
        deepest.mkdir()
    try:
        assert code_of(partial(FolderTree, tmp_path / "top")) == "NEEDED_TREE"
    finally:
        for _ in range(1100):
            deepest.rmdir()
            deepest = deepest.parent


def test_large_needed_files_are_read_by_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each record of a patch costs its own block of the old file, not the whole of it."""
    old = bytearray(Random(5).randbytes(8 * BLOCK))
    new = bytes(old)
    for end in range(BLOCK - 1, len(old), BLOCK):
        old[end] ^= 1
    (tmp_path / "f").write_bytes(old)
    needed = FolderTree(tmp_path)
    data = patch(needed, changed=new)
    read: list[int] = []

    class Counting(io.FileIO):
        def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
            read.append(count := super().readinto(buffer) or 0)
            return count

    monkeypatch.setattr(os, "fdopen", lambda handle, *_: io.BufferedReader(Counting(handle)))
    assert needed.read_ranges(0, [(5 * BLOCK + 7, 10), (5 * BLOCK, 1)]) == [
        new[5 * BLOCK + 7 : 5 * BLOCK + 17],
        new[5 * BLOCK : 5 * BLOCK + 1],
    ]
    slack = 16384
    assert 0 < sum(read) <= BLOCK + slack
    read.clear()
    with ACME.open(data, needed=needed, workers=0) as reader:
        reader.verify_all()
    assert len(new) <= sum(read) <= len(new) + 8 * slack
    read.clear()
    with ACME.open(data, needed=needed) as reader:
        assert reader.read("f") == new
    assert len(new) <= sum(read) <= len(new) + 8 * slack


# Files


def test_a_file_that_nobody_closes(tmp_path: Path) -> None:
    path = tmp_path / "x.bndl"
    path.write_bytes(ACME.pack({"a": b"hello"}))
    source = FileSource(path)
    handle = source.fileno()
    os.fstat(handle)
    del source
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)
    before = len(os.listdir("/dev/fd"))
    for _ in range(20):
        ACME.open(path).verify_all()
    gc.collect()
    assert len(os.listdir("/dev/fd")) <= before


def test_a_descriptor_of_the_caller_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x")
    with path.open("rb") as file:
        source = FileSource(file.fileno())
        source.close()
        del source
        gc.collect()
        assert file.read() == b"x"
    twice = FileSource(path)
    twice.close()
    twice.close()


# Stored chains


def test_rows_of_strangers_are_not_kept_in_a_learned_chain() -> None:
    """Storage may add rows to a frame; kept, they would fill the section of every later bundle."""
    publisher = Publisher("polluted")
    rng = Random(6)
    junk = [SignatureRow(0xF000 + number, rng.randbytes(32), rng.randbytes(8192)) for number in range(15)]
    start = chain = publisher.chain
    clean: list[TrustFrame] = [*start.frames()]
    for _ in range(2):
        frames = []
        for epoch in range(chain.newest.epoch + 1, chain.newest.epoch + 13):
            frame = sign_document(publisher.successor(epoch=epoch).encode(), publisher.root)
            clean.append(frame)
            frames.append(TrustFrame(frame.document, (*frame.rows, *junk)))
        walked = walk(chain, tuple(frames))
        assert walked.error is None
        assert walked.learned
        chain = walked.chain
    assert len(chain.links) == 25
    assert chain.frames() == tuple(clean)
    assert build_trust(chain.frames()) == build_trust(tuple(clean))
    again = walk(start, chain.frames())  # as a device that knows only the first document
    assert (again.error, again.chain.newest) == (None, chain.newest)
    publisher.chain = chain
    tree = {"a": b"x"}
    assert collect_once(publisher.open(publisher.pack(tree))) == {"a": (b"x", False)}


def test_rows_of_former_and_of_new_root_keys_are_kept() -> None:
    """A change of root keys is signed by both; a reader who comes later needs both."""
    publisher, other = Publisher("former"), Publisher("latter")
    start = publisher.chain
    root = publisher.successor().root._replace(keys=other.chain.newest.root.keys)
    frame = sign_document(publisher.successor(root=root).encode(), publisher.root, other.root)
    junk = SignatureRow(0xF000, bytes(32), bytes(64))
    walked = walk(start, (TrustFrame(frame.document, (*frame.rows, junk)),))
    assert walked.error is None
    assert walked.chain.frames() == (*start.frames(), frame)


# Memory


def test_batches_count_the_prefixes_of_their_records() -> None:
    """A prefix is held as collected and as the decoder copies it."""
    ranges = (Range(THIS, 0, 0, 1 << 20), Range(NEEDED, 3, 5, 1 << 19))
    prefixed = Record(ZSTD, 100, (Piece(1, 0, 1000),), ranges, 1000)
    plain = Record(STORED, 100, (Piece(2, 0, 100),), (), 100)
    heavy = 1000 + 2 * ((1 << 20) + (1 << 19))

    def held(*records: Record) -> list[tuple[int, int, int]]:
        offsets = array("Q", range(0, 200 * len(records) + 1, 200))
        return [(each.first, each.last, each.held) for each in plan(offsets, records, 65536, range(len(records)))]

    assert held(plain, plain) == [(0, 2, 200)]
    assert held(prefixed) == [(0, 1, heavy)]
    assert held(plain, prefixed, plain) == [(0, 3, 200 + heavy)]
    assert held(prefixed, prefixed) == [(0, 1, heavy), (1, 2, heavy)]  # two would fill the memory
