"""X25519 and ML-KEM-768 vectors of Wycheproof, as far as the wraps of section 6 rest on them."""

from __future__ import annotations

from hashlib import sha3_256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from support import externalvectors

from bundlefmt.crypto import hpke

X25519 = externalvectors.wycheproof("wycheproof-x25519_test.json")
MLKEM = externalvectors.wycheproof("wycheproof-mlkem_768_semi_expanded_decaps_test.json")
ZERO = [case for case in X25519 if "ZeroSharedSecret" in case["flags"]]

mlkem_cases = pytest.mark.parametrize("case", [pytest.param(case, id=f"tc{case['tcId']}") for case in MLKEM])


def test_x25519() -> None:
    """The shared secrets, and RCP-9: the all-zero one is none."""
    assert len(X25519) == 518
    for case in X25519:
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(case["private"]))
        public = X25519PublicKey.from_public_bytes(bytes.fromhex(case["public"]))
        if "ZeroSharedSecret" in case["flags"]:
            assert set(case["shared"]) == {"0"}
            with pytest.raises(ValueError, match=r".+"):
                private.exchange(public)
        else:
            assert private.exchange(public).hex() == case["shared"], case["tcId"]


def test_low_order_points_open_no_wrap() -> None:
    """RCP-9, through the wraps of both types."""
    assert len(ZERO) == 31
    for case in ZERO:
        point, secret = bytes.fromhex(case["public"]), bytes.fromhex(case["private"])
        assert hpke.unwrap(hpke.X25519, secret, point + bytes(48), b"") is None
        with pytest.raises(ValueError, match=r".+"):
            hpke.wrap(hpke.X25519, point, bytes(32), b"")
        good = hpke.wrap(hpke.HYBRID, hpke.public_key(hpke.HYBRID, secret), bytes(32), b"")
        assert hpke.unwrap(hpke.HYBRID, secret, good[:1088] + point + good[1120:], b"") is None


@mlkem_cases
def test_mlkem_keys(case: dict[str, Any]) -> None:
    """Identities are seeds here and never expanded keys; the encapsulation keys of the vectors can be wrapped for."""
    key, expanded = bytes.fromhex(case["ek"]), bytes.fromhex(case["dk"])
    embedded = len(expanded) == 2400 and expanded[1152:2336] == key and expanded[2336:2368] == sha3_256(key).digest()
    assert embedded is (case["result"] == "valid" or "IncorrectCiphertextLength" in case["flags"])
    assert MLKEM768PublicKey.from_public_bytes(key).public_bytes_raw() == key
    recipient = key + hpke.public_key(hpke.X25519, bytes(32))
    assert len(hpke.wrap(hpke.HYBRID, recipient, bytes(32), b"")) == hpke.enc_len(hpke.HYBRID) + 48


@mlkem_cases
def test_mlkem_ciphertexts_of_another_length(case: dict[str, Any]) -> None:
    ciphertext = bytes.fromhex(case["c"])
    if len(ciphertext) == 1088:
        assert case["flags"] != ["IncorrectCiphertextLength"]
    assert hpke.unwrap(hpke.HYBRID, bytes(32), ciphertext + bytes(32 + 48), b"") is None
