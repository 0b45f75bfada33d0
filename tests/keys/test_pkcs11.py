"""Signing keys on a PKCS#11 token: a real SoftHSM2 token, and URIs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.keyforms import refused

from bundlefmt.errors import BundleError
from bundlefmt.keys import pkcs11 as place
from bundlefmt.keys import sources
from bundlefmt.keys.passphrases import NoSecrets, OneSecret
from bundlefmt.keys.signers import sign_row
from bundlefmt.wire.cose import LABEL_TRUST

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
PIN = "4321-pin"


# URIs


def test_a_whole_uri() -> None:
    found = place.parse("token=acme%20tok;object=ci;id=%01%FF;type=private?module-path=/a%20b&pin-source=file:/p")
    assert found.path == {"token": b"acme tok", "object": b"ci", "id": b"\x01\xff", "type": b"private"}
    assert found.query == {"module-path": b"/a b", "pin-source": b"file:/p"}
    assert place.parse("").path == {}


@pytest.mark.parametrize(
    ("rest", "word"),
    [
        ("token=a?pin-value=secret4321", "pin-value shows the PIN"),
        ("pin-value=secret4321", "pin-value shows the PIN"),
        ("tokens=a", "'tokens'"),
        ("token=a;token=b", "twice"),
        ("token=%4", "'token'"),
        ("token", "'token'"),
        ("token=a;", "''"),
        ("object=a;type=public", "type=private"),
        ("object=a?module-name=softhsm", "'module-name'"),
        ("Token=a", "'Token'"),
    ],
)
def test_uris_that_are_none(rest: str, word: str) -> None:
    detail = refused(sources.open_signer, f"pkcs11:{rest}")
    assert word in detail
    assert "secret4321" not in detail


# A real token


class Token(NamedTuple):
    uri: str
    module: str
    folder: Path


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pkcs11: Any = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    module = next((path for path in MODULES if os.path.exists(path)), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed; scripts/test-tools.sh installs it")
    from pkcs11 import Attribute, KeyType, Mechanism
    from pkcs11.util.ec import encode_named_curve_parameters

    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(config)  # the module reads it when it is loaded
    for label in ("acme token", "other"):
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "87654321"]
        subprocess.run(command, check=True, capture_output=True)
    with pkcs11.lib(module).get_token(token_label="acme token").open(rw=True, user_pin=PIN) as session:
        for label, number in (("ci", b"\1"), ("twice", b"\2"), ("twice", b"\3"), ("half", b"\4")):
            parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters("1.3.101.112")}
            domain = session.create_domain_parameters(KeyType.EC_EDWARDS, parameters, local=True)
            public, _ = domain.generate_keypair(
                mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=label, id=number
            )
            if label == "half":
                public.destroy()
    yield Token(f"pkcs11:token=acme%20token;object=ci?module-path={module}", module, folder)
    if before is None:
        os.environ.pop("SOFTHSM2_CONF", None)
    else:
        os.environ["SOFTHSM2_CONF"] = before


def test_a_token_signs(token: Token) -> None:
    signer = sources.open_signer(token.uri, OneSecret(PIN.encode()))
    assert sign_row(signer, LABEL_TRUST, bytes(32)).signature
    assert len(signer.sign(bytes(4096))) == 64
    assert PIN not in repr(signer)
    # A second key of the same token, while the first is open.
    by_id = token.uri.replace("object=ci", "id=%01")
    assert sources.open_verification_key(by_id, OneSecret(PIN.encode())) == signer.public_key


def test_the_pin_comes_from_a_file(token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pin file"
    path.write_text(f"{PIN}\r\n")
    for name in (f"file:{tmp_path}/pin%20file", f"{tmp_path}/pin%20file", f"file://{tmp_path}/pin%2520file"):
        assert sources.open_signer(f"{token.uri}&pin-source={name}", NoSecrets()).public_key
    assert "No such file" in refused(sources.open_signer, f"{token.uri}&pin-source=file:/nothing", NoSecrets())
    path.write_bytes(b"\xff\xff\n")
    assert "UTF-8" in refused(
        sources.open_signer, f"{token.uri}&pin-source=file:{tmp_path}/pin%20file", NoSecrets(), code="KEY_SOURCE"
    )
    monkeypatch.setenv("PKCS11_MODULE", token.module)
    assert sources.open_signer(token.uri.partition("?")[0], OneSecret(PIN.encode())).public_key


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("object=ci", "object=nothing"), "no private Ed25519 key"),
        (("object=ci", "object=twice"), "more than one private Ed25519 key"),
        (("object=ci", "object=half"), "no public key object"),
        (("token=acme%20token", "token=absent"), "no token"),
        (("token=acme%20token", "model=SoftHSM%20v2"), "more than one token"),
        (("token=acme%20token", "slot-id=999999"), "no token"),
    ],
)
def test_keys_that_are_not_there(token: Token, change: tuple[str, str], word: str) -> None:
    assert word in refused(sources.open_signer, token.uri.replace(*change), OneSecret(PIN.encode()), code="KEY_SOURCE")


def test_pins_that_are_wrong_or_missing(token: Token) -> None:
    wrong = b"wrong-pin-99"
    # Another token: one that is open in this process lets in without a PIN.
    other = token.uri.replace("acme%20token", "other")
    detail = refused(sources.open_signer, other, OneSecret(wrong), code="KEY_SOURCE", secrets=(wrong,))
    assert "wrong PIN" in detail
    assert "nobody can be asked" in refused(sources.open_signer, other, NoSecrets(), code="KEY_SOURCE")
    assert "no private" in refused(sources.open_signer, other, OneSecret(PIN.encode()), code="KEY_SOURCE")


def test_modules_that_are_none(token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PKCS11_MODULE", raising=False)
    bare = token.uri.partition("?")[0]
    assert "which PKCS#11 module" in refused(sources.open_signer, bare, code="KEY_SOURCE")
    (tmp_path / "no.so").write_text("nothing")
    for name in (tmp_path / "no.so", tmp_path / "none.so"):
        with pytest.raises(BundleError) as info:
            sources.open_signer(f"{bare}?module-path={name}")
        assert info.value.code == "KEY_SOURCE"
