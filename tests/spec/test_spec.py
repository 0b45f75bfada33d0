"""The specification's files agree with each other, with the vectors and with the package."""

from __future__ import annotations

import ast
import csv
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.vectorset import ROOT as VECTORS_ROOT
from support.vectorset import VECTORS

from bundlefmt.errors import CODES
from bundlefmt.limits import LIMITS

PROJECT = Path(__file__).resolve().parents[2]
SPEC = PROJECT / "spec"
TEXT = (SPEC / "bundlefmt.md").read_text()
RULE_LINES = [line for line in TEXT.splitlines() if re.match(r"- \*\*[A-Z]{1,3}-\d+\*\*", line)]
RULES = [re.findall(r"\*\*([A-Z]{1,3}-\d+)\*\*", line)[0] for line in RULE_LINES]
# Rules that no file can show: a test instead of a vector.
BY_TEST: dict[str, str] = json.loads((Path(__file__).parent / "rules_by_test.json").read_text())


def _rows(name: str) -> list[dict[str, str]]:
    with (SPEC / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_rule_ids_are_unique() -> None:
    assert len(set(RULES)) == len(RULES)
    assert set(re.findall(r"\*\*([A-Z]{1,3}-\d+)\*\*", TEXT)) == set(RULES)
    assert len(RULES) > 100


@pytest.mark.parametrize("line", RULE_LINES, ids=RULES)
def test_every_rule_says_why(line: str) -> None:
    assert " Why: " in line
    assert line.endswith(".")


def test_rules_that_are_referred_to_exist() -> None:
    families = {rule.partition("-")[0] for rule in RULES}
    named = {rule for rule in re.findall(r"\b([A-Z]{1,3}-\d+)\b", TEXT) if rule.partition("-")[0] in families}
    assert named <= set(RULES)


@pytest.mark.parametrize("path", sorted(SPEC.rglob("*.*")), ids=lambda path: path.name)
def test_nothing_is_left_open(path: Path) -> None:
    words = r"\b(TODO|FIXME|XXX|TBD|tbd|to be (done|written|defined|decided))\b"
    assert not re.search(words, path.read_text())


def test_sections_are_numbered() -> None:
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", TEXT, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    referred = {int(number) for number in re.findall(r"(?<!RFC \d{4} )\bsection (\d+)\b(?!\.\d)", TEXT)}
    assert referred <= set(numbers)


def test_files_that_are_named_exist() -> None:
    for name in re.findall(r"`((?:\.\./)?[a-z-]+(?:\.(?:md|csv|cddl)|/))`", TEXT):
        assert (SPEC / name).exists() or (PROJECT / name).exists(), name


# Rules and vectors


def _vector_rules() -> set[str]:
    return {rule for case in VECTORS.bundles for rule in case.rules} | {
        rule for case in VECTORS.primitives for rule in case.rules
    }


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_vector_or_a_test(rule: str) -> None:
    assert rule in _vector_rules() or rule in BY_TEST


def test_vectors_name_rules_of_the_specification() -> None:
    assert _vector_rules() <= set(RULES)


@pytest.mark.parametrize(("rule", "node"), sorted(BY_TEST.items()))
def test_a_test_that_stands_for_a_vector_exists(rule: str, node: str) -> None:
    assert rule in RULES
    assert rule not in _vector_rules(), "it has a vector now"
    path, _, name = node.partition("::")
    tree = ast.parse((PROJECT / path).read_text())
    assert name in {item.name for item in ast.walk(tree) if isinstance(item, ast.FunctionDef)}


def test_index_has_its_shape() -> None:
    schema = json.loads((VECTORS_ROOT / "schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads((VECTORS_ROOT / "index.json").read_text()))


# Codes


def test_codes_equal_the_package() -> None:
    rows = {row["code"]: (row["phase"], row["rule"]) for row in _rows("errors.csv")}
    assert len(rows) == len(_rows("errors.csv"))
    assert rows == {code: (phase, rules) for code, (_, phase, rules, _) in CODES.items()}
    assert list(rows) == list(CODES)


def test_codes_name_rules_that_exist() -> None:
    for row in _rows("errors.csv"):
        assert set(row["rule"].split()) <= set(RULES)
        assert row["meaning"]


def test_codes_of_the_text_exist() -> None:
    known = {row["code"] for row in _rows("errors.csv")}
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", TEXT)) <= known


def test_a_rule_with_a_code_stands_in_its_row() -> None:
    rules_of = {row["code"]: row["rule"].split() for row in _rows("errors.csv")}
    for rule, line in zip(RULES, RULE_LINES, strict=True):
        first = re.search(r"\. `([A-Z_]+)`(?:\.|,| \()", line)
        if first and first[1] in rules_of:
            assert rule in rules_of[first[1]], rule


def _codes_of_vectors() -> set[str]:
    found = {result.get("code") for case in VECTORS.bundles for result in (case.audit, case.open)}
    return {code for code in found | {case.code for case in VECTORS.primitives} if code}


def _codes_named_by_tests() -> set[str]:
    found: set[str] = set()
    for path in (PROJECT / "tests").rglob("*.py"):
        if path.parent.name != "spec":
            found |= set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)+)\b", path.read_text()))
    return found


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_expected_somewhere(code: str) -> None:
    assert code in _codes_of_vectors() or code in _codes_named_by_tests()


def test_vectors_expect_the_phase_of_their_code() -> None:
    phases = {row["code"]: row["phase"] for row in _rows("errors.csv")}
    for case in VECTORS.bundles:
        for result in (case.audit, case.open):
            if result["result"] == "refuse":
                assert phases[result["code"]] == result["phase"], case.name


# Limits


def test_limits_equal_the_package() -> None:
    rows = _rows("limits.csv")
    assert {row["name"]: int(row["value"]) for row in rows} == LIMITS._asdict()
    assert [row["name"] for row in rows] == list(LIMITS._fields)


def test_limits_are_described() -> None:
    numbers = re.findall(r"^## (\d+)\. ", TEXT, re.MULTILINE)
    for row in _rows("limits.csv"):
        assert row["unit"]
        assert row["meaning"]
        assert row["section"] in numbers


def test_limits_stand_in_the_text() -> None:
    """Every limit that the text states, it states with the same number."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", TEXT)
    stated = set(re.findall(r"\b\d+\b", text))
    powers = {str(2**exponent): exponent for exponent in range(64)}
    for row in _rows("limits.csv"):
        value = int(row["value"])
        forms = {str(value), str(value // 1024), str(value >> 20)}
        exponent: Any = powers.get(row["value"])
        assert forms & stated or f"2^{exponent}" in TEXT, row["name"]
