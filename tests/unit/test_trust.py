"""The chain of trust documents as an interface: what is learned, kept and refused."""

from __future__ import annotations

import pytest
from support.publisher import NOW, Publisher, role, sign_document, signer

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.policy import Floor
from bundlefmt.crypto import ed25519
from bundlefmt.errors import BundleError, TrustError
from bundlefmt.model.trustdoc import Key, Role
from bundlefmt.trust import issue
from bundlefmt.trust.chain import TrustChain, format_trust_file, parse_trust_file, walk
from bundlefmt.wire import armor
from bundlefmt.wire.sections import TrustFrame, build_trust


def code_of(error: BundleError | None) -> str:
    assert error is not None
    return error.code


def test_trust_files_come_back() -> None:
    publisher = Publisher()
    publisher.rotate()
    text = format_trust_file(publisher.chain)
    again = parse_trust_file("Anything may stand here.\n" + text)
    assert again.links == publisher.chain.links
    assert again.publisher_id == publisher.chain.publisher_id
    assert publisher.chain.publisher_id.hex() in text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text + text,
        lambda text: text.replace("BUNDLEFMT TRUST", "BUNDLEFMT IDENTITY"),
        lambda text: text.replace("-----END", "-----BEGIN"),
        lambda text: armor.armor(armor.TRUST, b""),
    ],
)
def test_trust_files_of_the_wrong_form(change: object) -> None:
    text = change(format_trust_file(Publisher().chain))  # type: ignore[operator]
    with pytest.raises(BundleError) as info:
        parse_trust_file(text)
    assert info.value.code == "TRUST_FILE"


def test_an_empty_trust_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BundleError, match="TRUST_FILE"):
        parse_trust_file("-----BEGIN BUNDLEFMT TRUST-----\n-----END BUNDLEFMT TRUST-----\n")
    monkeypatch.setattr(armor, "dearmor", lambda text, code: [armor.Block(armor.TRUST, b"")])
    with pytest.raises(BundleError, match="no document"):
        parse_trust_file("")


def test_a_trust_file_that_does_not_start_at_the_beginning() -> None:
    publisher = Publisher()
    publisher.rotate()
    text = armor.armor(armor.TRUST, build_trust(publisher.chain.frames()[1:]))
    with pytest.raises(BundleError, match="TRUST_FILE"):
        parse_trust_file(text)


def test_a_trust_file_with_a_gap_or_a_wrong_root() -> None:
    publisher = Publisher()
    publisher.rotate()
    publisher.rotate()
    one, two, three = publisher.chain.frames()
    for frames, code in (
        ((one, three), "TRUST_EPOCH"),
        ((one, two, two), "TRUST_EPOCH"),
        ((one, sign_document(two.document, signer("x"))), "TRUST_SIGNATURE"),
    ):
        with pytest.raises(TrustError) as info:
            parse_trust_file(armor.armor(armor.TRUST, build_trust(frames)))
        assert info.value.code == code


def test_a_first_document_under_a_wrong_id() -> None:
    publisher = Publisher()
    document = publisher.chain.newest._replace(publisher_id=bytes(32)).encode()
    with pytest.raises(TrustError, match="TRUST_PUBLISHER"):
        TrustChain.start(sign_document(document, publisher.root))


def test_documents_a_reader_cannot_judge() -> None:
    for changes in (
        {"critical": (7,), "extensions": ((7, 1),)},
        {"root": Role(2, (Key(1, signer("r").public_key), Key(3, b"x")))},
    ):
        publisher = Publisher()
        frame = sign_document(publisher.successor(**changes).encode(), publisher.root, signer("r"))
        walked = walk(publisher.chain, (*publisher.chain.frames(), frame))
        assert code_of(walked.error) == "TRUST_UNSUPPORTED"
        assert walked.chain is publisher.chain
        assert walked.learned == 0


def test_what_was_learned_before_a_refusal_is_kept() -> None:
    """TRU-19: a bundle that is refused still brings its revocations."""
    publisher = Publisher("learn")
    first = publisher.policy
    publisher.rotate()
    publisher.rotate(min_epoch=3)
    tail = publisher.pack({"a": b"1"})
    for product, policy in (("wrong signature", first), ("floor", first._replace(floor=Floor(9, 1)))):
        data = bytearray(tail)
        if product == "wrong signature":
            data[32 + len(publisher.open(tail).front.header_bytes) + 40] ^= 1
        with pytest.raises(BundleError) as info:
            publisher.open(bytes(data), trust=policy)
        assert info.value.learned is not None
        assert info.value.learned.newest.epoch == 3
    with pytest.raises(BundleError) as info:
        publisher.open(tail[:-1], trust=first)
    assert info.value.code == "TRUNCATED"
    assert info.value.learned.newest.epoch == 3
    with pytest.raises(BundleError) as info:
        audit_bundle(tail + b"x", trust=first)
    assert info.value.learned.newest.epoch == 3


