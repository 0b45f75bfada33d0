"""From arguments to an exit code. The only place that turns errors into text.

A verb is a row of `VERBS`: its name, the module that holds it and one line of help. The module of
verb `a-b` has two functions, and is imported only when the verb is used, because start-up time is
most of the time of a short command:

    add_a_b(parser: argparse.ArgumentParser) -> None     add arguments, `description` and `epilog`
    run_a_b(args: argparse.Namespace) -> int              do it; return an exit code

A verb prints data on standard output and talk on standard error, through `bundlefmt.cli.ui`. It lets
`BundleError` pass: `main` prints the one line of a refusal and chooses the exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, NoReturn

from bundlefmt.cli import ui
from bundlefmt.cli.arguments import UsageError
from bundlefmt.errors import (
    BundleError,
    EntryNotFoundError,
    InstallError,
    KeyFileError,
    KeySourceError,
    SourceError,
    WriteError,
)

PROG = "bundlefmt"
DONE, REFUSED, USAGE, LOCAL = 0, 1, 2, 3
CLOSED = 141  # as a program that SIGPIPE ended
_LOCAL_TROUBLE = (SourceError, InstallError, WriteError, KeyFileError, KeySourceError, EntryNotFoundError)

VERBS = {  # name: module, one line of help
    "keygen": ("bundlefmt.cli.keygen", "make a key pair, or show what a key is"),
    "publisher": ("bundlefmt.cli.publisher", "who may sign: make, show and change a publisher's trust file"),
    "pack": ("bundlefmt.cli.pack", "make a bundle of a folder"),
    "recipients": ("bundlefmt.cli.recipients", "show or change who can open a bundle; no signing key needed"),
    "sign": ("bundlefmt.cli.sign", "show a signing request, and sign it"),
    "request": ("bundlefmt.cli.sign", "join signing requests for one release"),
    "attach": ("bundlefmt.cli.attach", "put signatures where they belong: drafts, bundles, trust files"),
    "inspect": ("bundlefmt.cli.inspect", "show what a file says of itself, with or without keys"),
    "verify": ("bundlefmt.cli.verify", "check signatures and every byte; no decryption key needed"),
    "list": ("bundlefmt.cli.list", "list the files of a release"),
    "cat": ("bundlefmt.cli.cat", "write files of a release to standard output"),
    "unpack": ("bundlefmt.cli.unpack", "unpack a release to a new folder"),
    "keyring": ("bundlefmt.cli.keyring", "show a device's identities, or take those that a release brings"),
    "conformance": ("bundlefmt.cli.conformance", "run the test vectors against any implementation"),
    "conformance-client": ("bundlefmt.cli.conformance", "answer the conformance protocol for this implementation"),
    "completion": ("bundlefmt.cli.completion", "print a completion script for a shell"),
}

EXIT_CODES = """\
exit codes:
  0    done
  1    the bundle is refused
  2    wrong usage
  3    trouble on this machine: a file, a key file, the disk, permissions
  130  interrupted (129 and 143: by another signal; 141: nobody reads the output)
"""

Add = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]


class Interrupted(BaseException):
    """A signal asked this process to end. Raised in the main thread so that everything cleans up."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def functions(name: str) -> tuple[Add, Run]:
    """The two functions of a verb."""
    module = importlib.import_module(VERBS[name][0])
    suffix = name.replace("-", "_")
    return getattr(module, f"add_{suffix}"), getattr(module, f"run_{suffix}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the program's name; None takes the process's.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:2] == ["publisher", "sign"]:  # a signer of trust documents looks for it there
        del arguments[0]
    caught = _catch_signals()
    try:
        return _dispatch(arguments)
    except SystemExit as exc:  # from argparse: help, or wrong usage
        return exc.code if isinstance(exc.code, int) else DONE
    except BundleError as exc:
        return _report(exc, as_json="--json" in arguments, verb=arguments[0])
    except (KeyboardInterrupt, Interrupted) as exc:
        ui.end_progress()
        return 128 + (exc.number if isinstance(exc, Interrupted) else signal.SIGINT)
    except BrokenPipeError:
        ui.close_stdout()
        return CLOSED
    except OSError as exc:
        ui.complain(f"{PROG}: failed: {ui.os_error(exc)}")
        return LOCAL
    finally:
        for number, handler in caught:
            signal.signal(number, handler)


def _dispatch(arguments: list[str]) -> int:
    """Only the parser of the verb in use is built: eleven parsers take longer than inspecting a bundle."""
    if not arguments or arguments[0] not in VERBS:
        return _top_level(arguments)
    name = arguments[0]
    add, run = functions(name)
    parser = verb_parser(name)
    add(parser)
    args = parser.parse_args(arguments[1:])
    try:
        return run(args)
    except UsageError as exc:
        parser.error(str(exc))


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Finds the terminal's width itself: argparse imports shutil for it, even when no help is printed."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=ui.width())


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are safe to print: arguments may be names that a shell filled in."""

    def error(self, message: str) -> NoReturn:
        """Print usage and one line, and leave."""
        self.print_usage(sys.stderr)
        ui.complain(f"{self.prog}: error: {message}")
        self.exit(USAGE)


def verb_parser(name: str) -> Parser:
    """An empty parser for a verb, to be filled by its `add` function."""
    return Parser(f"{PROG} {name}", formatter_class=HelpFormatter, allow_abbrev=False)


def _top_level(arguments: list[str]) -> int:
    from bundlefmt import __version__

    rows = "\n".join(f"  {name:<20}{text}" for name, (_, text) in VERBS.items())
    parser = Parser(
        PROG,
        usage=f"{PROG} VERB ...",
        description="Signed and encrypted bundles of application releases.",
        epilog=f"verbs:\n{rows}\n\n{PROG} VERB --help explains a verb, with an example.\n\n{EXIT_CODES}",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROG} {__version__} (format bundlefmt/1)")
    if not arguments:
        parser.print_help(sys.stderr)
        return USAGE
    if not arguments[0].startswith("-"):
        parser.error(f"no verb {arguments[0]!r}; verbs are {', '.join(VERBS)}")
    parser.parse_args(arguments)
    return parser.error("give the verb first")


def _report(exc: BundleError, *, as_json: bool, verb: str) -> int:
    """One line for people, and one object for programs that asked for it."""
    ui.end_progress()
    local = isinstance(exc, _LOCAL_TROUBLE)
    if as_json:
        body = {"code": exc.code, "phase": exc.phase, "rules": list(exc.rules), "detail": exc.detail}
        ui.put_json(verb, {"refused": body})
    rules = f" ({' '.join(exc.rules)})" if exc.rules else ""
    word = "failed" if local else "refused"
    ui.complain(f"{PROG}: {word}: {exc.code}{rules}: {exc.detail}; {exc.advice}")
    if isinstance(exc, EntryNotFoundError):
        return USAGE
    return LOCAL if local else REFUSED


def _catch_signals() -> list[tuple[int, Any]]:
    """Let a signal raise in the main thread, once, so that unfinished files are removed on the way out.

    Returns:
        Signals and their handlers before, to be put back.
    """
    caught: list[tuple[int, Any]] = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        handler = signal.getsignal(number)
        # A signal that the caller ignores (nohup) or handles stays as it is; so does every one outside the main thread.
        if handler in (signal.SIG_DFL, signal.default_int_handler):
            with contextlib.suppress(ValueError):
                signal.signal(number, _interrupt)
                caught.append((number, handler))
    return caught


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # cleaning up is short and must not be cut
    raise Interrupted(number)
