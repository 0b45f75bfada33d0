"""The requests specification agrees with itself, with the format and with the package."""

from __future__ import annotations

import re
from pathlib import Path

from bundlefmt.bundle.draft import DRAFT_MAGIC
from bundlefmt.errors import CODES
from bundlefmt.limits import LIMITS
from bundlefmt.model import request

SPEC = Path(__file__).resolve().parents[2] / "spec"
TEXT = (SPEC / "requests.md").read_text()
LINES = [line for line in TEXT.splitlines() if line.startswith("- **RQ-")]


def test_rules_are_numbered_and_say_why() -> None:
    assert [re.findall(r"\*\*RQ-(\d+)\*\*", line)[0] for line in LINES] == [str(n) for n in range(1, len(LINES) + 1)]
    assert all(" Why: " in line and line.endswith(".") for line in LINES)
    assert len(LINES) > 15


def test_rules_and_codes_that_are_named_exist() -> None:
    base = (SPEC / "bundlefmt.md").read_text()
    for name in re.findall(r"\b((?:SIG|TRU|RCP|ENC)-\d+|W-\d+)\b", TEXT):
        assert f"**{name}**" in base, name
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", TEXT)) <= set(CODES)
    assert {code for code in CODES if code.startswith("REQUEST_")} <= set(re.findall(r"`([A-Z_]+)`", TEXT))


def test_numbers_are_those_of_the_package() -> None:
    for number in (
        request.MAX_REQUEST, request.MAX_ANSWERS, LIMITS.header_len, LIMITS.manifest_len, LIMITS.recipients_len,
        LIMITS.trust_document_len, LIMITS.trust_len,
    ):  # fmt: skip
        assert f"{number:,}" in TEXT
    assert f"1 to {request.MAX_ITEMS} " in TEXT
    assert DRAFT_MAGIC.hex(" ") in TEXT
    for word in (request.REQUEST, request.ANSWERS, request.REQUEST_LABEL, request.ANSWERS_LABEL):
        assert word in TEXT
