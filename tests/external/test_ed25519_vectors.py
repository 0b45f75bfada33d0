"""Ed25519 vectors of CCTV, speccheck and Wycheproof: the library, the specification's rule restated, and both alike."""

from __future__ import annotations

from support import externalvectors
from support.edwards import SMALL_ORDER, strictly_valid

from bundlefmt.crypto import ed25519

Triple = tuple[bytes, bytes, bytes]

CCTV = [
    (bytes.fromhex(case["key"]), case["msg"].encode(), bytes.fromhex(case["sig"]))
    for case in externalvectors.read("cctv-ed25519.json")
]
SPECCHECK = [
    tuple(bytes.fromhex(case[name]) for name in ("pub_key", "message", "signature"))
    for case in externalvectors.read("speccheck-ed25519.json")
]
WYCHEPROOF = externalvectors.wycheproof("wycheproof-ed25519_test.json")


def _alike(triples: list[Triple]) -> int:
    """Number of accepted ones, after every verdict was found twice."""
    accepted = 0
    for public, message, signature in triples:
        verdict = ed25519.verifies(public, message, signature)
        assert verdict is strictly_valid(public, message, signature), (public.hex(), signature.hex())
        accepted += verdict
    return accepted


def test_there_are_fourteen_encodings_of_small_order() -> None:
    assert len(SMALL_ORDER) == 14


def test_cctv() -> None:
    assert len(CCTV) == 914
    assert _alike(CCTV) == 43


def test_speccheck() -> None:
    """Of its twelve: one mixed A whose equation holds without the cofactor; the rest is where verifiers disagree."""
    assert len(SPECCHECK) == 12
    assert _alike([(a, b, c) for a, b, c in SPECCHECK]) == sum(ed25519.verifies(*case) for case in SPECCHECK) < 3


def test_wycheproof() -> None:
    triples: list[Triple] = []
    for case in WYCHEPROOF:
        public = bytes.fromhex(case["group"]["publicKey"]["pk"])
        message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
        assert ed25519.verifies(public, message, signature) is (case["result"] == "valid"), case["tcId"]
        triples.append((public, message, signature))
    assert _alike(triples) == 88
    assert all(ed25519.is_enrollable(public) for public, _, _ in triples)
