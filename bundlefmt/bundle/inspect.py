"""Facts about a file without trust (specification section 10, RDG-1).

Everything here is what the file says of itself: nothing is verified, nothing is decrypted, and the
names say so. The strict decoders of the reader are used; a part that they refuse is reported as a
fault instead of being guessed at. `steps` holds what a trust policy adds, and is there only when one
was given.

Nothing here may import cryptography: looking at a file is fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from bundlefmt.bundle.source import ByteSource, Openable, open_source
from bundlefmt.crypto.leaves import leaf_count
from bundlefmt.errors import BundleError, refuse
from bundlefmt.model.header import Header, check_lengths, parse_header
from bundlefmt.model.trustdoc import TrustDocument, parse_trust_document
from bundlefmt.wire import sections
from bundlefmt.wire.sections import PRELUDE_LEN, Prelude, RecipientEntry, SignatureRow, TrustFrame

if TYPE_CHECKING:
    from bundlefmt.bundle.needed import NeededTree
    from bundlefmt.bundle.policy import TrustPolicy
    from bundlefmt.bundle.steps import Steps
    from bundlefmt.keys.recipients import Identity, Recipient

ALG_NAMES = {1: "ed25519", 2: "ed25519-mldsa65"}
TYPE_NAMES = {1: "x25519", 2: "mlkem768-x25519"}


class Fault(NamedTuple):
    """Where the bytes break the specification.

    Attributes:
        part: section, or `trust document N`.
        code, phase, rules, detail: as in BundleError.
    """

    part: str
    code: str
    phase: str
    rules: tuple[str, ...]
    detail: str


class Section(NamedTuple):
    """One section as the sizes in the file place it.

    Attributes:
        name: as in the specification.
        offset, length: bytes; the length is what prelude and header say.
        present: how many of them the file has, or None where that is not known (a stream).
    """

    name: str
    offset: int
    length: int
    present: int | None


class UnverifiedSigner(NamedTuple):
    """One row of a signature table. A kid is a claim: the signature was not checked."""

    alg: int
    kid: bytes

    @property
    def alg_name(self) -> str:
        """Name of the algorithm, or its number."""
        return ALG_NAMES.get(self.alg, f"alg-{self.alg}")


class UnverifiedTrust(NamedTuple):
    """One trust frame.

    Attributes:
        document: decoded, or None where the strict decoder refuses it; see the faults.
        signers: rows of its signature table.
        length: bytes of the document.
    """

    document: TrustDocument | None
    signers: tuple[UnverifiedSigner, ...]
    length: int


class RecipientFact(NamedTuple):
    """One recipient entry. Recipients are never signed: anyone may have written it.

    Attributes:
        type: number of the recipient type.
        length: bytes of its payload.
        hint: 4 bytes; empty for an anonymous entry or one of unknown type.
        hint_of: key ids of the given keys whose hint this is.
        opened: whether a given identity opened it to the key that the signed manifest commits to.
    """

    type: int
    length: int
    hint: bytes
    hint_of: tuple[bytes, ...]
    opened: bool

    @property
    def type_name(self) -> str:
        """Name of the type, or its number."""
        return TYPE_NAMES.get(self.type, f"type-{self.type}")


class Inspection(NamedTuple):
    """What a file says of itself, and with a trust policy which steps of reading it passes.

    Attributes:
        size: bytes of the file, or None for a stream.
        prelude: section lengths, or None where the prelude is refused.
        sections: as far as the sizes are known.
        unverified_header: decoded header, or None.
        unverified_signers: rows of the signature table.
        unverified_trust: frames of the trust section.
        recipients: entries of the recipients section.
        faults: every part that the strict decoders refuse, in reading order.
        steps: with a trust policy, what was verified; else None.
    """

    size: int | None
    prelude: Prelude | None
    sections: tuple[Section, ...]
    unverified_header: Header | None
    unverified_signers: tuple[UnverifiedSigner, ...]
    unverified_trust: tuple[UnverifiedTrust, ...]
    recipients: tuple[RecipientFact, ...]
    faults: tuple[Fault, ...]
    steps: Steps | None

    @property
    def is_bundle(self) -> bool:
        """Whether the file begins with the magic, whatever follows."""
        return not self.faults or self.faults[0].code != "PRELUDE_MAGIC"


def inspect_bundle(
    file: Openable,
    *,
    trust: TrustPolicy | None = None,
    identities: Iterable[Identity] = (),
    recipients: Iterable[Recipient] = (),
    needed: NeededTree | None = None,
    kind: int | None = None,
) -> Inspection:
    """Collect facts about any file. A file that is no bundle gives a fault, not an exception.

    Args:
        file: path, bytes, binary stream or ByteSource.
        trust: whom to trust; without it nothing is verified and nothing decrypted.
        identities: secret keys; with `trust` they are tried, without it only their hints are compared.
        recipients: public keys whose hints are compared.
        needed: for a patch, the release it builds on.
        kind: RELEASE or POINTER; None takes what the header claims.

    Raises:
        SourceError: SOURCE_FAILED.
    """
    source = open_source(file)
    try:
        return _Inspector(source).inspect(trust, tuple(identities), tuple(recipients), needed, kind)
    finally:
        source.close()


class _Inspector:
    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._faults: list[Fault] = []
        self._sections: list[Section] = []

    def _fault(self, part: str, exc: BundleError) -> None:
        self._faults.append(Fault(part, exc.code, exc.phase, exc.rules, exc.detail))

    def _read(self, offset: int, length: int) -> bytes:
        buffer = bytearray(length)
        return bytes(buffer[: self._source.read_into(offset, memoryview(buffer))])

    def _place(self, name: str, offset: int, length: int) -> int:
        size = self._source.size
        present = None if size is None else max(0, min(length, size - offset))
        self._sections.append(Section(name, offset, length, present))
        return offset + length

    def inspect(
        self,
        trust: TrustPolicy | None,
        identities: tuple[Identity, ...],
        recipients: tuple[Recipient, ...],
        needed: NeededTree | None,
        kind: int | None,
    ) -> Inspection:
        head = self._read(0, PRELUDE_LEN)
        try:
            if len(head) < len(sections.MAGIC):
                raise refuse("PRELUDE_MAGIC", f"{len(head)} bytes are too few for the bundle magic")
            prelude = sections.parse_prelude(head)
        except BundleError as exc:
            self._fault("prelude", exc)
            return Inspection(self._source.size, None, (), None, (), (), (), tuple(self._faults), None)
        front = head + self._read(PRELUDE_LEN, prelude.front_len - PRELUDE_LEN)
        header_data, signatures, trust_data, recipient_data = self._cut(prelude, front)
        rows = self._rows(signatures)
        frames = self._frames(trust_data)
        entries = self._entries(recipient_data)
        header = self._header(header_data)
        end = self._place_rest(prelude, header) if header else None
        if end is not None and self._source.size is not None:
            self._check_size(end)
        steps = None
        if trust is not None:
            from bundlefmt.bundle.steps import judge_steps  # noqa: PLC0415 - brings cryptography

            wanted = kind or (header.kind if header else 1)
            steps = judge_steps(self._source, head, front, trust, identities, needed, wanted)
        known = {*recipients, *(identity.recipient for identity in identities)}
        opened = steps.opened_entry if steps else None
        facts = tuple(
            RecipientFact(
                entry.type,
                len(entry.hint) + len(entry.wrap),
                entry.hint,
                tuple(sorted(key.key_id for key in known if key.owns(entry))),
                number == opened,
            )
            for number, entry in enumerate(entries)
        )
        return Inspection(
            self._source.size,
            prelude,
            tuple(self._sections),
            header,
            tuple(UnverifiedSigner(row.alg, row.kid) for row in rows),
            self._documents(frames),
            facts,
            tuple(self._faults),
            steps,
        )

    def _cut(self, prelude: Prelude, front: bytes) -> list[bytes]:
        parts: list[bytes] = []
        position = self._place("prelude", 0, PRELUDE_LEN)
        for name, length in zip(("header", "signatures", "trust", "recipients"), prelude, strict=True):
            end = self._place(name, position, length)
            parts.append(front[position:end])
            position = end
        if len(front) < position:
            self._fault("front", refuse("TRUNCATED", "the input ends before the manifest"))
        return parts

    def _place_rest(self, prelude: Prelude, header: Header) -> int:
        position = self._place("manifest", prelude.front_len, header.manifest_len)
        position = self._place("leaves", position, 32 * leaf_count(header.body_len))
        return self._place("body", position, header.body_len)

    def _check_size(self, end: int) -> None:
        size = self._source.size or 0
        if size > end:
            self._fault("body", refuse("TRAILING_DATA", f"{size - end} bytes after the end of the bundle"))
        elif size < end and not any(fault.code == "TRUNCATED" for fault in self._faults):
            self._fault("body", refuse("TRUNCATED", f"{size} bytes, the bundle has {end}"))

    def _header(self, data: bytes) -> Header | None:
        try:
            header = parse_header(data)
        except BundleError as exc:
            self._fault("header", exc)
            return None
        try:
            check_lengths(header)
        except BundleError as exc:
            self._fault("header", exc)
        return header

    def _rows(self, data: bytes) -> tuple[SignatureRow, ...]:
        try:
            return sections.parse_signatures(data)
        except BundleError as exc:
            self._fault("signatures", exc)
            return ()

    def _frames(self, data: bytes) -> tuple[TrustFrame, ...]:
        try:
            return sections.parse_trust(data)
        except BundleError as exc:
            self._fault("trust", exc)
            return ()

    def _entries(self, data: bytes) -> tuple[RecipientEntry, ...]:
        try:
            return sections.parse_recipients(data)
        except BundleError as exc:
            self._fault("recipients", exc)
            return ()

    def _documents(self, frames: tuple[TrustFrame, ...]) -> tuple[UnverifiedTrust, ...]:
        found: list[UnverifiedTrust] = []
        for number, frame in enumerate(frames):
            document = None
            try:
                document = parse_trust_document(frame.document)
            except BundleError as exc:
                self._fault(f"trust document {number + 1}", exc)
            signers = tuple(UnverifiedSigner(row.alg, row.kid) for row in frame.rows)
            found.append(UnverifiedTrust(document, signers, len(frame.document)))
        return tuple(found)
