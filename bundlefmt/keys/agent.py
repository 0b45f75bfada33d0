"""Signing keys in an ssh-agent, by fingerprint or comment (spec/keys.md section 1).

What is signed begins with the byte 84, so it can be taken neither for a login of SSH, whose signed
bytes begin with the length of a session id, nor for a file signature of ssh-keygen, which begin with "SSHSIG".
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import socket
from typing import Any
from urllib.parse import unquote

from bundlefmt.crypto import keypem
from bundlefmt.errors import refuse
from bundlefmt.keys.extras import load_extra
from bundlefmt.keys.passphrases import Secrets

_ALGORITHM = "ssh-ed25519"
_FINGERPRINT = "SHA256:"


class AgentSigner:
    """An Ed25519 key that stays in the agent; each signature has a connection of its own."""

    __slots__ = ("_blob", "public_key")

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self.public_key = keypem.load_public_line(f"{_ALGORITHM} {base64.b64encode(blob).decode()}")

    def sign(self, message: bytes) -> bytes:
        """Sign; 64 bytes.

        Raises:
            KeySourceError: KEY_SOURCE, when the agent or its user says no.
        """
        library = _library()
        with _agent(library) as agent:
            key = next((key for key in agent.get_keys() if key.blob == self._blob), None)
            if key is None:
                raise refuse("KEY_SOURCE", "the agent does not hold the key any more")
            try:
                answer = library.Message(key.sign_ssh_data(message))
                algorithm, signature = answer.get_text(), answer.get_binary()
            except Exception:  # noqa: BLE001 - whatever the library makes of a strange answer
                raise refuse(
                    "KEY_SOURCE", "the agent did not sign; its key may be restricted or its use denied"
                ) from None
        if algorithm != _ALGORITHM:
            raise refuse("KEY_SOURCE", "the agent signed with another algorithm")
        return bytes(signature)


def open_signer(rest: str, secrets: Secrets) -> AgentSigner:
    """Find a key in the agent of SSH_AUTH_SOCK.

    Args:
        rest: `SHA256:` and a fingerprint as ssh-add -l shows it, or the key's comment, percent-decoded.
        secrets: not asked; the agent asks its user itself.

    Raises:
        BundleError: KEY_FILE when no key is named, KEY_SOURCE for everything else.
    """
    del secrets
    if not rest:
        raise refuse("KEY_FILE", "say which key: agent:SHA256:FINGERPRINT or agent:COMMENT")
    comment = unquote(rest)
    with _agent(_library()) as agent:
        found = [
            key.blob
            for key in agent.get_keys()
            if key.name == _ALGORITHM
            and (
                _fingerprint(key.blob) == rest.rstrip("=") if rest.startswith(_FINGERPRINT) else key.comment == comment
            )
        ]
    if len(found) != 1:
        word = "more than one" if found else "no"
        raise refuse("KEY_SOURCE", f"{word} Ed25519 key of the agent has this name; ssh-add -l shows what it holds")
    return AgentSigner(found[0])


def _library() -> Any:
    return load_extra("paramiko.agent", "agent", "ssh-agent")


def _agent(library: Any) -> contextlib.closing[Any]:
    path = os.environ.get("SSH_AUTH_SOCK")
    if not path:
        raise refuse("KEY_SOURCE", "no ssh-agent is running here: SSH_AUTH_SOCK is not set")
    try:
        # The library takes an agent that nobody can reach for one without keys.
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
        return contextlib.closing(library.Agent())
    except OSError:
        raise refuse("KEY_SOURCE", "no ssh-agent answers at SSH_AUTH_SOCK") from None
    except Exception:  # noqa: BLE001 - whatever the library makes of a strange answer
        raise refuse("KEY_SOURCE", "what listens at SSH_AUTH_SOCK is not an ssh-agent") from None


def _fingerprint(blob: bytes) -> str:
    return _FINGERPRINT + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
