"""Common to all tests: the marker of long ones, and one profile for properties.

`support` is importable because pytest puts this folder on the path.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Deterministic by default: a failure seen by one person is seen by all. "long" looks for new ones.
_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "default", max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=_CHECKS
)
settings.register_profile("long", max_examples=2000, deadline=None, suppress_health_check=_CHECKS)
settings.load_profile(os.environ.get("BUNDLEFMT_HYPOTHESIS", "default"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: needs much time, memory or disk; run by make test-all")
