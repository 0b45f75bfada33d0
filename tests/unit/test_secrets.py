"""Secrets show nowhere by accident: no repr, no message, no pickle."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from support.publisher import PRODUCT, Publisher, identity, signer

from bundlefmt.crypto import keypem
from bundlefmt.errors import KeyFileError
from bundlefmt.keys.hybrid import HybridSigner
from bundlefmt.keys.recipients import (
    HYBRID,
    X25519,
    ContentKey,
    Identity,
    Recipient,
    format_recipient,
    parse_identities,
    parse_recipients,
)
from bundlefmt.keys.signers import FileSigner
from bundlefmt.model.release import NewIdentity, ReleaseRecord
from bundlefmt.wire.armor import IDENTITY, Block, armor, dearmor

SECRET = bytes(range(100, 132))
FORMS = (SECRET, SECRET.hex().encode(), repr(SECRET).encode()[2:-1])


def silent(text: str) -> None:
    import base64

    for form in (*FORMS, base64.b64encode(SECRET)[:40]):
        assert form not in text.encode("utf-8", "replace"), text


HOLDERS: list[Any] = [
    Identity(X25519, SECRET),
    Identity(HYBRID, SECRET),
    ContentKey(SECRET),
    FileSigner(SECRET),
    HybridSigner(SECRET, bytes(32)),
    NewIdentity(1, SECRET),
    Block(IDENTITY, b"\0\1" + SECRET),
    ReleaseRecord(PRODUCT, 1, "1", 1, bytes(32), identities=(NewIdentity(1, SECRET),)),
    [Identity(X25519, SECRET)],
    {"a": FileSigner(SECRET)},
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda each: type(each).__name__)
def test_texts(holder: Any) -> None:
    for text in (repr(holder), str(holder), f"{holder}", f"{holder!a}", "%s %r" % (holder, [holder])):  # noqa: UP031
        silent(text)


@pytest.mark.parametrize("holder", [*HOLDERS[:5], *HOLDERS[-2:]], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_pickles(holder: Any, protocol: int) -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(holder, protocol)
    with pytest.raises(TypeError, match="not pickled"):
        copy.deepcopy(holder)


def test_no_attributes_can_be_added() -> None:
    for holder in HOLDERS[:5]:
        assert not hasattr(holder, "__dict__")


def test_public_names() -> None:
    one = identity("one")
    assert str(one) == f"x25519 {one.recipient.key_id.hex()}"
    assert repr(one) == f"Identity(type=1, key_id={one.recipient.key_id.hex()})"
    assert repr(one.recipient) == f"Recipient(type=1, key_id={one.recipient.key_id.hex()})"
    assert str(ContentKey(SECRET)) == "content-encryption key"
    assert "kid=" in repr(signer("one"))


@pytest.mark.parametrize("kind", [X25519, HYBRID])
def test_key_files(kind: int) -> None:
    one, two = Identity(kind, SECRET), Identity.generate(kind)
    text = f"# comment\n{one.armored()}\n{two.armored()}"
    assert [each.recipient for each in parse_identities(text)] == [one.recipient, two.recipient]
    public = format_recipient(one.recipient) + format_recipient(two.recipient)
    assert parse_recipients("\ufeff" + public.replace("\n", "\r\n")) == [one.recipient, two.recipient]


def refused(action: Any, *args: Any) -> str:
    with pytest.raises(KeyFileError) as info:
        action(*args)
    assert info.value.code == "KEY_FILE"
    assert info.value.__cause__ is None
    silent(str(info.value) + repr(info.value) + info.value.detail)
    return info.value.detail


def test_damaged_key_files() -> None:
    text = Identity(X25519, SECRET).armored()
    lines = text.splitlines()
    assert len(lines) == 3
    assert "check" in refused(
        parse_identities, lines[0] + "\n" + lines[1].replace("a", "b", 1).replace("A", "B", 1) + "\n" + lines[2]
    )
    assert "END" in refused(parse_identities, "\n".join(lines[:2]))
    assert "BEGIN" in refused(parse_identities, "\n".join((*lines[:2], *lines)))
    assert "BEGIN" in refused(parse_identities, text.replace("IDENTITY-----", "IDENTITY----", 1))
    assert "END" in refused(parse_identities, lines[2])
    assert "END" in refused(parse_identities, text.replace("END BUNDLEFMT IDENTITY", "END BUNDLEFMT RECIPIENT"))
    assert "no block" in refused(parse_identities, "nothing here\n")
    assert "RECIPIENT" in refused(parse_recipients, text)
    assert "lines" in refused(parse_identities, f"{lines[0]}\n{lines[1][:20]}\n{lines[1][20:]}\n{lines[2]}")
    assert "lines" in refused(parse_identities, f"{lines[0]}\n{lines[2]}")
    assert "base64" in refused(parse_identities, f"{lines[0]}\n{lines[1][:-1]}\n{lines[2]}")
    assert "base64" in refused(parse_identities, f"{lines[0]}\n{lines[1][:-1]}\u00e9\n{lines[2]}")
    unused = "AAB="  # the last two bits of B are not used and not zero
    assert "one form" in refused(dearmor, f"-----BEGIN X-----\n{unused}\n-----END X-----")


def _block(body: bytes) -> str:
    from bundlefmt.keys.recipients import _check

    return armor(IDENTITY, body + _check(IDENTITY, body))


def test_keys_of_another_kind() -> None:
    assert "type 9" in refused(parse_identities, _block(b"\0\x09" + SECRET))
    assert "32 bytes" in refused(parse_identities, _block(b"\0\1" + SECRET[1:]))
    assert "check" in refused(parse_identities, _block(b"\0"))
    assert "check" in refused(parse_identities, armor(IDENTITY, b"\0\1" + SECRET))
    for kind, secret in ((9, SECRET), (X25519, SECRET[1:])):
        with pytest.raises(ValueError, match="identity"):
            Identity(kind, secret)


def test_signing_key_files() -> None:
    one = FileSigner(SECRET)
    pem = one.private_pem()
    assert FileSigner.from_pem(pem).public_key == one.public_key
    public = keypem.public_pem(one.public_key)
    assert keypem.load_public(public) == one.public_key
    assert "not encrypted" in refused(FileSigner.from_pem, pem, b"passphrase")
    assert "no private key" in refused(FileSigner.from_pem, public)
    assert "no private key" in refused(FileSigner.from_pem, b"")
    assert "decryption" in refused(FileSigner.from_pem, Identity(X25519, SECRET).armored().encode())
    assert "damaged" in refused(FileSigner.from_pem, pem.replace(b"M", b"N", 1))
    assert "private key" in refused(keypem.load_public, pem)
    assert "no public key" in refused(keypem.load_public, b"text")


def test_keys_of_other_algorithms() -> None:
    import base64

    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

    other = x25519.X25519PrivateKey.generate()
    private = other.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    public = other.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    assert "not an Ed25519" in refused(FileSigner.from_pem, private)
    assert "not an Ed25519" in refused(keypem.load_public, public)

    locked = ed25519.Ed25519PrivateKey.from_private_bytes(SECRET).private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.BestAvailableEncryption(b"right")
    )
    assert FileSigner.from_pem(locked, b"right").public_key == FileSigner(SECRET).public_key
    assert "encrypted" in refused(FileSigner.from_pem, locked)
    assert "wrong passphrase" in refused(FileSigner.from_pem, locked, b"wrong")

    # One changed byte makes it an Ed448 key of the wrong length, which OpenSSL answers in a way of its own.
    der = base64.b64decode(b"".join(FileSigner(SECRET).private_pem().splitlines()[1:-1])).replace(
        b"\x2b\x65\x70", b"\x2b\x65\x71"
    )
    assert "damaged" in refused(
        FileSigner.from_pem, b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(der) + b"\n-----END PRIVATE KEY-----\n"
    )
    for raw in (b"\1" + bytes(31), b"\xff" * 32):  # small order, not a point
        assert "prime order" in refused(keypem.load_public, keypem.public_pem(raw))


def test_messages_name_what_was_tried_and_no_secret() -> None:
    publisher = Publisher("secret")
    data = publisher.pack({"a": b"1"})
    wrong = [Identity(X25519, SECRET), ContentKey(SECRET)]
    with pytest.raises(Exception, match="NO_IDENTITY") as info:
        publisher.open(data, identities=wrong)
    silent(str(info.value))
    assert wrong[0].recipient.key_id.hex() in str(info.value)
    with pytest.raises(Exception, match="tried: none"):
        publisher.open(data, identities=[])


def test_hints() -> None:
    publisher = Publisher("hints", HYBRID)
    entries = publisher.open(publisher.pack({})).front.entries
    assert publisher.identity.recipient.owns(entries[0])
    assert not identity("other", HYBRID).recipient.owns(entries[0])
    assert not identity("other", X25519).recipient.owns(entries[0])
    anonymous = publisher.open(publisher.pack({}, options=_anonymous())).front.entries
    assert anonymous[0].hint == b""
    assert not publisher.identity.recipient.owns(anonymous[0])
    assert isinstance(publisher.identity.recipient, Recipient)


def _anonymous() -> Any:
    from support.publisher import FAST

    return FAST._replace(anonymous=True)


def test_wraps_of_the_wrong_length() -> None:
    from bundlefmt.crypto import hpke

    for kind in hpke.TYPES:
        length = hpke.enc_len(kind) + 48
        for size in (0, 47, length - 1, length, length + 1):
            assert hpke.unwrap(kind, SECRET, bytes(size), b"") is None
        # Opens, but to another length than a key has.
        wrapped = hpke.wrap(kind, hpke.public_key(kind, SECRET), bytes(32), b"")
        assert hpke.unwrap(kind, SECRET, wrapped, b"") == bytes(32)
        assert hpke.unwrap(kind, SECRET, wrapped, b"other") is None
    assert len(hpke.generate_secret()) == 32


def test_fresh_keys_differ() -> None:
    assert FileSigner.generate().public_key != FileSigner.generate().public_key
    assert Identity.generate().recipient.type == HYBRID
    assert Identity.generate(X25519).recipient != Identity.generate(X25519).recipient
