"""Keys under a passphrase: bytes as specified, every change noticed, standard files for signing keys."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from support.keyforms import PASSPHRASE, PUBLIC, SEED, assert_silent, pkcs8, refused

from bundlefmt.crypto import keylock, keypem
from bundlefmt.crypto.pkcs8lock import lock_pem
from bundlefmt.keys import protected
from bundlefmt.keys.hybrid import HybridSigner
from bundlefmt.keys.recipients import HYBRID, X25519, Identity
from bundlefmt.wire.armor import dearmor

LOG_N = keylock.LOG_N_MIN
LABEL = b"BUNDLEFMT ENCRYPTED IDENTITY"


def block(identity: Identity, log_n: int = LOG_N) -> bytes:
    (found,) = dearmor(protected.lock(identity, PASSPHRASE, log_n))
    assert found.label == LABEL.decode()
    return found.data


def checked(body: bytes) -> bytes:
    return body + hashlib.sha256(LABEL + b"\0" + body).digest()[:4]


@pytest.mark.parametrize("kind", [X25519, HYBRID])
def test_bytes_are_as_specified(kind: int) -> None:
    one = Identity(kind, SEED)
    data = block(one)
    assert len(data) == 81
    assert data[:3] == bytes((0, 1, LOG_N))
    assert data[19:21] == kind.to_bytes(2, "big")
    assert data[21:29] == one.recipient.key_id
    assert checked(data[:-4]) == data
    derived = Scrypt(data[3:19], 44, 1 << LOG_N, 8, 1).derive(PASSPHRASE)
    assert AESGCM(derived[:32]).decrypt(derived[32:], data[29:77], LABEL + b"\0" + data[:29]) == SEED


def test_lock_and_unlock() -> None:
    one = Identity(HYBRID, SEED)
    locked = protected.parse(block(one))
    assert locked.name == str(one)
    found = locked.unlock(PASSPHRASE)
    assert found is not None
    assert found.recipient == one.recipient
    assert locked.unlock(b"other") is None
    assert locked.unlock(b"") is None
    assert_silent(repr(locked) + str(locked))
    assert block(one) != block(one)
    with pytest.raises(ValueError, match="empty"):
        protected.lock(one, b"")
    assert keylock.LOG_N >= 17


def test_every_changed_byte_is_noticed() -> None:
    data = block(Identity(X25519, SEED))
    for index in range(len(data)):
        changed = bytearray(data)
        changed[index] ^= 1
        assert "check" in refused(protected.parse, bytes(changed))
    for index in (3, 29, 76):  # with a new check: the passphrase does not open it
        changed = bytearray(data[:-4])
        changed[index] ^= 1
        assert protected.parse(checked(bytes(changed))).unlock(PASSPHRASE) is None
    relabelled = bytearray(data[:-4])
    relabelled[21] ^= 1
    assert protected.parse(checked(bytes(relabelled))).unlock(PASSPHRASE) is None


def test_a_label_that_was_sealed_wrong_is_refused() -> None:
    one, other = Identity(X25519, SEED), Identity(X25519, bytes(32))
    head = bytes((0, 1, LOG_N)) + bytes(16) + b"\0\1" + other.recipient.key_id
    sealed = keylock.seal(PASSPHRASE, bytes(16), LOG_N, one.exported()[1], LABEL + b"\0" + head)
    assert "labelled" in refused(protected.parse(checked(head + sealed)).unlock, PASSPHRASE)


@pytest.mark.parametrize(
    ("offset", "value", "word"),
    [(1, 2, "form 2"), (2, 14, "work"), (2, 21, "work"), (2, 63, "work"), (2, 0, "work"), (20, 9, "type 9")],
)
def test_what_a_block_may_not_ask_for(offset: int, value: int, word: str) -> None:
    body = bytearray(block(Identity(X25519, SEED))[:-4])
    body[offset] = value
    assert word in refused(protected.parse, checked(bytes(body)))


def test_lengths() -> None:
    body = block(Identity(X25519, SEED))[:-4]
    for wrong in (b"", body[:2], body[:-1], body + b"\0"):
        refused(protected.parse, checked(wrong))
    refused(protected.parse, b"")
    for log_n in (LOG_N - 1, keylock.LOG_N_MAX + 1):
        with pytest.raises(ValueError, match="bounds"):
            keylock.seal(PASSPHRASE, bytes(16), log_n, SEED, b"")


def test_too_little_memory_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    locked = protected.parse(block(Identity(X25519, SEED)))

    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(keylock, "unseal", out_of_memory)
    assert "32 MiB" in refused(locked.unlock, PASSPHRASE)


# Signing keys


def test_signing_keys_are_standard_pkcs8(tmp_path: Path) -> None:
    pem = lock_pem(pkcs8(), PASSPHRASE)
    assert pem.count(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") == 1
    assert keypem.is_locked(pem)
    assert keypem.load_private(pem, PASSPHRASE) == SEED
    refused(keypem.load_private, pem, b"other")
    assert_silent(pem)
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; the library has read it")
    path = tmp_path / "key.pem"
    path.write_bytes(pem)
    command = ["openssl", "pkey", "-in", str(path), "-passin", "stdin", "-pubout", "-outform", "DER"]
    assert subprocess.run(command, input=PASSPHRASE, capture_output=True, check=True).stdout[-32:] == PUBLIC


def test_both_halves_of_a_hybrid_key_are_protected() -> None:
    one = HybridSigner.generate()
    pem = lock_pem(one.private_pem(), PASSPHRASE)
    assert b"BEGIN PRIVATE KEY" not in pem
    assert pem.count(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") == 2
    assert HybridSigner.from_pem(pem, PASSPHRASE).public_key == one.public_key
