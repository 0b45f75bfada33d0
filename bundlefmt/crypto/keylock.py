"""A secret under a passphrase: scrypt (RFC 7914) and AES-256-GCM (spec/keys.md section 3)."""

from __future__ import annotations

from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SALT_LEN = 16
TAG_LEN = 16
LOG_N = 17  # 128 MiB
LOG_N_MIN, LOG_N_MAX = 15, 20  # 32 MiB to 1 GiB: a key file must not choose less work, or exhaust memory
_R, _P = 8, 1
_KEY_LEN, _NONCE_LEN = 32, 12


def fresh_salt() -> bytes:
    """16 random bytes."""
    return token_bytes(SALT_LEN)


def _derive(passphrase: bytes, salt: bytes, log_n: int) -> tuple[AESGCM, bytes]:
    if not LOG_N_MIN <= log_n <= LOG_N_MAX or len(salt) != SALT_LEN:
        raise ValueError("scrypt parameters are out of bounds")
    data = Scrypt(salt, _KEY_LEN + _NONCE_LEN, 1 << log_n, _R, _P).derive(passphrase)
    return AESGCM(data[:_KEY_LEN]), data[_KEY_LEN:]


def seal(passphrase: bytes, salt: bytes, log_n: int, secret: bytes, associated: bytes) -> bytes:
    """Encrypt a secret.

    Args:
        passphrase: any bytes.
        salt: from `fresh_salt`, used once: key and nonce follow from it.
        log_n: of scrypt, 15 to 20.
        secret: what is encrypted.
        associated: what is authenticated besides.

    Returns:
        Ciphertext and tag.
    """
    aead, nonce = _derive(passphrase, salt, log_n)
    return aead.encrypt(nonce, secret, associated)


def unseal(passphrase: bytes, salt: bytes, log_n: int, sealed: bytes, associated: bytes) -> bytes | None:
    """Decrypt a secret; see `seal`.

    Returns:
        The secret, or None when the passphrase is another one or something was changed.

    Raises:
        MemoryError: this machine has too little memory.
    """
    aead, nonce = _derive(passphrase, salt, log_n)
    try:
        return aead.decrypt(nonce, sealed, associated)
    except InvalidTag:
        return None
