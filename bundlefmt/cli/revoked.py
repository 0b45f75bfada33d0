"""What a new trust document voids among released bundles, and what to do about it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple

from bundlefmt.cli import arguments, ui
from bundlefmt.cli.passphrase import CommandSecrets
from bundlefmt.errors import BundleError

if TYPE_CHECKING:
    from bundlefmt.bundle.standing import Standing
    from bundlefmt.keys.recipients import Identity
    from bundlefmt.trust.chain import TrustChain

Json = dict[str, Any]


class Found(NamedTuple):
    """One file.

    Attributes:
        path: of the file.
        standing: how it stands with the new document; None when it is no sound bundle.
        stood: whether readers took it before the change.
        error: why it is no sound bundle, or None.
        offers: of a pointer that was opened, the header digests it offers.
    """

    path: str
    standing: Standing | None
    stood: bool
    error: BundleError | None
    offers: frozenset[bytes]


class Report(NamedTuple):
    """Every file, sorted by what became of it.

    Attributes:
        voided: releases that readers refuse from now on, and took before.
        before: releases that were refused already.
        pointers: pointers to issue again, because they are refused or offer a voided release.
        unread: pointers that still stand and were not opened; whether they offer a voided one is not known.
        sound: how many are taken as before.
        other: files that are no bundle of this publisher, with the reason.
    """

    voided: tuple[Found, ...]
    before: tuple[Found, ...]
    pointers: tuple[Found, ...]
    unread: tuple[Found, ...]
    sound: int
    other: tuple[Found, ...]

    def as_json(self) -> Json:
        """For `--json`."""
        return {
            "voided": [_json(item) for item in self.voided],
            "voided_before": [_json(item) for item in self.before],
            "pointers_to_issue_again": [_json(item) for item in self.pointers],
            "pointers_not_opened": [item.path for item in self.unread],
            "sound": self.sound,
            "other": [_json(item) for item in self.other],
        }

    def show(self, trust: str) -> None:
        """For people: what is void, why, and the command that helps."""
        for title, items in (
            ("void from now on", self.voided),
            ("void already before", self.before),
            ("pointers to issue again", self.pointers),
            ("pointers not opened: if they offer a void release, issue them again (-i tells)", self.unread),
            ("left alone", self.other),
        ):
            if items:
                ui.put(title)
                for item in items:
                    ui.put(f"  {item.path}: {_reason(item)}")
        if self.voided:
            names = " ".join(_quoted(item.path) for item in self.voided)
            ui.put("what of it you released and want to keep, sign again, with the same contents:")
            ui.put(f"  bundlefmt publisher resign {_quoted(trust)} {names} --in-place --signer KEY -i IDENTITY")
        ui.put(f"{self.sound} bundles stand as before" if self.sound != 1 else "1 bundle stands as before")


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _error(item: Found) -> BundleError | None:
    return item.error or (item.standing.error if item.standing is not None else None)


def _reason(item: Found) -> str:
    error = _error(item)
    if error is not None:
        return f"{error.code}: {error.detail}"
    return "it offers a release that is void" if item.offers else "stands"


def _json(item: Found) -> Json:
    from bundlefmt.cli.facts import refusal_json

    error = _error(item)
    standing = item.standing
    return {
        "path": item.path,
        "trust_epoch": standing.header.trust_epoch if standing is not None else None,
        "good_until_epoch": standing.last_epoch or None if standing is not None else None,
        "refused": refusal_json(error) if error is not None else None,
    }


def survey(args: argparse.Namespace, before: TrustChain, after: TrustChain) -> Report:
    """Look at every bundle of `args.bundles`.

    Args:
        args: with `bundles` and `identity`.
        before, after: the chain without and with the new document.
    """
    from bundlefmt.bundle.standing import LOSES, STANDS, find_bundles, header_bytes
    from bundlefmt.crypto.digests import digest
    from bundlefmt.model.header import POINTER

    identities = arguments.load_identities(args.identity, CommandSecrets.of(args))
    voided: list[Found] = []
    earlier: list[Found] = []
    pointers: list[Found] = []
    standing_pointers: list[Found] = []
    other: list[Found] = []
    sound = 0
    for path in find_bundles(args.bundles):
        item = _look(path, before, after, identities)
        standing = item.standing
        if standing is None or standing.outcome not in (STANDS, LOSES):
            other.append(item)
        elif standing.header.kind == POINTER:
            (standing_pointers if standing.outcome == STANDS else pointers).append(item)
        elif standing.outcome == STANDS:
            sound += 1
        else:
            (voided if item.stood else earlier).append(item)
    void = {digest(header_bytes(item.standing.head)) for item in (*voided, *earlier) if item.standing is not None}
    unread: list[Found] = []
    for item in standing_pointers:
        if void & item.offers:
            pointers.append(item)
        elif void and not item.offers:
            unread.append(item)
        else:
            sound += 1
    return Report(tuple(voided), tuple(earlier), tuple(pointers), tuple(unread), sound, tuple(other))


def _look(path: str, before: TrustChain, after: TrustChain, identities: list[Identity]) -> Found:
    from bundlefmt.bundle.source import FileSource
    from bundlefmt.bundle.standing import STANDS, assess
    from bundlefmt.model.header import POINTER

    source = FileSource(path)
    try:
        standing = assess(source, after)
        stood = assess(source, before).outcome == STANDS
        offers = _offers(standing, identities) if standing.header.kind == POINTER and identities else frozenset()
    except BundleError as exc:
        if exc.code == "SOURCE_FAILED":
            raise
        return Found(path, None, False, exc, frozenset())  # noqa: FBT003 - a named tuple
    finally:
        source.close()
    return Found(path, standing, stood, None, offers)


def _offers(standing: Standing, identities: list[Identity]) -> frozenset[bytes]:
    """Header digests that a pointer offers, or nothing when it does not open."""
    from bundlefmt.bundle.attach import open_content_key
    from bundlefmt.bundle.core import open_pointer
    from bundlefmt.bundle.request import unsigned_front
    from bundlefmt.bundle.standing import header_bytes

    cek = open_content_key(standing, identities)
    if cek is None:
        return frozenset()
    head = standing.head
    front = unsigned_front(head.header, header_bytes(head), b"")
    pointer = open_pointer(front, head.manifest, cek)
    return frozenset(item.header_digest for offer in pointer.offers for item in offer.bundles)
