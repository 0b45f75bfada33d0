"""How a question reaches a client: a process for any program, a call for this library's own tests."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from typing import Protocol

from bundlefmt.conformance import client
from bundlefmt.conformance.protocol import CRASH, HANG, Question, Reply, read_reply


class Transport(Protocol):
    """Puts one question to a client."""

    def ask(self, question: Question) -> Reply:
        """Run the client once; called from several threads."""


class ProcessTransport:
    """A process for each question.

    Args:
        command: program and leading arguments, or a line to be split as a shell would.
        timeout: seconds before a run counts as a hang and its process group is killed.
    """

    def __init__(self, command: str | Sequence[str], timeout: float = 60.0) -> None:
        self._command = shlex.split(command) if isinstance(command, str) else list(command)
        self._timeout = timeout
        if not self._command:
            raise ValueError("a client is a command")

    def ask(self, question: Question) -> Reply:
        """Start the client, feed it through a pipe, and wait."""
        try:
            process = subprocess.Popen(
                # Paths inside bundles are UTF-8, whatever this machine's locale.
                [*self._command, *(argument.encode() for argument in question.arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as exc:
            return Reply(-1, None, CRASH, f"{self._command[0]}: {exc.strerror}")
        try:
            stdout, stderr = process.communicate(question.stdin, self._timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            return Reply(-1, None, HANG, f"no end after {self._timeout:g} seconds")
        except BaseException:
            _kill(process)
            raise
        return read_reply(process.returncode, stdout, stderr)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a client with everything it started; the group is its own (start_new_session)."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()  # what was not written has no reader any more
    process.communicate()


class DirectTransport:
    """This library's own client without a process; what would be a crash is raised."""

    def ask(self, question: Question) -> Reply:
        """Call the client."""
        code, line = client.run(question.arguments, io.BytesIO(question.stdin))
        return read_reply(code, line.encode(), b"")
