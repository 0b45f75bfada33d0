"""What an attacker can do with the recipients section, and that it opens, forges and locks out nothing."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from support.publisher import FAST, NOW, PRODUCT, Publisher, identity
from support.reading import Pipe, collect_once

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.heads import open_head_unverified
from bundlefmt.bundle.rewrap import RecipientChange, rewrap
from bundlefmt.bundle.source import BytesSource
from bundlefmt.crypto import cobblestone, digests
from bundlefmt.errors import BundleError
from bundlefmt.keys import recipients
from bundlefmt.keys.recipients import HYBRID, X25519, ContentKey, Identity, open_entries
from bundlefmt.model.release import ReleaseRecord
from bundlefmt.wire import sections
from bundlefmt.wire.sections import RecipientEntry

ACME = Publisher("attacked")
EVE = identity("eve")  # she is a recipient, so she knows the content key
TREE = {"a": b"alpha" * 9000, "b": b"beta"}
FILES = {path: (data, False) for path, data in TREE.items()}
GOOD = ACME.pack(TREE, recipients=[ACME.identity.recipient, EVE.recipient])
HEAD = open_head_unverified(BytesSource(GOOD))


def content_key(data: bytes, key: Identity, publisher: Publisher = ACME) -> bytes:
    front = publisher.open(data, identities=[key]).front
    manifest = data[front.manifest_at : front.leaves_at]
    return open_entries(front.entries, [key], front.binding, manifest)


def with_entries(data: bytes, entries: Any) -> bytes:
    """A bundle with a recipients section of an attacker's choice."""
    head = open_head_unverified(BytesSource(data))
    return head.encode(sections.build_recipients(list(entries))) + data[head.head_len :]


def refused(data: bytes, key: Identity = ACME.identity, publisher: Publisher = ACME) -> str:
    codes = set()
    for source in (data, Pipe(data)):
        with pytest.raises(BundleError) as info:
            publisher.open(source, identities=[key]).verify_all()
        codes.add(info.value.code)
    (code,) = codes
    return code


