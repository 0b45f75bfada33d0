"""Write or check the vectors of the primitives.

cd test-vectors
python -m builder.primitives            write every file
python -m builder.primitives --check    compare every file with a new build, change nothing
python -m builder.primitives padme      only the families named
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import re
import sys
from typing import Any

import jsonschema

from .primitives_form import FOLDER, render, require

# Family to module: each module has a function `build`.
FAMILIES = {
    "ed25519": "primitives_ed25519",
    "cbor": "primitives_cbor",
    "sig-structure": "primitives_signed",
    "hybrid-signature": "primitives_hybrid",
    "leaves": "primitives_leaves",
    "padme": "primitives_padme",
    "paths": "primitives_paths",
    "paths-writer": "primitives_pathswriter",
    "key-ids": "primitives_keyids",
    "wrap": "primitives_wrap",
    "cobblestone": "primitives_cobblestone",
    "zstd-frame": "primitives_zstd",
    "host-version": "primitives_host",
}


SPEC = FOLDER.parent.parent / "spec"


def check_names(document: dict[str, Any]) -> None:
    """Rules and codes must be those of the specification."""
    rules = set(re.findall(r"\*\*([A-Z]+-\d+)\*\*", (SPEC / "bundlefmt.md").read_text()))
    with (SPEC / "errors.csv").open(newline="") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    strangers = set(document["rules"]) - rules
    strangers |= {case["code"] for case in document["cases"] if "code" in case} - codes
    require(not strangers, f"{document['family']}: not in the specification: {sorted(strangers)}")


def main(arguments: list[str] | None = None) -> int:
    """Build the families asked for; 0 when all is written or equal."""
    parser = argparse.ArgumentParser(prog="builder.primitives", description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    parser.add_argument("family", nargs="*", help="families to build, else all")
    options = parser.parse_args(arguments)
    unknown = set(options.family) - set(FAMILIES)
    if unknown:
        parser.error(f"no such family: {', '.join(sorted(unknown))}")
    schema = json.loads((FOLDER / "schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    different = 0
    for name in options.family or FAMILIES:
        module = importlib.import_module(f".{FAMILIES[name]}", __package__)
        document = module.build().document()
        for error in validator.iter_errors(document):
            case = document["cases"][error.path[1]]["name"] if len(error.path) > 1 else "file"
            reason = jsonschema.exceptions.best_match([error])
            require(condition=False, message=f"{name}, {case}: {reason.message[:500]}")
        check_names(document)
        text, path = render(document), FOLDER / f"{name}.json"
        if not options.check:
            path.write_text(text)
            state = "written"
        elif path.exists() and path.read_text() == text:
            state = "equal"
        else:
            state, different = "DIFFERENT", different + 1
        print(f"{name}: {len(document['cases'])} cases, {state}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
