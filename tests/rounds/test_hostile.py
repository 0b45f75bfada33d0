"""Requests and drafts that were changed on their way: refusals, and nothing signed or made by mistake."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from support.publisher import Publisher, identity

from bundlefmt.bundle.draft import DraftWriter, open_draft
from bundlefmt.bundle.request import judge_request
from bundlefmt.bundle.source import BytesSource
from bundlefmt.errors import BundleError
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.model.request import HeaderItem, Request

READER = identity("reader")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, HeaderItem]:
    """A draft and the one item of its request."""
    publisher = Publisher("hostile")
    path = tmp_path_factory.mktemp("draft") / "app.draft"
    writer = DraftWriter(
        path,
        ReleaseRecord("com.example.app", 7, "1.2.3", 1_700_000_000, b""),
        chain=publisher.chain,
        recipients=[publisher.identity.recipient],
        reveal_to=[READER.recipient],
    )
    writer.writestr("a.txt", b"hello")
    with pytest.raises(RuntimeError):
        writer.request  # noqa: B018
    writer.close()
    (item,) = writer.request.items
    assert isinstance(item, HeaderItem)
    return Path(path).read_bytes(), item


def _changed(random: Random, data: bytes) -> bytes:
    copy = bytearray(data)
    place = random.randrange(len(copy))
    copy[place] ^= 1 << random.randrange(8)
    return bytes(copy)


def test_what_is_shown_is_what_was_made_or_nothing(made: tuple[bytes, HeaderItem]) -> None:
    """RQ-10: no change of manifest or recipients shows another release under the same header."""
    random = Random(11)
    _, item = made
    good = judge_request(Request(1, (item,)), [READER])
    assert (good.blind, good.files, good.unpacked) == (0, 1, 5)
    shown = blind = refused = 0
    for _ in range(600):
        part = random.choice(("header", "manifest", "recipients"))
        changed = item._replace(**{part: _changed(random, getattr(item, part))})
        try:
            found = judge_request(Request(1, (changed,)), [READER])
        except BundleError:
            refused += 1
            continue
        if found.blind:
            blind += 1
        else:
            shown += 1
            assert found.record == good.record
    assert refused > 300
    assert blind > 50
    assert shown < 600


def test_changed_drafts_are_refused_or_harmless(made: tuple[bytes, HeaderItem]) -> None:
    random = Random(12)
    data, _ = made
    assert open_draft(BytesSource(data)).size == len(data)
    for _ in range(600):
        try:
            open_draft(BytesSource(_changed(random, data)))
        except BundleError:
            continue
    for length in range(0, len(data), 97):
        with pytest.raises(BundleError):
            open_draft(BytesSource(data[:length]))


def test_a_bundle_that_changed_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bundlefmt.bundle import attach

    publisher = Publisher("meanwhile")
    path = tmp_path / "app.bndl"
    path.write_bytes(publisher.pack({"a": b"1"}))
    publisher.rotate()
    other = publisher.pack({"a": b"2"})
    verify = attach.verify_written

    def meanwhile(*arguments: object) -> object:
        (tmp_path / "new").write_bytes(other)
        (tmp_path / "new").replace(path)
        return verify(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(attach, "verify_written", meanwhile)
    with pytest.raises(BundleError, match="INPUT_CHANGED"):
        attach.resign(str(path), [publisher.signer], publisher.chain)
    assert path.read_bytes() == other
    assert {each.name for each in tmp_path.iterdir()} == {"app.bndl"}


def test_a_head_alone_is_signed_anew(tmp_path: Path) -> None:
    from bundlefmt.bundle import attach
    from bundlefmt.bundle.heads import open_head
    from bundlefmt.bundle.source import FileSource

    publisher = Publisher("heads")
    data = publisher.pack({"a": b"1"})
    head = tmp_path / "head"
    with publisher.open(data) as reader:
        head.write_bytes(data[: reader.front.body_at])
    publisher.rotate()
    attach.resign(str(head), [publisher.signer], publisher.chain)
    source = FileSource(str(head))
    opened = open_head(source, publisher.policy)
    source.close()
    assert opened.alone
    assert opened.header.trust_epoch == 2
    assert publisher.open(head.read_bytes() + data[len(data) - opened.header.body_len :]).read("a") == b"1"
    for call in (
        lambda: attach.add_rows(str(head), [], publisher.chain),
        lambda: attach.redraft(str(head), publisher.chain, str(tmp_path / "draft")),
    ):
        with pytest.raises(BundleError, match="head alone"):
            call()
