"""Text armor for trust chains, identities and recipients (specification section 11; RFC 7468, strict form)."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from bundlefmt.errors import refuse

TRUST = "BUNDLEFMT TRUST"
IDENTITY = "BUNDLEFMT IDENTITY"
RECIPIENT = "BUNDLEFMT RECIPIENT"

_LINE = 64
_BEGIN, _END, _TAIL = "-----BEGIN ", "-----END ", "-----"


class Block(NamedTuple):
    """One armored block. Its data may be secret, so it stays out of reprs."""

    label: str
    data: bytes

    def __repr__(self) -> str:
        return f"Block(label={self.label!r}, data=<{len(self.data)} bytes>)"


def armor(label: str, data: bytes) -> str:
    """Encode one block, ending in a newline."""
    text = base64.b64encode(data).decode()
    lines = [text[i : i + _LINE] for i in range(0, len(text), _LINE)]
    return "\n".join((f"{_BEGIN}{label}{_TAIL}", *lines, f"{_END}{label}{_TAIL}", ""))


def dearmor(text: str, code: str = "KEY_FILE") -> list[Block]:
    """Find and decode every block; lines outside are comments.

    Args:
        text: the file's text; a byte order mark and CR LF line ends are accepted, as editors and CI
            systems add them outside of our control.
        code: error code to refuse with.

    Raises:
        KeyFileError: with `code` (ARM-1); the message never holds the data.
    """
    blocks: list[Block] = []
    label = ""
    lines: list[str] = []
    # Not splitlines(): it ends lines at characters that no other language does.
    for raw in text.removeprefix("\ufeff").split("\n"):
        line = raw.removesuffix("\r")
        if line.startswith(_BEGIN):
            if label or not line.endswith(_TAIL):
                raise refuse(code, "a BEGIN line is damaged or stands inside a block")
            label, lines = line[len(_BEGIN) : -len(_TAIL)], []
        elif line.startswith(_END):
            if not label or line != f"{_END}{label}{_TAIL}":
                raise refuse(code, "an END line does not match its BEGIN line")
            blocks.append(Block(label, _decode(lines, label, code)))
            label = ""
        elif label:
            lines.append(line)
    if label:
        raise refuse(code, f"the block {label!a} has no END line")
    return blocks


def _decode(lines: list[str], label: str, code: str) -> bytes:
    full = all(len(line) == _LINE for line in lines[:-1])
    if not lines or not full or not 1 <= len(lines[-1]) <= _LINE:
        raise refuse(code, f"the lines of the block {label!a} do not have {_LINE} characters each")
    text = "".join(lines)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refuse(code, f"the block {label!a} is not base64") from None
    # One encoding: unused bits must be zero.
    if base64.b64encode(data).decode() != text:
        raise refuse(code, f"the block {label!a} is not base64 in its one form")
    return data
