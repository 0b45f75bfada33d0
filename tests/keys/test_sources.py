"""One scheme of names for every place: files, the environment, signers of third parties, and what is none of them."""

from __future__ import annotations

import builtins
import importlib
import importlib.metadata
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.cli import Shop, environment
from support.keyforms import PASSPHRASE, PUBLIC, SEED, assert_silent, openssh, pkcs8, refused, spki, ssh_line

from bundlefmt.crypto.digests import signer_kid
from bundlefmt.errors import refuse
from bundlefmt.keys import sources
from bundlefmt.keys.passphrases import OneSecret
from bundlefmt.keys.recipients import X25519, Identity, format_recipient
from bundlefmt.keys.signers import FileSigner, sign_row
from bundlefmt.wire.cose import LABEL_TRUST

AGE = json.loads((Path(__file__).parent / "age_keys.json").read_text())
OURS = Identity(X25519, SEED)


@pytest.mark.parametrize(
    ("uri", "scheme", "rest"),
    [
        ("ci.pem", "file", "ci.pem"),
        ("-", "file", "-"),
        ("/a/b:c", "file", "/a/b:c"),
        ("./env:NAME", "file", "./env:NAME"),
        ("C:key.pem", "file", "C:key.pem"),
        ("c:key.pem", "file", "c:key.pem"),
        ("Env:NAME", "file", "Env:NAME"),
        ("file:a b%20", "file", "a b%20"),
        ("file:/a/b", "file", "/a/b"),
        ("env:NAME", "env", "NAME"),
        ("keyring:a/b", "keyring", "a/b"),
        ("pkcs11:token=a;object=b?module-path=/x", "pkcs11", "token=a;object=b?module-path=/x"),
        ("agent:SHA256:abc", "agent", "SHA256:abc"),
        ("awskms:arn:aws:kms:r:1:key/x", "awskms", "arn:aws:kms:r:1:key/x"),
        ("my-signer+2.0:x", "my-signer+2.0", "x"),
    ],
)
def test_names(uri: str, scheme: str, rest: str) -> None:
    assert sources.split(uri) == (scheme, rest)


@pytest.mark.parametrize(
    "text", [pkcs8().decode(), openssh().decode(), OURS.armored(), AGE["x25519"]["identity"],
             AGE["hybrid"]["identity"].lower()]
)  # fmt: skip
def test_a_secret_in_the_place_of_its_name_is_not_repeated(text: str) -> None:
    for action in (sources.open_signer, sources.open_identities, sources.open_recipients, sources.open_keys,
                   sources.open_verification_key, sources.open_key):  # fmt: skip
        detail = refused(action, text, secrets=(text.encode(),))
        assert "place of its name" in detail
        assert text.splitlines()[-1][:20] not in detail


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for name in (str(path), f"file:{path}", f"file://{path}"):
        path.write_bytes(pkcs8(PASSPHRASE))
        assert sources.open_signer(name, OneSecret(PASSPHRASE)).public_key == PUBLIC
        assert sources.open_key(name, OneSecret(PASSPHRASE))[0] == PUBLIC
        assert sources.open_verification_key(name, OneSecret(PASSPHRASE)) == PUBLIC
        path.write_bytes(ssh_line())
        assert sources.open_verification_key(name) == PUBLIC
        assert sources.open_key(name) == (PUBLIC, None)
        path.write_text(OURS.armored())
        assert sources.open_identities(name)[0].recipient == OURS.recipient
        assert len(sources.open_keys(name)[0]) == 1
        path.write_text(format_recipient(OURS.recipient))
        assert sources.open_recipients(name) == [OURS.recipient]
        assert sources.open_keys(name) == ([], [OURS.recipient])
        assert str(path) in refused(sources.open_signer, name)
    assert sources.path_of(f"file:{path}") == str(path)
    assert sources.path_of("-") is None
    assert sources.path_of("env:X") is None


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for action in (sources.open_signer, sources.open_identities, sources.open_recipients):
        assert "No such file" in refused(action, str(tmp_path / "none"))
        assert "directory" in refused(action, str(tmp_path))
        large = tmp_path / "large"
        large.write_bytes(bytes(5 << 20))
        assert "more than" in refused(action, str(large))


