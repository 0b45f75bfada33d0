"""Signing keys in AWS KMS (spec/keys.md section 1): key spec ECC_NIST_EDWARDS25519, which never leaves the service.

Region, credentials and endpoint are those of the AWS configuration of whoever runs this.
"""

from __future__ import annotations

from typing import Any

from bundlefmt.crypto import keypem
from bundlefmt.errors import refuse
from bundlefmt.keys.extras import load_extra
from bundlefmt.keys.passphrases import Secrets

_ALGORITHM = "ED25519_SHA_512"
_MOST = 4096  # bytes of a raw message
_CONNECT, _READ = 10, 30  # seconds
_ARN_PARTS = 6


class KmsSigner:
    """An Ed25519 key that stays in the service."""

    __slots__ = ("_call", "_key", "public_key")

    def __init__(self, call: Any, key: str, public_key: bytes) -> None:
        self._call = call
        self._key = key
        self.public_key = public_key

    def sign(self, message: bytes) -> bytes:
        """Sign at most 4,096 bytes; 64 bytes.

        Raises:
            KeySourceError: KEY_SOURCE.
        """
        if len(message) > _MOST:
            raise refuse("KEY_SOURCE", f"AWS KMS signs at most {_MOST} bytes")
        answer = self._call("sign", KeyId=self._key, Message=message, MessageType="RAW", SigningAlgorithm=_ALGORITHM)
        return bytes(answer["Signature"])


def open_signer(rest: str, secrets: Secrets) -> KmsSigner:
    """Ask the service for a key.

    Args:
        rest: key id, `alias/NAME`, or the ARN of either.
        secrets: not asked; credentials come from the AWS configuration.

    Raises:
        BundleError: KEY_FILE when no key is named, KEY_SOURCE for everything else.
    """
    del secrets
    if not rest:
        raise refuse("KEY_FILE", "say which key: awskms:KEY-ID, awskms:alias/NAME or awskms:ARN")
    call = _caller(rest)
    answer = call("get_public_key", KeyId=rest)
    if _ALGORITHM not in answer.get("SigningAlgorithms", ()):
        raise refuse("KEY_SOURCE", "the key is not one for Ed25519 signatures (ECC_NIST_EDWARDS25519, SIGN_VERIFY)")
    # The ARN of the answer, so that an alias that is moved meanwhile does not move the signature.
    return KmsSigner(call, answer.get("KeyId", rest), keypem.load_public_der(answer["PublicKey"]))


def _caller(key: str) -> Any:
    session: Any = load_extra("botocore.session", "awskms", "AWS KMS")
    config: Any = load_extra("botocore.config", "awskms", "AWS KMS")
    errors: Any = load_extra("botocore.exceptions", "awskms", "AWS KMS")
    parts = key.split(":")
    region = parts[3] if parts[0] == "arn" and len(parts) == _ARN_PARTS else None
    settings = config.Config(connect_timeout=_CONNECT, read_timeout=_READ, retries={"total_max_attempts": 3})

    def call(action: str, **arguments: Any) -> Any:
        try:
            return getattr(client, action)(**arguments)
        except errors.ClientError as exc:
            code = str(exc.response.get("Error", {}).get("Code", "an error"))[:80]
            raise refuse("KEY_SOURCE", f"AWS KMS answered {code}") from None
        except errors.BotoCoreError as exc:
            raise refuse("KEY_SOURCE", f"AWS KMS cannot be reached ({type(exc).__name__})") from None

    try:
        client = session.get_session().create_client("kms", region_name=region, config=settings)
    except (errors.BotoCoreError, ValueError) as exc:
        raise refuse("KEY_SOURCE", f"AWS is not configured ({type(exc).__name__})") from None
    return call
