"""What a caller accepts (specification section 10, R9; POL rules)."""

from __future__ import annotations

import time
from typing import NamedTuple

from bundlefmt.errors import refuse
from bundlefmt.model.pointer import PointerRecord
from bundlefmt.model.release import HostVersion, ReleaseRecord, compare_host
from bundlefmt.trust.chain import TrustChain


class Floor(NamedTuple):
    """What was good here before: order of releases is (min_epoch, number).

    Attributes:
        min_epoch: of the newest document when it became good.
        number: of the release.
        release_id: 32 bytes, or None where it is not known.
    """

    min_epoch: int
    number: int
    release_id: bytes | None = None


class TrustPolicy(NamedTuple):
    """Whom a reader trusts, and what it expects. Local: nothing in a bundle lowers it (RDG-4).

    Attributes:
        chain: the publisher's trust chain.
        now: the one clock reading, seconds since 1970; None takes it when reading starts.
        product: the product expected, or None for any of the publisher.
        channel: of a pointer, the channel expected, or None for any.
        floor: what was good here, or None.
        host: version of the host application; None satisfies no release that requires one, unless `any_host`.
        platform: name of this platform; as `host`.
        any_host: do not judge host requirements, for readers that are not the device.
    """

    chain: TrustChain
    now: int | None = None
    product: str | None = None
    channel: str | None = None
    floor: Floor | None = None
    host: HostVersion | None = None
    platform: str | None = None
    any_host: bool = False

    def at_one_clock(self) -> TrustPolicy:
        """The policy with its clock reading taken."""
        return self if self.now is not None else self._replace(now=int(time.time()))


def judge_release(policy: TrustPolicy, chain: TrustChain, record: ReleaseRecord, release_id: bytes) -> None:
    """R9 for a release.

    Args:
        policy: with its clock reading taken.
        chain: newest chain known, with what the bundle taught.
        record, release_id: from the manifest.

    Raises:
        PolicyError: PRODUCT_MISMATCH, ROLLBACK, EQUIVOCATION, RELEASE_EXPIRED, HOST_MISMATCH.
    """
    if policy.product is not None and record.product != policy.product:
        raise refuse("PRODUCT_MISMATCH", f"product {record.product!a}, expected {policy.product!a}")
    floor = policy.floor
    if floor is not None:
        here, there = (chain.newest.min_epoch, record.number), (floor.min_epoch, floor.number)
        if here < there:
            raise refuse(
                "ROLLBACK", f"release {record.number} is older than release {floor.number}, which was good here"
            )
        if here == there and floor.release_id is not None and release_id != floor.release_id:
            raise refuse("EQUIVOCATION", f"another release with the number {record.number} was good here")
    if record.expires is not None and (policy.now is None or policy.now >= record.expires):
        raise refuse("RELEASE_EXPIRED", f"release {record.number} expired at {record.expires}")
    if policy.any_host:
        return
    needs = record.requires
    if needs.at_least is not None and (policy.host is None or compare_host(policy.host, needs.at_least) < 0):
        raise refuse(
            "HOST_MISMATCH", f"needs host version {_dotted(needs.at_least)} or later, this is {_dotted(policy.host)}"
        )
    if needs.below is not None and (policy.host is None or compare_host(policy.host, needs.below) >= 0):
        raise refuse(
            "HOST_MISMATCH", f"needs a host version below {_dotted(needs.below)}, this is {_dotted(policy.host)}"
        )
    if needs.platforms and policy.platform not in needs.platforms:
        raise refuse(
            "HOST_MISMATCH", f"made for {', '.join(needs.platforms)}, this is {policy.platform or 'not stated'}"
        )


def judge_pointer(policy: TrustPolicy, pointer: PointerRecord) -> None:
    """R9 for a pointer.

    Raises:
        PolicyError: PRODUCT_MISMATCH, CHANNEL_MISMATCH, POINTER_EXPIRED.
    """
    if policy.product is not None and pointer.product != policy.product:
        raise refuse("PRODUCT_MISMATCH", f"product {pointer.product!a}, expected {policy.product!a}")
    if policy.channel is not None and pointer.channel != policy.channel:
        raise refuse("CHANNEL_MISMATCH", f"channel {pointer.channel!a}, expected {policy.channel!a}")
    if policy.now is None or policy.now >= pointer.expires:
        raise refuse("POINTER_EXPIRED", f"the pointer expired at {pointer.expires}")


def _dotted(version: HostVersion | None) -> str:
    return ".".join(map(str, version)) if version else "not stated"
