"""Signers that this project did not write: whatever they raise or return, a caller sees a refusal or a signature."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bundlefmt.crypto import signatures
from bundlefmt.crypto.digests import signer_kid
from bundlefmt.errors import BundleError, KeyFileError, KeySourceError, refuse
from bundlefmt.keys import age
from bundlefmt.keys.signers import Signer

_PIN = re.compile(r"(pin-value=)[^&;]*", re.IGNORECASE)


class GuardedSigner:
    """A signer behind a fence. Its own exceptions may hold secrets, so that only their kind is told.

    Args:
        name: of the key, put before every refusal.
        make: opens the signer.

    Raises:
        BundleError: KEY_FILE or KEY_SOURCE.
    """

    __slots__ = ("_name", "_public", "_signer")

    def __init__(self, name: str, make: Callable[[], Signer]) -> None:
        self._name = name
        self._signer: Any = self._fenced(make)
        public: Any = self._fenced(lambda: self._signer.public_key)
        if type(public) is not bytes or not signatures.is_enrollable(public):
            raise refuse("KEY_SOURCE", f"{name}: what it calls its public key is not a usable public key (W-6)")
        self._public = public

    @property
    def public_key(self) -> bytes:
        """32 bytes, or 1,984 (hybrid)."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Sign; the caller verifies what comes.

        Raises:
            KeySourceError: KEY_SOURCE.
        """
        signature: Any = self._fenced(lambda: self._signer.sign(message))
        if type(signature) is not bytes:
            raise refuse("KEY_SOURCE", f"{self._name}: what it returned is not a signature")
        return signature

    def _fenced(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except (KeyFileError, KeySourceError) as exc:
            raise named(self._name, exc) from None
        except BundleError:
            raise
        except Exception as exc:  # noqa: BLE001 - anything may come from there
            raise refuse("KEY_SOURCE", f"{self._name}: it failed with {type(exc).__name__}") from None

    def __repr__(self) -> str:
        return f"GuardedSigner({self._name!r}, kid={signer_kid(self._public).hex()})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("signers are not pickled")


def named(name: str, exc: BundleError) -> BundleError:
    """The same refusal with the name of the key in front, once; what may be a secret in it is left out."""
    shown = _PIN.sub(r"\1...", name)
    if age.looks_like_identity(name) or "-----BEGIN " in name:
        return exc
    if exc.detail.startswith((f"{shown}: ", f"{shown.removeprefix('file:')}: ")):
        return exc
    return type(exc)(exc.code, f"{shown}: {exc.detail}")
