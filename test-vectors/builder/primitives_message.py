"""Cobblestone-256 messages written out, with a salt of our choice, which no library offers."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CHUNK, TAG = 16384, 16


def clen(length: int) -> int:
    """The length of the message of a plaintext."""
    return 56 + length + TAG * (length // CHUNK + 1)


def context(place: dict[str, Any]) -> bytes:
    """The context of a manifest or a record."""
    text: bytes = f"bundlefmt/1 {place['unit']}".encode() + b"\x00"
    text += place["suite"].to_bytes(2, "big") + bytes([place["kind"]])
    text += bytes.fromhex(place["publisher_id"]) + bytes.fromhex(place["bundle_id"])
    if place["unit"] == "record":
        text += place["index"].to_bytes(4, "big")
    return text


def derive(cek: bytes, salt: bytes, bound: bytes) -> tuple[bytes, bytes, bytes]:
    """Key, base nonce and commitment of one message."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + salt + bound
    derived = HKDFExpand(SHA512(), 76, info).derive(cek)
    return derived[:32], derived[32:44], derived[44:]


def _nonce(base: bytes, k: int) -> bytes:
    return (int.from_bytes(base, "big") ^ k).to_bytes(12, "big")


def encrypt(place: dict[str, Any], salt: bytes, plaintext: bytes) -> bytes:
    """The message of a plaintext."""
    key, base, commitment = derive(bytes.fromhex(place["cek"]), salt, context(place))
    aead = AESGCM(key)
    count = len(plaintext) // CHUNK + 1
    chunks = [aead.encrypt(_nonce(base, k), plaintext[k * CHUNK : (k + 1) * CHUNK], None) for k in range(count)]
    return salt + commitment + b"".join(chunks)


def decrypt(place: dict[str, Any], message: bytes) -> bytes | None:
    """The plaintext of a message, or None."""
    rest = message[56:]
    if len(message) < 56 + TAG or len(rest) % (CHUNK + TAG) < TAG:
        return None
    key, base, commitment = derive(bytes.fromhex(place["cek"]), message[:24], context(place))
    if commitment != message[24:56]:
        return None
    aead, step = AESGCM(key), CHUNK + TAG
    try:
        pieces = [
            aead.decrypt(_nonce(base, k), rest[at : at + step], None) for k, at in enumerate(range(0, len(rest), step))
        ]
    except InvalidTag:
        return None
    return b"".join(pieces)
