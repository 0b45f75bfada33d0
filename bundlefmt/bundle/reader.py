"""Reading a verified release (specification section 10), with the verbs of `zipfile`.

Nothing leaves a reader before it is verified. A reader cannot be built without a trust policy; for
facts without trust there is `bundlefmt.bundle.inspect`.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import IO, NamedTuple, Self, TypeVar

from bundlefmt.bundle.body import Leaves, RecordDecoder
from bundlefmt.bundle.checks import DigestCheck, NoCheck
from bundlefmt.bundle.core import Front, Release, open_release, open_release_record
from bundlefmt.bundle.front import keeping, open_front, read_leaves
from bundlefmt.bundle.lending import ContentFile, lend, take_back
from bundlefmt.bundle.needed import NeededTree, Span, build_prefix
from bundlefmt.bundle.policy import TrustPolicy, judge_release
from bundlefmt.bundle.scan import Scan
from bundlefmt.bundle.source import ByteSource, FileSource, Openable, open_source
from bundlefmt.errors import BundleError, refuse
from bundlefmt.keys.recipients import Opener, open_entries
from bundlefmt.model.header import RELEASE, Header
from bundlefmt.model.listing import FileEntry, Listing
from bundlefmt.model.records import THIS, Piece, Range
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.trust.chain import TrustChain

T = TypeVar("T")


class Chunk(NamedTuple):
    """Verified bytes of one content, in body order.

    Attributes:
        row: first row of the content in the listing.
        offset: in the content.
        data: valid until the next chunk is taken.
        last: whether the content ends here; its digest was checked if so.
    """

    row: int
    offset: int
    data: bytes | memoryview
    last: bool


class BundleReader:
    """An opened release: its manifest is verified and decrypted, its contents are verified as they are read.

    Args:
        file: path, bytes, binary file, stream or ByteSource.
        trust: whom to trust and what to expect; there is no default.
        identities: decryption keys to try.
        needed: for a patch, the release it builds on.
        workers: threads for whole-body reading; None chooses.

    Raises:
        BundleError: the bundle is refused; nothing of it was returned. `learned` holds new trust documents.
    """

    def __init__(
        self,
        file: Openable,
        *,
        trust: TrustPolicy,
        identities: Iterable[Opener],
        needed: NeededTree | None = None,
        workers: int | None = None,
    ) -> None:
        self._failed: BundleError | None = None
        self._workers = workers
        self._needed = needed
        self._spool: IO[bytes] | None = None
        self._source: ByteSource = open_source(file)
        try:
            self._open(trust.at_one_clock(), tuple(identities))
        except BaseException:
            self.close()
            raise

    def _open(self, policy: TrustPolicy, identities: tuple[Opener, ...]) -> None:
        front, manifest = open_front(self._source, policy, RELEASE)
        with keeping(front):
            self._open_rest(policy, identities, front, manifest)

    def _open_rest(self, policy: TrustPolicy, identities: tuple[Opener, ...], front: Front, manifest: bytes) -> None:
        source = self._source
        cek = open_entries(front.entries, identities, front.binding, manifest)
        layout, record_bytes, record = open_release_record(front, manifest, cek)
        listing = self._needed_listing(layout.needed_tree, record, front)
        release = open_release(front, layout, record_bytes, record, listing)
        judge_release(policy, front.chain, record, release.release_id)
        table = read_leaves(source, front)
        if source.sequential and any(part.source == THIS for row in release.table.records for part in row.prefix):
            try:
                source = self._spooled(front)
            except OSError as exc:
                raise refuse("SOURCE_FAILED", f"no room to keep the stream's body: {exc.strerror}") from exc
        self._front = front
        self._release = release
        self._leaves = Leaves(source, front.body_at, front.header.body_len, table)
        self._decoder = RecordDecoder(front.binding, release.table.records, cek, self._prefix)
        self._by_path: dict[str, int] | None = None
        self._by_row: dict[int, list[int]] | None = None
        self._last_record: tuple[int, bytes] = (-1, b"")

    def _needed_listing(self, tree: bytes, record: ReleaseRecord, front: Front) -> Listing | None:
        """The needed tree must be of the same publisher and product: a digest is not a permission (MAN-5)."""
        needed = self._needed
        if not tree or needed is None:
            return None
        if needed.publisher_id not in (None, front.header.publisher_id) or needed.product not in (None, record.product):
            raise refuse("NEEDED_TREE", "the release given is of another publisher or product")
        return needed.listing

    def _spooled(self, front: Front) -> ByteSource:
        """Keep a stream's body, still encrypted, where earlier records can be read again as prefixes."""
        import tempfile  # noqa: PLC0415 - only for streams with prefixes

        spool = self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        remaining = front.header.body_len
        position = front.body_at
        spool.seek(position)
        buffer = memoryview(bytearray(1 << 20))
        while True:
            count = self._source.read_into(position, buffer[: min(len(buffer), remaining + 1)])
            if not count:
                break
            spool.write(buffer[:count])
            position += count
            remaining -= count
            if remaining < 0:
                raise refuse("TRAILING_DATA", "the input goes on after the body")
        spool.flush()
        if remaining:
            raise refuse("TRUNCATED", "the input ends in the body")
        return FileSource(spool.fileno())

    # What was verified

    @property
    def header(self) -> Header:
        """The signed header."""
        return self._front.header

    @property
    def front(self) -> Front:
        """Everything verified up to the signatures, for tools that explain a decision."""
        return self._front

    @property
    def chain(self) -> TrustChain:
        """The trust chain, with what this bundle taught."""
        return self._front.chain

    @property
    def release(self) -> ReleaseRecord:
        """What the release says of itself."""
        return self._release.record

    @property
    def release_id(self) -> bytes:
        """SHA-256 of the release record, 32 bytes."""
        return self._release.release_id

    @property
    def manifest(self) -> Release:
        """The decoded manifest: listing, record table, needed tree."""
        return self._release

    @property
    def listing(self) -> Listing:
        """Every file of the tree."""
        return self._release.listing

    @property
    def leaf_table(self) -> bytes:
        """The verified leaves section."""
        return bytes(self._leaves.table)

    @property
    def complete(self) -> bool:
        """Whether the bundle needs no other tree."""
        return not self._release.needed_tree

    # zipfile's verbs

    def infolist(self) -> list[FileEntry]:
        """Every file, by path."""
        return list(self.listing.files)

    def namelist(self) -> list[str]:
        """Every path, ascending."""
        return [entry.path for entry in self.listing.files]

    def getinfo(self, name: str) -> FileEntry:
        """One file.

        Raises:
            EntryNotFoundError: ENTRY_NOT_FOUND.
        """
        if self._by_path is None:
            self._by_path = {entry.path: row for row, entry in enumerate(self.listing.files)}
        try:
            return self.listing.files[self._by_path[name]]
        except KeyError:
            raise refuse("ENTRY_NOT_FOUND", f"no file {name[:100]!a} in the bundle") from None

    def open(self, name: str) -> io.BufferedReader:
        """A file to read from start to end, in constant memory.

        Every byte it returns comes from an authenticated record; the digest of the whole content is
        checked before its last record is returned. Discard what was read if a read raises.

        Raises:
            EntryNotFoundError: ENTRY_NOT_FOUND.
        """
        return io.BufferedReader(ContentFile(self.chunks(name)), 1 << 16)

    def read(self, name: str) -> bytes:
        """A whole file, with its digest checked.

        Raises:
            BundleError: ENTRY_NOT_FOUND, or the content is refused.
        """
        data = bytearray()
        for part in self.chunks(name):  # not joined: a chunk is valid only until the next one
            data += part
        return bytes(data)

    def chunks(self, name: str) -> Iterator[bytes | memoryview]:
        """A file in pieces, each valid until the next one is taken; see `open`."""
        entry = self.getinfo(name)
        return self._guard(self._content(entry))

    def extractall(self, path: str, **options: object) -> None:
        """Unpack to a new folder; see `bundlefmt.bundle.unpack.unpack`."""
        from bundlefmt.bundle.unpack import unpack  # noqa: PLC0415 - reading one file needs no installer

        unpack(self, path, **options)  # type: ignore[arg-type]

    # Whole-body reading

    def contents(self) -> Iterator[Chunk]:
        """Every content in the body, in body order, in one pass; then the padding is checked.

        External contents are not among them; see `external`.

        Raises:
            BundleError: after everything before the fault was yielded.
        """
        return self._guard(self._all_chunks())

    def external_rows(self) -> list[int]:
        """First rows of contents that the needed tree supplies, in the order in which it reads them fastest."""
        needed = self._needed
        rows = list(self._release.table.external)
        if needed is not None:
            first_rows = needed.listing.first_rows
            rows.sort(key=lambda row: needed.place(first_rows[self.listing.files[row].digest]))
        return rows

    def external(self, row: int) -> bytes:
        """A content that the needed tree supplies, with its digest checked.

        Args:
            row: one of `manifest.table.external`.

        Raises:
            BundleError: NEEDED_TREE, NEEDED_CONTENT.
        """
        data = bytearray()
        for part in self.external_chunks(row):
            data += part
        return bytes(data)

    def external_chunks(self, row: int) -> Iterator[bytes | memoryview]:
        """As `external`, in pieces, each valid until the next one is taken. Discard all if it raises."""
        return self._guard(iter(self._external(self.listing.files[row])))

    def verify_all(self) -> None:
        """Read and verify every content and the padding.

        Raises:
            BundleError: the bundle is refused.
        """
        for _ in self.contents():
            pass
        for row in self.external_rows():
            for _ in self.external_chunks(row):
                pass

    # Inside

    def _alive(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _guard(self, chunks: Iterator[T]) -> Iterator[T]:
        """After a refusal this object stays refused, iterators that were begun before included (RDG-2)."""
        try:
            self._alive()
            for chunk in chunks:
                yield chunk
                self._alive()
        except BundleError as exc:
            if exc.code not in ("ENTRY_NOT_FOUND", "SOURCE_FAILED"):
                self._failed = exc
            raise
        finally:
            if isinstance(chunks, Generator):
                chunks.close()

    def _all_chunks(self) -> Iterator[Chunk]:
        files = self.listing.files
        records = self._decoder.records
        for decoded in Scan(self._leaves, self._decoder, DigestCheck(self.listing), self._workers).all():
            position = 0
            data = decoded.data
            for piece in records[decoded.index].pieces:
                part = lend(data, position, piece.length)
                yield Chunk(piece.row, piece.offset, part, piece.offset + piece.length == files[piece.row].size)
                take_back(part, data)
                position += piece.length

    def _content(self, entry: FileEntry) -> Iterator[bytes | memoryview]:
        if self._leaves.source.sequential:
            raise io.UnsupportedOperation("a stream is read once, with contents() or extractall()")
        if not entry.size:
            return
        row = self.listing.row_of(entry)
        indexes = self._records_of(row)
        if not indexes:
            yield from self._external(entry)
            return
        state = sha256()
        for index, data in self._opened(indexes):
            # All pieces of a record are judged before any is handed out: the unit is the record (RDG-5).
            parts = [lend(data, start, piece.length) for piece, start in self._positions(index, row)]
            for part in parts:
                state.update(part)
            if index == indexes[-1] and state.digest() != entry.digest:
                raise refuse("CONTENT_DIGEST", f"the content of {entry.path[:100]!a} does not have its digest")
            for part in parts:
                yield part
                take_back(part, data)

    def _opened(self, indexes: list[int]) -> Iterator[tuple[int, bytes | memoryview]]:
        """Some records, opened. One that many contents share is kept, as its neighbours may be asked for next."""
        if len(indexes) == 1 and len(self._decoder.records[indexes[0]].pieces) > 1:
            yield indexes[0], self._open_record(indexes[0])
            return
        for decoded in Scan(self._leaves, self._decoder, NoCheck(self.listing), self._workers).some(indexes):
            yield decoded.index, decoded.data

    def _positions(self, index: int, row: int) -> Iterator[tuple[Piece, int]]:
        """Pieces of one content in a record, with their place in its plaintext."""
        position = 0
        for piece in self._decoder.records[index].pieces:
            if piece.row == row:
                yield piece, position
            position += piece.length

    def _records_of(self, row: int) -> list[int]:
        if self._by_row is None:
            found: dict[int, list[int]] = {}
            for index, record in enumerate(self._decoder.records):
                for piece in record.pieces:
                    indexes = found.setdefault(piece.row, [])
                    if not indexes or indexes[-1] != index:
                        indexes.append(index)
            self._by_row = found
        return self._by_row.get(row, [])

    def _external(self, entry: FileEntry) -> Iterator[bytes | memoryview]:
        if self._needed is None:  # cannot be: a patch does not open without its needed tree
            raise refuse("NEEDED_TREE", "this patch needs another release")
        return self._needed.chunks(self._needed.listing.first_rows[entry.digest])

    def _prefix(self, ranges: tuple[Range, ...]) -> bytes:
        return build_prefix(ranges, self._own_ranges, self._needed)

    def ranges(self, row: int, spans: Sequence[Span]) -> list[bytes]:
        """Parts of a content, from authenticated records; the digest of the whole is not checked here.

        Args:
            row: first row of the content, which is in the body.
            spans: offsets and lengths inside it.
        """
        return next(self._guard(self._own_ranges(row, spans) for _ in range(1)))

    def place(self, row: int) -> int:
        """The first record that yields a content, or -1."""
        return next(iter(self._records_of(row)), -1)

    def _own_ranges(self, row: int, spans: Sequence[Span]) -> list[bytes]:
        """Bytes of an earlier content of this body, opened again; one layer deep at most (REC-11)."""
        parts = [bytearray() for _ in spans]
        for index in self._records_of(row):
            for piece, start in self._positions(index, row):
                low, high = piece.offset, piece.offset + piece.length
                wanted = [number for number, (at, length) in enumerate(spans) if at < high and at + length > low]
                if not wanted:
                    continue
                data = memoryview(self._open_record(index))[start : start + piece.length]
                for number in wanted:
                    at, length = spans[number]
                    parts[number] += data[max(at - low, 0) : at + length - low]
        return [bytes(part) for part in parts]

    def _open_record(self, index: int) -> bytes:
        number, data = self._last_record
        if number != index:
            decoder = self._decoder
            data = decoder.decode(index, self._leaves.read(decoder.offsets[index], decoder.offsets[index + 1]))
            self._last_record = (index, data)
        return data

    def close(self) -> None:
        """Release the file. The reader cannot be used afterwards."""
        self._source.close()
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
