"""docs/hybrid-signatures.md: every command of it works, one after the other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from support.cli import PACK, Shop

PAGE = (Path(__file__).parents[2] / "docs" / "hybrid-signatures.md").read_text()
COMMANDS = re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE)


def test_commands(shop: Shop) -> None:
    pinned = shop.path("acme.trust").read_bytes()
    told = ""
    for command in COMMANDS:
        words = shlex.split(command)
        assert words.pop(0) == "bundlefmt"
        if "\u2026" in words:
            place = words.index("\u2026")
            words[place : place + 1] = ["-f", *PACK[4:]]
        told += shop.run(*words).out
    assert len(COMMANDS) == 6
    assert told.count("ed25519-mldsa65") >= 3
    shop.path("pinned.trust").write_bytes(pinned)
    assert "epoch 2" in shop.run("verify", "--trust", "pinned.trust", "app.bndl").out.replace("newest known", "epoch")
