"""A desk with a device, for the stories of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    made = Desk(tmp_path, capsys)
    made.run("keygen", "recipient", "--x25519", "-o", "device.key", "-q")
    return made
