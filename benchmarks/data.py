"""The data: real trees from public packages, and synthetic files where only the size matters."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MEGA = 1_000_000
MEBI = 1 << 20
LONGEST = 16 + 255 * 4


class DataError(Exception):
    """A package could not be fetched, or is not the pinned one."""


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned package and the part of it that an application would ship."""

    name: str
    version: str
    sha256: str
    keep: tuple[str, ...] = ("*",)
    drop: tuple[str, ...] = ()

    def wanted(self, path: str) -> bool:
        """Tell whether a path inside the package belongs to the tree (``*`` also matches ``/``)."""
        kept = any(fnmatchcase(path, pattern) for pattern in self.keep)
        return kept and not any(fnmatchcase(path, pattern) for pattern in self.drop)


# One build of each library, as a site would deploy them: no source maps beside the code, no
# second module format. So no two files are nearly equal.
APP = (
    Package("monaco-editor", "0.57.0",
            "3ea1712fbacd3290cf4751007e3a5b57cc279767607812d4c3e57925fb0b05c2",
            ("min/vs/*",), ("min/vs/language/*", "min/vs/basic-languages/*")),
    Package("cesium", "1.145.0",
            "7e348d18dcc14608bd8b110765f2c00dfd4602c7194647fa49cd4c4a757d4ae1",
            ("Build/Cesium/*",), ("*/index.js", "*/index.cjs", "*.d.ts")),
    Package("pdfjs-dist", "6.5.438",
            "7461aefcd27c4ef0dd76f9ca5760f09466eb6b3f934432670c12132e7b3d6faa",
            ("build/*.min.mjs", "web/*", "cmaps/*", "wasm/*", "standard_fonts/*"), ("*.map",)),
    Package("@ffmpeg/core", "0.12.10",
            "d00089ce82e1bdf637ddbe42e0c3d41a1ba8cf4c9e825e7fa4d0bb970e844bd4",
            ("dist/esm/*",)),
    Package("three", "0.187.0",
            "ff540832ded0cfe919764d24a3d88f3e2a05f23303f876423e4f893841e90728",
            ("build/three.module.min.js", "build/three.core.min.js", "examples/jsm/*")),
    Package("@fontsource/noto-sans-jp", "5.3.0",
            "e4fac0fb8e03e21d10e1bdfd6f09e04c12a0f3bd61463bfa41c53a5603c39524",
            ("files/*-400-normal.woff2",)),
    Package("mathjax", "4.1.3",
            "b7109f516f3d842de62b95d653e35fa0976dc223706a2a77440e7f7723f0c54d",
            ("tex-svg.js", "sre/*")),
    Package("tinymce", "8.9.2",
            "a6be6b984a254128a1a5624ffaca1d4558698cb3717ec3ec2fc367d7e2a10051",
            ("*.min.js", "*.min.css", "langs/*")),
    Package("leaflet", "1.9.4",
            "84c65a256e50657896f54c33bd857b6849ebe94c817803be818bf32a3dde0b77",
            ("dist/*",), ("*.map", "*-src*")),
    Package("plotly.js-dist-min", "4.1.2",
            "4d4a67f627e33fa3b5296134210d5ba51e5312d7d287436fcc29eb533018e1b8"),
)  # fmt: skip

# Whole packages: several builds of the same components and thousands of icons of a few hundred
# bytes, nearly equal to each other. A solid archive gains most over per-file records here.
SMALL = (
    Package("@ionic/core", "9.0.5",
            "0648a2e5f5daa3111779f20b6584e5fd906316a141405a7741e76c7b0f5b2f05"),
    Package("@fortawesome/fontawesome-free", "7.3.1",
            "ca4e32843bd81711894385c2466fb19c55cfd32ef3c58830b2d1df7bd42e6571"),
    Package("bootstrap-icons", "1.13.2",
            "7b5960145e1ab14a49a117f96a9e5a54a94fdf07f21e302d9e4f88d73dd19f9c"),
    Package("swiper", "14.4.0",
            "70828637fd47a251076ca00f1d5fd9bf0b53944107f559ce9b66aa50b9011fe2"),
)  # fmt: skip

