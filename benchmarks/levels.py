"""Size and time of the zstd levels on the real trees, one frame per content as bundles have them.

``python -m benchmarks.levels [--tree NAME]... [--level N]...`` needs no bundlefmt. It is what the
default level of ``pack`` was chosen by. One thread, processor time, no reading and no encryption.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import data

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 8 * data.MEBI  # what one record yields at most
CHUNK = 16_384


def pieces(folder: Path) -> list[bytes]:
    """Return the distinct contents of a tree, cut as records are."""
    contents = {path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    return [content[at : at + PIECE] for content in sorted(contents) for at in range(0, len(content), PIECE)]


def encrypted(size: int) -> int:
    """Return the length of a record of ``size`` coded bytes."""
    return 56 + size + 16 * (size // CHUNK + 1)


def measure_level(plain: list[bytes], level: int) -> tuple[int, float, float]:
    """Return bytes of all records, and seconds to compress and to decompress them."""
    began = time.process_time()
    compressor = zstd.ZstdCompressor(level)
    frames = [compressor.compress(piece, zstd.ZstdCompressor.FLUSH_FRAME) for piece in plain]
    between = time.process_time()
    for frame in frames:
        zstd.ZstdDecompressor().decompress(frame)
    ended = time.process_time()
    size = sum(
        encrypted(min(len(frame), len(piece)))  # a piece that does not shrink is stored
        for frame, piece in zip(frames, plain, strict=True)
    )
    return size, between - began, ended - between


def main(words: list[str]) -> None:
    """Print one table per tree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.levels", description=__doc__)
    parser.add_argument("--tree", action="append", choices=data.TREES)
    parser.add_argument("--level", action="append", type=int)
    options = parser.parse_args(words)
    for name in options.tree or data.TREES:
        with tempfile.TemporaryDirectory(prefix="bundlefmt-bench-") as folder:
            data.build_tree(name, Path(folder) / name)
            plain = pieces(Path(folder) / name)
        whole = sum(map(len, plain))
        print(f"{name}: {len(plain)} records, {whole / 1e6:.1f} MB, libzstd {zstd.zstd_version}")
        print("level  size MB  of plain  pack s  pack MB/s  unpack s")
        for level in options.level or range(1, 20):
            size, packing, unpacking = measure_level(plain, level)
            print(
                f"{level:5} {size / 1e6:8.2f} {size / whole:9.4f} {packing:7.2f}"
                f" {whole / 1e6 / packing:10.1f} {unpacking:9.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
