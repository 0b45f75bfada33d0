"""Run one pipeline and print what it cost. Started as a fresh, small process for every run.

The kernel counts a child's peak memory from its fork, so a child of a large process seems as large
as its parent. This file is run with ``python -I -S`` and imports next to nothing: its own size, a
few megabytes, is the floor below which a peak cannot be told. It knows nothing of bundlefmt.

    launch.py OUTPUT STAGE ARG... [| STAGE ARG...]...

prints the wall seconds from the first fork to the last exit, then for every stage, in order, its
exit code, user seconds, system seconds and peak bytes.
"""

import os
import sys
import time

TOO_LATE = 127
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


def split(words: list[str]) -> list[list[str]]:
    """Cut the words into stages at every lone ``|``."""
    stages: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            stages.append([])
        else:
            stages[-1].append(word)
    return stages


def start(stage: list[str], source: int, sink: int) -> int:
    """Start one stage with the given standard input and output, and return its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.dup2(source, 0)
        os.dup2(sink, 1)
        os.execvp(stage[0], stage)
    except OSError as error:
        os.write(2, f"{stage[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(TOO_LATE)  # only reached when exec failed: the copy must not run on


def main(output: str, *words: str) -> None:
    """Run the pipeline with its last standard output going to the file ``output``."""
    stages = split(list(words))
    source = os.open(os.devnull, os.O_RDONLY)
    last = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    order: list[int] = []
    began = time.perf_counter()
    for number, stage in enumerate(stages):
        if number + 1 < len(stages):
            next_source, sink = os.pipe()
        else:
            next_source, sink = -1, last
        order.append(start(stage, source, sink))
        os.close(source)
        os.close(sink)
        source = next_source
    lines: dict[int, str] = {}
    while len(lines) < len(order):
        pid, status, used = os.wait4(-1, 0)
        code = os.waitstatus_to_exitcode(status)
        peak = used.ru_maxrss * PEAK_UNIT
        lines[pid] = f"{code} {used.ru_utime:.6f} {used.ru_stime:.6f} {peak}"
    wall = time.perf_counter() - began
    print(f"{wall:.6f}", *(lines[pid] for pid in order), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
