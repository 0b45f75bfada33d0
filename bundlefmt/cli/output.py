"""Files that a verb writes: complete under their name, or not there at all."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from bundlefmt.bundle.workplace import make_file, private_path
from bundlefmt.cli.arguments import UsageError
from bundlefmt.errors import refuse


@contextlib.contextmanager
def output_file(path: str | None) -> Iterator[BinaryIO]:
    """A binary file to write data to.

    Args:
        path: of a file that does not exist; None or `-` is standard output.

    Raises:
        WriteError: WRITE_FAILED; nothing was made.
    """
    if path is None or path == "-":
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if os.path.lexists(path):
        raise refuse("WRITE_FAILED", f"{path} exists already")
    from bundlefmt.bundle.workplace import name_new

    with _partial(path, 0o666) as (work, file):
        yield file
        file.close()
        try:
            name_new(work, path)
        except FileExistsError:
            raise refuse("WRITE_FAILED", f"{path} exists already") from None


def replace_file(path: str, data: bytes) -> None:
    """Replace a file at once, keeping its permissions.

    Raises:
        WriteError: WRITE_FAILED; the file is as it was.
    """
    try:
        mode = os.stat(path).st_mode & 0o777
    except OSError as exc:
        raise refuse("WRITE_FAILED", f"{path}: {exc.strerror}") from None
    real = os.path.realpath(path)
    with _partial(real, mode) as (work, file):
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        file.close()
        os.replace(work, real)


@contextlib.contextmanager
def _partial(path: str, mode: int) -> Iterator[tuple[str, BinaryIO]]:
    work = private_path(os.path.abspath(path))
    try:
        with os.fdopen(make_file(work, mode), "wb") as file:
            yield work, file
    except OSError as exc:
        raise refuse("WRITE_FAILED", f"{path}: {exc.strerror or exc}") from exc
    finally:
        with contextlib.suppress(OSError):
            os.unlink(work)


def refuse_terminal(what: str) -> None:
    """Bytes that are not text do not belong on a terminal.

    Raises:
        UsageError: when standard output is one.
    """
    if sys.stdout.isatty():
        raise UsageError(f"{what} is not for a terminal; redirect it or give -o FILE")
