"""The error tree: codes as the specification lists them, picklable, one root."""

from __future__ import annotations

import copy
import csv
import pickle
from pathlib import Path

import pytest

from bundlefmt import errors
from bundlefmt.errors import CODES, BundleError, EntryNotFoundError, refuse

SPEC = Path(__file__).parents[2] / "spec"


def test_codes_are_those_of_the_specification() -> None:
    with (SPEC / "errors.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["code"] for row in rows] == list(CODES)
    for row in rows:
        _, phase, rules, advice = CODES[row["code"]]
        assert (phase, rules) == (row["phase"], row["rule"] or "")
        assert advice


@pytest.mark.parametrize("code", CODES)
def test_every_code(code: str) -> None:
    exc = refuse(code, "what was found")
    assert isinstance(exc, CODES[code][0])
    assert isinstance(exc, BundleError)
    assert str(exc) == f"{code}: what was found"
    for again in (pickle.loads(pickle.dumps(exc)), copy.copy(exc), copy.deepcopy(exc)):
        assert type(again) is type(exc)
        assert str(again) == str(exc)
        assert (again.code, again.phase, again.rules, again.detail, again.advice) == (
            exc.code,
            exc.phase,
            exc.rules,
            exc.detail,
            exc.advice,
        )
        assert again.learned is None


def test_every_class_is_drawn_and_used() -> None:
    classes = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, BundleError)}
    assert all(each.__name__ in (errors.__doc__ or "") for each in classes)
    used = {each for row in CODES.values() for each in row[0].__mro__}
    assert classes <= used


def test_a_missing_entry_is_also_a_key_error() -> None:
    exc = refuse("ENTRY_NOT_FOUND", "no file 'x'")
    assert isinstance(exc, KeyError)
    assert isinstance(exc, EntryNotFoundError)
    assert str(exc) == "ENTRY_NOT_FOUND: no file 'x'"


def test_an_unknown_code_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        refuse("NO_SUCH_CODE", "x")
