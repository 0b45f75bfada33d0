"""What a command costs, and how two commands that take turns compare."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")
NULL = Path(os.devnull)


class CommandFailedError(Exception):
    """A measured command did not exit with 0, so its time means nothing."""


@dataclass(frozen=True, slots=True)
class Command:
    """A pipeline of one or more stages, whose last standard output goes to a file."""

    stages: tuple[tuple[str, ...], ...]
    output: Path = NULL

    def __str__(self) -> str:
        """Show the pipeline as a shell would be told."""
        return " | ".join(" ".join(stage) for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Usage:
    """Cost of one run. ``peak`` adds the stages' own peaks, which need not coincide."""

    wall: float
    user: float
    system: float
    peak: int

    @property
    def cpu(self) -> float:
        """Seconds of processor time, user and system, of all stages and their children."""
        return self.user + self.system


@dataclass(frozen=True, slots=True)
class Task:
    """A command together with what must be put right before each run, untimed."""

    command: Command
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, middle and greatest of several measurements."""

    least: float
    median: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise at least one value."""
        return cls(min(values), statistics.median(values), max(values))


@dataclass(frozen=True, slots=True)
class Duel:
    """Runs of two tasks that took turns: ``ours[i]`` ran directly before ``peer[i]``."""

    ours: tuple[Usage, ...]
    peer: tuple[Usage, ...]

    def ratios(self) -> tuple[float, ...]:
        """Wall time of ours over wall time of the peer, pair by pair."""
        pairs = zip(self.ours, self.peer, strict=True)
        return tuple(ours.wall / peer.wall for ours, peer in pairs)


def single(*words: str | Path, output: Path = NULL) -> Command:
    """Make a command of one stage."""
    return Command((tuple(str(word) for word in words),), output)


def pipe(*stages: Sequence[str | Path], output: Path = NULL) -> Command:
    """Make a pipeline."""
    return Command(tuple(tuple(str(word) for word in stage) for stage in stages), output)


def run(command: Command) -> Usage:
    """Run a command once and return its cost; every stage must exit with 0."""
    words: list[str] = []
    for stage in command.stages:
        words += ["|", *stage] if words else stage
    call = [sys.executable, "-I", "-S", str(LAUNCHER), str(command.output), *words]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    rows = [line.split() for line in lines[1:]]
    if done.returncode or any(row[0] != "0" for row in rows):
        codes = ", ".join(row[0] for row in rows) or f"launcher {done.returncode}"
        raise CommandFailedError(f"{command}\n  exit codes: {codes}\n{done.stderr.rstrip()}")
    return Usage(
        wall=float(lines[0]),
        user=sum(float(row[1]) for row in rows),
        system=sum(float(row[2]) for row in rows),
        peak=sum(int(row[3]) for row in rows),
    )


def run_task(task: Task) -> Usage:
    """Prepare and run. Earlier writes are flushed first, so that no run pays for another."""
    task.prepare()
    os.sync()
    return run(task.command)


def duel(ours: Task, peer: Task, pairs: int, warm_ups: int = 1) -> Duel:
    """Run the two tasks in turn, ours first, and forget the first ``warm_ups`` pairs."""
    rounds = [(run_task(ours), run_task(peer)) for _ in range(warm_ups + pairs)][warm_ups:]
    return Duel(tuple(a for a, _ in rounds), tuple(b for _, b in rounds))
