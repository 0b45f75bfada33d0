"""Standard output is data, standard error is talk. Nothing untrusted reaches a terminal as it came."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

JSON_VERSION = 1
_BAR = 24
_INTERVAL = 0.1  # seconds between two drawings
_progress_shown = False


def printable(text: str) -> str:
    r"""Text with everything escaped that a terminal would act on or an eye would miss.

    Control characters, escape sequences, bidirectional and other format characters, line separators,
    lone surrogates and unassigned code points become `\x1b`, `\u202e` and so on.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def put(text: str = "") -> None:
    """Print one line of data."""
    _write(sys.stdout, printable(text))


def talk(text: str) -> None:
    """Print one line of talk."""
    _write(sys.stderr, printable(text))


def complain(text: str) -> None:
    """Print the one line of a failure; with nobody to read it, nothing else fails."""
    with contextlib.suppress(OSError):
        talk(" ".join(text.split("\n")))


def _write(stream: Any, line: str) -> None:
    try:
        stream.write(line + "\n")
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def put_json(verb: str, body: Mapping[str, Any], out: TextIO | None = None) -> None:
    """Print the one object of `--json`; its `format` names verb and version.

    It is ASCII, so no name in it can act on a terminal.
    """
    import json

    json.dump({"format": f"bundlefmt-{verb}/{JSON_VERSION}", **body}, out or sys.stdout, indent=2)
    (out or sys.stdout).write("\n")


def width() -> int:
    """Columns for help: those of the terminal, within reason."""
    try:
        columns = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
    except (ValueError, OSError):
        columns = 100
    return max(60, min(columns, 120)) - 2


def os_error(exc: OSError) -> str:
    """What the system says went wrong, with the file's name where there is one."""
    what = exc.strerror or str(exc) or type(exc).__name__
    return f"{os.fsdecode(exc.filename)}: {what}" if isinstance(exc.filename, (str, bytes)) else what


def size(count: int) -> str:
    """Bytes for people, and exactly."""
    if count < 1000:
        return f"{count} bytes"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.95 or unit == "TB":
            return f"{value:.1f} {unit} ({count} bytes)"
    raise AssertionError  # the loop returns


def when(seconds: int) -> str:
    """A time for people; times beyond the calendar stay numbers."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def rows(table: list[tuple[str, ...]], indent: str = "  ") -> None:
    """Print rows in columns; cells that look like numbers go right."""
    if not table:
        return
    cells = [[printable(cell) for cell in row] for row in table]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    right = [all(row[i].replace("-", "").isdigit() or not row[i] for row in cells[1:]) for i in range(len(cells[0]))]
    for row in cells:
        parts = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        put((indent + "  ".join(parts)).rstrip())


def put_pairs(pairs: list[tuple[str, str]], indent: str = "  ") -> None:
    """Print names and values in two columns."""
    width = max((len(printable(name)) for name, _ in pairs), default=0)
    for name, value in pairs:
        put(f"{indent}{printable(name):<{width}}  {value}".rstrip())


class Progress:
    """A bar on a terminal, nothing anywhere else.

    Args:
        what: word before the bar.
        quiet: never draw.
    """

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        self.active = not quiet and sys.stderr.isatty()
        self._what = what
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Draw at most ten times a second; called from any thread."""
        if not self.active:
            return
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _INTERVAL
        global _progress_shown  # noqa: PLW0603 - one terminal, one line
        _progress_shown = True
        bar = ""
        if total:
            share = min(done / total, 1.0)
            full = int(share * _BAR)
            bar = f" [{'#' * full}{'.' * (_BAR - full)}] {share:4.0%}"
        sys.stderr.write(f"\r{self._what}{bar} {done / 1e6:.1f} MB")
        sys.stderr.flush()


def end_progress() -> None:
    """Clear the bar's line, if there is one."""
    global _progress_shown  # noqa: PLW0603 - as above
    if _progress_shown:
        _progress_shown = False
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def close_stdout() -> None:
    """After a reader went away: keep the interpreter from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
