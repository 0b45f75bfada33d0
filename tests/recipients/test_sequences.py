"""Any sequence of changes: signatures stay valid, and exactly the ones meant can open the bundle."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.publisher import FAST, Publisher, identity
from support.reading import collect_once

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.rewrap import RecipientChange
from bundlefmt.bundle.rewrite import change_recipients, write_head
from bundlefmt.bundle.source import JoinedSource
from bundlefmt.errors import BundleError
from bundlefmt.keys.recipients import HYBRID, X25519

ACME = Publisher("sequences")
TREE = {"a": b"alpha" * 9000, "b": b"beta", "c": b""}
FILES = {path: (data, False) for path, data in TREE.items()}
NAMES = ("0", "1", "2", "3")
KEYS = {(kind, name): identity(name, kind) for kind in (X25519, HYBRID) for name in NAMES}
KINDS = st.sampled_from((X25519, HYBRID))
SOME = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)


class Sequences(RuleBasedStateMachine):
    """A bundle and the recipients it should have."""

    @initialize(kind=KINDS, names=SOME, grease=st.booleans())
    def pack(self, kind: int, names: list[str], grease: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "x.bndl"
        self.kind, self.open_for = kind, set(names)
        self.hidden: set[str] = set()
        recipients = [KEYS[kind, name].recipient for name in names]
        self.path.write_bytes(ACME.pack(TREE, FAST._replace(grease=grease), recipients=recipients))
        front = audit_bundle(self.path, trust=ACME.policy).front
        self.signed = front.header_bytes, front.rows, front.frames
        self.body = self.path.read_bytes()[front.manifest_at :]

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def _change(self, change: RecipientChange) -> bool:
        before = self.path.read_bytes()
        key = KEYS[self.kind, min(self.open_for)]
        try:
            change_recipients(self.path, None, trust=ACME.policy, identities=[key], change=change)
        except BundleError as exc:
            code = exc.code
        else:
            return True
        assert code == "INPUT_KEYS"
        assert self.path.read_bytes() == before
        return False

    @rule(kind=KINDS, names=SOME, anonymous=st.sampled_from((None, False, True)))
    def add(self, kind: int, names: list[str], anonymous: bool | None) -> None:
        recipients = tuple(KEYS[kind, name].recipient for name in names)
        done = self._change(RecipientChange(add=recipients, anonymous=anonymous))
        assert done is (kind == self.kind)
        self.open_for |= set(names) if done else set()

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name: str) -> None:
        """By public key alone; hinted entries go, and what cannot be known is refused or left."""
        key = KEYS[self.kind, name]
        if self._change(RecipientChange(remove=(key.recipient,))):
            try:
                ACME.open(self.path, identities=[key]).close()
            except BundleError:
                self.open_for.discard(name)

    @rule(kind=KINDS, names=SOME, anonymous=st.booleans())
    def only(self, kind: int, names: list[str], anonymous: bool) -> None:
        recipients = tuple(KEYS[kind, name].recipient for name in names)
        assert self._change(RecipientChange(add=recipients, only=True, anonymous=anonymous))
        self.kind, self.open_for = kind, set(names)

    @rule(kind=KINDS, names=SOME)
    def second_head(self, kind: int, names: list[str]) -> None:
        head = Path(self.folder.name) / os.urandom(4).hex()
        recipients = tuple(KEYS[kind, name].recipient for name in names)
        write_head(
            self.path, head, trust=ACME.policy, identities=[KEYS[self.kind, min(self.open_for)]],
            change=RecipientChange(add=recipients, only=True),
        )  # fmt: skip
        front = audit_bundle(self.path, trust=ACME.policy).front
        joined = JoinedSource(head, self.path, body_at=front.body_at)
        assert collect_once(ACME.open(joined, identities=[KEYS[kind, names[-1]]])) == FILES

    @invariant()
    def signed_bytes_stay(self) -> None:
        if not hasattr(self, "path"):
            return
        front = audit_bundle(self.path, trust=ACME.policy).front
        assert (front.header_bytes, front.rows, front.frames) == self.signed
        assert self.path.read_bytes()[front.manifest_at :] == self.body

    @invariant()
    def exactly_they_open_it(self) -> None:
        if not hasattr(self, "path"):
            return
        for (kind, name), key in KEYS.items():
            if kind == self.kind and name in self.open_for:
                assert collect_once(ACME.open(self.path, identities=[key])) == FILES
            else:
                with pytest.raises(BundleError, match="NO_IDENTITY"):
                    ACME.open(self.path, identities=[key])


Sequences.TestCase.settings = settings(max_examples=12, stateful_step_count=8, deadline=None)
TestSequences = Sequences.TestCase
