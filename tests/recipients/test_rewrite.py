"""Files: only the recipients section differs, and a file is the old one or the new one at every moment."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.publisher import FAST, NOW, PRODUCT, Publisher, identity
from support.reading import Pipe, collect_once

from bundlefmt.bundle import rewrite
from bundlefmt.bundle.heads import open_head, open_head_unverified
from bundlefmt.bundle.rewrap import RecipientChange
from bundlefmt.bundle.rewrite import change_recipients, write_head
from bundlefmt.bundle.source import BytesSource, JoinedSource
from bundlefmt.errors import BundleError
from bundlefmt.keys.recipients import HYBRID, X25519
from bundlefmt.model.header import POINTER
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.wire.sections import PRELUDE_LEN, parse_prelude

ACME = Publisher("rewrite")
BOB = identity("bob")
TREE = {"a": b"alpha" * 9000, "b": os.urandom(3 << 20), "c": b""}
FILES = {path: (data, False) for path, data in TREE.items()}
GOOD = ACME.pack(TREE, FAST._replace(grease=True))
ADD = RecipientChange(add=(BOB.recipient,))


def sections(data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """What precedes recipients_len, what lies before the section, the section, all that follows."""
    prelude = parse_prelude(data[:PRELUDE_LEN])
    start = prelude.front_len - prelude.recipients_len
    return data[:24] + data[28:32], data[32:start], data[start : prelude.front_len], data[prelude.front_len :]


def apply(file: Any, output: Any, change: RecipientChange = ADD, **options: Any) -> Any:
    settings: dict[str, Any] = {"trust": ACME.policy, "identities": [ACME.identity], **options}
    return change_recipients(file, output, change=change, **settings)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "folder"
    place.mkdir()
    file = place / "app.bndl"
    file.write_bytes(GOOD)
    return file


CHANGES = [
    ADD,
    RecipientChange(add=(BOB.recipient,), remove=(ACME.identity.recipient,)),
    RecipientChange(add=(BOB.recipient,), only=True),
    RecipientChange(add=(identity("pq", HYBRID).recipient,), only=True, anonymous=True),
    RecipientChange(add=tuple(identity(str(number)).recipient for number in range(500))),
]


@pytest.mark.parametrize("change", CHANGES)
def test_only_the_recipients_section_differs(path: Path, change: RecipientChange) -> None:
    out = path.parent / "new.bndl"
    seen: list[tuple[int, int]] = []
    done = apply(path, out, change, progress=lambda *step: seen.append(step))
    old, new = sections(GOOD), sections(out.read_bytes())
    assert (old[0], old[1], old[3]) == (new[0], new[1], new[3])
    assert old[2] != new[2] == done.change.section
    assert done.size == out.stat().st_size
    assert seen[-1] == (done.head.header.body_len,) * 2
    assert path.read_bytes() == GOOD
    keys = [BOB, identity("pq", HYBRID), identity("7")]
    assert collect_once(ACME.open(out, identities=keys)) == FILES
    assert sorted(os.listdir(path.parent)) == ["app.bndl", "new.bndl"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(out.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_in_place(path: Path, mode: int) -> None:
    path.chmod(mode)
    before = path.stat().st_ino
    apply(path, None)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.stat().st_ino != before
    assert sections(path.read_bytes())[3] == sections(GOOD)[3]
    assert collect_once(ACME.open(path, identities=[BOB])) == FILES
    assert os.listdir(path.parent) == ["app.bndl"]


def test_in_place_through_a_link(path: Path) -> None:
    link = path.parent / "latest.bndl"
    link.symlink_to("app.bndl")
    apply(link, None)
    assert link.is_symlink()
    assert path.read_bytes() != GOOD


def test_only_a_path_is_replaced(path: Path) -> None:
    for file in (GOOD, io.BytesIO(GOOD), Pipe(GOOD), path.open("rb")):
        with pytest.raises(TypeError):
            apply(file, None)
        file.close() if isinstance(file, io.IOBase) else None
    assert path.read_bytes() == GOOD


def head_len() -> int:
    return ACME.open(GOOD).front.body_at


def sources(path: Path) -> dict[str, Callable[[], Any]]:
    cut = head_len()
    return {
        "path": lambda: path,
        "bytes": lambda: GOOD,
        "pipe": lambda: Pipe(GOOD, 777),
        "joined": lambda: JoinedSource(GOOD[:cut], GOOD[cut:]),
        "joined pipe": lambda: JoinedSource(GOOD[:cut], Pipe(GOOD[cut:])),
    }


@pytest.mark.parametrize("name", ["path", "bytes", "pipe", "joined", "joined pipe"])
@pytest.mark.parametrize("kernel", [True, False])
def test_whatever_it_comes_from(path: Path, name: str, monkeypatch: pytest.MonkeyPatch, kernel: bool) -> None:
    if not kernel:

        def no_copy(*_: Any) -> int:
            raise OSError(errno.EXDEV, "not here")

        monkeypatch.setattr(os, "copy_file_range", no_copy, raising=False)
    out = path.parent / "out"
    apply(sources(path)[name](), out)
    assert sections(out.read_bytes())[3] == sections(GOOD)[3]
    assert collect_once(ACME.open(out, identities=[BOB])) == FILES


def test_a_kernel_that_copies_little_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int, int]] = []
    real = os.copy_file_range

    def copy(src: int, dst: int, count: int, at: int, to: int) -> int:
        calls.append((count, at, to))
        if len(calls) > 20:
            return 0  # nothing more to be had: the rest is read and written
        return real(src, dst, min(count, 100_001), at, to)

    monkeypatch.setattr(os, "copy_file_range", copy)
    apply(path, path.parent / "out")
    assert sections((path.parent / "out").read_bytes())[3] == sections(GOOD)[3]


def test_blocks_are_aligned_where_a_file_system_could_share_them(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int]] = []
    real = os.copy_file_range

    def copy(src: int, dst: int, count: int, at: int, to: int) -> int:
        calls.append((at, to))
        return real(src, dst, count, at, to)

    monkeypatch.setattr(os, "copy_file_range", copy)
    apply(path, path.parent / "out", RecipientChange(add=(BOB.recipient,), remove=(ACME.identity.recipient,)))
    assert all(at == to for at, to in calls)
    assert all(at % 4096 == 0 for at, _ in calls[1:])


def test_heads_alone(path: Path) -> None:
    """In a repository a change of recipients is one new head."""
    cut = head_len()
    head = path.parent / "app.head"
    write_head(path, head, trust=ACME.policy)  # no identity: the recipients stay
    assert head.read_bytes() == GOOD[:cut]
    body = path.parent / "app.body"
    body.write_bytes(GOOD[cut:])
    apply(head, None)
    assert collect_once(ACME.open(JoinedSource(head, body), identities=[BOB])) == FILES
    assert body.read_bytes() == GOOD[cut:]
    with pytest.raises(BundleError, match="TRUNCATED"):
        ACME.open(head)
    other = path.parent / "other.head"
    done = write_head(
        head, other, trust=None, identities=[BOB],
        change=RecipientChange(add=(identity("pq", HYBRID).recipient,), only=True),
    )  # fmt: skip
    assert done.alone
    assert done.head.front is None
    for source in (JoinedSource(other, body), JoinedSource(other, path, body_at=cut)):
        assert collect_once(ACME.open(source, identities=[identity("pq", HYBRID)])) == FILES
    assert sections(other.read_bytes())[1] == sections(GOOD)[1]


def test_a_pointer_has_recipients_too(tmp_path: Path) -> None:
    from support.vectorset import VECTORS

    case = next(c for c in VECTORS.bundles if c.kind == "pointer" and c.open["result"] == "accept")
    from bundlefmt.bundle.pointers import read_pointer
    from bundlefmt.conformance import reference

    with reference.setting(case) as given:
        out = tmp_path / "p.bndl"
        new = identity("new", X25519)
        change_recipients(
            case.bundle, out, trust=given.policy, identities=given.identities,
            change=RecipientChange(add=(new.recipient,), only=True), kind=POINTER,
        )  # fmt: skip
        assert read_pointer(out, trust=given.policy, identities=[new])
        with pytest.raises(BundleError, match=r"KIND_MISMATCH|SIGNATURE_THRESHOLD"):
            change_recipients(case.bundle, tmp_path / "x", trust=given.policy, identities=given.identities, change=ADD)


# Refusals


@pytest.mark.parametrize(
    ("position", "code"),
    [(0, "PRELUDE_MAGIC"), (-40, None), ("manifest", "MANIFEST_DIGEST"), ("leaves", "LEAF_TABLE"),
     ("signature", "SIGNATURE_INVALID|SIGNATURE_THRESHOLD"), ("header", "SIGNATURE_INVALID")],
)  # fmt: skip
def test_a_damaged_bundle_is_not_rewritten(path: Path, position: Any, code: str | None) -> None:
    prelude = parse_prelude(GOOD[:PRELUDE_LEN])
    front = ACME.open(GOOD).front
    places = {
        "manifest": front.manifest_at + 100,
        "leaves": front.leaves_at,
        "signature": 32 + prelude.header_len + 50,
        "header": 32 + 30,
    }
    data = bytearray(GOOD)
    data[places.get(position, position)] ^= 1
    path.write_bytes(data)
    if code is None:  # a fault in the body is copied as it is: every reader finds it
        apply(path, None)
        with ACME.open(path) as reader, pytest.raises(BundleError, match="BODY_DIGEST"):
            reader.verify_all()
        return
    with pytest.raises(BundleError, match=code):
        apply(path, None)
    assert path.read_bytes() == bytes(data)
    assert os.listdir(path.parent) == ["app.bndl"]


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize(("size", "code"), [(-1, "TRUNCATED"), (1, "TRAILING_DATA"), ("head+1", "TRUNCATED")])
def test_sizes_are_judged(path: Path, size: Any, code: str, trusted: bool) -> None:
    data = GOOD[: head_len() + 1] if size == "head+1" else GOOD[:size] if size < 0 else GOOD + b"x"
    for file in (data, Pipe(data)):
        with pytest.raises(BundleError, match=code):
            apply(file, path.parent / "out", trust=ACME.policy if trusted else None)
    assert os.listdir(path.parent) == ["app.bndl"]


def test_unverified_heads_agree_with_themselves() -> None:
    head = open_head_unverified(BytesSource(GOOD))
    assert head.front is None
    assert head.encode(sections(GOOD)[2]) == GOOD[: head.head_len]
    front = ACME.open(GOOD).front
    for place, code in ((front.manifest_at, "MANIFEST_DIGEST"), (front.leaves_at, "LEAF_TABLE")):
        data = bytearray(GOOD)
        data[place] ^= 1
        with pytest.raises(BundleError, match=code):
            open_head_unverified(BytesSource(data))
    assert open_head(BytesSource(GOOD), ACME.policy).before == head.before


def test_without_a_key_nothing_is_changed(path: Path) -> None:
    with pytest.raises(BundleError, match="NO_IDENTITY"):
        apply(path, None, identities=[BOB])
    assert path.read_bytes() == GOOD


def test_names_that_are_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BundleError, match="WRITE_FAILED"):
        apply(path, path)
    out = path.parent / "out"
    real = os.link

    def late(source: str, target: str) -> None:
        out.write_text("mine")
        real(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(BundleError, match="WRITE_FAILED"):
        apply(path, out)
    assert out.read_text() == "mine"
    out.unlink()

    def none(*_: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", none)
    apply(path, out)
    assert sorted(os.listdir(path.parent)) == ["app.bndl", "out"]


def test_a_change_made_meanwhile_is_not_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = path.parent.parent / "other"
    apply(path, other)
    theirs = other.read_bytes()
    real = rewrite._check

    def check(*args: Any) -> None:
        real(*args)
        os.replace(other, path)

    monkeypatch.setattr(rewrite, "_check", check)
    with pytest.raises(BundleError, match="INPUT_CHANGED"):
        apply(path, None)
    assert path.read_bytes() == theirs
    assert os.listdir(path.parent) == ["app.bndl"]


@pytest.mark.parametrize("at", [40, -1, "recipients", "manifest"])
@pytest.mark.parametrize("source", ["path", "pipe"])
def test_what_the_disk_got_wrong_is_found(path: Path, monkeypatch: pytest.MonkeyPatch, at: Any, source: str) -> None:
    """W-8: nothing gets a name that is not what it was made from."""
    real = rewrite._check
    place = {"recipients": parse_prelude(GOOD[:32]).front_len - 1, "manifest": parse_prelude(GOOD[:32]).front_len + 60}

    def check(handle: int, *args: Any) -> None:
        offset = place.get(at, at) % os.fstat(handle).st_size
        os.pwrite(handle, bytes((os.pread(handle, 1, offset)[0] ^ 1,)), offset)
        real(handle, *args)

    monkeypatch.setattr(rewrite, "_check", check)
    for trust in (ACME.policy, None):
        with pytest.raises(BundleError, match="SELF_CHECK"):
            apply(sources(path)[source](), path.parent / "out", trust=trust)
    assert os.listdir(path.parent) == ["app.bndl"]
    assert path.read_bytes() == GOOD


def test_learned_documents_are_told() -> None:
    publisher = Publisher("learn")
    first = publisher.policy
    data = publisher.pack({"a": b"1"}, release=ReleaseRecord(PRODUCT, 7, "1", NOW, b""))
    assert open_head(BytesSource(data), first).front is not None
    publisher.rotate()
    newer = publisher.pack({"a": b"1"})
    head = open_head(BytesSource(newer), first)
    assert head.front is not None
    assert head.front.learned == 1
    cut = bytearray(newer)
    cut[head.prelude.front_len] ^= 1
    with pytest.raises(BundleError, match="MANIFEST_DIGEST") as info:
        open_head(BytesSource(cut), first)
    assert info.value.learned.newest.epoch == 2


def test_a_disk_that_cannot_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel says of the disk is not taken for a copy it cannot make."""

    def broken(*_: Any) -> int:
        raise OSError(errno.EIO, "disk trouble")

    monkeypatch.setattr(os, "copy_file_range", broken)
    for output in (None, path.parent / "out"):
        with pytest.raises(BundleError, match=r"WRITE_FAILED: .*disk trouble"):
            apply(path, output)
    assert path.read_bytes() == GOOD
    assert os.listdir(path.parent) == ["app.bndl"]


def test_progress_of_a_pipe(path: Path) -> None:
    seen: list[tuple[int, int]] = []
    apply(Pipe(GOOD), path.parent / "out", progress=lambda *step: seen.append(step), sync=True)
    total = ACME.open(GOOD).header.body_len
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (total, total)


def test_the_owner_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    real = os.fstat

    class Other:
        """A file of somebody else's."""

        def __init__(self, found: os.stat_result) -> None:
            self._found = found

        def __getattr__(self, name: str) -> Any:
            return 12345 if name in ("st_uid", "st_gid") else getattr(self._found, name)

    first = path.stat().st_ino
    monkeypatch.setattr(os, "fstat", lambda fd: Other(real(fd)) if real(fd).st_ino == first else real(fd))
    monkeypatch.setattr(os, "fchown", lambda _, uid, gid: given.append((uid, gid)))
    apply(path, None)
    assert given == [(12345, 12345)]
    first = path.stat().st_ino

    def refused(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchown", refused)
    apply(path, None)  # who may not give files away keeps them
    assert path.stat().st_ino != first
