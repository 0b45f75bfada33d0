"""The temporary folder of one benchmark run: keys, data and bundles, each made when first asked."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks import data
from benchmarks.measure import Command, CommandFailedError, Task, pipe, run, single

SHARE = ("--share-small", "4MiB")
STORE = ("--store",)
LEVEL_3 = ("--level", "3")
HOW_TO_INSTALL = {
    "age": "apt install age, brew install age",
    "age-keygen": "apt install age, brew install age",
    "zstd": "apt install zstd, brew install zstd",
    "tar": "apt install tar",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything: the full measurement or a quick look."""

    pairs: int
    start_pairs: int
    stream: int
    large: int
    many: int


FULL = Scale(pairs=7, start_pairs=40, stream=2_000_000_000, large=4 << 30, many=100_000)
QUICK = Scale(pairs=3, start_pairs=10, stream=200_000_000, large=512 << 20, many=10_000)


class SkippedError(Exception):
    """A case cannot run here; the text says why and what would help."""


def require(*tools: str) -> None:
    """Skip the case if a peer is not installed."""
    for tool in tools:
        if not shutil.which(tool):
            raise SkippedError(f"{tool} is missing; to install it: {HOW_TO_INSTALL[tool]}")


def bundlefmt(*words: str | Path) -> tuple[str, ...]:
    """Return the call of a bundlefmt verb.

    ``BUNDLEFMT_BENCH_COMMAND``, split at spaces, replaces this interpreter's own bundlefmt.
    """
    chosen = os.environ.get("BUNDLEFMT_BENCH_COMMAND")
    start = chosen.split() if chosen else [sys.executable, "-m", "bundlefmt"]
    return (*start, *(str(word) for word in words))


