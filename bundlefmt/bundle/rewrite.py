"""Writing a bundle or a head anew with other recipients (specification section 6, WR rules).

The body is copied, inside the kernel where it can. The new file is made beside its place, read back and
verified, and then gets its name by one rename: at every moment there is the old file or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from bundlefmt.bundle.body import Leaves
from bundlefmt.bundle.encode import write_at
from bundlefmt.bundle.heads import OpenHead, open_head, open_head_unverified
from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.bundle.rewrap import RecipientChange, Rewrapped, rewrap
from bundlefmt.bundle.scan import audit
from bundlefmt.bundle.source import ByteSource, FileSource, Openable, fill, open_source, read_exact
from bundlefmt.bundle.unpack import sync_folder
from bundlefmt.bundle.workplace import make_file, name_new, private_path
from bundlefmt.errors import BundleError, refuse
from bundlefmt.keys.recipients import ContentKey, Opener, open_entries
from bundlefmt.model.header import RELEASE

Progress = Callable[[int, int], None]
_STEP = 1 << 20
_COMPARED = 128 << 10  # two such buffers stay in the processor's cache
_KERNEL_STEP = 256 << 20
_BLOCK = 4096  # where both offsets lie alike in their blocks, a file system may share blocks instead of copying
# What the kernel answers when it cannot copy between these two files; plain reading and writing can.
_NO_KERNEL_COPY = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF)


class Rewritten(NamedTuple):
    """What was written.

    Attributes:
        head: the head that was read; its `front` tells what was verified.
        change: what is different in the recipients section.
        size: bytes written.
        alone: whether a head was written without body.
    """

    head: OpenHead
    change: Rewrapped
    size: int
    alone: bool


def change_recipients(
    file: Openable,
    output: str | os.PathLike[str] | None,
    *,
    trust: TrustPolicy | None,
    identities: Iterable[Opener],
    change: RecipientChange,
    kind: int = RELEASE,
    sync: bool = False,
    progress: Progress | None = None,
) -> Rewritten:
    """Write a bundle, or a head alone, with other recipients; everything else stays byte for byte.

    Args:
        file: whole bundle or head; a path when it is to be replaced.
        output: new file, which must not exist; None replaces `file` at once, durably, under its permissions.
        trust: whom to trust. None verifies nothing: only for a caller who knows what the file is.
        identities: keys of which one opens it.
        change: who is to open it from now on.
        kind: RELEASE or POINTER, which `trust` is asked for.
        sync: make a new file durable before it gets its name.
        progress: called with bytes copied and bytes in all.

    Raises:
        BundleError: the file is refused, no identity opens it, or INPUT_KEYS, INPUT_CHANGED, WRITE_LIMIT,
            WRITE_FAILED, SELF_CHECK. Nothing was changed.
    """
    keys = tuple(identities)
    source = open_source(file)
    try:
        head, cek = _open(source, trust, keys, kind)
        changed = rewrap(head.entries, cek, head.binding, change, keys)
        data = head.encode(changed.section)
        body_len = 0 if head.alone else head.header.body_len
        place = _Replaced(file, source) if output is None else _New(os.fspath(output), sync=sync)

        def write(handle: int) -> None:
            write_at(handle, [data], 0)
            _copy(source, head.head_len, handle, len(data), body_len, progress)
            _check(handle, source, head, data, cek, trust, kind)

        _make(place, write)
        return Rewritten(head, changed, len(data) + body_len, head.alone)
    finally:
        source.close()


def write_head(
    file: Openable,
    output: str | os.PathLike[str],
    *,
    trust: TrustPolicy | None,
    identities: Iterable[Opener] = (),
    change: RecipientChange | None = None,
    kind: int = RELEASE,
    sync: bool = False,
) -> Rewritten:
    """Write a head alone: of a whole bundle or of another head, over the same body.

    Args:
        file: whole bundle or head.
        output: new file, which must not exist.
        trust: as in `change_recipients`.
        identities: keys of which one opens it; not needed without `change`.
        change: who is to open it with this head; None keeps the recipients.
        kind, sync: as in `change_recipients`.

    Raises:
        BundleError: as `change_recipients`. Nothing was made.
    """
    keys = tuple(identities)
    source = open_source(file)
    try:
        if change is None:
            head = _open_head(source, trust, kind)
            kept = read_exact(
                source, head.prelude.front_len - head.prelude.recipients_len, head.prelude.recipients_len, "recipients"
            )
            changed = Rewrapped(kept, len(head.entries), (), (), len(head.entries), 0, 0, 0)
            cek = b""
        else:
            head, cek = _open(source, trust, keys, kind)
            changed = rewrap(head.entries, cek, head.binding, change, keys)
        data = head.encode(changed.section)

        def write(handle: int) -> None:
            write_at(handle, [data], 0)
            _check(handle, source, head._replace(alone=True), data, cek, trust, kind)

        _make(_New(os.fspath(output), sync=sync), write)
        return Rewritten(head, changed, len(data), alone=True)
    finally:
        source.close()


def _open_head(source: ByteSource, trust: TrustPolicy | None, kind: int) -> OpenHead:
    return open_head_unverified(source) if trust is None else open_head(source, trust, kind)


def _open(
    source: ByteSource, trust: TrustPolicy | None, identities: Iterable[Opener], kind: int
) -> tuple[OpenHead, bytes]:
    """R1 to R7 and R10."""
    head = _open_head(source, trust, kind)
    return head, open_entries(head.entries, identities, head.binding, head.manifest)


def _copy(source: ByteSource, start: int, handle: int, at: int, length: int, progress: Progress | None) -> None:
    """Copy a body, in constant memory."""
    done = 0
    if isinstance(source, FileSource) and hasattr(os, "copy_file_range"):
        step = -start % _BLOCK if start % _BLOCK == at % _BLOCK else 0
        while done < length:
            try:
                count = os.copy_file_range(
                    source.fileno(), handle, min(step or _KERNEL_STEP, length - done), start + done, at + done
                )
            except OSError as exc:
                if exc.errno not in _NO_KERNEL_COPY:
                    raise
                break
            if not count:
                break
            done += count
            step = 0
            if progress is not None:
                progress(done, length)
    buffer = bytearray(_STEP) if done < length else bytearray()
    while done < length:
        part = memoryview(buffer)[: min(_STEP, length - done)]
        fill(source, start + done, part, "body")
        write_at(handle, [part], at + done)
        done += len(part)
        if progress is not None:
            progress(done, length)
    if source.sequential and source.read_into(start + length, memoryview(bytearray(1))):
        raise refuse("TRAILING_DATA", "the input goes on after the body")


def _check(
    handle: int, source: ByteSource, head: OpenHead, data: bytes, cek: bytes, trust: TrustPolicy | None, kind: int
) -> None:
    """Read back what was written, judge it by R1 to R7 and R10, and compare it with what it came from (W-8)."""
    written = FileSource(handle)
    try:
        again = _open_head(written, trust, kind)
        if cek:
            open_entries(again.entries, (ContentKey(cek),), again.binding, again.manifest)
        same = read_exact(written, 0, len(data), "head") == data and again.before == head.before
        same = same and (again.manifest, again.leaves) == (head.manifest, head.leaves)
        if same and not head.alone:
            if source.sequential:  # it cannot be read again, but its leaves can be
                audit(Leaves(written, len(data), head.header.body_len, head.leaves))
            else:
                same = _equal(source, head.head_len, written, len(data), head.header.body_len)
    except BundleError as exc:
        raise refuse("SELF_CHECK", f"what was written does not verify: {exc}") from exc
    if not same:
        raise refuse("SELF_CHECK", "what was written is not what it was made from")


def _equal(left: ByteSource, left_at: int, right: ByteSource, right_at: int, length: int) -> bool:
    one, two = bytearray(_COMPARED), bytearray(_COMPARED)
    done = 0
    while done < length:
        count = min(_COMPARED, length - done)
        if count < len(one):
            one, two = bytearray(count), bytearray(count)
        fill(left, left_at + done, memoryview(one), "body")
        fill(right, right_at + done, memoryview(two), "body")
        if one != two:
            return False
        done += count
    return True


class _New:
    """A file that must not exist."""

    def __init__(self, path: str, *, sync: bool) -> None:
        self.path = os.path.abspath(path)
        self.sync = sync
        self.mode = 0o666  # less the umask; there is no secret in it
        if os.path.lexists(self.path):
            raise refuse("WRITE_FAILED", f"{path} exists already")

    def finish(self, handle: int) -> None:
        if self.sync:
            os.fsync(handle)

    def name(self, work: str) -> None:
        try:
            name_new(work, self.path)
        except FileExistsError:
            raise refuse("WRITE_FAILED", f"{self.path} exists already") from None


class _Replaced:
    """The file that was read; it stays what it is until the new one is complete and durable."""

    sync = True
    mode = 0o600

    def __init__(self, file: Openable, source: ByteSource) -> None:
        if not isinstance(file, (str, os.PathLike)) or not isinstance(source, FileSource):
            raise TypeError("only a file given by its path can be replaced")
        self.path = os.path.realpath(file)
        self._before = os.fstat(source.fileno())

    def finish(self, handle: int) -> None:
        now, old = os.fstat(handle), self._before
        if (now.st_uid, now.st_gid) != (old.st_uid, old.st_gid):
            with contextlib.suppress(PermissionError):  # only a superuser gives files away
                os.fchown(handle, old.st_uid, old.st_gid)
        os.fchmod(handle, old.st_mode & 0o7777)
        os.fsync(handle)

    def name(self, work: str) -> None:
        # Somebody who changed recipients meanwhile must not lose that: a removed one would be back.
        now, old = os.stat(self.path), self._before
        if (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) != (
            old.st_dev, old.st_ino, old.st_size, old.st_mtime_ns,
        ):  # fmt: skip
            raise refuse("INPUT_CHANGED", f"{self.path} changed while it was rewritten")
        os.replace(work, self.path)


def _make(place: _New | _Replaced, write: Callable[[int], None]) -> None:
    """Make a file beside its place and give it its name when it is complete."""
    work = private_path(place.path)
    try:
        handle = make_file(work, place.mode)
        try:
            write(handle)
            place.finish(handle)
        finally:
            os.close(handle)
        place.name(work)
        if place.sync:
            with contextlib.suppress(OSError):  # the name is there and right, durable now or a little later
                sync_folder(os.path.dirname(place.path))
    except OSError as exc:
        raise refuse("WRITE_FAILED", f"{place.path}: {exc.strerror or exc}") from exc
    finally:
        with contextlib.suppress(OSError):
            os.unlink(work)
