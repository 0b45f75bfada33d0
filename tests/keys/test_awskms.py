"""Signing keys in AWS KMS, against its recorded protocol: a server on this machine answers as the service does."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as forms
from support.keyforms import PRIVATE, PUBLIC, SEED, other_key, refused

from bundlefmt.keys import sources
from bundlefmt.keys.signers import FileSigner, sign_row
from bundlefmt.wire.cose import LABEL_TRUST

pytest.importorskip("botocore", reason="botocore is not installed")

ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ID = ARN.rpartition("/")[2]
SECRET_KEY = "test-only-secret-access-key"
PREFIX = "TrentService."


class Service(HTTPServer):
    """What was asked, and how to answer."""

    asked: list[tuple[str, str, dict[str, Any]]]
    change: dict[str, Any]
    error: tuple[int, str] | None


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        action = self.headers["X-Amz-Target"].removeprefix(PREFIX)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((action, self.headers["Authorization"], body))
        status, answer = 200, self.public_key() if action == "GetPublicKey" else self.sign(body)
        if self.server.error is not None:
            status, name = self.server.error
            answer = {"__type": name, "message": f"a message about {SECRET_KEY}"}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def public_key(self) -> dict[str, Any]:
        public = PRIVATE.public_key().public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)
        return {
            "CustomerMasterKeySpec": "ECC_NIST_EDWARDS25519",
            "KeyId": ARN,
            "KeySpec": "ECC_NIST_EDWARDS25519",
            "KeyUsage": "SIGN_VERIFY",
            "PublicKey": base64.b64encode(public).decode(),
            "SigningAlgorithms": ["ED25519_PH_SHA_512", "ED25519_SHA_512"],
            **self.server.change,
        }

    def sign(self, body: dict[str, Any]) -> dict[str, Any]:
        signature = FileSigner(SEED).sign(base64.b64decode(body["Message"]))
        return {"KeyId": ARN, "Signature": base64.b64encode(signature).decode(), "SigningAlgorithm": "ED25519_SHA_512"}

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    server = Service(("127.0.0.1", 0), Handler)
    server.asked, server.change, server.error = [], {}, None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name, value in {
        "AWS_ENDPOINT_URL_KMS": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "TESTONLY",
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", [ARN, KEY_ID, "alias/release"])
def test_the_service_signs(service: Service, name: str) -> None:
    signer = sources.open_signer(f"awskms:{name}")
    assert signer.public_key == PUBLIC
    row = sign_row(signer, LABEL_TRUST, bytes(32))
    (first, first_auth, asked), (second, _, sent) = service.asked
    assert (first, asked) == ("GetPublicKey", {"KeyId": name})
    # The region of an ARN is the one that is asked, whatever the configuration says.
    assert ("/eu-central-1/kms/" if name == ARN else "/us-east-1/kms/") in first_auth
    assert second == "Sign"
    assert base64.b64decode(sent.pop("Message"))[:12] == b"\x84\x6aSignature1"
    assert sent == {"KeyId": ARN, "MessageType": "RAW", "SigningAlgorithm": "ED25519_SHA_512"}
    assert len(row.signature) == 64
    assert SECRET_KEY not in repr(signer)


def test_keys_of_another_kind(service: Service) -> None:
    service.change = {"KeySpec": "ECC_NIST_P256", "SigningAlgorithms": ["ECDSA_SHA_256"]}
    assert "not one for Ed25519" in refused(sources.open_signer, f"awskms:{KEY_ID}", code="KEY_SOURCE")
    service.change = {"KeyUsage": "KEY_AGREEMENT", "SigningAlgorithms": []}
    assert "not one for Ed25519" in refused(sources.open_signer, f"awskms:{KEY_ID}", code="KEY_SOURCE")
    other = other_key().public_key().public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)
    for public, word in ((other, "not an Ed25519"), (b"", "damaged"), (other[:20], "damaged")):
        service.change = {"PublicKey": base64.b64encode(public).decode()}
        assert word in refused(sources.open_signer, f"awskms:{KEY_ID}")


@pytest.mark.parametrize(
    ("status", "name"), [(400, "NotFoundException"), (400, "AccessDeniedException"), (400, "DisabledException")]
)
def test_answers_that_say_no(service: Service, status: int, name: str) -> None:
    secrets = (SECRET_KEY.encode(),)
    service.error = (status, name)
    detail = refused(sources.open_signer, f"awskms:{KEY_ID}", code="KEY_SOURCE", secrets=secrets)
    assert f"answered {name}" in detail
    assert SECRET_KEY not in detail
    service.error = None
    signer = sources.open_signer(f"awskms:{KEY_ID}")
    service.error = (status, name)
    assert refused(signer.sign, b"message", code="KEY_SOURCE") == f"awskms:{KEY_ID}: AWS KMS answered {name}"


def test_messages_are_bounded(service: Service) -> None:
    signer = sources.open_signer(f"awskms:{KEY_ID}")
    assert len(signer.sign(bytes(4096))) == 64
    assert "4096" in refused(signer.sign, bytes(4097), code="KEY_SOURCE")


def test_no_service_and_no_configuration(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "say which key" in refused(sources.open_signer, "awskms:")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")
    assert "cannot be reached" in refused(sources.open_signer, f"awskms:{KEY_ID}", code="KEY_SOURCE")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "NoCredentials" in refused(sources.open_signer, f"awskms:{KEY_ID}", code="KEY_SOURCE")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    assert "not configured" in refused(sources.open_signer, f"awskms:{KEY_ID}", code="KEY_SOURCE")