# Stand-ins where npm is missing: other files of the same character, so other numbers.
APP_WHEELS = (
    Package("jupyterlab", "4.4.10",
            "65939ab4c8dcd0c42185c2d0d1a9d60b254dc8c46fc4fdb286b63c51e9358e07"),
    Package("babel", "2.17.0",
            "4d0b53093fdfb4b21c92b5213dba5a1b23885afa8383709427046b21c366e5f2"),
)  # fmt: skip
SMALL_WHEELS = (
    Package("plotly", "6.5.0",
            "5ac851e100367735250206788a2b1325412aa4a4917a4fe3e6f0bc5aa6f3d90a"),
    Package("sympy", "1.14.0",
            "e091cc3e99d2141a0ba2847328f5479b05d94a6635cb96148ccb3f34671bd8f5"),
)  # fmt: skip

TREES = {"app": (APP, APP_WHEELS), "small": (SMALL, SMALL_WHEELS)}


def cache_folder() -> Path:
    """Return where downloads stay between runs, outside the project."""
    if chosen := os.environ.get("BUNDLEFMT_BENCH_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "bundlefmt-benchmarks"


def build_tree(name: str, target: Path) -> None:
    """Lay out a real tree in the new folder ``target``, downloading what the cache lacks."""
    packages, wheels = TREES[name]
    if shutil.which("npm"):
        for package in packages:
            _unpack_tarball(package, target)
        return
    print(f"tree {name}: npm is missing (apt install npm), so Python wheels stand in")
    for package in wheels:
        _unpack_wheel(package, target)


def _unpack_tarball(package: Package, target: Path) -> None:
    flat = package.name.removeprefix("@").replace("/", "-")
    file = cache_folder() / f"{flat}-{package.version}.tgz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _fetch("npm", "pack", "--silent", f"{package.name}@{package.version}", folder=file.parent)
    _check(file, package)
    with tarfile.open(file) as archive:
        for member in archive:
            _, _, path = member.name.partition("/")  # npm puts everything below "package/"
            if member.isfile() and package.wanted(path):
                source = archive.extractfile(member)
                _write(target / flat / path, source.read() if source else b"")


def _unpack_wheel(package: Package, target: Path) -> None:
    file = cache_folder() / f"{package.name}-{package.version}-py3-none-any.whl"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        wanted = f"{package.name}=={package.version}"
        _fetch(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--only-binary", ":all:", wanted, folder=file.parent)  # fmt: skip
    _check(file, package)
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                _write(target / package.name / entry.filename, archive.read(entry))


def _fetch(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DataError(f"{' '.join(command)}: {done.stderr.strip()[-400:]}")


def _check(file: Path, package: Package) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise DataError(f"{file} is not the pinned {package.name} {package.version}: {digest}")


def _write(path: Path, content: bytes) -> None:
    # The digest above vouches for the archive, so its names are known to be harmless.
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _keystream(seed: int) -> Iterator[bytes]:
    """Yield megabytes that look random and are the same in every run."""
    cipher = Cipher(algorithms.AES(seed.to_bytes(16, "big")), modes.CTR(bytes(16))).encryptor()
    zeros = bytes(MEBI)
    while True:
        yield cipher.update(zeros)


def write_noise(path: Path, size: int) -> None:
    """Write a file that no compressor shortens."""
    stream = _keystream(1)
    with path.open("wb") as file:
        while size:
            size -= file.write(next(stream)[:size])


def write_mixture(path: Path, size: int) -> None:
    """Write a file whose megabytes are in turn noise and noise in hexadecimal digits."""
    stream = _keystream(2)
    with path.open("wb") as file:
        while size:
            block = next(stream)
            size -= file.write(block[:size])
            size -= file.write(block[: MEBI // 2].hex().encode()[:size])


def write_many(folder: Path, count: int) -> None:
    """Write small distinct files, 100 to a folder and 36 to about 2,100 bytes long."""
    stream = _keystream(3)
    block, at = next(stream), 0
    for number in range(count):
        if at + LONGEST > MEBI:
            block, at = next(stream), 0
        length = 16 + block[at] * 4
        place = folder / f"{number // 100:04d}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        text = f"{number:04d}".encode() + block[at : at + length].hex().encode()
        (place / f"{number % 100:02d}.txt").write_bytes(text)
        at += length


def measure_tree(folder: Path) -> tuple[int, int]:
    """Return the number of files below a folder and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def tree_digest(folder: Path) -> str:
    """Digest names and contents below a folder, to tell whether two trees are equal."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()
