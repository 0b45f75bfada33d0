"""Passphrases and PINs on the command line: typed, through a file descriptor, or in the environment."""

from __future__ import annotations

import argparse
import os
import sys

from bundlefmt.cli import ui
from bundlefmt.errors import refuse

_MOST = 4096


def add_secrets(parser: argparse.ArgumentParser) -> None:
    """Add --passphrase-fd and --passphrase-env."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--passphrase-fd",
        metavar="N",
        type=_descriptor,
        help="read the passphrase or PIN of keys from this open file descriptor, one line, instead of asking",
    )
    how.add_argument("--passphrase-env", metavar="NAME", help="take it from this environment variable")


def _descriptor(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a file descriptor")
    return int(text)


class CommandSecrets:
    """Answers as the arguments say; at a terminal the person is asked.

    Args:
        descriptor: to read one line of, once.
        variable: name of an environment variable.
    """

    __slots__ = ("_answer", "_descriptor", "_variable")

    def __init__(self, descriptor: int | None = None, variable: str | None = None) -> None:
        self._descriptor = descriptor
        self._variable = variable
        self._answer: bytes | None = None

    @classmethod
    def of(cls, args: argparse.Namespace) -> CommandSecrets:
        """As parsed arguments say, also where a verb has none for it."""
        return cls(getattr(args, "passphrase_fd", None), getattr(args, "passphrase_env", None))

    @property
    def given(self) -> bool:
        """Whether the arguments say where a passphrase comes from."""
        return self._descriptor is not None or self._variable is not None

    def ask(self, what: str) -> bytes | None:
        """A passphrase or PIN; None when nobody can answer.

        Raises:
            KeySourceError: KEY_SOURCE, when the descriptor or the variable gives none.
        """
        if self.given:
            if self._answer is None:
                self._answer = self._read()
            return self._answer
        return _typed(f"{what}: ") if sys.stdin.isatty() else None

    def choose(self, what: str) -> bytes:
        """A new passphrase, typed twice.

        Raises:
            KeySourceError: KEY_SOURCE, when there is none.
        """
        if self.given:
            return self.ask(what) or b""
        first = self.ask(f"new {what}")
        if first is None:
            raise refuse("KEY_SOURCE", f"a new {what} is needed, and nobody can be asked for it")
        if not first:
            raise refuse("KEY_SOURCE", "an empty passphrase protects nothing")
        if self.ask(f"new {what}, again") != first:
            raise refuse("KEY_SOURCE", "the passphrases differ; nothing was made")
        return first

    def _read(self) -> bytes:
        if self._variable is not None:
            value = os.environ.get(self._variable)
            if not value:
                raise refuse("KEY_SOURCE", f"the environment has no variable {self._variable!a}, or it is empty")
            return os.fsencode(value)
        return _line(-1 if self._descriptor is None else self._descriptor)

    def __repr__(self) -> str:
        return "CommandSecrets(...)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("passphrases are not pickled")


def _line(descriptor: int) -> bytes:
    data = bytearray()
    try:
        # Byte by byte: what follows the line may be meant for somebody else, as on standard input.
        while len(data) <= _MOST and (part := os.read(descriptor, 1)) not in {b"", b"\n"}:
            data += part
    except OSError as exc:
        raise refuse("KEY_SOURCE", f"file descriptor {descriptor}: {exc.strerror}") from None
    line = bytes(data).removesuffix(b"\r")
    if not line or len(line) > _MOST:
        raise refuse("KEY_SOURCE", f"file descriptor {descriptor} gives no passphrase")
    return line


def _typed(prompt: str) -> bytes | None:
    import getpass

    try:
        return getpass.getpass(ui.printable(prompt)).encode("utf-8", "surrogateescape")
    except EOFError:
        return None
