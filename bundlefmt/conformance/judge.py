"""Whether a reply, and what the client left behind, is the one right answer to a case."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

from bundlefmt.conformance import reference
from bundlefmt.conformance.protocol import CRASH, HANG, UNSUPPORTED, Reply
from bundlefmt.conformance.vectors import BundleCase, PrimitiveCase
from bundlefmt.model.listing import EXECUTABLE, REGULAR, FileEntry, encode_listing

WRONG = "wrong"
OUTCOMES = (WRONG, CRASH, HANG)


class Failure(Exception):
    """A reply that is not right.

    Args:
        outcome: WRONG, CRASH or HANG.
        expected: in a few words.
        got: likewise.
    """

    def __init__(self, outcome: str, expected: str, got: str) -> None:
        super().__init__(outcome, expected, got)
        self.outcome, self.expected, self.got = outcome, expected, got


def _wrong(expected: str, got: str) -> Failure:
    return Failure(WRONG, expected, got)


def _words(result: dict[str, Any]) -> str:
    """A result of the index in a few words."""
    if result["result"] == "refuse":
        return f"refuse {result['code']} in {result['phase']}"
    facts = [f"{key} {value}" for key, value in result.items() if key != "result"]
    return " ".join(["accept", *facts])


def _require_answer(reply: Reply, expected: str) -> dict[str, Any]:
    if reply.trouble:
        raise Failure(reply.trouble, expected, reply.note)
    if reply.exit == UNSUPPORTED or reply.answer is None:
        raise _wrong(expected, f"exit code 2, for a verb that is supported elsewhere\n{reply.note}".strip())
    return reply.answer


def require_result(reply: Reply, right: dict[str, Any]) -> None:
    """Compare with a result of the index; fields that it does not have are ignored.

    Raises:
        Failure: the reply is another one.
    """
    expected = _words(right)
    answer = _require_answer(reply, expected)
    if answer["ok"]:
        got = {"result": "accept", **{key: answer.get(key) for key in right if key not in ("result", "code", "phase")}}
    else:
        got = {"result": "refuse", "code": answer.get("code"), "phase": answer.get("phase")}
    if got != right:
        raise _wrong(expected, _words(got))


def require_alone(folder: Path, allowed: set[str]) -> None:
    """The client may leave behind what it was asked for, and nothing else."""
    left = {path.name for path in folder.iterdir()} - allowed
    if left:
        raise _wrong("nothing left behind", f"{', '.join(sorted(left)[:5])} left behind")


def tree_of(folder: Path) -> bytes:
    """The tree of a folder as it was written, modes included.

    Raises:
        Failure: it holds what no release has: links, devices, empty folders.
    """
    found: list[FileEntry] = []

    def walk(path: str, prefix: str) -> None:
        with os.scandir(path) as items:
            entries = list(items)
        if not entries and prefix:
            raise _wrong("folders with files", f"an empty folder {prefix}")
        for entry in entries:
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                walk(entry.path, f"{prefix}{entry.name}/")
                continue
            if not stat.S_ISREG(info.st_mode):
                raise _wrong("regular files", f"{prefix}{entry.name} is none")
            digest = sha256(Path(entry.path).read_bytes()).digest()
            mode = EXECUTABLE if info.st_mode & stat.S_IXUSR else REGULAR
            found.append(FileEntry(prefix + entry.name, mode, info.st_size, digest))

    walk(os.fspath(folder), "")
    found.sort(key=lambda entry: entry.path.encode(errors="surrogateescape"))
    return sha256(encode_listing(found)).digest()


def judge_audit(case: BundleCase, reply: Reply) -> None:
    """Judge `audit`."""
    require_result(reply, case.audit)


def judge_unpack(case: BundleCase, reply: Reply, out: Path) -> None:
    """Judge `unpack`: the answer, the folder after an accepted release, its absence otherwise."""
    require_result(reply, case.open)
    if not case.accepted or case.kind != "release":
        require_alone(out.parent, set())
        return
    require_alone(out.parent, {out.name})
    if not out.is_dir() or out.is_symlink():
        raise _wrong("a folder", "none")
    tree = tree_of(out).hex()
    if tree != case.open["tree"]:
        raise _wrong(f"files of the tree {case.open['tree']}", f"files of the tree {tree}")


def judge_stream(case: BundleCase, reply: Reply, out: Path) -> None:
    """Judge `stream`: the answer, and that nothing was handed on which an eager reader keeps back."""
    require_result(reply, case.open)
    require_alone(out.parent, {out.name})
    data = out.read_bytes() if out.exists() else b""
    length, digest = case.released
    expected = f"{length} bytes released with SHA-256 {digest}"
    if len(data) > length or (case.accepted and len(data) < length):
        raise _wrong(expected, f"{len(data)} bytes")
    right = sha256(data).hexdigest() == digest if len(data) == length else reference.released(case).startswith(data)
    if not right:
        raise _wrong(expected, f"{len(data)} other bytes")


def judge_read(case: BundleCase, reply: Reply, listed: reference.ListedFile | None, out: Path) -> None:
    """Judge `read` of one file.

    Args:
        case: of a release.
        reply: to be judged.
        listed: the file asked for, None when the case's manifest is refused or holds no such file.
        out: where it was to be written.
    """
    if listed is None:
        absent = {"result": "refuse", "code": "ENTRY_NOT_FOUND", "phase": "usage"}
        require_result(reply, absent if case.accepted else case.open)
    elif case.accepted:
        require_result(reply, {"result": "accept"})
    elif reply.answer is None or not reply.answer["ok"]:
        # A fault in the body refuses the files it touches, and a reader may look at no others.
        require_result(reply, case.open)
    if reply.answer is None or not reply.answer["ok"]:
        require_alone(out.parent, set())
        return
    require_alone(out.parent, {out.name})
    got = sha256(out.read_bytes()).hexdigest() if out.is_file() else "no file"
    if listed is None or got != listed.sha256:
        raise _wrong(f"a file with SHA-256 {listed.sha256 if listed else ''}", got)


def judge_primitive(case: PrimitiveCase, reply: Reply) -> None:
    """Judge `primitive`: every field of the output, and the code where the case has one."""
    expected = f"accept {case.output}" if case.accepted else f"refuse {case.code or ''}".rstrip()
    answer = _require_answer(reply, expected[:400])
    if answer["ok"] is not case.accepted:
        raise _wrong(
            expected[:400], f"accept {answer.get('output')}"[:400] if answer["ok"] else f"refuse {answer.get('code')}"
        )
    if not case.accepted:
        if case.code is not None and answer.get("code") != case.code:
            raise _wrong(expected, f"refuse {answer.get('code')}")
        return
    output = answer.get("output")
    for key, value in case.output.items():
        got = output.get(key) if isinstance(output, dict) else None
        if got != value or isinstance(got, bool) is not isinstance(value, bool):
            raise _wrong(f"{key} {value}"[:400], f"{key} {got}"[:400])
