"""Encrypted PKCS#8 with scrypt (RFC 7914 section 7), for writing alone: `keypem` reads what this writes.

The library encrypts PKCS#8 with 2,048 rounds of PBKDF2, which a graphics card guesses through. The
structures here are those of the standard, so OpenSSL and everything built on it reads them.
"""

from __future__ import annotations

import base64
import re
from secrets import token_bytes

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import ObjectIdentifier

# 16 MiB, so that OpenSSL's limit of 32 MiB holds; eight passes make up for the memory.
_N, _R, _P = 1 << 14, 8, 8
_KEY_LEN, _BLOCK_BITS, _SALT_LEN, _IV_LEN = 32, 128, 16, 16
_PBES2 = ObjectIdentifier("1.2.840.113549.1.5.13")
_SCRYPT = ObjectIdentifier("1.3.6.1.4.1.11591.4.11")
_AES256_CBC = ObjectIdentifier("2.16.840.1.101.3.4.1.42")
_PLAIN = re.compile(rb"-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", re.DOTALL)


@asn1.sequence
class _ScryptParameters:
    salt: bytes
    n: int
    r: int
    p: int


@asn1.sequence
class _Kdf:
    algorithm: ObjectIdentifier
    parameters: _ScryptParameters


@asn1.sequence
class _Encryption:
    algorithm: ObjectIdentifier
    iv: bytes


@asn1.sequence
class _Pbes2Parameters:
    kdf: _Kdf
    encryption: _Encryption


@asn1.sequence
class _Algorithm:
    algorithm: ObjectIdentifier
    parameters: _Pbes2Parameters


@asn1.sequence
class _EncryptedPrivateKeyInfo:
    algorithm: _Algorithm
    data: bytes


def lock_pem(pem: bytes, passphrase: bytes) -> bytes:
    """Encrypt every PKCS#8 block of a PEM text under one passphrase.

    Args:
        pem: blocks `PRIVATE KEY`.
        passphrase: at least one byte.

    Returns:
        The text with blocks `ENCRYPTED PRIVATE KEY` in their place.
    """
    return _PLAIN.sub(lambda found: _lock(base64.b64decode(found[1]), passphrase), pem)


def _lock(der: bytes, passphrase: bytes) -> bytes:
    salt, iv = token_bytes(_SALT_LEN), token_bytes(_IV_LEN)
    key = Scrypt(salt, _KEY_LEN, _N, _R, _P).derive(passphrase)
    padder = PKCS7(_BLOCK_BITS).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    sealed = cipher.update(padder.update(der) + padder.finalize()) + cipher.finalize()
    kdf = _Kdf(algorithm=_SCRYPT, parameters=_ScryptParameters(salt=salt, n=_N, r=_R, p=_P))
    parameters = _Pbes2Parameters(kdf=kdf, encryption=_Encryption(algorithm=_AES256_CBC, iv=iv))
    info = _EncryptedPrivateKeyInfo(algorithm=_Algorithm(algorithm=_PBES2, parameters=parameters), data=sealed)
    text = base64.b64encode(asn1.encode_der(info))
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return b"\n".join((b"-----BEGIN ENCRYPTED PRIVATE KEY-----", *lines, b"-----END ENCRYPTED PRIVATE KEY-----"))
