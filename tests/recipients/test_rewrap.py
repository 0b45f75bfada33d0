"""Entries in, entries out: what is kept, what goes, and what is refused."""

from __future__ import annotations

import os
from typing import Any

import pytest
from support.publisher import Publisher, identity

from bundlefmt.bundle.rewrap import RecipientChange, Rewrapped, rewrap
from bundlefmt.crypto.suite import Binding
from bundlefmt.errors import WriteError
from bundlefmt.keys.recipients import HYBRID, X25519, Identity
from bundlefmt.limits import LIMITS
from bundlefmt.wire.sections import RecipientEntry, parse_recipients

CEK = bytes(range(32))
BINDING = Binding(1, b"p" * 32, b"b" * 16)
ANN, BOB, EVE = (identity(name) for name in ("ann", "bob", "eve"))
PQ = identity("pq", HYBRID)
GREASE = RecipientEntry(0x2A2A, b"", b"grease")


def entry(owner: Identity, *, anonymous: bool = False) -> RecipientEntry:
    return owner.recipient.wrap(CEK, BINDING, anonymous=anonymous)


def change(entries: list[RecipientEntry], identities: Any = (), **what: Any) -> tuple[Rewrapped, list[RecipientEntry]]:
    for name in ("add", "remove"):
        what[name] = tuple(each.recipient for each in what.get(name, ()))
    done = rewrap(entries, CEK, BINDING, RecipientChange(**what), identities)
    after = list(parse_recipients(done.section))
    assert len(after) == done.entries == done.kept + len(done.added)
    return done, after


def refused(entries: list[RecipientEntry], **what: Any) -> WriteError:
    with pytest.raises(WriteError) as info:
        change(entries, **what)
    return info.value


def opens(owner: Identity, entries: list[RecipientEntry]) -> int:
    return sum(owner.unwrap(each, BINDING) == CEK for each in entries)


def test_adding_keeps_everything_else() -> None:
    before = [entry(ANN), GREASE]
    done, after = change(before, add=[BOB])
    assert set(before) < set(after)
    assert opens(BOB, after) == 1
    assert (done.added, done.kept, done.kept_unknown, done.dropped) == ((BOB.recipient,), 2, 1, 0)


def test_adding_again_replaces_the_entry() -> None:
    before = [entry(ANN), entry(BOB)]
    done, after = change(before, add=[BOB, BOB])
    assert len(after) == 2
    assert before[0] in after
    assert before[1] not in after
    assert (opens(BOB, after), done.kept) == (1, 1)


def test_a_forged_entry_under_a_hint_is_healed_by_adding() -> None:
    good = entry(BOB)
    bad = good._replace(wrap=good.wrap[:32] + bytes(48))  # the right hint over rubbish
    _, after = change([entry(ANN), bad], add=[BOB])
    assert bad not in after
    assert opens(BOB, after) == 1


def test_removing_by_hint() -> None:
    done, after = change([entry(ANN), entry(BOB), GREASE], remove=[BOB])
    assert opens(BOB, after) == 0
    assert GREASE in after
    assert (done.removed, done.kept, done.doubtful) == ((BOB.recipient,), 2, 0)


def test_what_cannot_be_known_is_said() -> None:
    hidden = [entry(ANN, anonymous=True), entry(BOB, anonymous=True)]
    exc = refused(hidden, remove=[BOB])
    assert exc.code == "INPUT_KEYS"
    assert "2 anonymous entries cannot be known" in exc.detail
    assert "one anonymous entry cannot" in refused([entry(ANN), hidden[1]], remove=[BOB]).detail
    # A hinted entry of the key goes, and the anonymous ones of its type are mentioned; other types are not.
    done, after = change([entry(ANN), entry(BOB), hidden[0], hidden[1]], remove=[BOB])
    assert done.doubtful == 2
    assert opens(BOB, after) == 1
    assert "no entry is for" in refused([entry(ANN)], remove=[BOB]).detail
    assert "no entry is for" in refused([entry(ANN), entry(PQ, anonymous=True)], remove=[BOB]).detail


def test_a_secret_key_at_hand_tells() -> None:
    hidden = [entry(ANN, anonymous=True), entry(BOB, anonymous=True)]
    done, after = change(hidden, [BOB], remove=[BOB])
    assert after == hidden[:1]
    assert done.doubtful == 1  # of Ann's it is still not known


def test_only_these() -> None:
    before = [entry(ANN), entry(BOB), entry(EVE, anonymous=True), GREASE]
    done, after = change(before, add=[ANN], only=True)
    assert (done.entries, done.kept, done.kept_unknown, done.dropped) == (1, 0, 0, 3)
    assert not set(before) & set(after)
    assert opens(ANN, after) == 1


def test_types_are_not_mixed() -> None:
    """W-4, and a rewrap to the other type for all of them."""
    assert "W-4" in refused([entry(ANN)], add=[PQ]).detail
    assert "W-4" in refused([entry(ANN)], add=[PQ, BOB], only=True).detail
    assert "W-4" in refused([entry(ANN), entry(BOB)], add=[PQ], remove=[ANN]).detail
    _, after = change([entry(ANN), GREASE], add=[PQ], remove=[ANN])
    assert {each.type for each in after} == {HYBRID, GREASE.type}
    _, after = change([entry(ANN), entry(BOB)], add=[PQ], only=True)
    assert {each.type for each in after} == {HYBRID}
    # Somebody else mixed them: taking one out is still possible.
    _, after = change([entry(ANN), entry(PQ)], remove=[ANN])
    assert {each.type for each in after} == {HYBRID}


def test_somebody_stays() -> None:
    for what in ({"remove": [ANN]}, {"only": True}, {"remove": [ANN], "only": True}):
        exc = refused([entry(ANN), GREASE], **what)
        assert exc.code == "INPUT_KEYS"
        assert "nobody" in exc.detail


def test_new_entries_look_like_the_old_ones() -> None:
    for anonymous in (False, True):
        before = [entry(ANN, anonymous=anonymous)]
        for wish, expected in ((None, anonymous), (True, True), (False, False)):
            _, after = change(before, add=[BOB], anonymous=wish)
            (fresh,) = set(after) - set(before)
            assert (not fresh.hint) is expected
    _, after = change([entry(ANN), entry(BOB, anonymous=True)], add=[EVE])
    assert sum(not each.hint for each in after) == 1


def test_at_most_1024() -> None:
    def rubbish(count: int) -> list[RecipientEntry]:
        return [RecipientEntry(X25519, b"", os.urandom(80)) for _ in range(count)]

    done, _ = change([entry(ANN), *rubbish(LIMITS.recipients - 2)], add=[BOB])
    assert done.entries == LIMITS.recipients
    assert refused([entry(ANN), *rubbish(LIMITS.recipients - 1)], add=[BOB]).code == "WRITE_LIMIT"


def test_an_unusable_key_is_refused() -> None:
    from bundlefmt.keys.recipients import Recipient

    with pytest.raises(WriteError) as info:
        rewrap([entry(ANN)], CEK, BINDING, RecipientChange(add=(Recipient(X25519, bytes(32)),)))
    assert info.value.code == "INPUT_KEYS"


def test_order_tells_nothing() -> None:
    """RCP-2: entries stand in the order of their bytes, which are random."""
    publisher = Publisher("order")
    keys = [identity(str(number)) for number in range(20)]
    positions = set()
    for _ in range(8):
        _, after = change([entry(key) for key in keys[:10]], add=keys[10:])
        positions.add(tuple(opens(key, after[:10]) for key in keys))
    assert len(positions) > 1
    assert publisher.identity not in keys
