"""A bundle written anew with another front and the same manifest, leaves and body.

The new file is made beside its place, verified by the reader's own code, and gets its name by one rename or
link: at every moment there is the old file or the new one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from bundlefmt.bundle.encode import write_at
from bundlefmt.bundle.front import Audited, audit_bundle
from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.bundle.source import ByteSource, FileSource, fill
from bundlefmt.bundle.workplace import make_file, name_new, private_path
from bundlefmt.errors import BundleError, refuse
from bundlefmt.trust.chain import TrustChain

_STEP = 1 << 20


def splice(source: ByteSource, front: bytes, start: int, length: int, handle: int) -> None:
    """Write a front, then bytes of another file.

    Args:
        source: the other file.
        front: first bytes.
        start, length: of what follows.
        handle: of the new file.

    Raises:
        BundleError: TRUNCATED, SOURCE_FAILED.
    """
    write_at(handle, [front], 0)
    done = 0
    buffer = bytearray(min(_STEP, length))
    while done < length:
        part = memoryview(buffer)[: min(_STEP, length - done)]
        fill(source, start + done, part, "body")
        write_at(handle, [part], len(front) + done)
        done += len(part)


def write_file(
    output: str | os.PathLike[str],
    write: Callable[[int], None],
    *,
    overwrite: bool = False,
    replaces: FileSource | None = None,
) -> None:
    """Make a file that appears complete and durable, or not at all.

    Args:
        output: its path.
        write: fills the file and judges it.
        overwrite: replace a file of that name at once.
        replaces: the file that was read, when it is the one to be replaced; it must not have changed since.

    Raises:
        WriteError: WRITE_FAILED, INPUT_CHANGED, or what `write` raises; nothing was changed.
    """
    replace = overwrite or replaces is not None
    path = os.path.realpath(output) if replace else os.path.abspath(output)
    if not replace and os.path.lexists(path):
        raise refuse("WRITE_FAILED", f"{os.fspath(output)} exists already")
    work = private_path(path)
    try:
        handle = make_file(work, 0o666)  # there is no secret in a bundle
        try:
            write(handle)
            if replaces is not None:
                os.fchmod(handle, os.fstat(replaces.fileno()).st_mode & 0o7777)
            os.fsync(handle)
        finally:
            os.close(handle)
        if replaces is not None:
            _same(path, replaces)
        if replace:
            os.replace(work, path)
        else:
            _name(work, path)
    except OSError as exc:
        raise refuse("WRITE_FAILED", f"{os.fspath(output)}: {exc.strerror or exc}") from exc
    finally:
        with contextlib.suppress(OSError):
            os.unlink(work)


def _same(path: str, source: FileSource) -> None:
    """Somebody who changed recipients or signatures meanwhile must not lose that."""
    now, old = os.stat(path), os.fstat(source.fileno())
    if (now.st_dev, now.st_ino, now.st_size) != (old.st_dev, old.st_ino, old.st_size):
        raise refuse("INPUT_CHANGED", f"{path} changed while it was rewritten")


def _name(work: str, path: str) -> None:
    try:
        name_new(work, path)
    except FileExistsError:
        raise refuse("WRITE_FAILED", f"{path} exists already") from None


def verify_written(handle: int, chain: TrustChain, kind: int) -> Audited:
    """Judge a finished file by every signature and byte (W-8), with the newest documents there are.

    Raises:
        BundleError: what a reader would refuse it with; SELF_CHECK for what only this machine can have caused.
    """
    try:
        # A document's expiry stops pointers for devices; it is no fault of what was written.
        return audit_bundle(FileSource(handle), trust=TrustPolicy(chain, now=0), kind=kind)
    except BundleError as exc:
        if exc.phase in ("signature", "trust", "header"):
            raise
        raise refuse("SELF_CHECK", f"the finished bundle does not verify: {exc}") from exc
