"""Signing keys on PKCS#11 tokens, named by URIs of RFC 7512 (spec/keys.md section 1).

The PIN comes from `pin-source`, or from whoever can be asked; `pin-value` is refused, because
arguments are no place for it. A wrong PIN is never tried twice: tokens lock themselves.
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from bundlefmt.crypto import ed25519
from bundlefmt.errors import refuse
from bundlefmt.keys import files
from bundlefmt.keys.extras import load_extra
from bundlefmt.keys.passphrases import Secrets, demand

MODULE_VARIABLE = "PKCS11_MODULE"
_TOKEN = {"token": "label", "manufacturer": "manufacturer_id", "serial": "serial", "model": "model"}
_OBJECT = ("object", "id", "type")
_PATH = (*_TOKEN, *_OBJECT, "slot-id")
_QUERY = ("module-path", "pin-source")
_PART = re.compile(r"([a-z0-9-]+)=((?:[^;&%?=]|%[0-9A-Fa-f]{2})*)", re.ASCII)
_POINT_HEAD = b"\x04\x20"  # an OCTET STRING of 32 bytes; some tokens leave it out


class Place(NamedTuple):
    """A parsed URI: attributes of the path and of the query, percent-decoded to bytes."""

    path: dict[str, bytes]
    query: dict[str, bytes]

    def text(self, name: str) -> str | None:
        """An attribute of the path as text."""
        return self.path[name].decode("utf-8", "replace") if name in self.path else None


def parse(rest: str) -> Place:
    """Read what follows `pkcs11:`.

    Raises:
        KeyFileError: KEY_FILE; the message holds no value.
    """
    path, _, query = rest.partition("?")
    place = Place(_parts(path, ";", _PATH), _parts(query, "&", _QUERY))
    if place.path.get("type", b"private") != b"private":
        raise refuse("KEY_FILE", "a signing key on a token has type=private")
    return place


def _parts(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in text.split(separator) if text else ():
        match = _PART.fullmatch(part)
        name = match[1] if match else part.partition("=")[0]
        if name == "pin-value":
            raise refuse(
                "KEY_FILE",
                "pin-value shows the PIN to everybody who sees the command; use pin-source=file:PATH, "
                "--passphrase-fd, --passphrase-env, or type it",
            )
        if match is None or name not in known:
            raise refuse("KEY_FILE", f"the attribute {name!a} of the URI is damaged or not supported")
        if name in found:
            raise refuse("KEY_FILE", f"the attribute {name!a} stands twice in the URI")
        found[name] = unquote_to_bytes(match[2])
    return found


class TokenSigner:
    """An Ed25519 key that stays on its token."""

    __slots__ = ("_key", "_mechanism", "_session", "public_key")

    def __init__(self, session: Any, key: Any, mechanism: Any, public_key: bytes) -> None:
        self._session = session  # kept: the key's handle lives as long as it does
        self._key = key
        self._mechanism = mechanism
        self.public_key = public_key

    def sign(self, message: bytes) -> bytes:
        """Sign; 64 bytes."""
        return bytes(self._key.sign(message, mechanism=self._mechanism))


def open_signer(rest: str, secrets: Secrets) -> TokenSigner:
    """Log in to a token and find the key.

    Args:
        rest: what follows `pkcs11:`.
        secrets: asked for the PIN, when there is no `pin-source`.

    Raises:
        BundleError: KEY_FILE when the URI is none, KEY_SOURCE for everything else.
    """
    place = parse(rest)
    library: Any = load_extra("pkcs11", "pkcs11", "a PKCS#11 token")
    module = os.fsdecode(place.query.get("module-path", b"")) or os.environ.get(MODULE_VARIABLE, "")
    if not module:
        raise refuse("KEY_SOURCE", f"which PKCS#11 module? add ?module-path=PATH or set {MODULE_VARIABLE}")
    try:
        return _open(library, library.lib(module), place, secrets)
    except library.exceptions.PinLocked:
        raise refuse("KEY_SOURCE", "the token is locked after too many wrong PINs") from None
    except (library.exceptions.PinIncorrect, library.exceptions.PinLenRange, library.exceptions.PinInvalid):
        raise refuse("KEY_SOURCE", "wrong PIN; it is not tried again, because tokens lock themselves") from None
    except library.exceptions.PKCS11Error as exc:
        raise refuse("KEY_SOURCE", f"the token failed with {type(exc).__name__}") from None
    except (OSError, RuntimeError):
        raise refuse("KEY_SOURCE", f"{module}: is not a PKCS#11 module that can be loaded") from None


def _open(library: Any, module: Any, place: Place, secrets: Secrets) -> TokenSigner:
    token = _token(module, place)
    flag = library.TokenFlag
    pin: Any = None
    if token.flags & flag.PROTECTED_AUTHENTICATION_PATH:
        pin = library.types.PROTECTED_AUTH  # the token asks itself
    elif token.flags & flag.LOGIN_REQUIRED:
        pin = _pin(place, secrets, str(token.label))
    try:
        session = token.open(user_pin=pin)
    except library.exceptions.UserAlreadyLoggedIn:  # another key of the token is open in this process
        session = token.open()
    try:
        return _find(library, session, place)
    except BaseException:
        session.close()
        raise


def _find(library: Any, session: Any, place: Place) -> TokenSigner:
    attribute, kind = library.Attribute, library.ObjectClass
    wanted: dict[Any, Any] = {attribute.KEY_TYPE: library.KeyType.EC_EDWARDS}
    if "object" in place.path:
        wanted[attribute.LABEL] = place.text("object")
    if "id" in place.path:
        wanted[attribute.ID] = place.path["id"]
    keys = list(session.get_objects({**wanted, attribute.CLASS: kind.PRIVATE_KEY}))
    if len(keys) != 1:
        raise refuse("KEY_SOURCE", f"{_count(keys)} private Ed25519 key on the token matches object and id")
    # The public half is the object with the private key's id, or with its label where the key has no id.
    pair = {attribute.ID: keys[0].id} if keys[0].id else {attribute.LABEL: keys[0].label}
    halves = list(
        session.get_objects({**pair, attribute.CLASS: kind.PUBLIC_KEY, attribute.KEY_TYPE: library.KeyType.EC_EDWARDS})
    )
    if len(halves) != 1:
        raise refuse("KEY_SOURCE", f"{_count(halves)} public key object on the token belongs to the private key")
    point = bytes(halves[0][attribute.EC_POINT])
    public = point.removeprefix(_POINT_HEAD) if len(point) != ed25519.KEY_LEN else point
    return TokenSigner(session, keys[0], library.Mechanism.EDDSA, public)


def _count(found: list[Any]) -> str:
    return "more than one" if found else "no"


def _token(module: Any, place: Place) -> Any:
    tokens = []
    for slot in module.get_slots(token_present=True):
        if "slot-id" in place.path and str(slot.slot_id) != place.text("slot-id"):
            continue
        token = slot.get_token()
        values = {name: getattr(token, field) for name, field in _TOKEN.items()}
        if all(
            (value.decode("utf-8", "replace") if isinstance(value, bytes) else value).rstrip() == place.text(name)
            for name, value in values.items()
            if name in place.path
        ):
            tokens.append(token)
    if len(tokens) != 1:
        raise refuse("KEY_SOURCE", f"{_count(tokens)} token that is present matches the URI")
    return tokens[0]


def _pin(place: Place, secrets: Secrets, label: str) -> str:
    source = place.query.get("pin-source")
    if source is None:
        pin = demand(secrets, f"PIN of token {label}")
    else:
        name = os.fsdecode(source)
        path = unquote(name.removeprefix("file://")) if name.startswith("file://") else name.removeprefix("file:")
        pin = files.read_file(path).removesuffix(b"\n").removesuffix(b"\r")
    try:
        return pin.decode()
    except UnicodeDecodeError:
        raise refuse("KEY_SOURCE", "the PIN is not UTF-8 text") from None
