"""Run tasks on a few threads and hand back their results in order.

A small pool instead of `concurrent.futures`, whose import alone costs as much as reading a small bundle.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from queue import SimpleQueue
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Task(NamedTuple, Generic[T]):
    """Something to run.

    Attributes:
        weight: bytes it holds while it runs and until its result is consumed.
        run: what to call, on any thread.
    """

    weight: int
    run: Callable[[], T]


class _Slot(Generic[T]):
    """One task and, once `done` is released, its result or error."""

    __slots__ = ("done", "error", "result", "task", "weight")

    def __init__(self, task: Task[T]) -> None:
        self.task = task.run
        self.weight = task.weight
        self.result: T | None = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()

    def run(self) -> None:
        try:
            self.result = self.task()
        except BaseException as exc:  # noqa: BLE001 - handed to the consumer, who raises it
            self.error = exc
        finally:
            self.done.release()

    def wait(self) -> T:
        self.done.acquire()
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]


def worker_count() -> int:
    """Processors this process may use, at most 4: more do not help, because contents are hashed in order."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every platform
        count = os.cpu_count() or 1
    return max(1, min(count, 4))


def in_order(tasks: Iterable[Task[T]], workers: int, budget: int) -> Generator[T, None, None]:
    """Run tasks on threads and yield their results in the order of the tasks.

    Args:
        tasks: taken one by one, in the caller's thread, so that they can read a stream while being made.
        workers: threads; 0 runs each task when its result is asked for.
        budget: most weight of tasks started and not yet consumed; a single heavier task runs alone.

    Yields:
        Results. The first error in order is raised in its place; later results are dropped.
    """
    if workers < 1:
        for task in tasks:
            yield task.run()
        return
    queue: SimpleQueue[_Slot[T] | None] = SimpleQueue()

    def work() -> None:
        while (slot := queue.get()) is not None:
            slot.run()
        queue.put(None)  # for the next thread: one end ends all, also one that a signal kept out of the list

    threads: list[threading.Thread] = []
    waiting: deque[_Slot[T]] = deque()
    try:
        for _ in range(workers):
            thread = threading.Thread(target=work, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads to be had: go on with those that run
                break
            threads.append(thread)
        if not threads:
            yield from (task.run() for task in tasks)
            return
        held = 0
        for task in tasks:
            while waiting and held + task.weight > budget:
                oldest = waiting.popleft()
                yield oldest.wait()
                held -= oldest.weight  # only now: the consumer had the result until it came back
            slot = _Slot(task)
            held += task.weight
            waiting.append(slot)
            queue.put(slot)
        while waiting:
            yield waiting.popleft().wait()
    finally:
        # Whatever was not started is emptied out, so that threads end before buffers and files are released.
        for slot in waiting:
            slot.task = _nothing  # type: ignore[assignment]
        queue.put(None)
        for thread in threads:
            thread.join()


def _nothing() -> None:
    return None
