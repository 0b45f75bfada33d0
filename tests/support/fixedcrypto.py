"""Deterministic stand-ins for every source of random bytes a writer has."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from hashlib import sha256
from unittest import mock

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bundlefmt.crypto import cobblestone, hpke

_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


def seal(cek: bytes, context: bytes, plaintext: bytes | memoryview) -> bytes:
    """A Cobblestone-256 message whose salt follows from its input."""
    plain = bytes(plaintext)
    salt = sha256(b"test only salt" + cek + context + plain).digest()[:24]
    derived = HKDFExpand(SHA512(), 76, _LABEL + salt + context).derive(cek)
    key, base, commitment = derived[:32], int.from_bytes(derived[32:44], "big"), derived[44:]
    chunks = [plain[at : at + 16384] for at in range(0, len(plain) + 1, 16384)]
    sealed = [AESGCM(key).encrypt((base ^ k).to_bytes(12, "big"), chunk, b"") for k, chunk in enumerate(chunks)]
    return salt + commitment + b"".join(sealed)


def seal_into(cek: bytes, context: bytes, plaintext: bytes | memoryview, buffer: memoryview) -> None:
    """As `seal`, into a buffer."""
    buffer[:] = seal(cek, context, plaintext)


def _wrap(kind: int, public: bytes, cek: bytes, info: bytes) -> bytes:
    length = hpke.enc_len(kind) + 48
    block = sha256(public + cek + info).digest()
    return (block * (length // 32 + 1))[:length]


@contextlib.contextmanager
def patched() -> Iterator[list[bytes]]:
    """Replace `os.urandom`, the encryptor and the wrap.

    Yields:
        Every value of 32 bytes that was taken; the content-encryption key is one of them.
    """
    count = 0
    keys: list[bytes] = []

    def urandom(length: int) -> bytes:
        nonlocal count
        count += 1
        block = sha256(b"test only random %d" % count).digest()
        if length == len(block):
            keys.append(block)
        return (block * (length // 32 + 1))[:length]

    with (
        mock.patch.object(os, "urandom", urandom),
        mock.patch.object(cobblestone, "seal", seal),
        mock.patch.object(cobblestone, "seal_into", seal_into),
        mock.patch.object(hpke, "wrap", _wrap),
    ):
        yield keys
