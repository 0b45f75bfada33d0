"""Runs one target over many cases: only BundleError may escape, in bounded time and memory."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

from bundlefmt.errors import BundleError

CASE_SECONDS = 10
MEMORY = 1 << 30  # address space a whole target may take beyond what the process has
GROWTH = 48 << 20  # resident memory that may stay after many cases

Target = Callable[[Random], object]


class Hang(BaseException):
    """A case took too long."""


def _alarm(*_: object) -> None:
    raise Hang


@contextlib.contextmanager
def _guards() -> Iterator[None]:
    """An alarm for Python loops, a hard stop for loops in C, and a lid on memory."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGALRM, _alarm)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def run(target: Target, cases: int, seconds: float | None) -> Counter[str]:
    """Run cases with fixed seeds, or for some seconds with new ones.

    Args:
        target: makes one case from a random generator and reads it.
        cases: how many, when `seconds` is None.
        seconds: how long instead.

    Returns:
        How often each code was the outcome, and "accepted".
    """
    first = 0 if seconds is None else int.from_bytes(os.urandom(5), "big")
    end = time.monotonic() + (seconds or 0)
    outcomes: Counter[str] = Counter()
    number = 0
    half = 0
    with _guards():
        while (number < cases) if seconds is None else (time.monotonic() < end):
            seed = first + number
            if not number % 64:
                faulthandler.dump_traceback_later(64 * CASE_SECONDS, exit=True)
            signal.setitimer(signal.ITIMER_REAL, CASE_SECONDS)
            try:
                target(Random(seed))
                outcomes["accepted"] += 1
            except BundleError as exc:
                outcomes[exc.code] += 1
            except BaseException as exc:
                raise AssertionError(f"seed {seed}: {type(exc).__name__} escaped: {exc}") from exc
            number += 1
            if number == 200:
                half = _resident()
    if half:
        assert _resident() - half < GROWTH, f"memory grew by {_resident() - half} bytes over {number} cases"
    return outcomes