def test_a_file_that_is_named_like_a_recipient_of_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = AGE["x25519"]["recipient"]
    (one,) = sources.open_recipients(text)
    assert one == sources.open_keys(text)[1][0]
    (tmp_path / "age1file").write_text(format_recipient(OURS.recipient))
    assert sources.open_recipients("age1file") == [OURS.recipient]
    (tmp_path / "age1secret").write_text(OURS.armored())
    assert len(sources.open_keys("age1secret")[0]) == 1
    assert "damaged" in refused(sources.open_recipients, text[:-1])


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_KEY", "\ufeff" + pkcs8().decode().replace("\n", "\r\n").rstrip())
    assert sources.open_signer("env:CI_KEY").public_key == PUBLIC
    monkeypatch.setenv("CI_KEY", spki().decode().rstrip())
    assert sources.open_verification_key("env:CI_KEY") == PUBLIC
    monkeypatch.setenv("DEVICE", AGE["hybrid"]["identity"])
    monkeypatch.setenv("DEVICE_PUB", AGE["hybrid"]["recipient"])
    assert [each.recipient for each in sources.open_identities("env:DEVICE")] == sources.open_recipients(
        "env:DEVICE_PUB"
    )
    monkeypatch.setenv("CI_KEY", pkcs8().decode().replace("\n", "\\n"))
    assert refused(sources.open_signer, "env:CI_KEY").startswith("env:CI_KEY: its line ends were lost")
    monkeypatch.setenv("CI_KEY", "")
    assert "is empty" in refused(sources.open_signer, "env:CI_KEY")
    assert "no variable 'NOTHING'" in refused(sources.open_signer, "env:NOTHING", code="KEY_SOURCE")
    assert "no variable" in refused(sources.open_identities, "env:", code="KEY_SOURCE")


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[object] = []
    real = builtins.open

    def counted(file: Any, *args: Any, **kwargs: Any) -> Any:
        if file == 0:
            reads.append(file)
            return io.BytesIO(pkcs8())
        return real(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", counted)
    public, signer = sources.open_key("-")
    assert (public, len(reads)) == (PUBLIC, 1)
    assert signer is not None


@pytest.mark.parametrize("scheme", ["pkcs11", "agent", "awskms"])
def test_services_hold_signing_keys_only(scheme: str) -> None:
    assert "signing keys only" in refused(sources.open_identities, f"{scheme}:x", code="KEY_SOURCE")
    assert "signing keys only" in refused(sources.open_recipients, f"{scheme}:x", code="KEY_SOURCE")


@pytest.mark.parametrize(
    ("uri", "module", "extra"),
    [
        ("keyring:a/b", "keyring", "keyring"),
        ("pkcs11:object=a", "pkcs11", "pkcs11"),
        ("agent:a", "paramiko", "agent"),
        ("awskms:a", "botocore", "awskms"),
    ],
)
def test_a_missing_extra_is_one_line(uri: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    detail = refused(sources.open_signer, uri, code="KEY_SOURCE")
    assert f"pip install 'bundlefmt[{extra}]'" in detail


def test_missing_libraries_of_key_forms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "bech32", None)
    assert "bundlefmt[age]" in refused(sources.open_recipients, AGE["x25519"]["recipient"], code="KEY_SOURCE")


def test_an_encrypted_openssh_key_without_its_library(tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").write_bytes(openssh(PASSPHRASE))
    code = "import sys; sys.modules['bcrypt'] = None\nfrom bundlefmt.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "keygen", "show", "id_ed25519", "--passphrase-env", "PHRASE"]
    env = {**environment(), "PHRASE": PASSPHRASE.decode()}
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False, text=True)
    assert ended.returncode == 3
    assert "KEY_SOURCE: id_ed25519: an encrypted OpenSSH key needs an extra" in ended.stderr
    assert "pip install 'bundlefmt[openssh]'" in ended.stderr
    assert_silent(ended.stderr)


# Third parties


class Theirs:
    """A signer of a third party, good or bad."""

    def __init__(self, public: Any = PUBLIC, answer: Any = None) -> None:
        self._public = public
        self._answer = answer

    @property
    def public_key(self) -> bytes:
        if isinstance(self._public, Exception):
            raise self._public
        return self._public

    def sign(self, message: bytes) -> bytes:
        if isinstance(self._answer, Exception):
            raise self._answer
        return FileSigner(SEED).sign(message) if self._answer is None else self._answer


class Point:
    def __init__(self, factory: Any, value: str = "theirs:factory") -> None:
        self.name = "theirs"
        self.value = value
        self._factory = factory

    def load(self) -> Any:
        return self._factory


def provide(monkeypatch: pytest.MonkeyPatch, *points: Point) -> None:
    def entry_points(*, group: str) -> list[Point]:
        assert group == sources.ENTRY_POINTS == "bundlefmt.signers"
        return list(points)

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)


