"""Keys in the keyring of the operating system (spec/keys.md section 1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from bundlefmt.errors import refuse
from bundlefmt.keys.extras import load_extra


def read(name: str) -> bytes:
    """The text that is stored under a name.

    Args:
        name: `SERVICE/NAME`, each percent-decoded.

    Raises:
        BundleError: KEY_FILE when the name is none, KEY_SOURCE when the keyring does not give the text.
    """
    service, slash, entry = name.partition("/")
    if not service or not slash or not entry:
        raise refuse("KEY_FILE", f"keyring:{name} is not keyring:SERVICE/NAME")
    keyring: Any = load_extra("keyring", "keyring", "the keyring")
    try:
        text = keyring.get_password(unquote(service), unquote(entry))
    except Exception as exc:  # noqa: BLE001 - each backend has its own, and its message may hold anything
        raise refuse("KEY_SOURCE", f"keyring:{name}: the keyring cannot be used ({type(exc).__name__})") from None
    if not text:
        raise refuse("KEY_SOURCE", f"keyring:{name}: the keyring holds nothing under this name")
    return str(text).encode("utf-8", "surrogateescape")
