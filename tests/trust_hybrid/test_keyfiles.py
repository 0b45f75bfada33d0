"""Hybrid keys in files and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA65PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from support.cli import RELEASE, Shop, write_tree
from support.publisher import hybrid_signer, signer

from bundlefmt.crypto import hybridpem, keypem
from bundlefmt.crypto.digests import signer_kid
from bundlefmt.errors import KeyFileError
from bundlefmt.keys import files, sources
from bundlefmt.keys.hybrid import HybridSigner
from bundlefmt.keys.signers import FileSigner

ONE = hybrid_signer("file")
PEM, PUBLIC = ONE.private_pem(), ONE.public_pem()


def _blocks(pem: bytes) -> list[bytes]:
    first, mark, rest = pem.partition(b"-----BEGIN P")
    assert not first
    second = rest.rindex(mark)
    return [mark + rest[:second], rest[second:]]


def _locked(pem: bytes, password: bytes) -> bytes:
    key = load_pem_private_key(pem, None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))


FIRST, SECOND = _blocks(PEM)
FIRST_PUBLIC, SECOND_PUBLIC = _blocks(PUBLIC)
ML44 = MLDSA44PrivateKey.generate()
SMALLER = ML44.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SMALLER_PUBLIC = ML44.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_files_come_back(tmp_path: Path) -> None:
    path = str(tmp_path / "ci.pem")
    public = files.write_signer(path, ONE)
    assert sources.open_signer(path).public_key == ONE.public_key
    assert sources.open_verification_key(public) == sources.open_verification_key(path) == ONE.public_key
    assert len(ONE.public_key) == 1984
    assert HybridSigner.from_pem(PEM).private_pem() == PEM
    assert HybridSigner.from_pem(b"a comment\n" + PEM.replace(b"\n", b"\r\n")).public_key == ONE.public_key


def test_encrypted_files() -> None:
    locked = _locked(FIRST, b"right") + _locked(SECOND, b"right")
    assert HybridSigner.from_pem(locked, b"right").public_key == ONE.public_key
    for password in (b"wrong", None):
        with pytest.raises(KeyFileError, match="KEY_FILE"):
            HybridSigner.from_pem(locked, password)
    for mixed in (_locked(FIRST, b"right") + SECOND, FIRST + _locked(SECOND, b"right")):
        for password in (b"right", None):
            with pytest.raises(KeyFileError, match="KEY_FILE"):
                HybridSigner.from_pem(mixed, password)


@pytest.mark.parametrize(
    "data",
    [
        FIRST,
        SECOND,
        SECOND + FIRST,
        FIRST + FIRST,
        SECOND + SECOND,
        PEM + FIRST,
        PEM + SECOND,
        PEM + PEM,
        FIRST + SMALLER,
        FIRST + SECOND_PUBLIC,
        FIRST_PUBLIC + SECOND,
        PUBLIC,
        FIRST + SECOND.replace(b"A", b"B"),
        FIRST + SECOND[:-30],
        FIRST + SECOND.replace(b"BEGIN", b"BEGIN EC", 1),
        b"",
    ],
)
def test_bad_private_files(data: bytes) -> None:
    """Every kind gives one refusal, and no part of the secret."""
    with pytest.raises(KeyFileError) as caught:
        HybridSigner.from_pem(data)
    assert caught.value.code == "KEY_FILE"
    assert len(caught.value.detail.splitlines()) == 1
    for line in PEM.splitlines()[1::2]:
        assert line.decode() not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        FIRST_PUBLIC,
        SECOND_PUBLIC,
        SECOND_PUBLIC + FIRST_PUBLIC,
        FIRST_PUBLIC + FIRST_PUBLIC,
        PUBLIC + FIRST_PUBLIC,
        FIRST_PUBLIC + SMALLER_PUBLIC,
        FIRST_PUBLIC + SECOND,
        PEM,
        FIRST_PUBLIC + SECOND_PUBLIC.replace(b"A", b"!"),
        b"",
    ],
)
def test_bad_public_files(data: bytes) -> None:
    with pytest.raises(KeyFileError, match="KEY_FILE"):
        hybridpem.load_public(data)


def test_half_of_a_hybrid_file_is_no_key(tmp_path: Path) -> None:
    """ARM-3: what reads one key does not take the first of two, and an ML-DSA key alone is none."""
    for load, data in ((FileSigner.from_pem, PEM), (keypem.load_public, PUBLIC)):
        with pytest.raises(KeyFileError, match="more than one key"):
            load(data)  # type: ignore[operator]
    with pytest.raises(KeyFileError, match="not an Ed25519 key"):
        FileSigner.from_pem(SECOND)
    for name, text in (("swapped", SECOND + FIRST), ("three", PEM + FIRST), ("twice", FIRST + FIRST)):
        path = tmp_path / name
        path.write_bytes(text)
        with pytest.raises(KeyFileError, match="KEY_FILE"):
            sources.open_signer(str(path))


def test_an_ed25519_half_of_small_order_is_refused() -> None:
    small = b"\1" + bytes(31) + ONE.public_key[32:]
    with pytest.raises(KeyFileError, match="prime order"):
        hybridpem.load_public(hybridpem.public_pem(small))


def test_halves_have_secrets_of_their_own() -> None:
    with pytest.raises(KeyFileError, match="one seed"):
        HybridSigner(bytes(32), bytes(32))
    one, two = HybridSigner.generate(), HybridSigner.generate()
    assert one.public_key[:32] != two.public_key[:32]
    assert one.public_key[32:] != two.public_key[32:]
    assert "kid=" + signer_kid(one.public_key).hex() in repr(one)


def test_the_seed_form_is_the_standards() -> None:
    """RFC 9881: PKCS#8 with the seed alone, [0] of 32 bytes."""
    key = load_pem_private_key(SECOND, None)
    assert isinstance(key, MLDSA65PrivateKey)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert der.hex() == "3034020100300b0609608648016503040312042280" + "20" + key.private_bytes_raw().hex()


