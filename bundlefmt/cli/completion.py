"""`bundlefmt completion`: a completion script for a shell, made by shtab from the parsers themselves."""

from __future__ import annotations

import argparse

from bundlefmt.cli import ui

_FILES = {"FILE", "KEY", "TRUST", "OUT", "PATH"}


def add_completion(parser: argparse.ArgumentParser) -> None:
    """Arguments of `completion`."""
    parser.description = "Print a completion script. It needs the extra: pip install 'bundlefmt[completion]'"
    parser.epilog = """\
examples:
  bundlefmt completion bash > ~/.local/share/bash-completion/completions/bundlefmt
  bundlefmt completion zsh > ~/.zfunc/_bundlefmt"""
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell")


def run_completion(args: argparse.Namespace) -> int:
    """Print the script."""
    try:
        import shtab
    except ImportError:
        ui.complain("bundlefmt: failed: completion needs an extra; run: pip install 'bundlefmt[completion]'")
        return 3
    print(shtab.complete(whole_parser(shtab.FILE, shtab.DIRECTORY), args.shell))
    return 0


def whole_parser(file: object, folder: object) -> argparse.ArgumentParser:
    """Every verb in one parser, which nothing else needs.

    Args:
        file, folder: marks for arguments that are completed with names of files and folders.
    """
    from bundlefmt.cli.main import PROG, VERBS, Parser, functions

    parser = Parser(PROG)
    verbs = parser.add_subparsers()
    parsers: list[argparse.ArgumentParser] = []
    for name, (_, text) in VERBS.items():
        child = verbs.add_parser(name, help=text)
        functions(name)[0](child)
        parsers.append(child)
    while parsers:
        for action in parsers.pop()._actions:  # noqa: SLF001 - argparse has no public way to walk a parser
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
                parsers += action.choices.values()
            elif action.metavar in _FILES:
                action.complete = file  # type: ignore[attr-defined]
            elif action.metavar == "DIR":
                action.complete = folder  # type: ignore[attr-defined]
    return parser
