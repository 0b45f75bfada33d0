"""Power fails at any write, fsync, link or rename: the file is the old one or the new one, whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.publisher import Publisher, identity
from support.reading import collect_once

from bundlefmt.bundle.newkeys import accept_identities
from bundlefmt.bundle.rewrap import RecipientChange
from bundlefmt.bundle.rewrite import change_recipients
from bundlefmt.errors import BundleError
from bundlefmt.keys.recipients import X25519, Identity, parse_identities

ACME = Publisher("crash")
BOB = identity("bob")
TREE = {"a": b"alpha" * 9000, "b": os.urandom(100_000)}
FILES = {path: (data, False) for path, data in TREE.items()}
GOOD = ACME.pack(TREE)
CALLS = (
    "open", "pwritev", "pwrite", "write", "copy_file_range", "fchown", "fchmod", "fsync", "close", "link", "rename",
    "replace", "unlink",
)  # fmt: skip
CHANGE = RecipientChange(add=(BOB.recipient,), remove=(ACME.identity.recipient,))


class Failing:
    """Lets a number of calls of the system pass, and fails at the next one.

    Args:
        passing: how many.
        fail: what happens then; it is called before the call, or after it when `late`.
        late: whether the call itself still happens.
    """

    def __init__(self, passing: int, fail: Callable[[], None], *, late: bool = False) -> None:
        self.left = passing
        self.fail = fail
        self.late = late
        self.failed = False
        self.name = ""

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrap(name, getattr(os, name)))

    def _wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            writes = name not in ("open", "close") or (name == "open" and bool(args[1] & os.O_CREAT))
            if not writes or self.failed:
                return real(*args, **options)
            self.left -= 1
            if self.left >= 0:
                return real(*args, **options)
            self.failed, self.name = True, name
            try:
                return real(*args, **options) if self.late else None
            finally:
                self.fail()

        return call


def full() -> None:
    raise OSError(errno.ENOSPC, "no room")


def killed() -> None:
    os._exit(9)


def in_place(path: Path) -> None:
    change_recipients(path, None, trust=ACME.policy, identities=[ACME.identity], change=CHANGE)


def to_new(path: Path) -> None:
    change_recipients(
        path, path.parent / "new.bndl", trust=ACME.policy, identities=[ACME.identity], change=CHANGE, sync=True
    )


def _last_unlink(failing: Failing) -> bool:
    return failing.name == "unlink"  # what cannot be removed stays, under a name of its own


def _outcome(action: Callable[[Path], None], path: Path) -> str:
    try:
        action(path)
    except BundleError as exc:
        return exc.code
    return ""


def whole(path: Path) -> str:
    """Which of the two whole files this is."""
    data = path.read_bytes()
    if data == GOOD:
        return "old"
    assert collect_once(ACME.open(data, identities=[BOB])) == FILES
    return "new"


def numbers() -> Iterator[int]:
    yield from range(40)


@pytest.mark.parametrize("action", [in_place, to_new])
@pytest.mark.parametrize("late", [False, True])
def test_errors_of_the_system(tmp_path: Path, action: Callable[[Path], None], late: bool) -> None:
    for passing in numbers():
        folder = tmp_path / str(passing)
        folder.mkdir()
        path = folder / "app.bndl"
        path.write_bytes(GOOD)
        failing = Failing(passing, full, late=late)
        with pytest.MonkeyPatch.context() as patch:
            failing.install(patch)
            code = _outcome(action, path)
        assert code in ("", "WRITE_FAILED")
        state = whole(path)
        names = set(os.listdir(folder)) - {"app.bndl"}
        if action is to_new:
            assert state == "old"
        assert names <= {"new.bndl"} or (late and failing.failed) or _last_unlink(failing)
        if "new.bndl" in names:
            assert whole(folder / "new.bndl") == "new"
        if not failing.failed:
            assert passing > 4
            return
    raise AssertionError("more calls than this test knows of")


@pytest.mark.parametrize("action", [in_place, to_new])
@pytest.mark.parametrize("late", [False, True])
def test_the_process_is_killed(tmp_path: Path, action: Callable[[Path], None], late: bool) -> None:
    outcomes: list[str] = []
    for passing in numbers():
        folder = tmp_path / str(passing)
        folder.mkdir()
        path = folder / "app.bndl"
        path.write_bytes(GOOD)
        child = os.fork()
        if not child:
            failing = Failing(passing, killed, late=late)
            with pytest.MonkeyPatch.context() as patch:
                failing.install(patch)
                try:
                    action(path)
                finally:
                    os._exit(0 if not failing.failed else 1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        outcomes.append(whole(path))
        made = [name for name in os.listdir(folder) if name != "app.bndl"]
        for name in made:
            assert name == "new.bndl" or name.startswith((".app.bndl.", ".new.bndl."))
            if name == "new.bndl":
                assert whole(folder / name) == "new"
        if not status:
            break
        assert status == 9
    else:
        raise AssertionError("more calls than this test knows of")
    assert outcomes == sorted(outcomes, reverse=True)  # old, then new, and never back
    assert set(outcomes) == ({"old", "new"} if action is in_place else {"old"})


def test_a_keyring_is_whole_whenever_power_fails(tmp_path: Path) -> None:
    old, new = Identity.generate(X25519), Identity.generate(X25519)
    seen: set[int] = set()
    for passing in numbers():
        path = tmp_path / f"{passing}.key"
        path.write_text(old.armored())
        child = os.fork()
        if not child:
            with pytest.MonkeyPatch.context() as patch:
                Failing(passing, killed).install(patch)
                try:
                    accept_identities(path, [new])
                finally:
                    os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        keys = [each.recipient for each in parse_identities(path.read_text())]
        assert keys in ([old.recipient], [old.recipient, new.recipient])
        seen.add(len(keys))
        if not status:
            break
    assert seen == {1, 2}
    assert keys == [old.recipient, new.recipient]
