"""Shell completion."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.cli import Shop

from bundlefmt.cli.main import VERBS, main


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_names_every_verb(stock: Shop, shell: str) -> None:
    pytest.importorskip("shtab")
    text = stock.run("completion", shell).out
    assert all(verb in text for verb in VERBS)


def test_bash_completes(stock: Shop, tmp_path: Path) -> None:
    pytest.importorskip("shtab")
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    script = tmp_path / "script"
    script.write_text(stock.run("completion", "bash").out)
    ask = f"""
        source {script}
        function complete_words {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${{#COMP_LINE}}
          function=$(complete -p bundlefmt | sed 's/.*-F \\([^ ]*\\).*/\\1/'); $function; echo "${{COMPREPLY[@]}}"; }}
        complete_words bundlefmt ins
        complete_words bundlefmt pack --rec
    """
    ended = subprocess.run([bash, "-c", ask], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["inspect", "--recipient"]


def test_without_the_extra_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 3
    assert capsys.readouterr().err == (
        "bundlefmt: failed: completion needs an extra; run: pip install 'bundlefmt[completion]'\n"
    )


def test_the_whole_parser_has_every_argument() -> None:
    from bundlefmt.cli.completion import whole_parser

    parser = whole_parser("FILES", "FOLDERS")
    verbs = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    assert set(verbs.choices) == set(VERBS)
    pack = {action.dest: action for action in verbs.choices["pack"]._actions}
    assert (pack["folder"].complete, pack["signer"].complete) == ("FOLDERS", "FILES")
