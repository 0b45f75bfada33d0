"""Vectors for host versions: order, range, platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .primitives_form import Case, Family, accept, refuse, require

COMMENT = """
Host versions and platforms (section 8 and R9). of = 'compare': versions a and b give order, -1, 0
or 1. of = 'requires': does a caller with host (absent when it states none) and platform (absent
likewise) satisfy requires, given as object of the record's keys 0, 1 and 2?
"""
LARGEST = 2**53 - 1
Version = list[int]


def compare(a: Version, b: Version) -> int:
    """Number by number, the shorter padded with zeros."""
    for i in range(max(len(a), len(b))):
        x, y = (a[i] if i < len(a) else 0), (b[i] if i < len(b) else 0)
        if x != y:
            return -1 if x < y else 1
    return 0


def satisfies(requires: dict[str, Any], host: Version | None, platform: str | None) -> bool:
    """Whether a caller may run a release."""
    if ("0" in requires or "1" in requires) and host is None:
        return False
    if host is not None and "0" in requires and compare(host, requires["0"]) < 0:
        return False
    if host is not None and "1" in requires and compare(host, requires["1"]) >= 0:
        return False
    return "2" not in requires or platform in requires["2"]


def _orders() -> Iterator[Case]:
    for name, comment, a, b, order in (
        ("equal", "equal", [1, 2, 3], [1, 2, 3], 0),
        ("padded-equal", "1 is 1.0.0.0", [1], [1, 0, 0, 0], 0),
        ("zero-padded", "0 is 0.0.0.0", [0], [0, 0, 0, 0], 0),
        ("padded-less", "1 is below 1.0.0.1", [1], [1, 0, 0, 1], -1),
        ("padded-greater", "1.1 is above 1.0.9.9", [1, 1], [1, 0, 9, 9], 1),
        ("first-decides", "1.9.9.9 is below 2", [1, 9, 9, 9], [2], -1),
        ("numbers-not-text", "1.10 is above 1.9", [1, 10], [1, 9], 1),
        ("numbers-not-text-first", "10 is above 9", [10], [9], 1),
        ("last-decides", "the fourth number", [1, 2, 3, 4], [1, 2, 3, 5], -1),
        ("largest", "2^53 - 1 is exact", [LARGEST], [LARGEST - 1], 1),
        ("largest-equal", "2^53 - 1 twice", [LARGEST, LARGEST, LARGEST, LARGEST], [LARGEST] * 4, 0),
        ("beyond-32-bit", "2^32 does not wrap to 0", [2**32], [1], 1),
        ("beyond-31-bit", "2^31 is not negative", [2**31], [1], 1),
        ("zero-against-one", "0 is below 0.0.0.1", [0], [0, 0, 0, 1], -1),
    ):
        for suffix, x, y, result in (("", a, b, order), ("-reversed", b, a, -order)):
            require(compare(x, y) == result, f"{name}: another order")
            yield accept(
                f"order-{name}{suffix}",
                comment,
                "POL-6",
                {"of": "compare", "a": x, "b": y},
                {"order": result},
            )


def _ranges() -> Iterator[Case]:
    both = {"0": [2, 1], "1": [3]}
    everything = both | {"2": ["linux-x86_64", "windows-x86_64"]}
    for name, comment, requires, host, platform, good in (
        ("lowest-equal", "the lowest version itself", both, [2, 1], None, True),
        ("lowest-padded", "the lowest version with zeros", both, [2, 1, 0, 0], None, True),
        ("just-below", "one below the lowest", both, [2, 0, LARGEST, LARGEST], None, False),
        ("inside", "between both", both, [2, 5], None, True),
        (
            "just-below-upper",
            "the last one before the first that is too high",
            both,
            [2, LARGEST, LARGEST, LARGEST],
            None,
            True,
        ),
        ("upper-equal", "the first that is too high", both, [3], None, False),
        ("upper-padded", "the first that is too high, with zeros", both, [3, 0, 0, 0], None, False),
        ("above", "far above", both, [30], None, False),
        ("no-host", "a caller that states no version", both, None, None, False),
        ("only-lowest", "no upper end", {"0": [1]}, [LARGEST], None, True),
        ("only-lowest-below", "below, no upper end", {"0": [1]}, [0, 9], None, False),
        ("only-lowest-no-host", "a lowest version and none stated", {"0": [0]}, None, None, False),
        ("only-upper", "no lower end", {"1": [1]}, [0], None, True),
        ("only-upper-equal", "the upper end alone", {"1": [1]}, [1], None, False),
        ("only-upper-no-host", "an upper end and none stated", {"1": [9]}, None, None, False),
        (
            "empty-range",
            "lowest and upper end are equal: no version runs it",
            {"0": [1], "1": [1]},
            [1],
            None,
            False,
        ),
        ("platform-first", "one of two platforms", everything, [2, 1], "linux-x86_64", True),
        ("platform-last", "the other of two platforms", everything, [2, 1], "windows-x86_64", True),
        ("platform-other", "not among them", everything, [2, 1], "darwin-arm64", False),
        ("platform-prefix", "the beginning of a platform", everything, [2, 1], "linux", False),
        ("platform-case", "bytes are compared", everything, [2, 1], "Linux-x86_64", False),
        ("platform-missing", "a caller that states no platform", everything, [2, 1], None, False),
        ("platform-right-host-wrong", "both must fit", everything, [3], "linux-x86_64", False),
        ("platform-only", "platforms alone need no version", {"2": ["any"]}, None, "any", True),
        ("platform-only-other", "platforms alone", {"2": ["any"]}, [1], "other", False),
        (
            "no-platform-required",
            "a platform is stated and none required",
            {"0": [1]},
            [1],
            "any",
            True,
        ),
    ):
        require(satisfies(requires, host, platform) == good, f"{name}: another verdict")
        inputs: dict[str, Any] = {"of": "requires", "requires": requires}
        if host is not None:
            inputs["host"] = host
        if platform is not None:
            inputs["platform"] = platform
        if good:
            yield accept(f"requires-{name}", comment, "POL-6", inputs, {})
        else:
            yield refuse(f"requires-{name}", comment, "POL-6", inputs, "HOST_MISMATCH")
    yield accept(
        "requires-absent",
        "a release that requires nothing, by an empty map as in an offer",
        "POL-6",
        {"of": "requires", "requires": {}},
        {},
    )


def build() -> Family:
    """The family host-version."""
    return Family("host-version", COMMENT, [*_orders(), *_ranges()])
