"""Identities under a passphrase: the block BUNDLEFMT ENCRYPTED IDENTITY (spec/keys.md section 3)."""

from __future__ import annotations

from typing import NamedTuple

from bundlefmt.crypto import hpke, keylock
from bundlefmt.crypto.digests import digest
from bundlefmt.errors import refuse
from bundlefmt.keys.recipients import TYPE_NAMES, Identity
from bundlefmt.wire import armor

LABEL = "BUNDLEFMT ENCRYPTED IDENTITY"
_VERSION = 1
_KEY_ID_LEN = 8
_CHECK_LEN = 4
_HEAD_LEN = 2 + 1 + keylock.SALT_LEN + 2 + _KEY_ID_LEN
_LEN = _HEAD_LEN + hpke.SECRET_LEN + keylock.TAG_LEN + _CHECK_LEN


class Locked(NamedTuple):
    """An identity whose passphrase was not given yet.

    Attributes:
        type: recipient type.
        key_id: of its public key; proven only when it is unlocked.
    """

    type: int
    key_id: bytes
    data: bytes

    @property
    def name(self) -> str:
        """For people."""
        return f"{TYPE_NAMES[self.type]} {self.key_id.hex()}"

    def unlock(self, passphrase: bytes) -> Identity | None:
        """The identity, or None when the passphrase is another one.

        Raises:
            KeyFileError: KEY_FILE, when the block does not hold what it says.
        """
        head, sealed = self.data[:_HEAD_LEN], self.data[_HEAD_LEN:-_CHECK_LEN]
        try:
            secret = keylock.unseal(passphrase, head[3 : 3 + keylock.SALT_LEN], head[2], sealed, _associated(head))
        except MemoryError:
            raise refuse("KEY_FILE", f"unlocking it takes {1 << head[2] - 10} MiB of memory") from None
        if secret is None:
            return None
        identity = Identity(self.type, secret)
        if identity.recipient.key_id != self.key_id:
            raise refuse("KEY_FILE", "the encrypted identity is not the one it is labelled as")
        return identity

    def __repr__(self) -> str:
        return f"Locked({self.name})"


def _associated(head: bytes) -> bytes:
    return LABEL.encode() + b"\0" + head


def _check(body: bytes) -> bytes:
    return digest(LABEL.encode() + b"\0" + body)[:_CHECK_LEN]


def lock(identity: Identity, passphrase: bytes, log_n: int = keylock.LOG_N) -> str:
    """Put an identity under a passphrase.

    Args:
        identity: what to protect.
        passphrase: at least one byte.
        log_n: work of scrypt, 15 to 20.

    Returns:
        The armored block.
    """
    if not passphrase:
        raise ValueError("an empty passphrase protects nothing")
    salt = keylock.fresh_salt()
    kind = identity.type.to_bytes(2, "big")
    head = _VERSION.to_bytes(2, "big") + bytes((log_n,)) + salt + kind + identity.recipient.key_id
    body = head + keylock.seal(passphrase, salt, log_n, identity.exported()[1], _associated(head))
    return armor.armor(LABEL, body + _check(body))


def parse(data: bytes) -> Locked:
    """Read one block.

    Raises:
        KeyFileError: KEY_FILE.
    """
    body, check = data[:-_CHECK_LEN], data[-_CHECK_LEN:]
    if check != _check(body):
        raise refuse("KEY_FILE", f"the check of a block {LABEL!r} is wrong: it is damaged")
    version = int.from_bytes(body[:2], "big")
    if version != _VERSION or len(data) != _LEN:
        raise refuse("KEY_FILE", f"form {version} of a block {LABEL!r} is not known to this version")
    if not keylock.LOG_N_MIN <= body[2] <= keylock.LOG_N_MAX:
        raise refuse("KEY_FILE", f"a block {LABEL!r} asks for more or less work than is allowed")
    kind = int.from_bytes(body[_HEAD_LEN - _KEY_ID_LEN - 2 : _HEAD_LEN - _KEY_ID_LEN], "big")
    if kind not in TYPE_NAMES:
        raise refuse("KEY_FILE", f"recipient type {kind} is not known to this version")
    return Locked(kind, body[_HEAD_LEN - _KEY_ID_LEN : _HEAD_LEN], data)
