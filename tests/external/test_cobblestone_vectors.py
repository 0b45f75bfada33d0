"""Cobblestone-256 vectors of Wycheproof: whole messages, messages in odd pieces, the commitment, the key schedule."""

from __future__ import annotations

import zlib
from hashlib import sha512
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from support import externalvectors

from bundlefmt.crypto import cobblestone, schedule, suite
from bundlefmt.errors import DecryptError

CASES = externalvectors.wycheproof("wycheproof-c2sp_chunked_encryption_aes_256_gcm_test.json")
every_case = pytest.mark.parametrize("case", [pytest.param(case, id=f"tc{case['tcId']}") for case in CASES])
right_keys = pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"tc{case['tcId']}") for case in CASES if len(case["key"]) == 64]
)


def _input(case: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    return bytes.fromhex(case["key"]), bytes.fromhex(case["ctx"]), zlib.decompress(bytes.fromhex(case["ct"]))


def test_all_are_here() -> None:
    assert len(CASES) == 35
    assert sum(case["result"] == "valid" for case in CASES) == 10


@every_case
def test_the_library_below(case: dict[str, Any]) -> None:
    key, context, message = _input(case)
    try:
        decryptor = Cobblestone256Decryptor(key, context)
        plaintext = decryptor.update(message) + decryptor.finalize()
    except (InvalidTag, ValueError):
        assert case["result"] == "invalid"
    else:
        assert case["result"] == "valid"
        assert sha512(plaintext).hexdigest() == case["msgSha512"]


@right_keys
def test_whole_messages(case: dict[str, Any]) -> None:
    """Nothing is returned of a message that does not authenticate to its end, whatever a stream could release."""
    key, context, message = _input(case)
    if case["result"] == "invalid":
        with pytest.raises(DecryptError):
            cobblestone.unseal(key, context, message, "RECORD_DECRYPT")
        return
    plaintext = cobblestone.unseal(key, context, message, "RECORD_DECRYPT")
    assert len(plaintext) == case["msgLength"] == suite.plain_len(len(message))
    assert suite.message_len(len(plaintext)) == len(message)
    assert sha512(plaintext).hexdigest() == case["msgSha512"]


@right_keys
@pytest.mark.parametrize("step", [977, 16399, 65537])
def test_messages_in_odd_pieces(case: dict[str, Any], step: int) -> None:
    key, context, message = _input(case)
    view, plaintext = memoryview(message), memoryview(bytearray(max(suite.plain_len(len(message)), 0)))
    opener = cobblestone.Opener(key, context, "RECORD_DECRYPT")

    def read() -> None:
        for start in range(0, len(view), step):
            opener.feed(view[start : start + step], plaintext)
        opener.finish(plaintext)

    if case["result"] == "invalid":
        with pytest.raises(DecryptError):
            read()
        return
    read()
    assert sha512(plaintext).hexdigest() == case["msgSha512"]


@right_keys
def test_commitment(case: dict[str, Any]) -> None:
    """It holds unless the fault lies in the head of the message, in the key or in the context."""
    key, context, message = _input(case)
    matches = cobblestone.matches_commitment(key, context, message)
    assert matches is ("HeaderFailure" not in case["flags"])


@right_keys
def test_key_schedule(case: dict[str, Any]) -> None:
    key, context, message = _input(case)
    if case["result"] == "invalid":
        return
    salt = message[: suite.SALT_LEN]
    derived = schedule.derive(key, context, salt)
    assert derived.key.hex() == case["aeadKey"]
    assert derived.base_nonce.hex() == case["baseNonce"]
    plaintext = cobblestone.unseal(key, context, message, "RECORD_DECRYPT")
    assert schedule.message(key, context, salt, plaintext) == message
