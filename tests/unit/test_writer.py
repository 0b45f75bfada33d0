"""A bundle appears when it is complete and was read back, or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.publisher import FAST, NOW, PRODUCT, Publisher, identity, role, signer
from support.reading import collect

from bundlefmt.bundle import encode
from bundlefmt.bundle import writer as writing
from bundlefmt.bundle.assemble import GREASE, wrap_for
from bundlefmt.bundle.inputs import Input
from bundlefmt.bundle.writer import BundleWriter, PackOptions
from bundlefmt.errors import BundleError, WriteError
from bundlefmt.keys.recipients import HYBRID, Recipient
from bundlefmt.limits import LIMITS
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.wire.padding import padme

ACME = Publisher("writer")
RELEASE = ReleaseRecord(PRODUCT, 7, "1.2.3", NOW, b"")


def make(output: Path, publisher: Publisher = ACME, **options: Any) -> BundleWriter:
    settings: dict[str, Any] = {
        "chain": publisher.chain,
        "signers": [publisher.signer],
        "recipients": [publisher.identity.recipient],
        "options": FAST._replace(overwrite=False),
    }
    return BundleWriter(output, options.pop("release", RELEASE), **{**settings, **options})


def refused(action: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(WriteError) as info:
        action(*args, **options)
    return info.value.code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "input"
    (place / "sub").mkdir(parents=True)
    (place / "index.html").write_bytes(b"<p>")
    (place / "sub" / "data.bin").write_bytes(bytes(range(256)) * 100)
    (place / "sub" / "same.bin").write_bytes(bytes(range(256)) * 100)
    (place / "run").write_bytes(b"#!")
    (place / "run").chmod(0o755)
    (place / "nothing" / "here").mkdir(parents=True)
    return place


@pytest.fixture
def out(tmp_path: Path) -> Path:
    place = tmp_path / "out"
    place.mkdir()
    return place / "x.bndl"


def test_a_folder(folder: Path, out: Path) -> None:
    seen: list[tuple[int, int]] = []
    writer = make(out, progress=lambda done, total: seen.append((done, total)), options=FAST._replace(sync=True))
    writer.add_folder(folder)
    packed = writer.close()
    assert (packed.files, packed.contents, packed.records) == (4, 3, 3)
    assert packed.empty_folders == ("nothing/here",)
    assert packed.plain_size == 51_205
    assert packed.size == out.stat().st_size
    reader = ACME.open(out)
    assert (packed.release_id, packed.record) == (reader.release_id, reader.release)
    assert reader.getinfo("run").executable
    assert not reader.getinfo("index.html").executable
    total = seen[-1][1]
    assert seen[-1] == (total, total) == (25_605, 25_605)  # equal contents are read once
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert os.listdir(out.parent) == [out.name]
    umask = os.umask(0)
    os.umask(umask)
    assert out.stat().st_mode & 0o777 == 0o666 & ~umask


def test_the_verbs_of_zipfile(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with make(out) as writer:
        writer.write("sub/data.bin")
        writer.write(folder / "run", "bin/run")
        writer.writestr("text", "caf\u00e9")
        writer.writestr("tool", bytearray(b"x"), executable=True)  # type: ignore[arg-type]
    assert collect(ACME.open(out)) == {
        "bin/run": (b"#!", True),
        "sub/data.bin": (bytes(range(256)) * 100, False),
        "text": ("caf\u00e9".encode(), False),
        "tool": (b"x", True),
    }


def test_an_exception_makes_nothing(out: Path) -> None:
    with pytest.raises(LookupError), make(out) as writer:  # noqa: PT012
        writer.writestr("a", b"1")
        raise LookupError
    assert os.listdir(out.parent) == []


def test_the_clock_is_taken_for_created(out: Path) -> None:
    with make(out, release=RELEASE._replace(created=0)) as writer:
        writer.writestr("a", b"1")
    assert ACME.open(out).release.created > 1_700_000_000


def test_names_that_are_taken(out: Path) -> None:
    out.write_text("mine")
    assert refused(make(out).close) == "WRITE_FAILED"
    assert out.read_text() == "mine"
    make(out, options=FAST).close()
    assert ACME.open(out).namelist() == []
    out.unlink()
    out.symlink_to("nowhere")
    assert refused(make(out).close) == "WRITE_FAILED"
    assert out.is_symlink()


def test_a_name_taken_meanwhile(out: Path) -> None:
    writer = make(out, progress=lambda *_: out.write_text("mine"))
    writer.writestr("a", b"1")
    assert refused(writer.close) == "WRITE_FAILED"
    assert out.read_text() == "mine"
    assert os.listdir(out.parent) == [out.name]


def test_a_disk_without_hard_links(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EPERM, "no links")))
    make(out).close()
    assert os.listdir(out.parent) == [out.name]


def test_the_folder_of_the_output(tmp_path: Path, out: Path) -> None:
    assert refused(make(tmp_path / "no" / "x.bndl").close) == "WRITE_FAILED"
    out.mkdir()
    assert refused(make(out, options=FAST).close) == "WRITE_FAILED"
    assert os.listdir(out.parent) == [out.name]


@pytest.mark.parametrize("call", ["pwritev", "fsync", "replace"])
def test_the_disk_is_full(out: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    writer = make(out, options=FAST._replace(sync=True))
    writer.writestr("a", b"1" * 1000)
    monkeypatch.setattr(os, call, fail)
    assert refused(writer.close) == "WRITE_FAILED"
    assert os.listdir(out.parent) == []


def test_writes_that_take_a_part_only(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda handle, parts, at: real(handle, [bytes(parts[0])[:11]], at))
    real_one = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda handle, data, at: real_one(handle, bytes(data)[:100], at))
    writer = make(out)
    writer.writestr("a", os.urandom(5000))
    writer.close()
    monkeypatch.undo()
    ACME.open(out).verify_all()


# What goes in


def test_links_and_special_files(folder: Path, out: Path) -> None:
    (folder / "link").symlink_to("index.html")
    assert refused(make(out).add_folder, folder) == "INPUT_TREE"
    (folder / "link").unlink()
    (folder / "loop").symlink_to(folder)
    assert refused(make(out).add_folder, folder) == "INPUT_TREE"
    (folder / "loop").unlink()
    os.mkfifo(folder / "pipe")
    assert refused(make(out).add_folder, folder) == "INPUT_TREE"
    (folder / "pipe").unlink()
    make(out).add_folder(folder)


def test_what_is_no_folder(folder: Path, out: Path) -> None:
    assert refused(make(out).add_folder, folder / "missing") == "INPUT_TREE"
    assert refused(make(out).add_folder, folder / "index.html") == "INPUT_TREE"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission(folder: Path, out: Path) -> None:
    (folder / "index.html").chmod(0)
    writer = make(out)
    writer.add_folder(folder)
    assert refused(writer.close) == "INPUT_TREE"
    assert os.listdir(out.parent) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "a/../b",
        "a\\b",
        "c:x",
        "con",
        "a/NUL.txt",
        "a.",
        "a ",
        "tab\t",
        "x" * 256,
        "cafe\u0301",
        "a\u202eb",
        "a\u200fb",
        "\u2066x",
        "\U000e0fff",
        "\ud800",
        "a\x85b",
    ],
)
def test_names_a_bundle_does_not_carry(out: Path, name: str) -> None:
    writer = make(out)
    writer.writestr(name, b"1")
    assert refused(writer.close) == "INPUT_TREE"
    assert os.listdir(out.parent) == []


@pytest.mark.parametrize(
    "names",
    [
        ("a", "a"),
        ("a", "A"),
        ("a/b", "A/c"),
        ("a", "a/b"),
        ("\u00e9", "\u00c9"),
        ("stra\u00dfe", "strasse"),
        ("\u03c3", "\u03c2"),
        ("\u1e9e", "ss"),
        ("\u00e9/a", "\u00c9/b"),
        ("\u00e9", "\u00c9/b"),
    ],
)
def test_names_that_are_one_on_some_disks(out: Path, names: tuple[str, ...]) -> None:
    writer = make(out)
    for name in names:
        writer.writestr(name, b"1")
    assert refused(writer.close) == "INPUT_TREE"


def test_names_on_the_disk_that_are_not_utf_8(folder: Path, out: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff")).write_text("x")
    assert refused(make(out).add_folder, folder) == "INPUT_TREE"


def test_the_input_changes(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = folder / "sub" / "data.bin"
    good = target.read_bytes()

    def grow() -> None:
        target.write_bytes(good + b"x")

    def shrink() -> None:
        target.write_bytes(good[:-1])

    def gone() -> None:
        target.unlink()

    def link() -> None:
        target.unlink()
        target.symlink_to("same.bin")

    def link_of_folder() -> None:
        target.unlink()
        target.mkdir()

    (folder / "sub" / "same.bin").unlink()
    for change, code in (
        (grow, "INPUT_CHANGED"),
        (shrink, "INPUT_CHANGED"),
        (gone, "INPUT_TREE"),
        (link, "INPUT_TREE"),
        (link_of_folder, "INPUT_CHANGED"),
    ):
        writer = make(out)
        writer.add_folder(folder)
        change()
        assert refused(writer.close) == code, change.__name__
        if target.is_dir():
            target.rmdir()
        target.unlink(missing_ok=True)
        target.write_bytes(good)

    assert os.listdir(out.parent) == []


@pytest.mark.parametrize("change", ["grow", "shrink", "gone"])
def test_a_large_input_changes_between_its_records(folder: Path, out: Path, change: str) -> None:
    target = folder / "large"
    target.write_bytes(bytes(20 << 20))

    def touch(done: int, total: int) -> None:
        if change == "gone":
            target.unlink(missing_ok=True)
        else:
            os.truncate(target, (20 << 20) + (1 if change == "grow" else -1))

    writer = make(out, progress=touch)
    writer.add_folder(folder)
    assert refused(writer.close) == ("INPUT_TREE" if change == "gone" else "INPUT_CHANGED")
    assert os.listdir(out.parent) == []


def test_a_duplicate_that_changes(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A further copy is not packed by itself, so it must still be what it was when it was found equal."""
    real = writing.make_plan

    def plan(*args: Any) -> Any:
        made = real(*args)
        (folder / "sub" / "same.bin").write_bytes(b"x" * 25_600)
        return made

    monkeypatch.setattr(writing, "make_plan", plan)
    writer = make(out)
    writer.add_folder(folder)
    assert refused(writer.close) == "INPUT_CHANGED"


