"""The library below hybrid signatures is tested before it is believed."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import mldsa

from bundlefmt.crypto import ed25519, hybridsig, signatures

SEEDS = (b"\1" * 32, b"\2" * 32)
PUBLIC = hybridsig.public_key(*SEEDS)


@pytest.fixture
def untested(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(hybridsig, "_tested", False)
    return monkeypatch


def test_both_halves_are_needed() -> None:
    good = hybridsig.sign(*SEEDS, b"m")
    assert len(good) == hybridsig.SIGNATURE_LEN
    assert signatures.verifies(PUBLIC, b"m", good)
    assert not signatures.verifies(PUBLIC, b"n", good)
    for place in (0, 40, 63, 64, 112, len(good) - 1):
        bad = bytearray(good)
        bad[place] ^= 1
        assert not hybridsig.verifies(PUBLIC, b"m", bytes(bad))


@pytest.mark.parametrize(("key", "signature"), [(0, -1), (0, 1), (-1, 0), (1, 0)])
def test_lengths_are_checked_first(key: int, signature: int) -> None:
    def resized(data: bytes, change: int) -> bytes:
        return data + b"\0" if change > 0 else data[: len(data) + change]

    good = hybridsig.sign(*SEEDS, b"m")
    assert not hybridsig.verifies(resized(PUBLIC, key), b"m", resized(good, signature))
    assert not signatures.verifies(resized(PUBLIC, key), b"m", resized(good, signature))
    assert not hybridsig._verify_mldsa(resized(PUBLIC[32:], key), b"m", resized(good[64:], signature))


def test_only_the_first_half_can_be_bad_at_enrolment() -> None:
    assert signatures.is_enrollable(PUBLIC)
    assert signatures.is_enrollable(PUBLIC[:32] + bytes(1952))
    assert not signatures.is_enrollable(b"\1" + bytes(31) + PUBLIC[32:])
    assert not signatures.is_enrollable(PUBLIC[:-1])
    assert not signatures.is_enrollable(PUBLIC + b"\0")


def test_a_library_without_ml_dsa_is_refused(untested: pytest.MonkeyPatch) -> None:
    def none(seed: bytes) -> Any:
        raise UnsupportedAlgorithm("no ML-DSA here")

    untested.setattr(mldsa, "MLDSA65PrivateKey", type("None", (), {"from_seed_bytes": staticmethod(none)}))
    with pytest.raises(RuntimeError, match="install its wheel"):
        hybridsig.verifies(PUBLIC, b"m", bytes(hybridsig.SIGNATURE_LEN))


@pytest.mark.parametrize("verdict", [True, False])
def test_a_library_that_does_not_look_is_refused(untested: pytest.MonkeyPatch, verdict: bool) -> None:
    untested.setattr(hybridsig, "_verify_mldsa", lambda *args: verdict)
    with pytest.raises(RuntimeError, match="does not verify"):
        hybridsig.verifies(PUBLIC, b"m", hybridsig.sign(*SEEDS, b"m"))


def test_the_test_is_made_once(untested: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = hybridsig._self_test
    untested.setattr(hybridsig, "_self_test", lambda: calls.append(1) or real())
    good = hybridsig.sign(*SEEDS, b"m")
    assert hybridsig.verifies(PUBLIC, b"m", good)
    assert hybridsig.verifies(PUBLIC, b"m", good)
    assert calls == [1]


def test_the_ed25519_half_is_strict() -> None:
    """EDS-1 in the hybrid form: S + L is another encoding, refused."""
    good = hybridsig.sign(*SEEDS, b"m")
    order = 2**252 + 27742317777372353535851937790883648493
    raised = (int.from_bytes(good[32:64], "little") + order).to_bytes(32, "little")
    assert not hybridsig.verifies(PUBLIC, b"m", good[:32] + raised + good[64:])
    assert ed25519.verifies(PUBLIC[:32], b"m", good[:64])
