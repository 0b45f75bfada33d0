"""docs/key-rotation.md: every command of it works, in the setting it speaks of."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from support.cli import PACK, Shop

from bundlefmt.bundle.inspect import inspect_bundle

PAGE = (Path(__file__).parents[2] / "docs" / "key-rotation.md").read_text()
COMMANDS = re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE)


def _setting(shop: Shop) -> None:
    for name in ("archive", "old", "new", "hybrid"):
        shop.run("keygen", "recipient", "-o", f"{name}.key", "-q")
    shop.path("hybrid.pub").write_bytes(shop.path("hybrid.key.pub").read_bytes())
    keys = [shop.path(f"{name}.key.pub").read_text() for name in ("archive", "old", "device")]
    shop.path("fleet.pub").write_text("".join(keys))
    shop.run("pack", "dist", "-o", "app.bndl", "-f", *PACK[:4], "-r", "fleet.pub", *PACK[6:], "-q")
    shop.run("recipients", "head", "app.bndl", "--unverified", "-i", "archive.key", "-r", "hybrid.pub", "-o", "h", "-q")
    places = {row.name: row.offset for row in inspect_bundle(shop.path("app.bndl")).sections}
    shop.path("app.body").write_bytes(shop.path("app.bndl").read_bytes()[places["body"] :])


@pytest.mark.parametrize("command", COMMANDS)
def test_command(shop: Shop, command: str) -> None:
    _setting(shop)
    stdin = None
    if command.startswith("cat "):
        left, _, command = command.partition(" | ")
        assert left == "cat app-hybrid.head app.body"
        stdin = shop.path("h").read_bytes() + shop.path("app.body").read_bytes()
    words = shlex.split(command)
    assert words.pop(0) == "bundlefmt"
    if "\u2026" in words:
        place = words.index("\u2026")
        words[place : place + 1] = ["-f", *PACK]
        shop.path("2027.key").write_bytes(shop.path("new.key").read_bytes())
        shop.path("2027.key").chmod(0o600)
    if words[0] == "keygen":
        shop.path("2027.key").unlink(missing_ok=True)
    shop.run(*words, stdin=stdin)


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 9