@pytest.mark.parametrize(("repeat", "outcome"), [(100, "packed as read"), (400, "INPUT_CHANGED SELF_CHECK")])
def test_files_that_become_equal(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch, repeat: int, outcome: str
) -> None:
    """Small files are packed as they were read when equal ones were sought; large ones are read again."""
    (folder / "twin.bin").write_bytes(bytes(range(256)) * repeat)
    (folder / "sub" / "same.bin").write_bytes(b"x" * 256 * repeat)
    real = writing.make_plan

    def plan(*args: Any) -> Any:
        made = real(*args)
        (folder / "sub" / "same.bin").write_bytes(bytes(range(256)) * repeat)
        return made

    monkeypatch.setattr(writing, "make_plan", plan)
    writer = make(out)
    writer.add_folder(folder)
    if outcome == "packed as read":
        writer.close()
        assert ACME.open(out).read("sub/same.bin") == b"x" * 256 * repeat
    else:
        assert refused(writer.close) in outcome.split()
        assert os.listdir(out.parent) == []


# Keys


def test_signers(out: Path) -> None:
    other = Publisher("other")
    assert refused(make, out, signers=[other.signer]) == "INPUT_KEYS"
    assert refused(make, out, signers=[ACME.signer, other.signer]) == "INPUT_KEYS"
    assert refused(make, out, signers=[ACME.pointer_signer]) == "INPUT_KEYS"
    assert refused(make, out, signers=[]) == "INPUT_KEYS"
    two = Publisher("two")
    second = signer("second")
    two.rotate(release=role(two.signer, second, threshold=2))
    assert refused(make, out, two) == "INPUT_KEYS"
    assert refused(make, out, two, signers=[two.signer, two.signer]) == "INPUT_KEYS"
    make(out, two, signers=[two.signer, second, second]).close()
    assert len(two.open(out).front.tally.counted) == 2