def test_signers_of_third_parties(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def factory(uri: str, secrets: Any) -> Theirs:
        asked.append((uri, secrets.ask("PIN of theirs")))
        return Theirs()

    provide(monkeypatch, Point(factory), Point(factory))
    signer = sources.open_signer("theirs:one;two", OneSecret(PASSPHRASE))
    assert asked == [("theirs:one;two", PASSPHRASE)]
    assert sign_row(signer, LABEL_TRUST, bytes(32)).signature
    assert sources.open_verification_key("theirs:x") == PUBLIC
    assert "theirs:one;two" in repr(signer)
    provide(monkeypatch, Point(factory), Point(factory, "others:factory"))
    assert "more than one package" in refused(sources.open_signer, "theirs:x", code="KEY_SOURCE")


def test_an_installed_package_provides_a_scheme(shop: Shop, tmp_path: Path) -> None:
    """The example of spec/keys.md section 4, installed."""
    info = tmp_path / "site" / "acme_hsm-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-hsm\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[bundlefmt.signers]\nacme-hsm = acme_hsm:open_signer\n")
    (info.parent / "acme_hsm.py").write_text(
        "import bundlefmt\n"
        "def open_signer(uri, secrets):\n"
        "    pin = secrets.ask('PIN of the HSM')\n"
        "    if pin != b'1234':\n"
        "        raise bundlefmt.KeySourceError('KEY_SOURCE', 'the HSM says no')\n"
        "    return bundlefmt.FileSigner(bytes(range(100, 132)))\n"
    )
    path = f"{info.parent}{os.pathsep}{environment()['PYTHONPATH']}"
    show = ("keygen", "show", "acme-hsm:slot/1", "--passphrase-env", "PIN")
    shown = shop.run(*show, env={"PYTHONPATH": path, "PIN": "1234"})
    assert signer_kid(PUBLIC).hex() in shown.out
    ended = shop.run(*show, env={"PYTHONPATH": path, "PIN": "9"}, code=3)
    assert "KEY_SOURCE: acme-hsm:slot/1: the HSM says no" in ended.err


SECRET_TEXT = "a message with a secret: " + SEED.hex()


@pytest.mark.parametrize(
    "factory",
    [
        lambda *_: (_ for _ in ()).throw(RuntimeError(SECRET_TEXT)),
        lambda *_: None,
        lambda *_: Theirs(b"short"),
        lambda *_: Theirs(b"\1" + bytes(31)),
        lambda *_: Theirs("text"),
        lambda *_: Theirs(ValueError(SECRET_TEXT)),
        lambda: None,
    ],
)
def test_third_parties_that_fail(factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    provide(monkeypatch, Point(factory))
    assert refused(sources.open_signer, "theirs:x", code="KEY_SOURCE").startswith("theirs:x: ")


@pytest.mark.parametrize("answer", [ValueError(SECRET_TEXT), "text", 7, bytearray(64)])
def test_third_parties_that_do_not_sign(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    provide(monkeypatch, Point(lambda *_: Theirs(answer=answer)))
    signer = sources.open_signer("theirs:x")
    assert refused(signer.sign, b"m", code="KEY_SOURCE").startswith("theirs:x: ")


def test_third_parties_that_sign_wrong_or_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    provide(monkeypatch, Point(lambda *_: Theirs(answer=bytes(64))))
    with pytest.raises(Exception, match=r"INPUT_KEYS.*does not verify"):
        sign_row(sources.open_signer("theirs:x"), LABEL_TRUST, bytes(32))
    provide(monkeypatch, Point(lambda *_: (_ for _ in ()).throw(refuse("KEY_SOURCE", "the card is not in"))))
    assert refused(sources.open_signer, "theirs:x", code="KEY_SOURCE") == "theirs:x: the card is not in"
    provide(monkeypatch, Point(lambda *_: (_ for _ in ()).throw(refuse("INPUT_KEYS", "not this one"))))
    with pytest.raises(Exception, match="INPUT_KEYS: not this one"):
        sources.open_signer("theirs:x")


def test_unknown_schemes() -> None:
    for action in (sources.open_signer, sources.open_identities, sources.open_verification_key):
        detail = refused(action, "nothing-known:x", code="KEY_SOURCE")
        assert "file, env, keyring, pkcs11, agent, awskms" in detail
        assert "./" in detail


def test_built_in_schemes_are_not_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(**_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(importlib.metadata, "entry_points", never)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for scheme in sources.SCHEMES:
        with pytest.raises(Exception, match="KEY_"):
            sources.open_signer(f"{scheme}:")


def test_nothing_heavy_is_imported_for_files(tmp_path: Path) -> None:
    (tmp_path / "device.key").write_text(OURS.armored())
    code = (
        "import sys; from bundlefmt.keys import sources; sources.open_identities(sys.argv[1]);"
        "print([m for m in ('keyring','pkcs11','paramiko','botocore','bech32','importlib.metadata',"
        "'cryptography.hazmat.primitives.serialization') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "device.key")], env=environment(), capture_output=True, check=True
    )
    assert ended.stdout == b"[]\n"


def test_answers_stay_silent() -> None:
    one = OneSecret(PASSPHRASE)
    assert_silent(repr(one) + str(one))
    with pytest.raises(TypeError, match="not pickled"):
        importlib.import_module("pickle").dumps(one)
