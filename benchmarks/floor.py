"""What the parts cost that no implementation in Python on these libraries can leave out.

``python -m benchmarks.floor [--tree NAME]...`` needs no bundlefmt. It does one step at a time for
every content of a real tree, in one thread and without any format around it, so that a measured
time of bundlefmt can be compared with the sum of what it must do.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from benchmarks import data
from benchmarks.cases import IMPORTS
from benchmarks.levels import PIECE, pieces
from benchmarks.measure import Spread, run, single

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KEY = bytes(32)
CONTEXT = bytes(74)
T = TypeVar("T")


def timed(step: Callable[[], T]) -> tuple[float, T]:
    """Return the wall seconds of a step and its result."""
    began = time.perf_counter()
    result = step()
    return time.perf_counter() - began, result


def encrypt(message: bytes) -> bytes:
    """Encrypt one record."""
    encryptor = Cobblestone256Encryptor(KEY, CONTEXT)
    return encryptor.update(message) + encryptor.finalize()


def decrypt(message: bytes) -> bytes:
    """Decrypt one record."""
    decryptor = Cobblestone256Decryptor(KEY, CONTEXT)
    return decryptor.update(message) + decryptor.finalize()


def compress(piece: bytes) -> bytes:
    """Compress one record."""
    return zstd.compress(piece, 3)


def decompress(frame: bytes) -> bytes:
    """Decompress one record."""
    return zstd.ZstdDecompressor().decompress(frame)


def digest(content: bytes) -> bytes:
    """Hash one content."""
    return hashlib.sha256(content).digest()


def read_all(paths: list[Path]) -> list[bytes]:
    """Read files with as few calls as possible."""
    contents = []
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        contents.append(os.read(handle, os.fstat(handle).st_size))
        os.close(handle)
    return contents


def write_all(target: Path, names: list[str], contents: list[bytes]) -> None:
    """Write files with as few calls as possible."""
    target.mkdir()
    made = {""}
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    root = os.open(target, os.O_RDONLY)
    for name, content in zip(names, contents, strict=True):
        folder = name.rpartition("/")[0]
        if folder not in made:
            made.add(folder)
            (target / folder).mkdir(parents=True, exist_ok=True)
        handle = os.open(name, flags, 0o644, dir_fd=root)
        os.write(handle, content)
        os.close(handle)
    os.close(root)


def rates() -> None:
    """Print the speed of each primitive on large records."""
    print("8 MiB records, one thread, GB/s")
    stream = os.urandom(PIECE)
    sealed = encrypt(stream)
    steps: dict[str, Callable[[], bytes]] = {
        "SHA-256": lambda: digest(stream),
        "Cobblestone encrypt": lambda: encrypt(stream),
        "Cobblestone decrypt": lambda: decrypt(sealed),
    }
    for name, step in steps.items():
        seconds = Spread.of([timed(step)[0] for _ in range(25)]).median
        print(f"  {name:24} {PIECE / seconds / 1e9:6.2f}")
    print("whole process, ms")
    for name, code in (("python -c pass", "pass"), ("importing three libraries", IMPORTS)):
        command = single(sys.executable, "-c", code)
        spread = Spread.of([run(command).wall * 1000 for _ in range(15)])
        print(f"  {name:24} {spread.median:6.1f} ({spread.least:.1f} to {spread.greatest:.1f})")


def steps_of_tree(folder: Path, name: str) -> None:
    """Print the seconds of each step over one tree."""
    tree = folder / name
    data.build_tree(name, tree)
    os.sync()
    paths = sorted(path for path in tree.rglob("*") if path.is_file())
    names = [path.relative_to(tree).as_posix() for path in paths]
    reading, contents = timed(lambda: read_all(paths))
    plain = pieces(tree)
    whole = sum(map(len, plain)) / 1e6
    print(f"{name}: {len(paths)} files, {len(plain)} records, {whole:.1f} MB, one thread, s")
    table = {"read files": reading}
    table["SHA-256 of contents"], _ = timed(lambda: [digest(item) for item in plain])
    table["compress, level 3"], frames = timed(lambda: [compress(item) for item in plain])
    table["encrypt"], records = timed(lambda: [encrypt(item) for item in frames])
    body = b"".join(records)
    table["SHA-256 of body"], _ = timed(lambda: digest(body))
    table["decrypt"], _ = timed(lambda: [decrypt(item) for item in records])
    table["decompress"], _ = timed(lambda: [decompress(item) for item in frames])
    table["write files"], _ = timed(lambda: write_all(folder / "copy", names, contents))
    for step, seconds in table.items():
        print(f"  {step:24} {seconds:6.3f}")


def main(words: list[str]) -> None:
    """Print the speed of the primitives, then the steps for each tree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor", description=__doc__)
    parser.add_argument("--tree", action="append", choices=data.TREES)
    options = parser.parse_args(words)
    rates()
    for name in options.tree or data.TREES:
        with tempfile.TemporaryDirectory(prefix="bundlefmt-bench-") as folder:
            steps_of_tree(Path(folder), name)


if __name__ == "__main__":
    main(sys.argv[1:])