class BadSigner:
    """A token that answers wrongly, or holds a key nobody should enrol."""

    def __init__(self, public: bytes, answer: bytes) -> None:
        self.public_key = public
        self.answer = answer

    def sign(self, message: bytes) -> bytes:
        return self.answer


@pytest.mark.parametrize("answer", [bytes(64), b"", b"x" * 65, bytes(63)])
def test_a_signer_that_answers_wrongly(out: Path, answer: bytes) -> None:
    writer = make(out, signers=[BadSigner(ACME.signer.public_key, answer)])
    assert refused(writer.close) == "INPUT_KEYS"
    assert os.listdir(out.parent) == []


def test_a_key_of_small_order_is_not_enrolled() -> None:
    from bundlefmt.keys.signers import sign_row

    for public in (b"\1" + bytes(31), bytes(32), b"\xff" * 32, b"short"):
        assert refused(sign_row, BadSigner(public, bytes(64)), b"label", b"payload") == "INPUT_KEYS"


def test_recipients(out: Path) -> None:
    assert refused(make, out, recipients=[]) == "INPUT_KEYS"
    mixed = [identity("a").recipient, identity("b", HYBRID).recipient]
    assert refused(make, out, recipients=mixed) == "INPUT_KEYS"
    many = [Recipient(1, number.to_bytes(32, "big")) for number in range(1024)]
    assert refused(make, out, recipients=many) == "WRITE_LIMIT"
    zero = make(out, recipients=[Recipient(1, bytes(32))])
    assert refused(zero.close) == "INPUT_KEYS"
    short = make(out, recipients=[Recipient(1, bytes(31))])
    assert refused(short.close) == "INPUT_KEYS"
    twice = identity("a").recipient
    make(out, recipients=[twice, twice]).close()
    assert len(ACME.open(out, identities=[identity("a")]).front.entries) == 1
    assert os.listdir(out.parent) == [out.name]


