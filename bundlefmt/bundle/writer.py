"""Writing a release (specification section 13), with the verbs of `zipfile`.

The bundle appears under its name only when it is complete and was read back and verified (W-8).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

from bundlefmt.bundle import assemble
from bundlefmt.bundle.body import Leaves
from bundlefmt.bundle.encode import BodyWriter, Encoded, stored_len, write_at
from bundlefmt.bundle.inputs import Input, check_inputs, file_input, scan_folder
from bundlefmt.bundle.plan import Plan, make_plan
from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.scan import audit
from bundlefmt.bundle.source import FileSource
from bundlefmt.bundle.workplace import make_file, name_new, private_path, umask
from bundlefmt.crypto import digests
from bundlefmt.crypto.suite import Binding
from bundlefmt.errors import BundleError, refuse
from bundlefmt.keys.recipients import ContentKey, Recipient
from bundlefmt.keys.signers import Signer
from bundlefmt.limits import LIMITS
from bundlefmt.model.header import RELEASE, Header
from bundlefmt.model.listing import EXECUTABLE, REGULAR, FileEntry, encode_listing, parse_listing
from bundlefmt.model.manifest import COMPLETE, ManifestLayout
from bundlefmt.model.records import STORED, Record, encode_records
from bundlefmt.model.release import ReleaseRecord, parse_release
from bundlefmt.trust.chain import TrustChain

DEFAULT_LEVEL = 9
STORE = 0
Progress = Callable[[int, int], None]


class PackOptions(NamedTuple):
    """How a bundle is made.

    Attributes:
        level: zstd level 1 to 22, or STORE.
        share_small: contents below so many bytes share records of up to so many; 0 for one record per content.
        anonymous: leave hints out of recipient entries.
        grease: add values nobody implements (W-10); None does it now and then.
        overwrite: replace an existing file.
        sync: make the file durable before it gets its name.
        workers: threads; None chooses.
    """

    level: int = DEFAULT_LEVEL
    share_small: int = 0
    anonymous: bool = False
    grease: bool | None = None
    overwrite: bool = False
    sync: bool = False
    workers: int | None = None


class Packed(NamedTuple):
    """What was made.

    Attributes:
        record: the release record.
        release_id: 32 bytes.
        size: bytes of the bundle.
        files, contents, records: how many.
        plain_size: bytes of all files.
        empty_folders: folders that hold no file and are not kept.
    """

    record: ReleaseRecord
    release_id: bytes
    size: int
    files: int
    contents: int
    records: int
    plain_size: int
    empty_folders: tuple[str, ...]


class Draft(NamedTuple):
    """Everything of a head but its signatures and leaves."""

    record: ReleaseRecord
    header: Header
    recipients: bytes
    manifest: bytes


class BundleWriter:
    """Collects files and writes one complete bundle at `close`.

    As a context manager it closes on success and makes nothing after an exception.

    Args:
        output: path of the bundle.
        release: the release record; its `tree` is filled in, `created` 0 takes the clock.
        chain: the publisher's trust chain; the bundle carries it.
        signers: enough for the release role's threshold.
        recipients: of one type.
        options: how to make it.
        progress: called with bytes done and in all.

    Raises:
        WriteError: INPUT_KEYS, WRITE_LIMIT.
    """

    def __init__(
        self,
        output: str | os.PathLike[str],
        release: ReleaseRecord,
        *,
        chain: TrustChain,
        signers: Sequence[Signer],
        recipients: Sequence[Recipient],
        options: PackOptions = PackOptions(),  # noqa: B008 - immutable
        progress: Progress | None = None,
    ) -> None:
        if options.share_small < 0 or options.share_small > LIMITS.record_plain_len:
            raise ValueError("share_small is 0 to 8 MiB")
        self._output = os.fspath(output)
        self._release = release if release.created else release._replace(created=int(time.time()))
        self._chain = chain
        self._signers = tuple(signers)
        self._recipients = assemble.check_recipients(recipients)
        self._check_signers()
        self._options = options
        self._progress = progress
        self._inputs: list[Input] = []
        self._packed: Packed | None = None
        self._empty: tuple[str, ...] = ()
        self._check_record()

    def _check_signers(self) -> None:
        assemble.check_signers(self._signers, self._chain.newest.release)

    def _check_record(self) -> None:
        """The record must be one that readers take, before any work is done."""
        try:
            parse_release(self._release._replace(tree=bytes(32)).encode())
        except (BundleError, ValueError, TypeError) as exc:
            detail = exc.detail if isinstance(exc, BundleError) else str(exc)
            raise refuse("WRITE_LIMIT", f"the release cannot be expressed: {detail}") from None

    def write(self, filename: str | os.PathLike[str], arcname: str | None = None) -> None:
        """Add a file from the disk; it is read at `close`.

        Raises:
            WriteError: INPUT_TREE, when it is missing, a link or not a regular file.
        """
        path = os.fspath(filename)
        self._inputs.append(file_input(path, arcname if arcname is not None else path.replace(os.sep, "/")))

    def writestr(self, name: str, data: bytes | str, *, executable: bool = False) -> None:
        """Add a file from memory; text is encoded as UTF-8."""
        raw = data.encode() if isinstance(data, str) else bytes(data)
        self._inputs.append(Input(name, executable, len(raw), raw))

    def add_folder(self, folder: str | os.PathLike[str]) -> None:
        """Add every file of a folder.

        Raises:
            WriteError: INPUT_TREE.
        """
        tree = scan_folder(folder)
        self._inputs += tree.files
        self._empty += tree.empty_folders

    def close(self) -> Packed:
        """Write, check and name the bundle; a second call returns what the first one did.

        Raises:
            WriteError: INPUT_TREE, INPUT_CHANGED, WRITE_LIMIT, WRITE_FAILED, SELF_CHECK. Nothing was made.
        """
        if self._packed is not None:
            return self._packed
        if not self._options.overwrite and os.path.lexists(self._output):
            raise refuse("WRITE_FAILED", f"{self._output} exists already")
        check_inputs(self._inputs)
        files = tuple(sorted(self._inputs, key=lambda item: item.path.encode()))
        plan = make_plan(files, self._options.share_small)
        if len(plan.records) > LIMITS.records:
            raise refuse("WRITE_LIMIT", f"{len(plan.records)} records")
        work = private_path(os.path.abspath(self._output))
        try:
            handle = make_file(work)
            try:
                packed = self._build(handle, work, plan)
            finally:
                os.close(handle)
            self._name(work)
        except OSError as exc:
            raise refuse("WRITE_FAILED", f"{self._output}: {exc.strerror or exc}") from exc
        finally:
            with contextlib.suppress(OSError):
                os.unlink(work)
        self._packed = packed
        return packed

    def _build(self, handle: int, work: str, plan: Plan) -> Packed:
        options = self._options
        cek, bundle_id = os.urandom(32), os.urandom(16)
        grease = options.grease if options.grease is not None else os.urandom(1)[0] < 32
        binding = Binding(RELEASE, self._chain.publisher_id, bundle_id)
        body_at = self._guess_head(plan, binding) if options.level == STORE else 0
        writer = BodyWriter(plan, cek, binding, options.level, self._progress, options.workers)
        body = writer.write(handle, body_at, placed=options.level == STORE)
        if body.body_len > LIMITS.body_len:
            raise refuse("WRITE_LIMIT", f"the body has {body.body_len} bytes")
        draft = self._draft(plan, body, cek, binding, grease=grease)
        record = draft.record
        data = self._head(draft, cek, body.leaves)
        if len(data) == body_at:
            write_at(handle, [data], 0)
        else:
            _move_body(handle, body_at, body.body_len, data)
        self._check(handle, cek, plan, record, moved=len(data) != body_at)
        if options.sync:
            os.fsync(handle)
        os.chmod(work, 0o666 & ~umask())
        contents = sum(1 for row, first in enumerate(plan.first) if row == first)
        return Packed(
            record,
            digests.digest(record.encode()),
            len(data) + body.body_len,
            len(plan.files),
            contents,
            len(plan.records),
            sum(item.size for item in plan.files),
            self._empty,
        )

    def _draft(self, plan: Plan, body: Encoded, cek: bytes, binding: Binding, *, grease: bool) -> Draft:
        """Everything of a head but its signatures."""
        listing_bytes = encode_listing(
            [
                FileEntry(
                    item.path, EXECUTABLE if item.executable else REGULAR, item.size, body.contents[plan.first[row]]
                )
                for row, item in enumerate(plan.files)
            ]
        )
        listing = parse_listing(listing_bytes)
        record = self._release._replace(tree=digests.digest(listing_bytes))
        items = (record.encode(), listing_bytes, encode_records(body.records, listing))
        layout = ManifestLayout(COMPLETE, b"", tuple(assemble.manifest_frame(item) for item in items))
        manifest = assemble.seal_manifest(layout, cek, binding)
        header = Header(
            kind=RELEASE,
            publisher_id=binding.publisher_id,
            bundle_id=binding.bundle_id,
            trust_epoch=self._chain.newest.epoch,
            manifest_len=len(manifest),
            manifest_digest=digests.digest(manifest),
            body_len=body.body_len,
            body_root=digests.body_root(body.body_len, body.leaves),
            extensions=(assemble.grease_extension(),) if grease else (),
        )
        recipients = assemble.wrap_for(self._recipients, cek, binding, anonymous=self._options.anonymous, grease=grease)
        return Draft(record, header, recipients, manifest)

    def _guess_head(self, plan: Plan, binding: Binding) -> int:
        """Length of the head when every record is stored, so that a large body is written where it will stay.

        Digests are not known yet, so random ones stand in; when the guess is wrong the body is moved.
        """
        lengths = [sum(piece.length for piece in pieces) for pieces in plan.records]
        records = [
            Record(STORED, length, pieces, (), length) for pieces, length in zip(plan.records, lengths, strict=True)
        ]
        contents = {row: os.urandom(32) if plan.files[row].size else digests.EMPTY for row in set(plan.first)}
        body_len = stored_len(plan)
        table = bytes(32 * digests.leaf_count(body_len))
        draft = self._draft(plan, Encoded(records, body_len, table, contents), os.urandom(32), binding, grease=False)
        return self._guess_len(draft, table)

    def _guess_len(self, draft: Draft, leaves: bytes) -> int:
        signatures = bytes(assemble.signatures_len(self._signers))
        head = assemble.join_head(
            draft.header.encode(), signatures, self._chain, draft.recipients, draft.manifest, leaves
        )
        return len(head.encode())

    def _head(self, draft: Draft, cek: bytes, leaves: bytes) -> bytes:
        """The finished head; a draft's has no signatures and needs the key for those who are asked for them."""
        del cek
        return assemble.build_head(
            draft.header, self._signers, self._chain, draft.recipients, draft.manifest, leaves
        ).encode()

    def _check(self, handle: int, cek: bytes, plan: Plan, record: ReleaseRecord, *, moved: bool) -> None:
        """Read the finished file with the reader itself (W-8). Its body was checked where it was written."""
        policy = TrustPolicy(self._chain, now=record.created, product=record.product, any_host=True)
        try:
            reader = BundleReader(FileSource(handle), trust=policy, identities=[ContentKey(cek)])
            if reader.release != record or len(reader.listing.files) != len(plan.files):
                raise refuse("SELF_CHECK", "the finished bundle holds another release")
            front = reader.front
            if moved:
                audit(Leaves(FileSource(handle), front.body_at, front.header.body_len, reader.leaf_table))
        except BundleError as exc:
            raise refuse("SELF_CHECK", f"the finished bundle does not verify: {exc}") from exc

    def _name(self, work: str) -> None:
        if self._options.overwrite:
            os.replace(work, self._output)
            return
        try:
            name_new(work, self._output)
        except FileExistsError:
            raise refuse("WRITE_FAILED", f"{self._output} exists already") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()


def _move_body(handle: int, body_at: int, body_len: int, head: bytes) -> None:
    """Move a body to behind its head, from its end to its start, as the places may overlap."""
    step = 8 << 20
    shift = len(head) - body_at
    starts = range(0, body_len, step)
    for start in reversed(starts) if shift > 0 else starts:
        length = min(step, body_len - start)
        data = os.pread(handle, length, body_at + start)
        if len(data) < length:
            raise OSError(5, "the file being written became shorter")
        write_at(handle, [data], len(head) + start)
    os.ftruncate(handle, len(head) + body_len)
    write_at(handle, [head], 0)
