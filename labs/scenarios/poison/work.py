"""A worker tries messages one after the other, in a thread of its own; and what a broker's module has to offer."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from threading import Event, Thread
from typing import Any, Protocol, cast

from labs.brokers import journal
from labs.model.endpoint import BrokerError, Endpoint
from labs.record.processes import STOP_WITHIN_S
from labs.scenarios.poison import STOPPED_AFTER, WORK_S, Plan, Way

LOOK_S = 0.02
"""How long a worker waits for a message before it looks around."""
FAILED, DONE, STOPPED = range(3)
"""How an attempt ended: it failed, the work was done, or it failed and our worker gave the message up."""


class LacksError(BrokerError):
    """The server does not have what a way needs; its own words."""


@dataclass(frozen=True)
class Task:
    """A run: which way, where, and under which name."""

    way: Way
    endpoint: Endpoint
    name: str
    plan: Plan

    @property
    def retry(self) -> str:
        """Where a message waits for its next attempt, in the ways that have such a place."""
        return f"{self.name}-retry"

    @property
    def dead(self) -> str:
        """Where messages lie that nobody tries again."""
        return f"{self.name}-dead"


@dataclass(frozen=True)
class Taken:
    """A message in the worker's hands; `held` is what the broker's client knows it by."""

    number: int
    held: Any


class Source(Protocol):
    """The worker's side of a way."""

    def take(self) -> Sequence[Taken]:
        """The next message, if one comes within LOOK_S."""

    def done(self, one: Taken) -> None:
        """It is handled, or given up: it does not come again."""

    def failed(self, one: Taken) -> None:
        """It could not be handled: what becomes of it is the way's affair."""


class Desk(Protocol):
    """The sender's side, where also can be asked what lies in the dead letters."""

    def send(self, number: int) -> None:
        """Hand a message over and wait until the broker has it."""

    def dead(self) -> int:
        """How many dead letters there are."""

    def letters(self) -> list[int]:
        """Their numbers, read back."""


class Broker(Protocol):
    """The module of a broker."""

    def source(self, task: Task) -> AbstractContextManager[Source]:
        """Connected and subscribed."""

    def desk(self, task: Task) -> AbstractContextManager[Desk]:
        """What the way needs is made, and gone afterwards. LacksError where the server does not have it."""


def broker_of(way: Way) -> Broker:
    """How a broker does it on both sides."""
    return cast(Broker, import_module(f"labs.scenarios.poison.on_{way.broker}"))


@contextlib.contextmanager
def owned(task: Task) -> Iterator[None]:
    """What is made under the names of a run is in the journal first and gone afterwards, also after a kill."""
    made = journal.note(task.endpoint, [task.name, task.retry, task.dead])
    try:
        yield
    finally:
        undo: Callable[..., None] = import_module(f"labs.brokers.{task.way.broker}.admin").undo
        journal.settle(made, lambda entry: undo(task.endpoint, entry))


class Worker:
    """The one worker of a run: from when it is made until it is asked to stop."""

    def __init__(self, task: Task) -> None:
        self.rows: list[tuple[int, int, int, int]] = []
        """Message, began and ended in ns on the monotonic clock, and how: an attempt each, in their order."""
        self.ready, self._error = False, ""
        self._task, self._stop = task, Event()
        self._first: dict[int, int] = {}
        self._tries: Counter[int] = Counter()
        self._thread = Thread(target=self._run, daemon=True, name="labs-worker")
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether it has ended, asked or not."""
        return not self._thread.is_alive()

    @property
    def trouble(self) -> str:
        """What broke; nothing so far."""
        return self._error

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._stop.set()
        self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        try:
            with broker_of(self._task.way).source(self._task) as source:
                self.ready = True
                while not self._stop.is_set():
                    for one in source.take():
                        self._try(source, one)
        except (BrokerError, OSError, ValueError, RuntimeError) as error:
            self._error = f"worker: {error}"

    def _try(self, source: Source, one: Taken) -> None:
        """One attempt, and what is told to the broker after it."""
        began = time.monotonic_ns()
        time.sleep(WORK_S)
        ended = time.monotonic_ns()
        since_s = (ended - self._first.setdefault(one.number, began)) / 1e9
        self._tries[one.number] += 1
        if self._task.plan.succeeds(one.number, since_s):
            how = DONE
        else:
            how = STOPPED if self._tries[one.number] >= STOPPED_AFTER else FAILED
        self.rows.append((one.number, began, ended, how))
        source.failed(one) if how == FAILED else source.done(one)


@contextlib.contextmanager
def at_work(task: Task) -> Iterator[Worker]:
    """A worker as long as the block lasts."""
    worker = Worker(task)
    try:
        yield worker
    finally:
        worker.stop()
