"""Where passphrases and PINs come from. They are asked for when they are needed, and never arguments."""

from __future__ import annotations

from typing import Protocol

from bundlefmt.errors import refuse


class Secrets(Protocol):
    """Whoever can be asked for a passphrase or a PIN: a person, a file descriptor, an environment variable."""

    def ask(self, what: str) -> bytes | None:
        """The answer.

        Args:
            what: what is asked for, as "passphrase of ci.pem" or "PIN of token acme".

        Returns:
            At least one byte, or None when nobody can answer.
        """


class NoSecrets:
    """Nobody can be asked."""

    __slots__ = ()

    def ask(self, what: str) -> bytes | None:
        """None."""
        del what
        return None


class OneSecret:
    """One passphrase for everything that is asked. It stays out of reprs.

    Args:
        answer: passphrase or PIN.
    """

    __slots__ = ("_answer",)

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def ask(self, what: str) -> bytes | None:
        """The one answer, whatever is asked."""
        del what
        return self._answer or None

    def __repr__(self) -> str:
        return "OneSecret(...)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("passphrases are not pickled")


def demand(secrets: Secrets, what: str) -> bytes:
    """Ask, and insist on an answer.

    Raises:
        KeySourceError: KEY_SOURCE, when nobody can answer.
    """
    answer = secrets.ask(what)
    if not answer:
        raise refuse("KEY_SOURCE", f"the {what} is needed, and nobody can be asked for it")
    return answer
