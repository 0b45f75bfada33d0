"""spec/keys.md agrees with itself and with the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bundlefmt.crypto import keylock, pkcs8lock
from bundlefmt.errors import CODES
from bundlefmt.keys import pkcs11, protected, sources

TEXT = (Path(__file__).parents[2] / "spec" / "keys.md").read_text()
RULES = re.findall(r"^- \*\*(KEY-\d+)\*\* (.*)$", TEXT, re.MULTILINE)


def test_rules_are_numbered_and_say_why() -> None:
    assert [rule for rule, _ in RULES] == [f"KEY-{number}" for number in range(1, len(RULES) + 1)]
    assert set(re.findall(r"KEY-\d+", TEXT)) == {rule for rule, _ in RULES}
    for _, text in RULES:
        assert " Why: " in text


def test_codes_exist() -> None:
    named = {name for name in re.findall(r"`([A-Z]+_[A-Z_]+)`", TEXT) if name.startswith("KEY_")}
    assert named == {"KEY_FILE", "KEY_SOURCE"}
    assert named <= set(CODES)


def test_every_scheme_is_described() -> None:
    table = re.findall(r"^\| (`.*?) \|", TEXT, re.MULTILINE)
    described = re.findall(r"`([a-z0-9]+):", " ".join(table))
    assert list(dict.fromkeys(described)) == list(sources.SCHEMES)
    assert f"`{sources.ENTRY_POINTS}`" in TEXT
    assert f"`{pkcs11.MODULE_VARIABLE}`" in TEXT


@pytest.mark.parametrize("name", [*pkcs11._PATH, *pkcs11._QUERY])
def test_every_attribute_of_a_token_is_described(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_numbers_are_those_of_the_package() -> None:
    assert f"`{protected.LABEL}` around {protected._LEN} bytes" in TEXT
    bounds = f"`log2(N)` of scrypt, {keylock.LOG_N_MIN} to {keylock.LOG_N_MAX}; {keylock.LOG_N} is written"
    assert bounds in TEXT
    assert (pkcs8lock._N, pkcs8lock._R, pkcs8lock._P) == (2**14, 8, 8)
    assert "N = 2^14, r = 8, p = 8" in TEXT
    offsets = [int(row) for row in re.findall(r"^\| (\d+) \| \d+ \|", TEXT, re.MULTILINE)]
    lengths = [int(row) for row in re.findall(r"^\| \d+ \| (\d+) \|", TEXT, re.MULTILINE)]
    assert offsets == [sum(lengths[:index]) for index in range(len(lengths))]
    assert sum(lengths) == protected._LEN
