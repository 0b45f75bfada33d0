"""The pointer: what a channel offers (specification section 8, PTR rules)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.limits import LIMITS
from bundlefmt.model.header import is_bytes, is_uint
from bundlefmt.model.release import Requires, is_label, is_name, parse_requires
from bundlefmt.wire import cbor

_OBJECT = re.compile(r"[a-z0-9]{16,64}")
_SHARE_MAX = 10_000
_IGNORED_FROM = 64


class OfferedBundle(NamedTuple):
    """One bundle of an offer.

    Attributes:
        head, body: object names.
        head_len: bytes of the head without its recipients section.
        body_len: bytes of the body.
        header_digest: SHA-256 of the header.
        needed: tree it needs, or empty.
    """

    head: str
    body: str
    head_len: int
    body_len: int
    header_digest: bytes
    needed: bytes


class Offer(NamedTuple):
    """One release a channel offers; `share` in basis points."""

    number: int
    version: str
    release_id: bytes
    tree: bytes
    requires: Requires
    share: int
    bundles: tuple[OfferedBundle, ...]


class PointerRecord(NamedTuple):
    """What a channel offers, for a while.

    Attributes:
        product, channel: names.
        sequence: 1 or more, ascending per channel.
        issued, expires: times.
        spread: seconds over which unattended devices start.
        offers: ascending by number.
        ignored: entries with keys from 64 on.
    """

    product: str
    channel: str
    sequence: int
    issued: int
    expires: int
    spread: int
    offers: tuple[Offer, ...]
    ignored: tuple[tuple[int, Any], ...] = ()

    def encode(self) -> bytes:
        """The pointer's bytes."""
        offers = [
            [o.number, o.version, o.release_id, o.tree, o.requires.value(), o.share, [list(b) for b in o.bundles]]
            for o in self.offers
        ]
        value = {0: self.product, 1: self.channel, 2: self.sequence, 3: self.issued, 4: self.expires, 5: self.spread}
        return cbor.encode({**value, 6: offers, **dict(self.ignored)})


def _parse_bundle(value: Any) -> OfferedBundle:
    if type(value) is not list or len(value) != 6:
        raise refuse("POINTER_RECORD", "an offered bundle does not have six fields")
    head, body, head_len, body_len, header_digest, needed = value
    names_ok = all(type(name) is str and _OBJECT.fullmatch(name) for name in (head, body))
    if not (
        names_ok
        and is_uint(head_len)
        and is_uint(body_len)
        and body_len <= LIMITS.body_len
        and is_bytes(header_digest, 32)
        and (is_bytes(needed, 32) or is_bytes(needed, 0))
    ):
        raise refuse("POINTER_RECORD", "a field of an offered bundle has the wrong type, length or value")
    return OfferedBundle(head, body, head_len, body_len, header_digest, needed)


def _parse_offer(value: Any) -> Offer:
    if type(value) is not list or len(value) != 7:
        raise refuse("POINTER_RECORD", "an offer does not have seven fields")
    number, version, release_id, tree, requires, share, bundles = value
    if not (
        is_uint(number, 1)
        and is_label(version)
        and is_bytes(release_id, 32)
        and is_bytes(tree, 32)
        and is_uint(share)
        and share <= _SHARE_MAX
        and type(bundles) is list
        and 1 <= len(bundles) <= LIMITS.offer_bundles
    ):
        raise refuse("POINTER_RECORD", "a field of an offer has the wrong type, length or value")
    host = parse_requires(requires, "POINTER_RECORD", may_be_empty=True)
    return Offer(number, version, release_id, tree, host, share, tuple(_parse_bundle(item) for item in bundles))


def parse_pointer(data: bytes) -> PointerRecord:
    """Decode a pointer (PTR-1, PTR-2).

    Raises:
        BundleError: MANIFEST_ENCODING, POINTER_RECORD.
    """
    value = cbor.decode(data, "MANIFEST_ENCODING")
    if type(value) is not dict or not value.keys() >= set(range(7)) or any(6 < key < _IGNORED_FROM for key in value):
        raise refuse("POINTER_RECORD", "the pointer lacks a field or has an unknown one")
    product, channel, sequence, issued, expires, spread, offers = (value[key] for key in range(7))
    if not (
        is_name(product)
        and is_name(channel)
        and is_uint(sequence, 1)
        and is_uint(issued)
        and is_uint(expires)
        and is_uint(spread)
        and spread <= LIMITS.pointer_lifetime
        and type(offers) is list
        and len(offers) <= LIMITS.offers
    ):
        raise refuse("POINTER_RECORD", "a field of the pointer has the wrong type, length or value")
    if not issued < expires <= issued + LIMITS.pointer_lifetime:
        raise refuse("POINTER_RECORD", "the pointer lives no time or more than 31 days")
    parsed = tuple(_parse_offer(item) for item in offers)
    if any(a.number >= b.number for a, b in pairwise(parsed)):
        raise refuse("POINTER_RECORD", "offers are not in strictly ascending order of numbers")
    ignored = tuple((key, item) for key, item in value.items() if key >= _IGNORED_FROM)
    return PointerRecord(product, channel, sequence, issued, expires, spread, parsed, ignored)
