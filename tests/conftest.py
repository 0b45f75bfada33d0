"""Common to all tests: the marker of long ones, and one profile for properties.

Tests import their helpers as `support`, whatever way pytest imports tests, so this folder is put on the path;
the package under test comes from where it is installed.
"""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, os.path.dirname(__file__))
pytest_plugins = ["support.cli"]

# Deterministic by default: a failure seen by one person is seen by all. "long" looks for new ones.
_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "default", max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=_CHECKS
)
settings.register_profile("long", max_examples=2000, deadline=None, suppress_health_check=_CHECKS)
settings.load_profile(os.environ.get("BUNDLEFMT_HYPOTHESIS", "default"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: needs much time, memory or disk; run by make test-all")