def test_whoever_holds_the_content_key_cannot_forge_content() -> None:
    """Eve encrypts what she likes under the right key; it is not what was signed."""
    cek = content_key(GOOD, EVE)
    binding = HEAD.binding
    forged = cobblestone.seal(cek, binding.manifest_context(), cobblestone.unseal(
        cek, binding.manifest_context(), HEAD.manifest, "MANIFEST_DECRYPT"
    ))  # fmt: skip
    assert len(forged) == len(HEAD.manifest)
    assert refused(GOOD.replace(HEAD.manifest, forged)) == "MANIFEST_DIGEST"
    body_at = HEAD.head_len
    first = ACME.open(GOOD).manifest.table.records[0]
    length = 56 + first.coded_len + 16 * (first.coded_len // 16384 + 1)
    record = cobblestone.seal(cek, binding.record_context(0), b"x" * first.coded_len)
    assert len(record) == length
    data = GOOD[:body_at] + record + GOOD[body_at + length :]
    assert refused(data) == "BODY_DIGEST"
    # With leaves of her own the table does not give the signed root.
    body = data[body_at:]
    leaf = digests.leaf_digest(0, memoryview(body)[:16384])
    assert refused(data.replace(HEAD.leaves, leaf + HEAD.leaves[32:])) == "LEAF_TABLE"


def test_a_recipient_added_by_a_recipient_reads_and_forges_nothing() -> None:
    """That she can add one is no secret; the publisher's signature is still over the same bytes."""
    friend = identity("friend")
    done = rewrap(HEAD.entries, content_key(GOOD, EVE), HEAD.binding, RecipientChange(add=(friend.recipient,)))
    data = HEAD.encode(done.section) + GOOD[HEAD.head_len :]
    assert collect_once(ACME.open(data, identities=[friend])) == FILES
    assert collect_once(ACME.open(data)) == FILES
    assert audit_bundle(data, trust=ACME.policy).front.header_bytes == ACME.open(GOOD).front.header_bytes


def test_a_key_of_ones_own_for_everybody() -> None:
    """Entries that open well, to another key than the manifest commits to, are skipped."""
    bad = [key.recipient.wrap(os.urandom(32), HEAD.binding) for key in (ACME.identity, ACME.identity, EVE)]
    assert refused(with_entries(GOOD, bad)) == "NO_IDENTITY"
    assert collect_once(ACME.open(with_entries(GOOD, [*bad, *HEAD.entries]))) == FILES


def test_an_entry_of_another_bundle() -> None:
    other = open_head_unverified(BytesSource(ACME.pack(TREE)))
    assert refused(with_entries(GOOD, other.entries)) == "NO_IDENTITY"
    assert collect_once(ACME.open(with_entries(GOOD, [*other.entries, *HEAD.entries]))) == FILES
    # Even with the same content key: an entry is bound to its bundle.
    cek = content_key(GOOD, EVE)
    moved = ACME.identity.recipient.wrap(cek, other.binding)
    assert refused(with_entries(GOOD, [moved])) == "NO_IDENTITY"


def test_the_section_of_another_publisher() -> None:
    """Emma re-wraps her bundle for a device that trusts both; the section opens in hers alone."""
    emma = Publisher("emma")
    hers = emma.pack(TREE, recipients=[ACME.identity.recipient])
    head = open_head_unverified(BytesSource(hers))
    assert refused(with_entries(GOOD, head.entries)) == "NO_IDENTITY"
    # And the whole of her bundle stays hers.
    assert refused(hers) == "TRUST_SIGNATURE"


def test_stripped_recipients() -> None:
    grease = RecipientEntry(0x1A1A, b"", b"x")
    data = with_entries(GOOD, [grease])
    assert refused(data) == "NO_IDENTITY"
    audit_bundle(data, trust=ACME.policy)  # what is signed is whole
    assert refused(with_entries(GOOD, [])) == "SECTION_LIMIT"
    assert (
        refused(with_entries(GOOD, [e for e in HEAD.entries if not ACME.identity.recipient.owns(e)])) == "NO_IDENTITY"
    )


def test_a_stripped_hint_does_not_lock_out() -> None:
    """An entry without its hint is an anonymous one, and opens."""
    bare = [entry._replace(hint=b"") for entry in HEAD.entries]
    assert collect_once(ACME.open(with_entries(GOOD, bare))) == FILES
    other = [entry._replace(hint=bytes(4)) for entry in HEAD.entries]
    assert refused(with_entries(GOOD, other)) == "NO_IDENTITY"


def test_every_truncation_of_a_rewrite_is_refused() -> None:
    friend = identity("friend")
    done = rewrap(HEAD.entries, content_key(GOOD, EVE), HEAD.binding, RecipientChange(add=(friend.recipient,)))
    data = HEAD.encode(done.section) + GOOD[HEAD.head_len :]
    for length in (*range(0, HEAD.head_len, 13), *range(HEAD.head_len, len(data), 4097), len(data) - 1):
        for source in (data[:length], Pipe(data[:length])):
            with pytest.raises(BundleError, match=r"TRUNCATED|PRELUDE_MAGIC"):
                ACME.open(source).verify_all()


def test_old_lengths_with_a_new_section() -> None:
    """A head of which only one of prelude and section was written."""
    done = rewrap(HEAD.entries, content_key(GOOD, EVE), HEAD.binding, RecipientChange(add=(identity("f").recipient,)))
    new = HEAD.encode(done.section)
    body = GOOD[HEAD.head_len :]
    for data in (GOOD[:32] + new[32:] + body, new[:32] + GOOD[32:]):
        for source in (data, Pipe(data)):
            with pytest.raises(BundleError, match=r"RECIPIENT_TABLE|TRAILING_DATA|TRUNCATED|MANIFEST_DIGEST"):
                ACME.open(source)


def test_a_thousand_entries_of_rubbish_cost_little() -> None:
    junk = [RecipientEntry(X25519, b"", os.urandom(80)) for _ in range(1000)]
    data = with_entries(GOOD, [*junk, *HEAD.entries])
    start = time.perf_counter()
    assert ACME.open(data).namelist() == sorted(TREE)
    assert time.perf_counter() - start < 5  # hints first: none of the rubbish is tried


def test_attempts_at_anonymous_entries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    junk = [RecipientEntry(X25519, b"", os.urandom(80)) for _ in range(30)]
    keys = [Identity.generate(X25519) for _ in range(5)]
    data = with_entries(GOOD, junk)
    monkeypatch.setattr(recipients, "MOST_TRIALS", 150)
    with pytest.raises(BundleError, match="NO_IDENTITY: no recipient entry opens"):
        ACME.open(data, identities=keys)
    monkeypatch.setattr(recipients, "MOST_TRIALS", 149)
    with pytest.raises(BundleError, match="NO_IDENTITY: gave up after 149"):
        ACME.open(data, identities=keys)
    # Identities of the other type cost no attempt.
    pq = [Identity.generate(HYBRID) for _ in range(3)]
    with pytest.raises(BundleError, match="no recipient entry opens"):
        ACME.open(data, identities=[*pq, *keys[:4]])


def test_a_release_of_another_publisher_brings_no_identities() -> None:
    """What travels in a record reaches a keyring only through a verified reader."""
    emma = Publisher("emma")
    brought = identity("brought")
    record = ReleaseRecord(PRODUCT, 7, "1", NOW, b"", identities=((1, brought.exported()[1]),))  # type: ignore[arg-type]
    data = emma.pack(TREE, FAST, record, recipients=[ACME.identity.recipient])
    assert refused(data) == "TRUST_SIGNATURE"
    assert collect_once(emma.open(data, identities=[ACME.identity])) == FILES


def test_a_content_key_opens_one_body_alone() -> None:
    other = ACME.pack(TREE)
    with pytest.raises(BundleError, match="NO_IDENTITY"):
        ACME.open(other, identities=[ContentKey(content_key(GOOD, EVE))])