# Limits and the record


@pytest.mark.parametrize(
    "changes",
    [
        {"product": ""},
        {"product": "-a"},
        {"number": 0},
        {"number": 2**53},
        {"number": "1"},
        {"version": ""},
        {"version": "x" * 129},
        {"expires": NOW},
        {"notes": "x" * 65537},
        {"metadata": (("b", "1"), ("a", "2"))},
        {"metadata": (("a", object()),)},
        {"ignored": ((64, None),)},
        {"ignored": ((63, 1),)},
    ],
)
def test_a_record_that_readers_refuse(out: Path, changes: dict[str, Any]) -> None:
    assert refused(make, out, release=RELEASE._replace(**changes)) == "WRITE_LIMIT"


def test_limits(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_limits(**changes: int) -> None:
        from bundlefmt.bundle import assemble, inputs

        small = LIMITS._replace(**changes)
        for module in (assemble, inputs, writing):
            monkeypatch.setattr(module, "LIMITS", small)

    def pack() -> str:
        writer = make(out)
        for name in "abc":
            writer.writestr(name, name.encode() * 2000)
        return refused(writer.close)

    for changes in (
        {"files": 2},
        {"file_size": 1999},
        {"records": 2},
        {"body_len": 100},
        {"manifest_len": 200},
        {"header_len": 100},
    ):
        with_limits(**changes)
        assert pack() == "WRITE_LIMIT", changes
        assert os.listdir(out.parent) == []


@pytest.mark.parametrize("options", [PackOptions(share_small=-1), PackOptions(share_small=(8 << 20) + 1)])
def test_options(out: Path, options: PackOptions) -> None:
    with pytest.raises(ValueError, match="share_small"):
        make(out, options=options)


@pytest.mark.parametrize("level", [-1, 23])
def test_levels(out: Path, level: int) -> None:
    writer = make(out, options=PackOptions(level=level))
    writer.writestr("a", b"1")
    with pytest.raises(ValueError, match="level"):
        writer.close()
    assert os.listdir(out.parent) == []


def test_share_small(out: Path) -> None:
    writer = make(out, options=FAST._replace(share_small=100))
    for number in range(10):
        writer.writestr(f"small{number}.txt", bytes((number,)) * 30)
    writer.writestr("large", b"x" * 100)
    writer.close()
    records = ACME.open(out).manifest.table.records
    assert sorted(len(record.pieces) for record in records) == [1, 1, 3, 3, 3]
    assert all(record.plain_len <= 100 for record in records)


def test_contents_over_a_record(out: Path) -> None:
    size = (8 << 20) * 2 + 5
    data = os.urandom(1 << 20) * 17
    writer = make(out, options=FAST._replace(workers=2, share_small=1 << 20))
    writer.writestr("big", data[:size])
    writer.writestr("exact", data[1 : (8 << 20) + 1])
    writer.close()
    reader = ACME.open(out)
    assert [record.plain_len for record in reader.manifest.table.records] == [8 << 20, 8 << 20, 5, 8 << 20]
    assert reader.read("big") == data[:size]
    assert reader.read("exact") == data[1 : (8 << 20) + 1]
    with reader.open("big") as file:
        assert file.read(10) == data[:10]
    reader.verify_all()


# What was written is what is there


def test_stored_bodies_stay_where_they_were_written(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[int] = []
    real = writing._move_body

    def move(*args: Any) -> None:
        moved.append(1)
        real(*args)

    monkeypatch.setattr(writing, "_move_body", move)
    for grease in (False, True):
        for size in (0, 1, 5000, 100_000):
            writer = make(out, options=PackOptions(level=0, grease=grease, overwrite=True))
            writer.writestr("a", os.urandom(size))
            writer.writestr("b", os.urandom(1000))
            writer.close()
            assert collect(ACME.open(out))["b"][0]
        if not grease:
            assert not moved


@pytest.mark.parametrize("shift", [-700, -1, 1, 700])
def test_a_head_of_another_length_than_guessed(out: Path, monkeypatch: pytest.MonkeyPatch, shift: int) -> None:
    real = BundleWriter._guess_head
    monkeypatch.setattr(BundleWriter, "_guess_head", lambda *args, **options: real(*args, **options) + shift)
    data = os.urandom(20 << 20)
    writer = make(out, options=PackOptions(level=0, grease=False))
    writer.writestr("a", data)
    writer.close()
    assert ACME.open(out).read("a") == data
    assert os.listdir(out.parent) == [out.name]


def _lie(monkeypatch: pytest.MonkeyPatch, when: Any) -> None:
    """A disk that changes one bit of what it is given, from some call on."""
    real = os.pwritev
    calls = 0

    def pwritev(handle: int, parts: list[bytes], at: int) -> int:
        nonlocal calls
        calls += 1
        if when(calls, parts, at):
            parts = [bytes(parts[0][:-1]) + bytes((parts[0][-1] ^ 1,)), *parts[1:]]
        return real(handle, parts, at)

    monkeypatch.setattr(os, "pwritev", pwritev)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("call", [1, 3])
def test_a_disk_that_lies(out: Path, monkeypatch: pytest.MonkeyPatch, level: int, call: int) -> None:
    """The first write is the body, the second its padding, then the body again if it moves, then the head."""
    writer = make(out, options=FAST._replace(level=level))
    writer.writestr("a", os.urandom(5000))
    _lie(monkeypatch, lambda calls, parts, at: calls == call)
    assert refused(writer.close) == "SELF_CHECK"
    assert os.listdir(out.parent) == []


def test_a_disk_that_lies_about_a_moved_body(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = make(out, options=FAST._replace(level=1))
    writer.writestr("a", os.urandom(50_000))
    seen: list[int] = []
    real = writing._move_body

    def move(handle: int, body_at: int, body_len: int, head: bytes) -> None:
        real(handle, body_at, body_len, head)
        seen.append(os.pwrite(handle, b"\0\0\0\0\0\0\0\0", len(head) + body_len - 9))

    monkeypatch.setattr(writing, "_move_body", move)
    assert refused(writer.close) == "SELF_CHECK"
    assert seen
    assert os.listdir(out.parent) == []


def test_a_file_cut_behind_the_writers_back(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = encode.write_at

    def write_at(handle: int, parts: list[bytes], position: int) -> int:
        done = real(handle, parts, position)
        os.ftruncate(handle, 100)
        return done

    monkeypatch.setattr(encode, "write_at", write_at)
    writer = make(out)
    writer.writestr("a", os.urandom(5000))
    assert refused(writer.close) in ("SELF_CHECK", "WRITE_FAILED")
    assert os.listdir(out.parent) == []


def test_padding_is_written_in_bounded_parts(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to 3 % of a large body is padding; 1 TiB of stored content must not need 16 GiB of memory."""
    asked: list[int] = []
    real = os.urandom

    def urandom(length: int) -> bytes:
        asked.append(length)
        return real(length)

    monkeypatch.setattr(os, "urandom", urandom)
    size = next(n for n in range(64 << 20, 66 << 20, 4096) if padme(n + (n >> 10) + 4000) - n > (3 << 19))
    writer = make(out, options=PackOptions(level=0, grease=False))
    writer.writestr("a", bytes(size))
    writer.close()
    assert max(asked) <= 1 << 20


def test_grease(out: Path) -> None:
    kinds = set()
    for _ in range(5):
        make(out, options=FAST._replace(grease=True)).close()
        front = ACME.open(out).front
        assert front.header.extensions[0][0] in GREASE
        kinds |= {entry.type for entry in front.entries}
    assert len(kinds - {1}) >= 1
    assert all(number & 0x0F0F == 0x0A0A and number >> 12 == number >> 4 & 15 for number in GREASE)
    assert len(GREASE) == 16
    assert wrap_for([], bytes(32), ACME.open(out).front.binding) == b""


def test_one_in_a_few_bundles_is_greased(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for _ in range(60):
        make(out, options=FAST._replace(grease=None)).close()
        found.add(bool(ACME.open(out).header.extensions))
    assert found == {True, False}


def test_the_whole_chain_travels(out: Path) -> None:
    publisher = Publisher("chain")
    first = publisher.policy
    for _ in range(3):
        publisher.rotate()
    make(out, publisher).close()
    reader = publisher.open(out, trust=first)
    assert [link.document.epoch for link in reader.chain.links] == [1, 2, 3, 4]
    assert reader.front.learned == 3
    assert reader.header.trust_epoch == 4


def test_a_refusal_inside_close_is_no_other_error(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        def __init__(self, *_: Any, **__: Any) -> None:
            self.release = RELEASE
            self.listing = type("L", (), {"files": ()})

    monkeypatch.setattr(writing, "BundleReader", Other)
    writer = make(out)
    writer.writestr("a", b"1")
    with pytest.raises(BundleError, match="another release"):
        writer.close()


def test_a_file_added_by_name_must_be_a_regular_file(tmp_path: Path, out: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("missing", "pipe", "link"):
        assert refused(make(out).write, tmp_path / name, name) == "INPUT_TREE"


def test_a_large_file_rewritten_between_its_records(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same size, other bytes: each record is right by itself, and the whole never existed."""
    path = tmp_path / "large"
    path.write_bytes(b"a" * (17 << 20))
    writer = make(out)
    writer.write(path, "large")
    real = Input.read_into

    def read_into(self: Input, offset: int, buffer: memoryview) -> None:
        real(self, offset, buffer)
        if not offset:
            path.write_bytes(b"b" * (17 << 20))

    monkeypatch.setattr(Input, "read_into", read_into)
    assert refused(writer.close) == "INPUT_CHANGED"
    assert os.listdir(out.parent) == []


def _swap_folder(folder: Path) -> None:
    other = folder.parent / "elsewhere"
    other.mkdir()
    (other / "data").write_bytes(b"another secret")
    (folder / "sub" / "data").unlink()
    (folder / "sub").rmdir()
    (folder / "sub").symlink_to(other)


def _grow_empty(folder: Path) -> None:
    (folder / "empty").write_bytes(b"no more")


def _change_copy(folder: Path) -> None:
    (folder / "copy-2").write_bytes(b"z" * 100_000)


def _pipe(folder: Path) -> None:
    (folder / "sub" / "data").unlink()
    os.mkfifo(folder / "sub" / "data")


@pytest.mark.parametrize("change", [_swap_folder, _grow_empty, _change_copy, _pipe])
def test_another_file_under_the_name_is_never_packed(tmp_path: Path, out: Path, change: Callable[[Path], None]) -> None:
    """Folders become links, empty files grow, copies change, pipes appear: nothing else is ever packed."""
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "data").write_bytes(b"public release")
    (folder / "empty").write_bytes(b"")
    for name in ("copy-1", "copy-2"):
        (folder / name).write_bytes(b"c" * 100_000)
    writer = make(out)
    writer.add_folder(folder)
    change(folder)
    assert refused(writer.close) == "INPUT_CHANGED"
    assert os.listdir(out.parent) == []


def test_closing_twice_packs_once(out: Path) -> None:
    with make(out) as writer:
        writer.writestr("a", b"a")
        packed = writer.close()
    assert packed == writer.close()
    assert packed.size == out.stat().st_size


def test_a_disk_without_hard_links_keeps_what_is_there(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(_source: object, _target: object) -> None:
        out.write_bytes(b"somebody else's")
        raise PermissionError(1, "no hard links here")

    monkeypatch.setattr(os, "link", link)
    writer = make(out)
    writer.writestr("a", b"a")
    assert refused(writer.close) == "WRITE_FAILED"
    assert out.read_bytes() == b"somebody else's"
    assert os.listdir(out.parent) == [out.name]
