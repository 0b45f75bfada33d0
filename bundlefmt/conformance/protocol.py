"""Questions to a client and its replies (spec/conformance.md)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

VERBS = ("audit", "unpack", "stream", "read", "primitive")
NONE = "-"
ACCEPT, REFUSE, UNSUPPORTED = 0, 1, 2

CRASH = "crash"
HANG = "hang"


class Question(NamedTuple):
    """One run of a client.

    Attributes:
        arguments: verb and what follows it.
        stdin: what it may read, once.
    """

    arguments: tuple[str, ...]
    stdin: bytes = b""


class Reply(NamedTuple):
    """How a run ended.

    Attributes:
        exit: ACCEPT, REFUSE or UNSUPPORTED; anything else is a crash.
        answer: the object it printed, None without one.
        trouble: CRASH, HANG or nothing.
        note: for people, what was seen of a crash or a hang.
    """

    exit: int
    answer: dict[str, Any] | None
    trouble: str = ""
    note: str = ""


def read_reply(code: int, stdout: bytes, stderr: bytes) -> Reply:
    """Make sense of what a finished client left.

    Args:
        code: exit code, negative for a signal.
        stdout: must be one line with one JSON object, unless the verb is not supported.
        stderr: anything; its end is kept for people.
    """
    note = stderr[-2000:].decode(errors="replace").strip()
    if code == UNSUPPORTED:
        return Reply(code, None, note=note)
    if code not in (ACCEPT, REFUSE):
        what = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Reply(code, None, CRASH, f"{what}\n{note}".strip())
    try:
        answer = json.loads(stdout) if len(stdout.splitlines()) == 1 else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or answer.get("ok") is not (code == ACCEPT):
        seen = stdout[:200].decode(errors="replace")
        return Reply(code, None, CRASH, f"exit code {code} without its one line of JSON: {seen!r}\n{note}".strip())
    return Reply(code, answer)
