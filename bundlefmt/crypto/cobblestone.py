"""Cobblestone-256 messages (specification section 7; C2SP chunked-encryption).

Whole messages go through `cryptography.cobblestone`. Its plaintext is private scratch until the
message has authenticated to its end: a failed call leaves unauthenticated bytes in the buffer, so
no caller's buffer, file or mapping is ever decrypted into directly.
"""

from __future__ import annotations

import hmac

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bundlefmt.crypto import suite
from bundlefmt.errors import refuse


def seal(cek: bytes, context: bytes, plaintext: bytes | memoryview) -> bytes:
    """Encrypt one message under a fresh random salt (W-2).

    Args:
        cek: 32-byte content-encryption key.
        context: from `suite.Binding`.
        plaintext: any length.

    Returns:
        `suite.message_len(len(plaintext))` bytes.
    """
    encryptor = Cobblestone256Encryptor(cek, context)
    return encryptor.update(plaintext) + encryptor.finalize()


def seal_into(cek: bytes, context: bytes, plaintext: bytes | memoryview, buffer: memoryview) -> None:
    """As `seal`, into a buffer of exactly the message's length."""
    encryptor = Cobblestone256Encryptor(cek, context)
    done = encryptor.update_into(plaintext, buffer)
    buffer[done:] = encryptor.finalize()


def unseal(cek: bytes, context: bytes, message: bytes | memoryview, code: str) -> bytes:
    """Decrypt one whole message; nothing is returned unless all of it authenticates.

    Args:
        cek: 32-byte content-encryption key.
        context: from `suite.Binding`.
        message: the whole message.
        code: error code to refuse with.

    Raises:
        DecryptError: with `code`.
    """
    decryptor = Cobblestone256Decryptor(cek, context)
    try:
        plaintext = decryptor.update(message)
        rest = decryptor.finalize()
    except InvalidTag:
        raise refuse(code, "the message does not authenticate") from None
    return plaintext + rest if rest else plaintext


def matches_commitment(cek: bytes, context: bytes, message_head: bytes) -> bool:
    """Tell whether a key is the one a message commits to (ENC-1).

    Args:
        cek: candidate key, 32 bytes.
        context: context of the message.
        message_head: at least the first 56 bytes of the message.

    Returns:
        True when the derived commitment equals the message's. A predicate, not a check: the caller
        goes on with the next candidate.
    """
    salt = message_head[: suite.SALT_LEN]
    info = suite.DERIVE_LABEL + salt + context
    derived = HKDFExpand(SHA512(), 32 + 12 + suite.COMMITMENT_LEN, info).derive(cek)
    return hmac.compare_digest(derived[44:], message_head[suite.SALT_LEN : suite.MESSAGE_HEAD])


_STEP = 1 << 20


class Opener:
    """Decrypts one message piece by piece into a private buffer.

    What it writes is unauthenticated until `finish` returns; the caller keeps the buffer to itself
    until then, and forgets it after an error.

    Args:
        cek: 32-byte content-encryption key.
        context: from `suite.Binding`.
        code: error code to refuse with.
    """

    __slots__ = ("_code", "_decryptor", "_position")

    def __init__(self, cek: bytes, context: bytes, code: str) -> None:
        self._decryptor = Cobblestone256Decryptor(cek, context)
        self._code = code
        self._position = 0

    def feed(self, data: memoryview, buffer: memoryview) -> None:
        """Decrypt the next bytes of the message.

        Args:
            data: next bytes, any number.
            buffer: of the whole plaintext, the same at every call.

        Raises:
            DecryptError: with the code given.
        """
        try:
            self._position += self._decryptor.update_into(data, buffer[self._position :])
        except (InvalidTag, ValueError):
            # ValueError: more plaintext than the buffer was sized for, which no accepted length allows.
            raise refuse(self._code, "the message does not authenticate") from None

    def compare(self, message: memoryview, expected: bytes | memoryview) -> None:
        """Open a whole message and compare its plaintext, one MiB at a time.

        Args:
            message: the whole message.
            expected: what it must hold.

        Raises:
            DecryptError, WriteError: with the code given.
        """
        scratch = bytearray(min(len(message), _STEP))
        view = memoryview(scratch)
        whole = memoryview(expected)
        try:
            for start in range(0, len(message), _STEP):
                count = self._decryptor.update_into(message[start : start + _STEP], view)
                part = whole[self._position : self._position + count]
                if len(part) < count or not scratch.startswith(part):
                    raise refuse(self._code, "the message does not hold its plaintext")
                self._position += count
            rest = self._decryptor.finalize()
        except InvalidTag:
            raise refuse(self._code, "the message does not authenticate") from None
        if whole[self._position :] != rest:
            raise refuse(self._code, "the message does not hold its plaintext")

    def finish(self, buffer: memoryview) -> None:
        """End the message.

        Raises:
            DecryptError: with the code given, unless the plaintext fills the buffer exactly.
        """
        try:
            rest = self._decryptor.finalize()
        except InvalidTag:
            raise refuse(self._code, "the message does not authenticate") from None
        if self._position + len(rest) != len(buffer):
            raise refuse(self._code, "the message does not have its length")
        buffer[self._position :] = rest
