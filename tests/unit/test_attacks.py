"""What crafted bundles cannot bring about."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import forge
from support.pathrules import tree_ok
from support.publisher import FAST, Publisher
from support.reading import collect_once

from bundlefmt.bundle.pool import Task, in_order
from bundlefmt.errors import BundleError
from bundlefmt.model.paths import check_collisions

ACME = Publisher("attacks")


def craft(tree: list[tuple[str, int, bytes]], table: list[Any], coded: list[bytes]) -> bytes:
    """A bundle of files with sizes and digests that need not be theirs, over any records."""
    listing = forge.encode_table([[path, 0, size, digest] for path, size, digest in tree])
    plaintext = forge.release_plaintext(forge.release_for(listing), listing, forge.encode_table(table))
    return forge.forge(ACME, plaintext, forge.seal_body(ACME, coded)).join()


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(BundleError) as info:
        action()
    return info.value.code


def drain(chunks: Iterator[bytes | memoryview]) -> tuple[bytes, str]:
    """What is handed out before the refusal, and its code."""
    found = bytearray()
    try:
        for chunk in chunks:
            found += chunk
    except BundleError as exc:
        return bytes(found), exc.code
    return bytes(found), ""


# Paths


def test_deep_folders_take_little_memory() -> None:
    """Eight thousand paths of five hundred folders each, which compress to a few kilobytes."""
    paths = [f"{number:05x}" + "/a" * 500 for number in range(8000)]
    tracemalloc.start()
    try:
        check_collisions(paths)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60 << 20


parts = st.text("aAbB.-", min_size=1, max_size=2)


@given(st.lists(st.lists(parts, min_size=1, max_size=4).map("/".join), max_size=6, unique=True))
def test_collisions_agree_with_the_plain_rules(paths: list[str]) -> None:
    if tree_ok(path.encode() for path in paths):
        check_collisions(paths)
    else:
        assert code_of(partial(check_collisions, paths)) == "PATH_COLLISION"


@pytest.mark.parametrize("between", [" ", "!", "-", "."])
def test_names_that_sort_between_a_folder_and_its_files(between: str) -> None:
    """Bytes below "/" part a file `a` from `a/b` in an order by bytes."""
    neighbours = [f"a{between}x", f"a{between}y"]
    check_collisions(["a/b", *neighbours])
    for colliding in (["a", "a/b"], ["A", "a/b"], ["a/c", "A/b"]):
        assert code_of(partial(check_collisions, [*colliding, *neighbours])) == "PATH_COLLISION"


# Records


def two_pieces(*records: list[tuple[int, int]]) -> bytes:
    """A content of 4,000 bytes in these cuts, with the digest of another."""
    data = Random(1).randbytes(4000)
    table = [[0, sum(n for _, n in cuts), [[0, at, n] for at, n in cuts], []] for cuts in records]
    coded = [b"".join(data[at : at + n] for at, n in cuts) for cuts in records]
    return craft([("f", 4000, sha256(b"good").digest())], table, coded)


@pytest.mark.parametrize("workers", [0, 2])
def test_nothing_of_a_record_with_two_pieces_of_a_wrong_content(workers: int) -> None:
    data = two_pieces([(0, 3999), (3999, 1)])
    reader = partial(ACME.open, data, workers=workers)
    assert drain(reader().chunks("f")) == (b"", "CONTENT_DIGEST")
    assert drain(chunk.data for chunk in reader().contents()) == (b"", "CONTENT_DIGEST")
    assert code_of(partial(reader().read, "f")) == "CONTENT_DIGEST"
    for size in (1, 100, 4000, -1):
        file = reader().open("f")
        assert code_of(partial(file.read, size)) == "CONTENT_DIGEST"


@pytest.mark.parametrize("workers", [0, 2])
def test_only_the_last_record_of_a_wrong_content_is_kept_back(workers: int) -> None:
    data = two_pieces([(0, 1000)], [(1000, 1000), (2000, 1500), (3500, 500)])
    for by_name in (True, False):
        reader = ACME.open(data, workers=workers)
        chunks = reader.chunks("f") if by_name else (chunk.data for chunk in reader.contents())
        found, code = drain(chunks)
        assert (len(found), code) == (1000, "CONTENT_DIGEST")


def test_iterators_begun_before_a_refusal_end_in_it() -> None:
    good = Random(2).randbytes(3000)
    table = [[0, 1000, [[0, at, 1000]], []] for at in (0, 1000, 2000)] + [[0, 10, [1], []]]
    tree = [("a", 3000, sha256(good).digest()), ("b", 10, sha256(b"x").digest())]
    data = craft(tree, table, [good[:1000], good[1000:2000], good[2000:], b"0123456789"])
    for workers in (0, 2):
        reader = ACME.open(data, workers=workers)
        begun: list[Iterator[Any]] = [reader.chunks("a"), reader.contents()]
        for each in begun:
            next(each)
        fresh: list[Iterator[Any]] = [reader.chunks("a"), reader.contents(), reader.chunks("b")]
        assert code_of(reader.verify_all) == "CONTENT_DIGEST"
        for each in (*begun, *fresh):
            assert code_of(partial(next, each)) == "CONTENT_DIGEST"
        assert code_of(partial(reader.read, "a")) == "CONTENT_DIGEST"


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_stale_views_raise_and_never_show_other_bytes(workers: int) -> None:
    """Buffers are used again, so a view kept for later ends with the step to the next one."""
    tree = {"big": Random(3).randbytes(18 << 20)}
    reader = ACME.open(ACME.pack(tree, FAST._replace(level=0)), workers=workers)
    for _ in range(2):
        kept = list(reader.contents())
        assert len(kept) > 1
        views = [chunk.data for chunk in kept] + list(reader.chunks("big"))
        for view in views:
            assert isinstance(view, memoryview)
            with pytest.raises(ValueError, match="released"):
                bytes(view)
    with pytest.raises((ValueError, TypeError)):
        b"".join(reader.chunks("big"))
    for view in (next(reader.contents()).data, next(reader.chunks("big"))):
        assert isinstance(view, memoryview)
        assert view.readonly
    assert reader.read("big") == tree["big"]


# Threads


@pytest.mark.parametrize("refused_at", [1, 2])
def test_when_no_more_threads_are_to_be_had(refused_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    tree = {f"{number}": Random(number).randbytes(400_000) for number in range(8)}
    data = ACME.pack(tree, FAST._replace(level=0))
    start = threading.Thread.start
    asked: list[int] = []

    def refuse(thread: threading.Thread) -> None:
        asked.append(1)
        if len(asked) >= refused_at:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert list(in_order([Task(1, partial(int, number)) for number in range(9)], 4, 3)) == list(range(9))
    assert len(asked) == refused_at  # the first that fails is the last that is tried
    assert threading.active_count() == before
    asked.clear()
    assert collect_once(ACME.open(data, workers=4)) == {path: (each, False) for path, each in tree.items()}
    assert asked
    assert threading.active_count() == before
