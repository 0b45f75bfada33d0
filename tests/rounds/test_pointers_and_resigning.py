"""Requests for pointers, patches in a request, and the rarer ways of signing anew."""

from __future__ import annotations

import io

import pytest
from support.desk import Desk
from support.forge import CEK, binding, forge, pointer_plaintext
from support.publisher import Publisher, identity

from bundlefmt.bundle.request import answers_for, check_trusted, header_item, join_requests, judge_request, sign_request
from bundlefmt.cli import sign as sign_verb
from bundlefmt.errors import BundleError
from bundlefmt.model.pointer import PointerRecord
from bundlefmt.model.request import POINTER, RELEASE, TRUST, Request, TrustItem

READER = identity("reader")
PUBLISHER = Publisher("pointers")


def pointer_request(sequence: int = 1) -> Request:
    record = PointerRecord("com.example.app", "stable", sequence, 1_700_000_000, 1_700_086_400, 3600, ())
    parts = forge(PUBLISHER, pointer_plaintext(record.encode()), kind=POINTER)
    item = header_item(parts.header, parts.manifest, CEK, binding(PUBLISHER, POINTER), [READER.recipient])
    return Request(POINTER, (item,))


def keys(desk: Desk) -> None:
    """Files of the publisher in memory."""
    from bundlefmt.trust.chain import format_trust_file

    desk.write("acme.trust", format_trust_file(PUBLISHER.chain))
    secrets = {"root.pem": PUBLISHER.root.private_pem(), "s.pem": PUBLISHER.signer.private_pem(),
               "p.pem": PUBLISHER.pointer_signer.private_pem(), "reader.key": READER.armored().encode(),
               "own.key": PUBLISHER.identity.armored().encode()}  # fmt: skip
    for name, data in secrets.items():
        desk.write(name, data)
        desk.path(name).chmod(0o600)


def test_a_pointer_is_shown_and_signed(desk: Desk) -> None:
    keys(desk)
    request = pointer_request()
    desk.write("p.request", request.encode())
    sign = ("sign", "p.request", "-i", "reader.key", "--trust", "acme.trust", "-o", "p.signature", "--signer")
    assert "does not hold the role" in desk.run(*sign, "s.pem", code=3).err
    out = desk.run(*sign, "p.pem").out
    assert out.startswith("pointer to be signed\n")
    assert "channel    stable" in out
    answers = sign_request(request, [PUBLISHER.pointer_signer])
    (item,) = request.items
    assert len(answers_for([answers], POINTER, item[0])) == 1
    with pytest.raises(BundleError, match="REQUEST_MISMATCH"):
        answers_for([answers], RELEASE, item[0])


def test_two_pointers_are_two_requests() -> None:
    both = Request(POINTER, tuple(sorted((*pointer_request(1).items, *pointer_request(2).items))))
    with pytest.raises(BundleError, match="several pointers"):
        judge_request(both, [READER])
    assert judge_request(both).blind == 2


def test_what_cannot_be_joined() -> None:
    trust = Request(TRUST, (TrustItem(bytes(60), b""),))
    for several in ((pointer_request(), trust), (trust, trust)):
        with pytest.raises(BundleError, match="REQUEST_MISMATCH"):
            join_requests(several)
    stranger = Publisher("joined stranger")
    parts = forge(stranger, pointer_plaintext(b"\xa0"), kind=POINTER)
    other = header_item(parts.header, parts.manifest, None, binding(stranger, POINTER), [])
    with pytest.raises(BundleError, match="several publishers"):
        join_requests([pointer_request(), Request(POINTER, (other,))])


def test_another_publishers_request() -> None:
    shown = judge_request(pointer_request(), [READER])
    with pytest.raises(BundleError, match="PUBLISHER_MISMATCH"):
        check_trusted(shown, Publisher("stranger").chain)


def test_a_person_is_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keys(desk)
    desk.write("p.request", pointer_request().encode())
    sign = ("sign", "p.request", "-i", "reader.key", "--trust", "acme.trust", "-o", "p.signature", "--signer", "p.pem")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sign_verb.sys, "stderr", Terminal())
    for answer, code in (("n\n", 1), ("\n", 1), ("yes\n", 0)):
        monkeypatch.setattr(sign_verb.sys, "stdin", Terminal(answer))
        desk.run(*sign, code=code)
        assert desk.path("p.signature").exists() == (code == 0)


def test_signing_anew_blind_and_its_usage(desk: Desk) -> None:
    keys(desk)
    desk.write("app.bndl", PUBLISHER.pack({"a": b"1"}))
    resign = ("publisher", "resign", "acme.trust", "app.bndl")
    for options, says in (
        (("--unsigned", "r", "--signer", "s.pem"), "exclude each other"),
        (("--unsigned", "r", "--reveal-to", "reader.key"), "--reveal-to needs -i"),
        (("--in-place", "--signer", "s.pem", "--reveal-to", "x"), "is for --unsigned"),
    ):
        assert says in desk.run(*resign, *options, code=2).err
    ended = desk.run(*resign, "--in-place", "--signer", "s.pem", "--blind")
    assert "BLIND: app.bndl" in ended.err
    value = desk.json(*resign, "-o", "new", "--signer", "s.pem", "-i", "own.key")
    assert value["bundles"] == [{"path": "app.bndl", "output": "new/app.bndl", "trust_epoch_before": 1}]
    desk.path("empty").mkdir()
    assert (
        "no bundle"
        in desk.run("publisher", "resign", "acme.trust", "empty", "-o", "n", "--signer", "s.pem", code=3).err
    )
    same = ("publisher", "resign", "acme.trust", "app.bndl", "new/app.bndl", "-o", "n", "--signer", "s.pem", "--blind")
    desk.refused(*same, by="WRITE_FAILED", code=3)


def test_drafts_of_a_request_that_was_not_made_are_removed(desk: Desk) -> None:
    keys(desk)
    desk.write("rel/app.bndl", PUBLISHER.pack({"a": b"1"}))
    record = PointerRecord("com.example.app", "stable", 1, 1_700_000_000, 1_700_086_400, 3600, ())
    desk.write("rel/stable.bndl", forge(PUBLISHER, pointer_plaintext(record.encode()), kind=POINTER).join())
    ask = ("publisher", "resign", "acme.trust", "rel", "--unsigned", "r", "-q")
    desk.refused(*ask, by="REQUEST_MISMATCH")
    desk.write("r", "mine")
    desk.refused(*ask, by="WRITE_FAILED", code=3)
    desk.run("publisher", "resign", "acme.trust", "rel/stable.bndl", "--in-place", "--signer", "p.pem", "--blind", "-q")
    desk.run("verify", "rel/stable.bndl", "--trust", "acme.trust", "--kind", "pointer", "-q")


def test_a_release_and_its_trust_request_are_told_apart(desk: Desk) -> None:
    keys(desk)
    desk.write("p.request", pointer_request().encode())
    desk.run("sign", "p.request", "--blind", "--signer", "p.pem", "-o", "p.signature", "-q")
    attach = ("attach", "p.request", "p.signature", "--trust", "acme.trust")
    assert "attach the signatures to its draft" in desk.refused(*attach, by="REQUEST_MISMATCH")
    assert "-o is for one" in desk.run(*attach, "-o", "x", code=2).err
    desk.write("junk", b"\0\1\2")
    desk.refused("attach", "junk", "p.signature", "--trust", "acme.trust", by="REQUEST_FILE")
    desk.refused("sign", "missing.request", by="SOURCE_FAILED", code=3)
