"""Suite 1 on one screen: every number, label and context (specification sections 3, 6 and 7)."""

from __future__ import annotations

from typing import NamedTuple

SUITE = 1
KIND_RELEASE = 1
KIND_POINTER = 2

CEK_LEN = 32
SALT_LEN = 24
COMMITMENT_LEN = 32
MESSAGE_HEAD = SALT_LEN + COMMITMENT_LEN
CHUNK = 16 * 1024
TAG_LEN = 16
SEALED_CHUNK = CHUNK + TAG_LEN

DERIVE_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
_MANIFEST = b"bundlefmt/1 manifest\0"
_RECORD = b"bundlefmt/1 record\0"
_WRAP = b"bundlefmt/1 wrap\0"
HINT_LABEL = b"bundlefmt/1 hint\0"
RECIPIENT_LABEL = b"bundlefmt/1 recipient\0"
HYBRID_SIGNER_LABEL = b"bundlefmt/1 signer\0\0\2"  # with alg 2
THUMBPRINT_ED25519 = bytes.fromhex("a301012006215820")


class Binding(NamedTuple):
    """What every ciphertext of a bundle is bound to.

    Attributes:
        kind: 1 release, 2 pointer.
        publisher_id: 32 bytes.
        bundle_id: 16 bytes.
    """

    kind: int
    publisher_id: bytes
    bundle_id: bytes

    def _bytes(self) -> bytes:
        return SUITE.to_bytes(2, "big") + bytes((self.kind,)) + self.publisher_id + self.bundle_id

    def manifest_context(self) -> bytes:
        """Cobblestone context of the manifest, 72 bytes."""
        return _MANIFEST + self._bytes()

    def record_context(self, index: int) -> bytes:
        """Cobblestone context of a record, 74 bytes."""
        return _RECORD + self._bytes() + index.to_bytes(4, "big")

    def wrap_info(self, recipient_type: int) -> bytes:
        """HPKE info of a recipient entry."""
        return _WRAP + self._bytes() + recipient_type.to_bytes(2, "big")


def message_len(plain_len: int) -> int:
    """`clen(n)`: bytes of the Cobblestone message for `plain_len` bytes of plaintext."""
    return MESSAGE_HEAD + plain_len + TAG_LEN * (plain_len // CHUNK + 1)


def plain_len(length: int) -> int:
    """Inverse of `message_len`.

    Returns:
        The plaintext length, or -1 when no message has `length` bytes.
    """
    chunks, rest = divmod(length - MESSAGE_HEAD, SEALED_CHUNK)
    return chunks * CHUNK + rest - TAG_LEN if length > MESSAGE_HEAD and rest >= TAG_LEN else -1