def test_what_was_learned_is_kept_when_a_later_document_is_refused() -> None:
    publisher = Publisher("later")
    start = publisher.chain
    publisher.rotate()
    bad = sign_document(publisher.successor(epoch=9).encode(), publisher.root)
    walked = walk(start, (*publisher.chain.frames(), bad))
    assert code_of(walked.error) == "TRUST_EPOCH"
    assert walked.learned == 1
    assert walked.chain.newest.epoch == 2


def test_nothing_is_learned_from_a_reader_that_knows_it_all() -> None:
    publisher = Publisher("known")
    data = publisher.pack({"a": b"1"})
    with pytest.raises(BundleError) as info:
        publisher.open(data[:-1])
    assert info.value.learned is None


def test_an_empty_section_teaches_nothing() -> None:
    chain = Publisher().chain
    walked = walk(chain, ())
    assert (walked.chain, walked.learned, walked.error) == (chain, 0, None)


def test_sections_may_begin_anywhere() -> None:
    publisher = Publisher("anywhere")
    start = publisher.chain
    for _ in range(3):
        publisher.rotate()
    frames = publisher.chain.frames()
    for begin in range(4):
        assert walk(publisher.chain, frames[begin:]).error is None
    assert walk(start, frames[1:]).learned == 3
    assert code_of(walk(start, frames[2:]).error) in ("TRUST_EPOCH", "TRUST_SIGNATURE")
    assert code_of(walk(publisher.chain, (frames[0], frames[2])).error) == "TRUST_SIGNATURE"
    assert code_of(walk(publisher.chain, (frames[1], frames[0])).error) == "TRUST_SIGNATURE"


def test_forks() -> None:
    publisher = Publisher("fork")
    publisher.rotate()
    ours = publisher.chain
    other = sign_document(ours.newest._replace(issued=NOW + 99).encode(), publisher.root)
    first, second = ours.frames()
    for frames in ((first, other), (other,)):
        assert code_of(walk(ours, frames).error) == "TRUST_FORK"
    after = sign_document(publisher.successor().encode(), publisher.root)
    for frames in ((first, other, after), (other, after)):
        walked = walk(ours, frames)
        assert walked.error is None
        assert walked.learned == 1
    stranger = sign_document(publisher.successor().encode(), signer("stranger"))
    for last in (stranger, other, second, TrustFrame(b"\0" * 60, after.rows)):
        assert code_of(walk(ours, (first, other, last)).error) == "TRUST_FORK"


def test_roles() -> None:
    key = signer("a").public_key
    assert issue.make_role([key, key]).keys == (Key(1, key),)
    for publics, threshold in (([b"\1" + bytes(31)], 1), ([key], 2), ([key], 0), ([], 1), ([b"short"], 1)):
        with pytest.raises(BundleError) as info:
            issue.make_role(publics, threshold)
        assert info.value.code == "INPUT_KEYS"
    assert role(signer("a"), signer("b"), threshold=2).threshold == 2


def test_first_documents_take_the_clock() -> None:
    one = role(signer("a"))
    document = issue.first_document(one, one, one)
    chain = issue.start_chain(document, sign_document(document, signer("a")).rows)
    assert chain.newest.issued > 1_700_000_000
    with pytest.raises(TrustError, match="TRUST_SIGNATURE"):
        issue.start_chain(document, sign_document(document, signer("b")).rows)
    assert issue.payload(document) == __import__("hashlib").sha256(document).digest()


def test_a_lax_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ed25519, "_tested", False)
    monkeypatch.setattr(ed25519, "_verify", lambda *_: True)
    with pytest.raises(RuntimeError, match="libsodium"):
        ed25519.verifies(bytes(32), b"", bytes(64))
    monkeypatch.undo()
    monkeypatch.setattr(ed25519, "_tested", False)
    pair = signer("strict")
    assert ed25519.verifies(pair.public_key, b"m", pair.sign(b"m"))
    assert not ed25519.verifies(pair.public_key, b"n", pair.sign(b"m"))
    assert not ed25519.verifies(pair.public_key[:31], b"m", pair.sign(b"m"))
    assert not ed25519.verifies(pair.public_key, b"m", pair.sign(b"m") + b"x")
