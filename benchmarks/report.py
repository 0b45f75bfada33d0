"""How findings are shown to people, and to programs as JSON."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.cases import Finding
from benchmarks.measure import Spread, Usage
from benchmarks.workspace import FULL, Scale

JSON_FORMAT = "bundlefmt benchmarks"
JSON_VERSION = 1
LIBRARIES = ("bundlefmt", "cryptography", "pynacl", "cbor2", "backports.zstd")


@dataclass(slots=True)
class Report:
    """Everything one run of the suite has to say."""

    scale: Scale
    machine: dict[str, str]
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the whole report; the layout belongs to the version it states."""
        return {
            "format": JSON_FORMAT,
            "version": JSON_VERSION,
            "quick": self.scale != FULL,
            "scale": asdict(self.scale),
            "machine": self.machine,
            "findings": [
                {"case": case, **asdict(finding), "verdict": finding.verdict or None} for case, finding in self.findings
            ],
            "skipped": [{"case": case, "reason": reason} for case, reason in self.skipped],
            "failed": [{"case": case, "reason": reason} for case, reason in self.failed],
        }


def describe_machine(folder: Path) -> dict[str, str]:
    """Return what a reader must know to compare these numbers with others."""
    load = f"{os.getloadavg()[0]:.2f}"
    facts = {
        "processor": f"{_processor()}, {os.cpu_count()} threads",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "file system": _first_line("stat", "-f", "-c", "%T", str(folder)),
        "page cache": "warm: every input was written or read just before",
        "load average before": load,
        "age": _first_line("age", "--version"),
        "zstd": _first_line("zstd", "--version").strip("* "),
        "tar": _first_line("tar", "--version"),
    }
    for name in LIBRARIES:
        try:
            facts[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            facts[name] = "not installed"
    return facts


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _first_line(*command: str) -> str:
    if not shutil.which(command[0]):
        return "missing"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["unknown"])[0]


def show(finding: Finding) -> str:
    """Return the lines that present one finding."""
    lines = [f"  {finding.title:42} {_range(finding.value)} {finding.unit:8} {_target(finding)}"]
    sides = (("ours", finding.ours), ("peer", finding.peer))
    lines += [f"      {name}  {_usage(usages)}" for name, usages in sides if len(usages) > 1]
    if finding.note:
        lines.append(f"      {finding.note}")
    return "\n".join(lines)


def _range(spread: Spread) -> str:
    if spread.least == spread.greatest:
        return f"{spread.median:7.2f} {'':16}"
    return f"{spread.median:7.2f} ({spread.least:.2f} to {spread.greatest:.2f})"


def _target(finding: Finding) -> str:
    if finding.target is None:
        return "no target"
    side = "at least" if finding.target.at_least else "at most"
    return f"target {finding.target.number}: {side} {finding.target.bound:g}: {finding.verdict}"


def _usage(usages: tuple[Usage, ...]) -> str:
    wall = Spread.of([usage.wall for usage in usages])
    cpu = Spread.of([usage.cpu for usage in usages])
    peak = max(usage.peak for usage in usages) / 1e6
    return (
        f"wall {wall.median:7.3f} s ({wall.least:.3f} to {wall.greatest:.3f})  "
        f"cpu {cpu.median:7.3f} s  peak {peak:6.1f} MB  {len(usages)} runs"
    )


def show_machine(machine: dict[str, str]) -> str:
    """Return the opening lines of a report."""
    return "\n".join(f"{name:20} {fact}" for name, fact in machine.items())


def show_summary(report: Report) -> str:
    """Return the closing lines: which targets are missed, what did not run."""
    judged = [(case, finding) for case, finding in report.findings if finding.verdict]
    missed = [finding.title for _, finding in judged if finding.verdict == "missed"]
    lines = [f"{len(judged) - len(missed)} of {len(judged)} targets met"]
    lines += [f"  missed: {title}" for title in missed]
    lines += [f"  skipped: {case}: {reason}" for case, reason in report.skipped]
    lines += [f"  failed: {case}: {reason.splitlines()[0]}" for case, reason in report.failed]
    if report.scale != FULL:
        lines.append("  quick run: smaller data and fewer runs, so verdicts are indications only")
    return "\n".join(lines)


def warn_about_load() -> None:
    """Tell on standard error when something else is using the machine."""
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        print("the machine is busy; expect wide spreads", file=sys.stderr)
