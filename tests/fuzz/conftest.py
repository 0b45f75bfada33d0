"""How long to fuzz: a fixed number of cases, or `--fuzz-seconds N` for each target (also BUNDLEFMT_FUZZ_SECONDS)."""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-seconds", type=float, default=None, help="fuzz each target for so long, from a new seed")


@pytest.fixture
def fuzz_seconds(request: pytest.FixtureRequest) -> float | None:
    """Seconds for each target, or None for the fixed number of cases."""
    chosen = request.config.getoption("--fuzz-seconds", default=None)
    from_environment = os.environ.get("BUNDLEFMT_FUZZ_SECONDS")
    return chosen if chosen is not None else float(from_environment) if from_environment else None
