"""Keys of age as decryption keys: X25519 and hybrid post-quantum (spec/keys.md section 2).

Both kinds are the same keys under another text form: an X25519 secret is the secret of type 1, and the
hybrid one is the 32-byte seed that type 2 expands as well.
"""

from __future__ import annotations

from typing import Any

from bundlefmt.crypto import hpke
from bundlefmt.errors import refuse
from bundlefmt.keys.extras import load_extra

IDENTITY_START = "AGE-SECRET-KEY-"
_IDENTITIES = {"age-secret-key-": hpke.X25519, "age-secret-key-pq-": hpke.HYBRID}
_RECIPIENTS = {"age": hpke.X25519, "age1pq": hpke.HYBRID}


def looks_like_identity(text: str) -> bool:
    """Whether a text begins as secret keys of age do, or of its plugins, in any case."""
    return text.upper().startswith((IDENTITY_START, "AGE-PLUGIN-"))


def looks_like_recipient(text: str) -> bool:
    """Whether a text begins as recipients of age do, in any case."""
    return text.lower().startswith("age1")


def parse_identity(line: str) -> tuple[int, bytes]:
    """Read one secret key.

    Args:
        line: `AGE-SECRET-KEY-1...` or `AGE-SECRET-KEY-PQ-1...`.

    Returns:
        Recipient type and secret.

    Raises:
        KeyFileError: KEY_FILE; the message holds nothing of the key.
    """
    if line.upper().startswith("AGE-PLUGIN-"):
        raise refuse("KEY_FILE", "identities of age plugins are not supported")
    name, data = _decode(line, "age identity") if line.isupper() else ("", b"")
    if name not in _IDENTITIES or len(data) != hpke.SECRET_LEN:
        raise refuse("KEY_FILE", "an age identity is damaged or of a kind that is not supported")
    return _IDENTITIES[name], data


def parse_recipient(line: str) -> tuple[int, bytes]:
    """Read one recipient.

    Args:
        line: `age1...` or `age1pq1...`.

    Returns:
        Recipient type and public key.

    Raises:
        KeyFileError: KEY_FILE.
    """
    name, data = _decode(line, "age recipient") if line.islower() else ("", b"")
    kind = _RECIPIENTS.get(name)
    if kind is None or len(data) != hpke.public_len(kind):
        raise refuse("KEY_FILE", "an age recipient is damaged or of a kind that is not supported")
    return kind, data


def _decode(text: str, what: str) -> tuple[str, bytes]:
    bech32: Any = load_extra("bech32", "age", f"an {what}")
    name, words = bech32.bech32_decode(text)
    data = None if words is None else bech32.convertbits(words, 5, 8, pad=False)
    return ("", b"") if data is None else (name, bytes(data))
