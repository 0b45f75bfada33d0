"""The project as a whole: its public names, its README, its files."""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.cli import PACK, SITE, Shop, environment, write_tree

import bundlefmt

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(bundlefmt.__file__).parent
README = (ROOT / "README.md").read_text()
SOURCES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 500


# Public names


@pytest.mark.parametrize("name", bundlefmt.__all__)
def test_every_public_name_is_there_and_described(name: str) -> None:
    value = getattr(bundlefmt, name)
    assert name in dir(bundlefmt)
    assert isinstance(value, int) or value.__doc__


def test_public_names_are_sorted_and_the_same_for_type_checkers() -> None:
    names = bundlefmt.__all__
    constants = [name for name in names if name.isupper()]
    classes = [name for name in names if not name.isupper() and not name.islower()]
    functions = [name for name in names if name.islower()]
    assert names == sorted(constants) + sorted(classes) + sorted(functions)
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    imported = [alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
                if (node.module or "").startswith("bundlefmt") for alias in node.names]  # fmt: skip
    assert sorted(imported) == sorted(names)


def test_every_error_is_public() -> None:
    errors = importlib.import_module("bundlefmt.errors")
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert classes <= set(bundlefmt.__all__)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="'bundlefmt' has no attribute 'nothing'"):
        bundlefmt.nothing  # noqa: B018


def test_the_wheel_is_what_is_tested_when_it_is_meant_to_be() -> None:
    if "BUNDLEFMT_TEST_WHEEL" not in os.environ:
        pytest.skip("make test-wheel")
    assert PACKAGE.parent.name == "site-packages"


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


# Modules


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_is_small_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(text))
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)


def test_no_module_imports_the_package_root() -> None:
    for path in SOURCES:
        if path != PACKAGE / "cli" / "main.py":  # for the version alone
            assert not re.search(r"^\s*(from bundlefmt import|import bundlefmt$)", path.read_text(), re.MULTILINE), path


# README


def _demo() -> object:
    spec = importlib.util.spec_from_file_location("demo", ROOT / "scripts" / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


def test_the_first_screen_is_what_the_demo_prints() -> None:
    demo = _demo()
    told = demo.block(README).removeprefix("```console\n").removesuffix("```\n")  # type: ignore[attr-defined]
    assert demo.normal(demo.run(show=False)) == demo.normal(told)  # type: ignore[attr-defined]


def test_the_library_examples_run(stock: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("acme.trust", "ci.pem", "device.key", "device.key.pub", "app.bndl"):
        (tmp_path / name).write_bytes(stock.path(name).read_bytes())
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted > 8
    assert result.failed == 0
    assert (tmp_path / "site" / "index.html").read_bytes() == SITE["index.html"]
    assert (tmp_path / "next.bndl").is_file()


def test_files_that_are_named_exist() -> None:
    named = set(re.findall(r"`((?:spec|bundlefmt|test-vectors|benchmarks)/[\w./-]*|[A-Z]+\.md|LICENSE)`", README))
    assert len(named) > 5
    for name in named:
        assert (ROOT / name).exists(), name


def test_exit_codes_are_told_alike() -> None:
    from bundlefmt.cli.main import EXIT_CODES

    for code, text in re.findall(r"^  (\d+) +(.*)$", EXIT_CODES, re.MULTILINE):
        row = next(line for line in README.splitlines() if line.startswith(f"| {code}"))
        assert text.split(";")[0].split(" (")[0].removesuffix("ed") in row


# Files


def _tracked() -> list[Path]:
    ended = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        pytest.skip("not a checkout")
    return [ROOT / name for name in ended.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    places = re.compile(rb"/(?:home|Users|root|work|tmp/venv)/|index-url|\bfile:///")
    for path in _tracked():
        if path.suffix not in (".bndl", ".bin") and path != Path(__file__):
            found = places.search(path.read_bytes())
            assert found is None, (path, found)


def test_every_make_target_is_explained_and_phony() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    assert targets == set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    assert targets == set(phony[1].split())


def test_the_ci_script_is_sound() -> None:
    path = ROOT / ".ci" / "run"
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_the_changes_name_this_version() -> None:
    assert f"## {bundlefmt.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_what_is_installed_is_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"bundlefmt": "bundlefmt.cli.main:main"}
    imports = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else node.names[0].name.split(".")[0]
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    foreign = imports - set(sys.stdlib_module_names) - {"bundlefmt"}
    declared = {re.split(r"[^a-z0-9.]", name)[0] for name in project["dependencies"]}
    names = {"cryptography": "cryptography", "cbor2": "cbor2", "nacl": "pynacl", "backports": "backports.zstd"}
    names["zstandard"] = "zstandard"
    assert {names[name] for name in foreign - {"shtab", "compression"}} == declared


# A real tree


def test_the_program_packs_and_unpacks_this_project(stock: Shop, tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for name in ("acme.trust", "ci.pem", "device.key", "device.key.pub"):
        (tmp_path / name).write_bytes(stock.path(name).read_bytes())
    files = {str(path.relative_to(PACKAGE)): path.read_bytes() for path in SOURCES}
    write_tree(tmp_path / "dist", files)
    shop.run("pack", "dist", "-o", "app.bndl", *PACK, "--share-small", "4MiB", "-q")
    shop.run("unpack", "app.bndl", "--trust", "acme.trust", "-i", "device.key", "-q")
    assert subprocess.run(["diff", "-r", "dist", "app"], cwd=tmp_path, check=False, env=environment()).returncode == 0