def _call(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailedError(f"{' '.join(words)}\n{done.stderr.rstrip()}")
    return done.stdout


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class Workspace:
    """Paths and commands of one run. What it makes is kept until the folder is deleted."""

    def __init__(self, folder: Path, scale: Scale) -> None:
        """Use an empty folder, which the caller deletes."""
        self.folder = folder
        self.scale = scale
        self.set_aside = 0

    @cached_property
    def keys(self) -> Path:
        """Return a folder with a signer, a trust file and an X25519 identity."""
        keys = self.folder / "keys"
        _remove(keys)  # what an attempt that failed may have left
        keys.mkdir()
        _call(*bundlefmt("keygen", "signer", "-o", keys / "root.pem"))
        _call(*bundlefmt("keygen", "signer", "-o", keys / "ci.pem"))
        _call(*bundlefmt("keygen", "recipient", "-o", keys / "device.key", "--x25519"))
        _call(*bundlefmt("publisher", "init", "--root", keys / "root.pem",
                         "--signer", keys / "ci.pem", "-o", keys / "acme.trust"))  # fmt: skip
        return keys

    @cached_property
    def age_identity(self) -> Path:
        """Return an age identity file."""
        path = self.folder / "age.key"
        _call("age-keygen", "-o", str(path))
        return path

    @cached_property
    def age_recipient(self) -> str:
        """Return the public half of the age identity."""
        return _call("age-keygen", "-y", str(self.age_identity)).strip()

    def tree(self, name: str) -> Path:
        """Return a tree: ``app`` or ``small``, or the synthetic ``stream``, ``large``, ``many``."""
        target = self.folder / f"tree-{name}"
        if target.exists():
            return target
        self._make_room(name)
        unfinished = self.folder / "unfinished"
        _remove(unfinished)
        unfinished.mkdir()
        if name == "stream":
            data.write_noise(unfinished / "content", self.scale.stream)
        elif name == "large":
            data.write_mixture(unfinished / "content", self.scale.large)
        elif name == "many":
            data.write_many(unfinished, self.scale.many)
        else:
            data.build_tree(name, unfinished)
        unfinished.rename(target)
        return target

    def _put_aside(self, folder: Path) -> None:
        """Move a folder of many files away, to be deleted when the whole suite ends.

        Some file systems (ext4) are slow to create files for minutes after many were deleted,
        which would be measured as time of whatever unpacks next.
        """
        if folder.exists():
            self.set_aside += 1
            folder.rename(self.folder / f"aside-{self.set_aside}")

    def discard(self, name: str) -> None:
        """Delete a tree and everything made of it, to give the room back."""
        for path in (*self.folder.glob(f"{name}-*"), *self.folder.glob(f"{name}.*")):
            _remove(path)
        _remove(self.folder / f"tree-{name}")
        _remove(self.unpacked)

    def _make_room(self, name: str) -> None:
        sizes = {"stream": self.scale.stream, "large": self.scale.large, "many": 10**9}
        needed = 4.2 * sizes.get(name, 10**9)  # it, two archives of it, and it unpacked
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise SkippedError(
                f"{self.folder} has {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB needed; "
                "set TMPDIR to a folder with more room"
            )

    def pack(self, name: str, *options: str) -> Task:
        """Pack a tree; the bundle of the run before is deleted first."""
        output = self.folder / f"{name}-packed.bndl"
        command = single(*bundlefmt(
            "pack", self.tree(name), "-o", output, "--trust", self.keys / "acme.trust",
            "--signer", self.keys / "ci.pem", "-r", self.keys / "device.key.pub",
            "--product", "com.example.app", "--version", "1.2.3", "--number", "7", *options,
        ))  # fmt: skip
        return Task(command, lambda: _remove(output))

    def packed(self, name: str) -> Path:
        """Return where ``pack`` of a tree leaves its bundle."""
        return self.folder / f"{name}-packed.bndl"

    def bundle(self, name: str, *options: str) -> Path:
        """Return a bundle of a tree, made outside the measurement."""
        words = "".join(option.strip("-") for option in options)
        kept = self.folder / f"{name}-{words}.bndl"
        if kept.exists():
            return kept
        task = self.pack(name, *options)
        task.prepare()
        _call(*task.command.stages[0])
        self.packed(name).rename(kept)
        return kept

    def open(self, verb: str, file: Path, *words: str | Path) -> Command:
        """Return a verb that needs the trust file and the identity."""
        return single(*bundlefmt(verb, file, *words, "--trust", self.keys / "acme.trust",
                                 "-i", self.keys / "device.key"))  # fmt: skip

    def verify(self, file: Path) -> Command:
        """Return the audit of a bundle, which needs no identity."""
        return single(*bundlefmt("verify", file, "--trust", self.keys / "acme.trust"))

    def inspect(self, file: Path) -> Command:
        """Return the look at a bundle, which needs no key at all."""
        return single(*bundlefmt("inspect", file))

    def unpack(self, file: Path) -> Task:
        """Unpack into a new folder; the one of the run before is moved out of the way first."""
        target = self.unpacked
        return Task(self.open("unpack", file, "-o", target), lambda: self._put_aside(target))

    @property
    def unpacked(self) -> Path:
        """Return where ``unpack`` leaves its tree."""
        return self.folder / "unpacked-ours"

    @property
    def peer_unpacked(self) -> Path:
        """Return where the peer leaves its tree."""
        return self.folder / "unpacked-peer"

    def age_encrypt(self, name: str) -> Task:
        """Encrypt the one file of a tree with age."""
        output = self.folder / f"{name}.age"
        command = single("age", "-r", self.age_recipient, "-o", output, self.content(name))
        return Task(command, lambda: _remove(output))

    def age_decrypt(self, name: str) -> Task:
        """Decrypt what ``age_encrypt`` left to the null device."""
        return Task(single("age", "-d", "-i", self.age_identity, self.folder / f"{name}.age"))

    def content(self, name: str) -> Path:
        """Return the one file of a tree that has only one."""
        return self.tree(name) / "content"

    def pipe_pack(self, name: str) -> Task:
        """Archive, compress and encrypt a tree with tar, zstd and age."""
        output = self.folder / f"{name}.tar.zst.age"
        command = pipe(
            ("tar", "-c", "-C", self.tree(name), "."),
            ("zstd", "-q", "-3", "-T2"),
            ("age", "-r", self.age_recipient, "-o", output),
        )
        return Task(command, lambda: _remove(output))

    def piped(self, name: str) -> Path:
        """Return the pipe's archive of a tree, made outside the measurement."""
        kept = self.folder / f"{name}-kept.tar.zst.age"
        if kept.exists():
            return kept
        task = self.pipe_pack(name)
        task.prepare()
        run(task.command)
        (self.folder / f"{name}.tar.zst.age").rename(kept)
        return kept

    def pipe_unpack(self, name: str) -> Task:
        """Turn the pipe's archive into a new folder again."""
        target = self.peer_unpacked
        command = pipe(
            ("age", "-d", "-i", self.age_identity, self.piped(name)),
            ("zstd", "-q", "-d"),
            ("tar", "-x", "-C", target),
        )

        def prepare() -> None:
            self._put_aside(target)
            target.mkdir()

        return Task(command, prepare)
