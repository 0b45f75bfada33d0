"""Trust documents that a bundle brings are mentioned, and kept where that is asked for (TRU-19)."""

from __future__ import annotations

import pytest
from support.cli import Shop
from support.publisher import Publisher

from bundlefmt import format_trust_file, parse_trust_file


def _rotated(shop: Shop) -> tuple[str, ...]:
    """A bundle of a publisher at epoch 2, and the trust file of epoch 1."""
    publisher = Publisher()
    shop.path("old.trust").write_text(format_trust_file(publisher.chain))
    publisher.rotate()
    shop.path("new.bndl").write_bytes(publisher.pack({"a": b"a"}))
    shop.path("new.key").write_text(publisher.identity.armored())
    shop.path("new.key").chmod(0o600)
    return "new.bndl", "--trust", "old.trust"


@pytest.mark.parametrize("verb", ["verify", "list", "inspect"])
def test_new_documents_are_mentioned_or_kept(shop: Shop, verb: str) -> None:
    arguments = (verb, *_rotated(shop), "-i", "new.key")
    before = shop.path("old.trust").read_text()
    shop.path("old.trust").chmod(0o640)
    assert shop.run(*arguments).err == (
        "note: the bundle brought trust documents of epoch 2; --update-trust keeps them in old.trust\n"
    )
    assert shop.path("old.trust").read_text() == before
    names = shop.names()
    assert shop.run(*arguments, "--update-trust").err == "note: old.trust now holds the trust documents of epoch 2\n"
    assert len(parse_trust_file(shop.path("old.trust").read_text()).links) == 2
    assert shop.path("old.trust").stat().st_mode & 0o777 == 0o640
    assert shop.names() == names
    assert shop.run(*arguments).err == ""


def test_they_are_kept_when_the_bundle_is_refused(shop: Shop) -> None:
    arguments = _rotated(shop)
    ended = shop.run("list", *arguments, "-i", "new.key", "--product", "other", "--update-trust", code=1)
    assert "PRODUCT_MISMATCH" in ended.err
    data = bytearray(shop.path("new.bndl").read_bytes())
    data[-1] ^= 1
    shop.path("new.bndl").write_bytes(data)
    ended = shop.run("verify", *arguments, "--update-trust", code=1)
    assert "BODY_DIGEST" in ended.err
