"""What is measured and what it should reach. A case yields findings, one a row of the report."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks import data
from benchmarks.measure import (
    CommandFailedError,
    Duel,
    Spread,
    Task,
    Usage,
    duel,
    pipe,
    run,
    run_task,
    single,
)
from benchmarks.workspace import LEVEL_3, SHARE, STORE, Workspace, require

# What any reader of this format in Python has to load.
IMPORTS = "import cryptography.hazmat.primitives.ciphers.aead, nacl.bindings, cbor2"


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: the value is at most, or at least, the bound."""

    number: int
    bound: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Tell whether a value keeps the promise."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, slots=True)
class Finding:
    """One measured value with its spread, and the runs it comes from."""

    title: str
    unit: str
    value: Spread
    target: Target | None = None
    ours: tuple[Usage, ...] = ()
    peer: tuple[Usage, ...] = ()
    note: str = ""

    @property
    def verdict(self) -> str:
        """Return ``met`` or ``missed``, or nothing where nothing was promised."""
        if self.target is None:
            return ""
        return "met" if self.target.met(self.value.median) else "missed"


def _time(title: str, fight: Duel, target: Target | None, note: str = "") -> Finding:
    value = Spread.of(fight.ratios())
    return Finding(title, "x time", value, target, fight.ours, fight.peer, note)


def _speed(title: str, fight: Duel, target: Target) -> Finding:
    value = Spread.of([1 / ratio for ratio in fight.ratios()])
    return Finding(title, "x speed", value, target, fight.ours, fight.peer)


def _same(workspace: Workspace, name: str) -> None:
    """Refuse to report the time of an unpacking that yielded another tree."""
    if data.tree_digest(workspace.unpacked) != data.tree_digest(workspace.tree(name)):
        raise CommandFailedError(f"the unpacked tree differs from the packed tree {name}")


def stream_unpack(workspace: Workspace) -> Iterator[Finding]:
    """Target 1: one large stored file to the null device."""
    require("age", "age-keygen")
    content = workspace.content("stream")
    bundle = workspace.bundle("stream", *STORE)
    run_task(workspace.age_encrypt("stream"))
    cat = workspace.open("cat", bundle, content.name)
    run(pipe(cat.stages[0], ("cmp", "-", content)))
    fight = duel(Task(cat), workspace.age_decrypt("stream"), workspace.scale.pairs)
    size = workspace.scale.stream / 1e9
    yield _speed(f"cat {size:g} GB, stored / age -d", fight, Target(1, 1.1, at_least=True))
    workspace.discard("stream")


def stream_pack(workspace: Workspace) -> Iterator[Finding]:
    """Target 2: the same file packed and checked, once more with the peer's output made durable."""
    require("age", "age-keygen")
    ours = workspace.pack("stream", *STORE)
    peer = workspace.age_encrypt("stream")
    size = workspace.scale.stream / 1e9
    fight = duel(ours, peer, workspace.scale.pairs)
    yield _time(f"pack {size:g} GB, stored / age", fight, Target(2, 1.0))
    output = workspace.folder / "stream.age"
    script = 'age -r "$0" -o "$1" "$2" && sync "$1"'
    words = ("sh", "-c", script, workspace.age_recipient, output, workspace.content("stream"))
    durable = duel(ours, Task(single(*words), peer.prepare), workspace.scale.pairs)
    note = "the peer flushes its output to disk too"
    yield _time(f"pack {size:g} GB, stored / age, sync", durable, None, note)
    workspace.discard("stream")


def tree_pack(workspace: Workspace) -> Iterator[Finding]:
    """Target 3: real trees at level 3."""
    require("tar", "zstd", "age", "age-keygen")
    for name in data.TREES:
        for label, options, target in (("", (), Target(3, 1.5)), (", shared", SHARE, None)):
            ours, peer = workspace.pack(name, *LEVEL_3, *options), workspace.pipe_pack(name)
            fight = duel(ours, peer, workspace.scale.pairs)
            yield _time(f"pack {name}{label} / tar, zstd, age", fight, target)


def tree_unpack(workspace: Workspace) -> Iterator[Finding]:
    """Target 4: real trees, with one record per content and with shared records."""
    require("tar", "zstd", "age", "age-keygen")
    for name in data.TREES:
        for label, options, bound in (("", (), 1.5), (", shared", SHARE, 1.2)):
            ours = workspace.unpack(workspace.bundle(name, *LEVEL_3, *options))
            run_task(ours)
            _same(workspace, name)
            fight = duel(ours, workspace.pipe_unpack(name), workspace.scale.pairs)
            yield _time(f"unpack {name}{label} / age, zstd, tar", fight, Target(4, bound))


