"""Every changed bit, every cut and every appended byte of a small bundle is refused before anything is visible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from support.forge import Parts, split
from support.publisher import FAST, NOW, Publisher, role, signer
from support.reading import Pipe, collect

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.unpack import unpack
from bundlefmt.errors import BundleError
from bundlefmt.keys.recipients import HYBRID, X25519

TREE = {
    "index.html": b"<p>hello</p>",
    "data/list.txt": b"one two three " * 9,
    "run.sh": (b"#!/bin/sh\n", True),
    "empty": b"",
}


class Target:
    """A good bundle and the ways to read it.

    Args:
        publisher: made it.
        data: the bundle.
    """

    def __init__(self, publisher: Publisher, data: bytes) -> None:
        self.publisher = publisher
        self.data = data
        self.parts: Parts = split(data)
        start = 32 + len(self.parts.header) + len(self.parts.signatures) + len(self.parts.trust)
        self.recipients = range(start, start + len(self.parts.recipients))

    def refused(self, data: bytes) -> str:
        """Read fully, into a list; return the code of the refusal.

        What was handed out before the refusal must be whole, correct records.
        """
        released: list[tuple[int, int, bytes]] = []
        try:
            reader = self.publisher.open(data)
            for chunk in reader.contents():
                released.append((chunk.row, chunk.offset, bytes(chunk.data)))  # noqa: PERF401 - kept when it raises
        except BundleError as exc:
            for row, offset, part in released:
                assert self.contents()[row][offset : offset + len(part)] == part
            return exc.code
        return "accepted"

    def contents(self) -> list[bytes]:
        """Contents of the good bundle by row."""
        if not hasattr(self, "_contents"):
            self._contents = [data for data, _ in collect(self.publisher.open(self.data)).values()]
        return self._contents

    def audited(self, data: bytes) -> str:
        """As `refused`, without a key."""
        try:
            audit_bundle(data, trust=self.publisher.policy)
        except BundleError as exc:
            return exc.code
        return "accepted"


def _small(kind: int = X25519) -> Target:
    publisher = Publisher("small", kind)
    target = Target(publisher, publisher.pack(TREE))
    assert len(target.data) < 3000
    return target


def _large() -> Target:
    """Several chunks and leaves in a body, a chain of three epochs under changing roots."""
    publisher = Publisher("large")
    second = signer("second root")
    publisher.rotate(publisher.root, second, root=role(second))
    publisher.rotate(second, min_epoch=2)
    tree = {"a.bin": Random(1).randbytes(40_000), "b.txt": b"text " * 2000, "c.bin": Random(2).randbytes(15_000)}
    return Target(publisher, publisher.pack(tree, FAST._replace(share_small=1 << 16)))


@pytest.fixture(scope="module")
def small() -> Target:
    return _small()


@pytest.fixture(scope="module")
def large() -> Target:
    return _large()


def flips(data: bytes, bits: Iterator[int] | range) -> Iterator[tuple[int, bytes]]:
    """The data with each of the bits changed; the number of the byte comes first."""
    changed = bytearray(data)
    for bit in bits:
        changed[bit >> 3] ^= 1 << (bit & 7)
        yield bit >> 3, bytes(changed)
        changed[bit >> 3] ^= 1 << (bit & 7)


def test_the_bundles_are_good(small: Target, large: Target) -> None:
    for target in (small, large):
        assert target.refused(target.data) == target.audited(target.data) == "accepted"
    assert len(large.parts.leaves) >= 64
    assert len(large.publisher.chain.links) == 3


def test_every_flipped_bit(small: Target) -> None:
    accepted = [at for at, data in flips(small.data, range(8 * len(small.data))) if small.refused(data) == "accepted"]
    assert accepted == []


def test_audit_refuses_every_flip_outside_the_recipients(small: Target) -> None:
    bits = (bit for bit in range(8 * len(small.data)) if bit >> 3 not in small.recipients)
    assert [at for at, data in flips(small.data, bits) if small.audited(data) == "accepted"] == []


def test_every_truncation(small: Target) -> None:
    for length in range(len(small.data)):
        cut = small.data[:length]
        assert small.refused(cut) == small.audited(cut) == "TRUNCATED", length


def test_every_truncation_of_a_stream(small: Target) -> None:
    for length in range(len(small.data)):
        with pytest.raises(BundleError) as info:
            collect(small.publisher.open(Pipe(small.data[:length])))
        assert info.value.code == "TRUNCATED", length


def test_extensions(small: Target, large: Target) -> None:
    for target in (small, large):
        for more in (b"\0", b"\x89", b"\n", bytes(100), target.data, target.parts.body):
            longer = target.data + more
            assert target.refused(longer) == target.audited(longer) == "TRAILING_DATA"
            for workers in (0, 2):
                with pytest.raises(BundleError, match="TRAILING_DATA"):
                    collect(target.publisher.open(Pipe(longer), workers=workers))
        assert target.refused(b"\0" + target.data) == "PRELUDE_MAGIC"


def test_doubled_and_dropped_bytes(small: Target) -> None:
    data = small.data
    for at in range(len(data)):
        assert small.refused(data[:at] + data[at + 1 :]) != "accepted"
        assert small.refused(data[:at] + data[at : at + 1] + data[at:]) != "accepted"


def test_unpacking_leaves_nothing(small: Target, large: Target, tmp_path: Path) -> None:
    """A refusal in any section, by path, from a stream, with and without threads: no folder and no rest of one."""
    rng = Random(3)
    for target in (small, large):
        chosen = rng.sample(range(8 * len(target.data)), 150)
        chosen += [8 * at for at in (0, 9, 40, len(target.data) - 1)]
        for number, (_, data) in enumerate(flips(target.data, iter(chosen))):
            source = Pipe(data, 1000) if number % 2 else data
            with pytest.raises(BundleError):
                unpack(target.publisher.open(source, workers=number % 3), tmp_path / "out")
            assert list(tmp_path.iterdir()) == []
        for length in rng.sample(range(len(target.data)), 50):
            with pytest.raises(BundleError):
                unpack(target.publisher.open(target.data[:length]), tmp_path / "out")
            assert list(tmp_path.iterdir()) == []


def test_sample_of_flips_in_a_larger_bundle(large: Target) -> None:
    rng = Random(4)
    front = 32 + sum(map(len, large.parts[:6]))  # head: everything before the body
    bits = [rng.randrange(8 * front) for _ in range(1500)] + [rng.randrange(8 * len(large.data)) for _ in range(1500)]
    for at, data in flips(large.data, iter(bits)):
        assert large.refused(data) != "accepted", at
        if at not in large.recipients:
            assert large.audited(data) != "accepted", at


def test_every_flip_in_the_chain_of_epochs(large: Target) -> None:
    start = 32 + len(large.parts.header) + len(large.parts.signatures)
    for at, data in flips(large.data, range(8 * start, 8 * (start + len(large.parts.trust)))):
        assert large.audited(data).startswith("TRUST_"), at


def test_flips_by_streaming_and_by_name(large: Target) -> None:
    """Each byte of the body matters to every way of reading that touches it."""
    body = len(large.data) - len(large.parts.body)
    rng = Random(5)
    for at, data in flips(large.data, iter([8 * rng.randrange(body, len(large.data)) for _ in range(60)])):
        for workers in (0, 2):
            with pytest.raises(BundleError, match="BODY_DIGEST"):
                collect(large.publisher.open(Pipe(data, 5000), workers=workers))
        reader = large.publisher.open(data)
        bad = []
        for number, name in enumerate(large.publisher.open(large.data).namelist()):
            try:
                assert large.publisher.open(data).read(name) == large.contents()[number]
            except BundleError as exc:
                bad.append((name, exc.code))
        # Padding lies in a leaf that records share or not; what is read is right either way.
        assert {code for _, code in bad} <= {"BODY_DIGEST"}
        assert bad or at >= body + reader.manifest.table.records[0].coded_len


def _refuse_contents(reader: BundleReader) -> BundleError:
    with pytest.raises(BundleError) as info:
        for _ in reader.contents():
            pass
    return info.value


def test_a_refused_reader_stays_refused(small: Target) -> None:
    last = bytearray(small.data)
    last[len(small.data) - len(small.parts.body) + 60] ^= 1
    reader = small.publisher.open(bytes(last))
    names = reader.namelist()
    first = _refuse_contents(reader)
    assert first.code == "BODY_DIGEST"
    assert _refuse_contents(reader) is first
    for name in names:
        if reader.getinfo(name).size:
            with pytest.raises(BundleError, match="BODY_DIGEST"):
                reader.read(name)
            with pytest.raises(BundleError, match="BODY_DIGEST"):
                reader.open(name).read()
    with pytest.raises(BundleError, match="BODY_DIGEST"):
        reader.verify_all()


def test_an_iterator_begun_before_a_refusal_ends_in_one() -> None:
    publisher = Publisher("early")
    tree = {f"{number}.bin": Random(number).randbytes(9000) for number in range(9)}
    data = bytearray(publisher.pack(tree))
    data[-1] ^= 1
    reader = publisher.open(bytes(data))
    early = reader.contents()
    first = next(early)
    assert bytes(first.data) == tree["0.bin"]
    _refuse_contents(reader)
    with pytest.raises(BundleError, match="BODY_DIGEST"):  # noqa: PT012
        for chunk in early:
            assert bytes(chunk.data) == tree[f"{chunk.row}.bin"]


@pytest.mark.slow
def test_every_flipped_bit_of_a_hybrid_bundle() -> None:
    target = _small(HYBRID)
    accepted = [
        at for at, data in flips(target.data, range(8 * len(target.data))) if target.refused(data) == "accepted"
    ]
    assert accepted == []


@pytest.mark.slow
def test_every_flipped_bit_of_the_larger_head(large: Target) -> None:
    front = 32 + sum(map(len, large.parts[:6]))
    for at, data in flips(large.data, range(8 * front)):
        assert large.refused(data) != "accepted", at


def test_now_is_fixed(small: Target) -> None:
    assert small.publisher.policy.now == NOW
