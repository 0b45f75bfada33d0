"""What every question about a bundle states besides the bundle: trust, clock, identities, expectations."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from bundlefmt.bundle.pointers import ReadPointer, read_pointer
from bundlefmt.bundle.policy import Floor, TrustPolicy
from bundlefmt.bundle.reader import BundleReader
from bundlefmt.bundle.source import Openable
from bundlefmt.bundle.trees import BundleTree
from bundlefmt.keys.recipients import Identity, parse_identities
from bundlefmt.trust.chain import TrustChain, parse_trust_file


class Setting:
    """Files of one question, read once. A context manager, for the readers it opens.

    Args:
        trust: trust file.
        now: clock reading.
        identity: key file, or None.
        needed: complete bundle of the needed release, or None.
        expect: as in the index.
        workers: threads of a reader, None chooses.

    Raises:
        BundleError: trust or identity is refused.
    """

    def __init__(
        self,
        trust: Path,
        now: int,
        *,
        identity: Path | None,
        needed: Path | None,
        expect: dict[str, Any],
        workers: int | None = None,
    ) -> None:
        self.policy = _policy(read_trust(trust), now, expect)
        self.identities: list[Identity] = parse_identities(_text(identity)) if identity else []
        self._needed = needed
        self._workers = workers
        self._readers = ExitStack()

    def needed_tree(self) -> BundleTree | None:
        """The needed release, of which nothing is expected."""
        if self._needed is None:
            return None
        trust = TrustPolicy(self.policy.chain, self.policy.now, any_host=True)
        needed = BundleReader(self._needed, trust=trust, identities=self.identities)
        return BundleTree(self._readers.enter_context(needed))

    def reader(self, bundle: Openable) -> BundleReader:
        """Open the release, with the needed one behind it."""
        tree = self.needed_tree()
        reader = BundleReader(bundle, trust=self.policy, identities=self.identities, needed=tree, workers=self._workers)
        return self._readers.enter_context(reader)

    def pointer(self, bundle: Openable) -> ReadPointer:
        """Read a pointer."""
        return read_pointer(bundle, trust=self.policy, identities=self.identities)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._readers.close()


def _policy(chain: TrustChain, now: int, expect: dict[str, Any]) -> TrustPolicy:
    floor = expect.get("floor")
    return TrustPolicy(
        chain,
        now,
        product=expect.get("product"),
        channel=expect.get("channel"),
        floor=Floor(floor["min_epoch"], floor["number"], bytes.fromhex(floor["release_id"])) if floor else None,
        host=tuple(expect["host"]) if "host" in expect else None,
        platform=expect.get("platform"),
    )


def read_trust(path: Path) -> TrustChain:
    """The chain of a trust file."""
    return parse_trust_file(_text(path))


def _text(path: Path) -> str:
    # Line ends stay as they are; bytes that are no UTF-8 cannot be part of any block.
    return path.read_bytes().decode(errors="replace")