def tree_size(workspace: Workspace) -> Iterator[Finding]:
    """Target 5: bytes of a bundle over bytes of the pipe's archive."""
    require("tar", "zstd", "age", "age-keygen")
    for name in data.TREES:
        files, whole = data.measure_tree(workspace.tree(name))
        archive = workspace.piped(name).stat().st_size
        for label, options in (("", ()), (", shared", SHARE)):
            size = workspace.bundle(name, *LEVEL_3, *options).stat().st_size
            promised = name == "app" or bool(options)
            note = f"{size / 1e6:.2f} MB against {archive / 1e6:.2f} MB; {files} files, {whole / 1e6:.1f} MB"
            value = Spread.of([size / archive])
            target = Target(5, 1.08) if promised else None
            yield Finding(f"size of {name}{label} / tar, zstd, age", "x size", value, target,
                          note=note)  # fmt: skip


def start(workspace: Workspace) -> Iterator[Finding]:
    """Target 6: a whole process that shows a bundle's facts."""
    ours = Task(workspace.inspect(workspace.bundle("app", *LEVEL_3)))
    peer = Task(single(sys.executable, "-c", IMPORTS))
    fight = duel(ours, peer, workspace.scale.start_pairs, warm_ups=3)
    yield _time("inspect app / importing three libraries", fight, Target(6, 1.6))


def memory_large(workspace: Workspace) -> Iterator[Finding]:
    """Target 7, first half: one content of several gigabytes."""
    size = f"{workspace.scale.large / 2**30:g} GiB"
    bundle = workspace.bundle("large", *LEVEL_3)
    cat = workspace.open("cat", bundle, workspace.content("large").name)
    run(pipe(cat.stages[0], ("cmp", "-", workspace.content("large"))))
    unpack = workspace.unpack(bundle)
    yield _memory(f"verify {size}", Task(workspace.verify(bundle)), 96)
    yield _memory(f"cat {size}", Task(cat), 96)
    yield _memory(f"unpack {size}", unpack, 96)
    yield _memory(f"pack {size}, level 3", workspace.pack("large", *LEVEL_3), 128)
    workspace.discard("large")


def memory_many(workspace: Workspace) -> Iterator[Finding]:
    """Target 7, second half: any verb on a tree of very many small files."""
    count = f"{workspace.scale.many:,} files"
    for label, options in (("", ()), (", shared", SHARE)):
        task = workspace.pack("many", *LEVEL_3, *options)
        yield _memory(f"pack {count}{label}", task, 300)
        bundle = workspace.bundle("many", *LEVEL_3, *options)
        unpack = workspace.unpack(bundle)
        verbs = {
            "inspect": Task(workspace.inspect(bundle)),
            "verify": Task(workspace.verify(bundle)),
            "list": Task(workspace.open("list", bundle)),
            "cat": Task(workspace.open("cat", bundle, "0000/00.txt")),
            "unpack": unpack,
        }
        for verb, task in verbs.items():
            yield _memory(f"{verb} {count}{label}", task, 300)
        _same(workspace, "many")


def _memory(title: str, task: Task, megabytes: float) -> Finding:
    usage = run_task(task)
    note = f"{usage.wall:.2f} s"
    value = Spread.of([usage.peak / data.MEGA])
    return Finding(title, "MB peak", value, Target(7, megabytes), (usage,), note=note)


CASES: dict[str, Callable[[Workspace], Iterator[Finding]]] = {
    "stream-unpack": stream_unpack,
    "stream-pack": stream_pack,
    "tree-pack": tree_pack,
    "tree-unpack": tree_unpack,
    "tree-size": tree_size,
    "start": start,
    "memory-large": memory_large,
    "memory-many": memory_many,
}


def timings(workspace: Workspace) -> Iterator[str]:
    """Yield what ``--timings`` prints for packing and unpacking the ordinary tree, if it exists."""
    bundle = workspace.bundle("app", *LEVEL_3)
    for verb, task in (
        ("pack", workspace.pack("app", *LEVEL_3)),
        ("unpack", workspace.unpack(bundle)),
    ):
        task.prepare()
        words = (*task.command.stages[0], "--timings")
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        known = done.returncode == 0
        yield f"{verb} app --timings" + ("" if known else ": not offered")
        if known:
            yield from (f"  {line}" for line in done.stderr.splitlines())
