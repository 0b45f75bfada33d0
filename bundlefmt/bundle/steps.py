"""Which steps of the reading order a file passes, for tools that explain (specification section 10).

The steps are those of the reader, run by the same functions in the same order; only the outcome is
kept instead of raised. It never vouches for a file: the body is not read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from bundlefmt.bundle import core
from bundlefmt.bundle.front import read_leaves
from bundlefmt.bundle.needed import NeededTree
from bundlefmt.bundle.policy import TrustPolicy, judge_pointer, judge_release
from bundlefmt.bundle.source import ByteSource, read_exact
from bundlefmt.crypto.digests import digest
from bundlefmt.errors import AccessError, BundleError, refuse
from bundlefmt.keys.recipients import Identity, open_entries
from bundlefmt.model.header import POINTER
from bundlefmt.model.listing import Listing
from bundlefmt.model.pointer import PointerRecord
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.trust.chain import TrustChain
from bundlefmt.wire.sections import parse_prelude

PASSED = "passed"
REFUSED = "refused"
NOT_JUDGED = "not judged"
NOT_REACHED = "not reached"

# Step, its name, and the phases of the codes it refuses with.
STEPS = (
    ("R1", "prelude", ("prelude",)),
    ("R2", "tables", ("tables",)),
    ("R3", "trust chain", ("trust",)),
    ("R4", "signatures", ("signature",)),
    ("R5", "header and size", ("header", "size")),
    ("R6", "manifest digest", ("manifest-digest",)),
    ("R7", "access", ("access",)),
    ("R8", "manifest", ("manifest",)),
    ("R9", "policy", ("policy",)),
    ("R10", "leaf table", ("leaves",)),
    ("R11-R14", "body", ()),
)
_NO_KEY = "no identity given"
_BODY = "verify and unpack read it"


class Step(NamedTuple):
    """Outcome of one step.

    Attributes:
        id, name: of the step.
        outcome: PASSED, REFUSED, NOT_JUDGED or NOT_REACHED.
        note: why, where that is not plain.
        error: the refusal, or None.
    """

    id: str
    name: str
    outcome: str
    note: str
    error: BundleError | None


class Steps(NamedTuple):
    """What a trust policy and identities add to an inspection.

    Attributes:
        kind: RELEASE or POINTER, as which the file was judged.
        steps: outcome of each, in order.
        front: verified signatures and header, or None when R1 to R5 were not passed.
        chain: the trust chain, with documents that were learned, also when a later step refused.
        opened_entry: index of the recipient entry that an identity opened, or None.
        tried: the identities that were tried.
        record: the verified release record, or None.
        release_id: its SHA-256, or empty.
        release: the whole verified manifest, or None (also for a patch whose needed tree is not at hand).
        pointer: the verified pointer, or None.
    """

    kind: int
    steps: tuple[Step, ...]
    front: core.Front | None
    chain: TrustChain
    opened_entry: int | None
    tried: tuple[str, ...]
    record: ReleaseRecord | None
    release_id: bytes
    release: core.Release | None
    pointer: PointerRecord | None

    @property
    def refusal(self) -> BundleError | None:
        """The first refusal, or None."""
        return next((step.error for step in self.steps if step.error is not None), None)


def judge_steps(
    source: ByteSource,
    head: bytes,
    front_data: bytes,
    policy: TrustPolicy,
    identities: tuple[Identity, ...],
    needed: NeededTree | None,
    kind: int,
) -> Steps:
    """Run R1 to R10.

    Args:
        source: the file, read up to the manifest.
        head: its first 32 bytes.
        front_data: its bytes up to the manifest, as far as it has them.
        policy: whom to trust and what to expect.
        identities: to be tried; with none, R7 to R9 are not judged.
        needed: for a patch, the release it builds on.
        kind: RELEASE or POINTER.
    """
    judge = _Judge(source, policy.at_one_clock(), identities, needed, kind)
    refusals: dict[str, BundleError] = {}
    for step, run in judge.program(head, front_data):
        try:
            run()
        except BundleError as exc:
            judge.chain = exc.learned or judge.chain
            where = next((row[0] for row in STEPS if exc.phase in row[2]), step)
            refusals[where] = exc
            # Without an identity that opens it, the audit goes on (section 10): the leaf table needs no key.
            if exc.code != "NO_IDENTITY":
                break
            judge.skip_manifest = True
    return judge.result(refusals)


class _Judge:
    """State of one judgement."""

    def __init__(
        self,
        source: ByteSource,
        policy: TrustPolicy,
        identities: tuple[Identity, ...],
        needed: NeededTree | None,
        kind: int,
    ) -> None:
        self._source = source
        self._policy = policy
        self._identities = identities
        self._needed = needed
        self._kind = kind
        self._front: core.Front | None = None
        self._manifest = b""
        self._cek = b""
        self._entry: int | None = None
        self._record: ReleaseRecord | None = None
        self._release_id = b""
        self._release: core.Release | None = None
        self._pointer: PointerRecord | None = None
        self.chain = policy.chain
        self.skip_manifest = not identities

    def program(self, head: bytes, data: bytes) -> Iterator[tuple[str, Callable[[], None]]]:
        """The steps to run, each decided on when the one before it is done."""
        yield "R2", lambda: self._open_front(head, data)
        yield "R6", self._read_manifest
        if self._identities:
            yield "R7", self._access
        if not self.skip_manifest:
            yield "R8", self._open_manifest
            yield "R9", self._judge
        yield "R10", self._leaves

    def _open_front(self, head: bytes, data: bytes) -> None:
        prelude = parse_prelude(head)
        if len(data) < prelude.front_len:
            raise refuse("TRUNCATED", "the input ends before the manifest")
        front = core.judge_front(prelude, data[len(head) :], self._policy.chain, self._kind, self._policy.now or 0)
        self._front, self.chain = front, front.chain
        if self._source.size is not None:
            core.check_size(front, self._source.size)

    def _read_manifest(self) -> None:
        front = self._verified
        self._manifest = read_exact(self._source, front.manifest_at, front.header.manifest_len, "manifest")
        core.check_manifest(front, self._manifest)

    def _access(self) -> None:
        front = self._verified
        for number, entry in enumerate(front.entries):
            try:
                self._cek = open_entries((entry,), self._identities, front.binding, self._manifest)
            except AccessError:
                continue
            self._entry = number
            return
        open_entries((), self._identities, front.binding, self._manifest)

    def _open_manifest(self) -> None:
        front = self._verified
        if self._kind == POINTER:
            self._pointer = core.open_pointer(front, self._manifest, self._cek)
            return
        layout, record_bytes, record = core.open_release_record(front, self._manifest, self._cek)
        self._record, self._release_id = record, digest(record_bytes)
        listing = self._needed_listing(record, front) if layout.needed_tree else None
        self._release = core.open_release(front, layout, record_bytes, record, listing)

    def _needed_listing(self, record: ReleaseRecord, front: core.Front) -> Listing | None:
        needed = self._needed
        if needed is None:
            return None
        if needed.publisher_id not in (None, front.header.publisher_id) or needed.product not in (None, record.product):
            raise refuse("NEEDED_TREE", "the release given is of another publisher or product")
        return needed.listing

    def _judge(self) -> None:
        if self._pointer is not None:
            judge_pointer(self._policy, self._pointer)
        elif self._record is not None:
            judge_release(self._policy, self.chain, self._record, self._release_id)

    def _leaves(self) -> None:
        read_leaves(self._source, self._verified)

    @property
    def _verified(self) -> core.Front:
        if self._front is None:
            raise RuntimeError("a step ran before the ones it rests on")
        return self._front

    def result(self, refusals: dict[str, BundleError]) -> Steps:
        """Put the outcome together."""
        steps: list[Step] = []
        stopped = False
        for step, name, _ in STEPS:
            error = refusals.get(step)
            if error is not None:
                steps.append(Step(step, name, REFUSED, "", error))
                stopped = stopped or error.code != "NO_IDENTITY"
            elif stopped:
                steps.append(Step(step, name, NOT_REACHED, "", None))
            elif step in ("R7", "R8", "R9") and (self.skip_manifest or not self._identities):
                steps.append(
                    Step(step, name, NOT_JUDGED, "no identity opens it" if self._identities else _NO_KEY, None)
                )
            elif step == "R11-R14":
                steps.append(Step(step, name, NOT_JUDGED, _BODY, None))
            else:
                steps.append(Step(step, name, PASSED, "", None))
        return Steps(
            self._kind,
            tuple(steps),
            self._front,
            self.chain,
            self._entry,
            tuple(map(str, self._identities)),
            self._record,
            self._release_id,
            self._release,
            self._pointer,
        )
