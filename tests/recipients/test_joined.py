"""Head and body kept apart: every path of reading gives what the one file gives, for good and for bad."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import vectorpaths as paths
from support.publisher import Publisher
from support.reading import Pipe, collect_once, read_folder
from support.vectorset import bundle_params

from bundlefmt.bundle import source as sources
from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.inspect import inspect_bundle
from bundlefmt.bundle.source import BytesSource, JoinedSource, open_source
from bundlefmt.conformance.vectors import BundleCase
from bundlefmt.errors import BundleError, SourceError
from bundlefmt.wire.sections import PRELUDE_LEN

ACME = Publisher("joined")
TREE = {"a": b"alpha" * 9000, "b/c": b"gamma", "b/d": b"", "big": bytes(range(256)) * (40 << 10)}
FILES = {path: (data, False) for path, data in TREE.items()}
GOOD = ACME.pack(TREE)
CUT = ACME.open(GOOD).front.body_at
HEAD, BODY = GOOD[:CUT], GOOD[CUT:]


def joined(data: bytes, cut: int) -> list[JoinedSource]:
    return [JoinedSource(data[:cut], data[cut:]), JoinedSource(data[:cut], paths.OddPieces(data[cut:]))]


def cut_of(case: BundleCase) -> int:
    """Where the body begins, as far as the file can say."""
    found = {row.name: row for row in inspect_bundle(case.bundle).sections}
    return found["body"].offset if "body" in found else PRELUDE_LEN


@pytest.mark.parametrize("case", bundle_params(writes=True))
def test_every_vector(case: BundleCase) -> None:
    data = case.data()
    cut = cut_of(case)
    for source in joined(data, cut):
        assert paths.audit(case, source) == case.audit
    for source in joined(data, cut):
        assert paths.whole(case, source, bytearray(), 2) == case.open
    alike = inspect_bundle(JoinedSource(data[:cut], data[cut:]))
    assert alike == inspect_bundle(case.bundle)


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 33, CUT - 1, CUT, CUT + 1, CUT + 20_000, len(GOOD)])
def test_wherever_it_is_cut(cut: int, tmp_path: Path) -> None:
    head, body = tmp_path / "head", tmp_path / "body"
    head.write_bytes(GOOD[:cut])
    body.write_bytes(GOOD[cut:])
    for source in (JoinedSource(head, body), JoinedSource(str(head), GOOD[cut:]), *joined(GOOD, cut)):
        assert collect_once(ACME.open(source)) == FILES
    with ACME.open(JoinedSource(head, body)) as reader:
        assert {name: reader.read(name) for name in reader.namelist()} == TREE
        reader.extractall(str(tmp_path / "out"))
    assert read_folder(tmp_path / "out") == FILES
    audit_bundle(JoinedSource(head, body), trust=ACME.policy)


def test_the_body_of_a_whole_bundle(tmp_path: Path) -> None:
    path = tmp_path / "app.bndl"
    path.write_bytes(GOOD)
    assert collect_once(ACME.open(JoinedSource(HEAD, path, body_at=CUT))) == FILES
    with pytest.raises(BundleError, match=r"BODY_DIGEST|TRUNCATED|TRAILING_DATA"):
        ACME.open(JoinedSource(HEAD, path, body_at=CUT - 1))


def test_a_body_of_another_bundle() -> None:
    other = ACME.pack(TREE)
    assert len(other) == len(GOOD)
    for source in (other[CUT:], Pipe(other[CUT:])):
        with pytest.raises(BundleError, match="BODY_DIGEST"):
            ACME.open(JoinedSource(HEAD, source)).verify_all()


@pytest.mark.parametrize("wrong", [BODY[:-1], b"", BODY + b"x"])
def test_a_body_of_another_length(wrong: bytes) -> None:
    code = "TRAILING_DATA" if len(wrong) > len(BODY) else "TRUNCATED"
    with pytest.raises(BundleError, match=code):
        ACME.open(JoinedSource(HEAD, wrong))
    with pytest.raises(BundleError, match=code):
        ACME.open(JoinedSource(HEAD, Pipe(wrong))).verify_all()


def test_a_head_from_a_stream_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    source = JoinedSource(Pipe(HEAD, 100), BODY)
    assert not source.sequential
    assert source.size == len(GOOD)
    assert collect_once(ACME.open(source)) == FILES
    assert JoinedSource(HEAD, Pipe(BODY)).size is None
    monkeypatch.setattr(sources, "_HEAD_LEN", len(HEAD) - 1)
    with pytest.raises(SourceError, match="no head"):
        JoinedSource(Pipe(HEAD, 100), BODY)


def test_a_head_that_became_shorter_does_not_move_the_body(tmp_path: Path) -> None:
    head = tmp_path / "head"
    head.write_bytes(HEAD)
    source = JoinedSource(head, BODY)
    head.write_bytes(HEAD[:-1])
    with pytest.raises(BundleError, match="TRUNCATED"):
        ACME.open(source)


def test_a_body_that_fails_is_no_short_body() -> None:
    class Failing(Pipe):
        def read(self, size: int = -1) -> bytes:
            part = super().read(size)
            if not part:
                raise OSError(5, "connection lost")
            return part

    for source in (JoinedSource(HEAD, Failing(BODY[:-1])), JoinedSource(HEAD[:-1], Failing(b""))):
        with pytest.raises(SourceError, match="connection lost"):
            ACME.open(source).verify_all()
    with pytest.raises(SourceError, match="connection lost"):
        JoinedSource(Failing(HEAD), BODY)


def test_both_are_closed(tmp_path: Path) -> None:
    class Closing(BytesSource):
        closed = False

        def close(self) -> None:
            self.closed = True

    one, two = Closing(HEAD), Closing(BODY)
    source = JoinedSource(one, two)
    assert open_source(source) is source
    source.close()
    assert one.closed
    assert two.closed
    three = Closing(HEAD)
    with pytest.raises(SourceError):
        JoinedSource(three, tmp_path / "missing")
    assert three.closed


def test_reads_over_the_border() -> None:
    source = JoinedSource(b"abc", b"defg")
    for start in range(8):
        for length in range(8):
            buffer = bytearray(length)
            count = source.read_into(start, memoryview(buffer))
            assert bytes(buffer[:count]) == b"abcdefg"[start : start + length]
    stream = JoinedSource(b"abc", Pipe(b"defg"))
    assert stream.sequential