def test_the_command_line_from_keygen_to_verify(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    write_tree(tmp_path / "site", {"index.html": b"hello\n"})
    for name in ("root", "ci"):
        told = shop.run("keygen", "signer", "--hybrid", "-o", f"{name}.pem").out
        key_id = signer_kid(sources.open_signer(str(shop.path(f"{name}.pem"))).public_key).hex()
        assert key_id in told
    shop.run("keygen", "recipient", "-o", "device.key")
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "ci.pem.pub", "-o", "acme.trust")
    shown = shop.run("publisher", "show", "acme.trust").out
    assert shown.count("ed25519-mldsa65") == 3
    assert key_id in shown
    shop.run(
        "pack", "--trust", "acme.trust", "--signer", "ci.pem", "-r", "device.key.pub", *RELEASE, "-o", "a.bndl", "site"
    )
    told = json.loads(shop.run("verify", "--trust", "acme.trust", "--json", "a.bndl").out)
    assert key_id in json.dumps(told)
    refused = shop.run("keygen", "recipient", "--hybrid", "-o", "other.key", code=None)
    assert refused.code == 2
    assert "--hybrid" in refused.err


def test_a_key_that_is_not_hybrid_cannot_stand_in(tmp_path: Path) -> None:
    """The half alone, as a file of its own, is not in the role."""
    shop = Shop(tmp_path)
    write_tree(tmp_path / "site", {"index.html": b"hello\n"})
    files.write_signer(str(tmp_path / "ci.pem"), ONE)
    files.write_signer(str(tmp_path / "root.pem"), signer("hybrid cli root"))
    (tmp_path / "half.pem").write_bytes(FIRST)
    shop.run("keygen", "recipient", "-o", "device.key")
    shop.run("publisher", "init", "--root", "root.pem", "--signer", "ci.pem.pub", "-o", "acme.trust")
    ended = shop.run(
        "pack",
        "--trust",
        "acme.trust",
        "--signer",
        "half.pem",
        "-r",
        "device.key.pub",
        *RELEASE,
        "-o",
        "a.bndl",
        "site",
        code=None,
    )
    assert ended.code == 3
    assert "INPUT_KEYS" in ended.err
    assert "a.bndl" not in shop.names()
