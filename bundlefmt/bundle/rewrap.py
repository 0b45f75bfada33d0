"""Changing who can open a bundle (specification section 6, WR rules): entries in, entries out. No I/O.

It needs the content-encryption key and no signing key. What it cannot do is take that key back from those
who have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bundlefmt.crypto.suite import Binding
from bundlefmt.errors import refuse
from bundlefmt.keys.recipients import TYPE_NAMES, Identity, Opener, Recipient
from bundlefmt.limits import LIMITS
from bundlefmt.wire import sections
from bundlefmt.wire.sections import RecipientEntry


class RecipientChange(NamedTuple):
    """Who is to open a bundle from now on.

    Attributes:
        add: recipients to wrap the key for.
        remove: recipients whose entries go.
        only: drop every other entry, whoever it is for.
        anonymous: leave hints out of new entries; None does as the entries that are there.
    """

    add: tuple[Recipient, ...] = ()
    remove: tuple[Recipient, ...] = ()
    only: bool = False
    anonymous: bool | None = None


class Rewrapped(NamedTuple):
    """A new recipients section, and what is different in it.

    Attributes:
        section: its bytes.
        entries: how many it has.
        added: recipients that have a fresh entry.
        removed: recipients whose entries went.
        kept: entries left as they were.
        kept_unknown: those of them that are of an unknown type.
        dropped: entries that went because the given recipients are to be the only ones.
        doubtful: anonymous entries left, of the type of a removed recipient: whose they are cannot be known.
    """

    section: bytes
    entries: int
    added: tuple[Recipient, ...]
    removed: tuple[Recipient, ...]
    kept: int
    kept_unknown: int
    dropped: int
    doubtful: int


def rewrap(
    entries: Sequence[RecipientEntry],
    cek: bytes,
    binding: Binding,
    change: RecipientChange,
    identities: Iterable[Opener] = (),
) -> Rewrapped:
    """Make another recipients section.

    Args:
        entries: those that are there.
        cek: the key that the manifest commits to.
        binding: of the bundle.
        change: what to do.
        identities: secret keys at hand; they tell whose an anonymous entry is when it is theirs.

    Raises:
        WriteError: INPUT_KEYS, when a recipient to remove has no known entry, types would be mixed (W-4),
            or nobody could open the bundle; WRITE_LIMIT.
    """
    finder = _Finder(entries, cek, binding, tuple(identities))
    gone: set[int] = set()
    doubtful = 0
    removed = tuple(dict.fromkeys(change.remove))
    added = tuple(dict.fromkeys(change.add))
    for key in removed:
        found = finder.entries_of(key)
        if not found and not change.only:
            raise refuse("INPUT_KEYS", _not_found(key, finder.anonymous(key.type)))
        gone |= found
    for key in added:
        gone |= finder.entries_of(key)  # a fresh entry replaces the one it had, so that repeating adds nothing
    known = [number for number, entry in enumerate(entries) if entry.type in TYPE_NAMES]
    kept = [] if change.only else [number for number in range(len(entries)) if number not in gone]
    types = {entries[number].type for number in kept if entries[number].type in TYPE_NAMES}
    new_types = {key.type for key in added}
    if new_types and len(types | new_types) > 1:
        raise refuse(
            "INPUT_KEYS", "recipients of both types: a bundle is as strong as its weakest (W-4); make a second head"
        )
    if not types and not added:
        raise refuse("INPUT_KEYS", "no recipient would be left: nobody could open the bundle")
    for kind in {key.type for key in removed}:
        doubtful += sum(1 for number in kept if entries[number].type == kind and not entries[number].hint)
    if len(kept) + len(added) > LIMITS.recipients:
        raise refuse("WRITE_LIMIT", f"{len(kept) + len(added)} recipient entries")
    anonymous = change.anonymous
    if anonymous is None:  # one marked entry among unmarked ones would stand out
        anonymous = bool(known) and not any(entries[number].hint for number in known)
    fresh = [key.wrap(cek, binding, anonymous=anonymous) for key in added]
    return Rewrapped(
        sections.build_recipients([*(entries[number] for number in kept), *fresh]),
        len(kept) + len(fresh),
        added,
        removed,
        len(kept),
        sum(1 for number in kept if entries[number].type not in TYPE_NAMES),
        len(set(range(len(entries))) - gone) if change.only else 0,
        doubtful,
    )


class _Finder:
    """Whose entries are whose, as far as that can be known: by hint, or because a secret key opens them."""

    def __init__(
        self, entries: Sequence[RecipientEntry], cek: bytes, binding: Binding, identities: tuple[Opener, ...]
    ) -> None:
        self._entries = entries
        self._cek = cek
        self._binding = binding
        self._secrets = {each.recipient: each for each in identities if isinstance(each, Identity)}

    def entries_of(self, key: Recipient) -> set[int]:
        """Entries of one recipient."""
        found = {number for number, entry in enumerate(self._entries) if key.owns(entry)}
        secret = self._secrets.get(key)
        if secret is not None:
            found |= {
                number
                for number, entry in enumerate(self._entries)
                if not entry.hint and secret.unwrap(entry, self._binding) == self._cek
            }
        return found

    def anonymous(self, kind: int) -> int:
        """Entries of a type that do not say whose they are."""
        return sum(1 for entry in self._entries if entry.type == kind and not entry.hint)


def _not_found(key: Recipient, anonymous: int) -> str:
    name = f"recipient {key.key_id.hex()}"
    if not anonymous:
        return f"no entry is for {name}"
    entries = "one anonymous entry" if anonymous == 1 else f"{anonymous} anonymous entries"
    return f"whether {name} is among {entries} cannot be known from a public key; wrap for exactly those who stay"
