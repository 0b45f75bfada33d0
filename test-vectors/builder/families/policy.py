"""Correct releases, judged by what the caller expects."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from builder.bundle import CREATED
from builder.cases import NOW, Case, built, case
from builder.scenes import release, standard
from builder.trust import Chain

OLDER = sha256(b"an older release").hexdigest()


def cases() -> Iterator[Case]:
    """Everything in this family."""
    yield from _product()
    yield from _floor()
    yield from _expiry()
    yield from _host()


def _product() -> Iterator[Case]:
    for name, product, code in (
        ("same", "demo", None),
        ("other", "demo2", "PRODUCT_MISMATCH"),
        ("shorter", "dem", "PRODUCT_MISMATCH"),
        ("case", "DEMO", "PRODUCT_MISMATCH"),
    ):
        bundle = release(f"policy-product-{name}")
        comment = f"The caller expects the product {product}; the release is of demo."
        yield case(bundle, comment, "POL-1", code, expect={"product": product})


def _floor() -> Iterator[Case]:
    own = "the release itself"
    raised = Chain.start("raised").extended(min_epoch=2)
    for name, chain, floor, code, comment in (
        ("below", standard(), (1, 41, OLDER), None, "The floor is one number below."),
        ("same", standard(), (1, 42, own), None, "The floor is this release."),
        ("other", standard(), (1, 42, OLDER), "EQUIVOCATION", "Another release is at the floor."),
        ("above", standard(), (1, 43, OLDER), "ROLLBACK", "The floor is one number above."),
        (
            "above-same-id",
            standard(),
            (1, 43, own),
            "ROLLBACK",
            "The floor is above, its id equal.",
        ),
        ("far-above", standard(), (1, 2**53 - 1, OLDER), "ROLLBACK", "The floor is 2^53-1."),
        (
            "epoch-above",
            standard(),
            (2, 1, OLDER),
            "ROLLBACK",
            "The floor has a higher min_epoch and a lower number.",
        ),
        (
            "epoch-below",
            raised,
            (1, 9999, OLDER),
            None,
            "The floor has a lower min_epoch and a higher number.",
        ),
        (
            "epoch-below-same-number",
            raised,
            (1, 42, OLDER),
            None,
            "The floor has a lower min_epoch and the same number: another place.",
        ),
        (
            "epoch-same-number-above",
            raised,
            (2, 43, OLDER),
            "ROLLBACK",
            "The floor has the same min_epoch, 2, and a higher number.",
        ),
        (
            "epoch-same-other",
            raised,
            (2, 42, OLDER),
            "EQUIVOCATION",
            "Another release is at the floor, under min_epoch 2.",
        ),
    ):
        bundle = release(f"policy-floor-{name}", chain)
        release_id = floor[2]
        if release_id is own:
            release_id = sha256(built(bundle).at["release"]).hexdigest()
        expect = {"floor": {"min_epoch": floor[0], "number": floor[1], "release_id": release_id}}
        rules = {"ROLLBACK": "POL-2", "EQUIVOCATION": "POL-3", None: "POL-2 POL-3"}[code]
        yield case(bundle, comment, rules, code, expect=expect)


def _expiry() -> Iterator[Case]:
    for name, now, code in (
        ("before", NOW + 99, None),
        ("at", NOW + 100, "RELEASE_EXPIRED"),
        ("after", NOW + 101, "RELEASE_EXPIRED"),
    ):
        bundle = release(f"policy-expiry-{name}")
        bundle.release = {4: NOW + 100}
        yield case(bundle, f"A release read {name} the second it expires.", "POL-4", code, now=now)
    bundle = release("policy-expiry-never")
    yield case(bundle, "A release without expiry, read much later.", "POL-4", now=2**40)
    bundle = release("policy-created-later")
    yield case(bundle, "The reader's clock is before the creation.", "POL-4", now=CREATED - 10**6)


def _host() -> Iterator[Case]:
    rows: tuple[tuple[str, dict[int, Any], list[int] | None, bool], ...] = (
        ("lowest", {0: [1, 2]}, [1, 2], True),
        ("lowest-padded", {0: [1, 2]}, [1, 2, 0], True),
        ("lowest-shorter", {0: [1, 2, 0]}, [1, 2], True),
        ("lowest-below", {0: [1, 2, 0, 1]}, [1, 2], False),
        ("lowest-just-below", {0: [1, 2]}, [1, 1, 999999], False),
        ("lowest-not-as-text", {0: [1, 9]}, [1, 10], True),
        ("lowest-zero", {0: [0]}, [0], True),
        ("highest", {1: [2]}, [2], False),
        ("highest-padded", {1: [2]}, [2, 0, 0, 0], False),
        ("highest-shorter", {1: [2, 0, 0]}, [2], False),
        ("highest-below", {1: [2]}, [1, 999999, 9, 9], True),
        ("highest-above", {1: [2]}, [2, 0, 0, 1], False),
        ("range", {0: [1, 5], 1: [2]}, [1, 5, 7], True),
        ("range-empty", {0: [2], 1: [2]}, [2], False),
        ("not-stated-lowest", {0: [1]}, None, False),
        ("not-stated-lowest-zero", {0: [0]}, None, False),
        ("not-stated-highest", {1: [99]}, None, False),
    )
    for name, requires, host, good in rows:
        bundle = release(f"policy-host-{name}")
        bundle.release = {5: requires}
        comment = f"The release requires {_range(requires)}; the host is {_version(host)}."
        expect: dict[str, Any] | None = None if host is None else {"host": host}
        yield case(bundle, comment, "POL-6", None if good else "HOST_MISMATCH", expect=expect)
    bundle = release("policy-host-not-required")
    yield case(bundle, "The host is stated and not required.", "POL-6", expect={"host": [1]})
    for name, platform, code in (
        ("listed", "linux-x86_64", None),
        ("second", "macos-arm64", None),
        ("other", "windows", "HOST_MISMATCH"),
        ("prefix", "linux", "HOST_MISMATCH"),
        ("case", "Linux-x86_64", "HOST_MISMATCH"),
        ("not-stated", None, "HOST_MISMATCH"),
    ):
        bundle = release(f"policy-platform-{name}")
        bundle.release = {5: {2: ["linux-x86_64", "macos-arm64"]}}
        comment = f"The release is for two platforms; the caller's is {platform or 'not stated'}."
        expect = None if platform is None else {"platform": platform}
        yield case(bundle, comment, "POL-6", code, expect=expect)
    bundle = release("policy-platform-not-required")
    expect = {"platform": "any"}
    yield case(bundle, "The platform is stated and not required.", "POL-6", expect=expect)


def _version(host: list[int] | None) -> str:
    return "not stated" if host is None else ".".join(map(str, host))


def _range(requires: dict[int, Any]) -> str:
    words = []
    if 0 in requires:
        words.append(f"at least {_version(requires[0])}")
    if 1 in requires:
        words.append(f"below {_version(requires[1])}")
    return " and ".join(words)
