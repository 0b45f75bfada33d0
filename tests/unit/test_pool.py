"""Results in order, the first error in its place, and no thread left behind."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from support.publisher import FAST, Publisher

from bundlefmt.bundle.buffers import Buffers
from bundlefmt.bundle.pool import Task, in_order, worker_count


def _later(number: int, delay: float = 0.0) -> int:
    time.sleep(delay)
    return number


def _fail(number: int, delay: float = 0.0) -> int:
    time.sleep(delay)
    raise LookupError(number)


@pytest.mark.parametrize("workers", [0, 1, 2, 4])
def test_results_come_in_order(workers: int) -> None:
    tasks = [Task(1, partial(_later, number, 0.01 if number % 3 == 0 else 0)) for number in range(20)]
    assert list(in_order(tasks, workers, max(workers, 1))) == list(range(20))
    assert list(in_order([], workers, 1)) == []


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_first_error_in_order_is_raised(workers: int) -> None:
    """A later task that fails sooner does not overtake."""
    runs: list[Callable[[], int]] = [partial(_later, 0), partial(_fail, 1, 0.05), partial(_fail, 2), partial(_later, 3)]
    tasks = [Task(1, run) for run in runs]
    found = []
    with pytest.raises(LookupError, match="1"):  # noqa: PT012
        for result in in_order(tasks, workers, 3):
            found.append(result)  # noqa: PERF402 - kept when it raises
    assert found == [0]


def test_no_more_tasks_are_taken_than_allowed() -> None:
    taken = []

    def tasks() -> Iterator[Task[int]]:
        for number in range(100):
            taken.append(number)
            yield Task(1, partial(_later, number))

    results = in_order(tasks(), 2, 3)
    assert next(results) == 0
    assert len(taken) == 4  # three run or wait, one is made and waits for room
    results.close()  # type: ignore[attr-defined]
    assert len(taken) == 4


def test_a_task_heavier_than_the_budget_runs_alone() -> None:
    running = []

    def heavy(number: int) -> int:
        running.append(number)
        assert len(running) == 1
        time.sleep(0.01)
        running.remove(number)
        return number

    assert list(in_order([Task(9, partial(heavy, number)) for number in range(5)], 3, 4)) == list(range(5))


def _threads() -> int:
    return threading.active_count()


def test_closing_early_ends_the_threads_and_drops_what_waits() -> None:
    before = _threads()
    started = []

    def task(number: int) -> int:
        started.append(number)
        time.sleep(0.02)
        return number

    results = in_order([Task(1, partial(task, number)) for number in range(50)], 2, 10)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert _threads() == before
    assert len(started) < 10


def test_an_error_while_making_tasks_ends_the_threads() -> None:
    before = _threads()

    def tasks() -> Iterator[Task[int]]:
        yield Task(1, partial(_later, 1))
        raise OSError("source")

    with pytest.raises(OSError, match="source"):
        list(in_order(tasks(), 2, 5))
    assert _threads() == before


def test_errors_that_are_no_exceptions_reach_the_consumer() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(in_order([Task(1, stop)], 1, 1))


def test_a_reader_left_in_the_middle_leaves_no_thread() -> None:
    publisher = Publisher("pool")
    data = publisher.pack({f"{number}": os.urandom(1 << 18) for number in range(20)}, FAST._replace(level=0))
    before = _threads()
    reader = publisher.open(data, workers=2)
    contents = reader.contents()
    next(contents)
    assert _threads() > before
    contents.close()  # type: ignore[attr-defined]
    assert _threads() == before
    assert len(reader.read("7")) == 1 << 18  # leaving early is no refusal


def test_worker_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= worker_count() <= 4
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert worker_count() == 4
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert worker_count() == 1


def test_buffers_are_used_again() -> None:
    """Only large ones, only for lengths near their own, and never by two at once."""
    buffers = Buffers()
    big = buffers.take(1 << 20)
    holder = big.obj
    buffers.give(big)
    assert buffers.take(100_000).obj is not holder  # too small to be worth it
    again = buffers.take((1 << 20) - 5)
    assert again.obj is holder
    assert len(again) == (1 << 20) - 5
    assert buffers.take(1 << 20).obj is not holder
    buffers.give(memoryview(b"bytes are not taken back"))
    found: list[object] = []

    def work() -> None:
        for _ in range(300):
            one = buffers.take(1 << 20)
            one[0] = 1
            found.append(one)
            time.sleep(0)
            one[0] = 2
            buffers.give(one)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1200


def test_a_signal_while_threads_are_started_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second thread runs already when the signal comes, and nobody has noted it yet."""
    before = _threads()
    real = threading.Thread.start
    started = []

    def start(self: threading.Thread) -> None:
        real(self)
        started.append(self)
        if len(started) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        list(in_order([Task(1, partial(_later, number)) for number in range(9)], 2, 9))
    for thread in started:
        thread.join(5)
    assert _threads() == before
