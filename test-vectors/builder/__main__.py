"""`python -m builder` writes the vectors; `--check` compares them with a fresh build."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory

import jsonschema

from builder import families, index
from builder.cache import FRAMES, MLDSA, WRAPS
from builder.cases import Case


def all_cases() -> list[Case]:
    """The cases of every family."""
    names = sorted(module.name for module in iter_modules(families.__path__))
    modules = [import_module(f"builder.families.{name}") for name in names]
    return [one for module in modules for one in module.cases()]


def main() -> int:
    """Build or check; 1 when the check finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m builder", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    root = Path(__file__).resolve().parents[1]
    content = index.files(all_cases())
    schema = json.loads((root / "schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(content["index.json"]))
    if check:
        with TemporaryDirectory() as folder:
            index.write(Path(folder), content)
            wrong = index.differences(index.stored(root), index.stored(Path(folder)))
        for path in wrong:
            print(f"differs: {path}", file=sys.stderr)
        print(f"{len(content)} files, {len(wrong)} differ")
        return 1 if wrong else 0
    index.write(root, content)
    WRAPS.save()
    FRAMES.save()
    MLDSA.save()
    print(f"{len(content)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
