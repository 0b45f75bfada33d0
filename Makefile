# Every target works in a fresh clone: it first makes .venv with what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WHEEL_VENV := $(VENV)/wheel
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup test test-all test-wheel lint demo bench vectors readme clean

help: ## show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 14

setup: $(READY) ## make .venv with the package and everything its tests need

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, as in: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

test: $(READY) ## run the tests, without the slow ones
	$(BIN)/pytest -q -m 'not slow' $(ARGS)

test-all: $(READY) lint vectors ## run everything: lint, vectors, all tests, tests against the built wheel
	$(BIN)/pytest -q $(ARGS)
	$(MAKE) test-wheel

test-wheel: $(READY) ## build the wheel and run the tests against it
	rm -rf dist $(WHEEL_VENV)
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	$(PYTHON) -m venv $(WHEEL_VENV)
	$(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check "$$(echo dist/*.whl)[test]"
	BUNDLEFMT_TEST_WHEEL=1 $(WHEEL_VENV)/bin/pytest -q -m 'not slow' $(ARGS)

lint: $(READY) ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: $(READY) ## pack, inspect, verify, unpack, tamper with and refuse a real application
	$(BIN)/python scripts/demo.py

bench: $(READY) ## measure against age, zstd and tar (see benchmarks/README.md; ARGS=--quick)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m benchmarks $(ARGS)

vectors: $(READY) ## build the test vectors anew and compare them byte for byte
	cd test-vectors && ../$(BIN)/python -m builder --check
	cd test-vectors && ../$(BIN)/python -m builder.primitives --check

readme: $(READY) ## write the first screen of README.md from a run of the demo
	$(BIN)/python scripts/demo.py --readme

clean: ## remove everything that was made
	rm -rf $(VENV) dist build .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
