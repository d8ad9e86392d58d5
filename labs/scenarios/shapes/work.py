"""A consumer takes messages, is at work with each for a while and writes down that it is done."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from threading import Event, Thread
from typing import Protocol, cast

from labs.brokers import journal
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.message import decode
from labs.model.observer import UNOBSERVED, Observer
from labs.model.shapes import GROUPS, Crew, Shape
from labs.record.processes import STOP_WITHIN_S, Job
from labs.scenarios.shapes.plan import Plan

LOOK_S = 0.1
"""How long a consumer waits for a message before it says that nothing came."""


OTHERS = {"kafka-share": "on_kafka_share"}
"""Shapes that have a module of their own, and not that of their broker."""


@dataclass(frozen=True)
class Task:
    """All that a consumer needs. `name` is that of the queue, list, stream or topic of this run."""

    shape: Shape
    endpoint: Endpoint
    name: str
    plan: Plan
    partitions: int = 1
    group: int = 0
    member: int = 0
    observer: Observer = UNOBSERVED
    """Who is told, and may cancel, while something is made that takes seconds."""

    @property
    def consumer(self) -> str:
        """What it is called in messages."""
        return f"consumer {GROUPS[self.group]}{self.member + 1}"

    @property
    def of_group(self) -> str:
        """What belongs to its group alone: a queue, or a name that the broker knows the group by."""
        return group_name(self.name, GROUPS[self.group])


class Source(Protocol):
    """Where a consumer's messages come from."""

    @property
    def ready(self) -> bool:
        """Whether it is subscribed: what is sent from now on can reach it."""

    def take(self) -> Sequence[bytes]:
        """What has come; nothing after LOOK_S."""

    def release(self) -> None:
        """What was taken last is done: tell whoever wants to know."""


class AtWork(Job, Protocol):
    """A consumer at work, wherever it runs."""

    @property
    def rows(self) -> Sequence[tuple[int, int]]:
        """Message and when it was done, ns on the monotonic clock."""

    @property
    def empty(self) -> int:
        """How often it asked and got nothing."""


class Desk(Protocol):
    """The sender's side, where also can be asked what is still to come."""

    @property
    def consumers(self) -> Sequence[AtWork]:
        """Those that a program of another environment runs, at work with the desk; none where they are threads here."""

    def send(self, key: str, body: bytes) -> bool:
        """Hand a message over and wait for the answer: whether somebody has it."""

    def left(self) -> int:
        """How many messages the broker still holds for somebody who has not had them; 0 where it cannot tell."""

    def settled(self) -> bool:
        """Whether the broker has given every consumer its share, or its place in the row."""


class Way(Protocol):
    """The module of a broker."""

    def source(self, task: Task) -> AbstractContextManager[Source]:
        """Subscribed as the task says."""

    def desk(self, task: Task, crew: Crew) -> AbstractContextManager[Desk]:
        """What the shape needs is made, and gone afterwards."""


def way_of(shape: Shape) -> Way:
    """How a broker does it on both sides."""
    return cast(Way, import_module(f"labs.scenarios.shapes.{OTHERS.get(shape.name, f'on_{shape.broker}')}"))


def group_name(name: str, letter: str) -> str:
    """Of what belongs to a group alone."""
    return f"{name}-{letter}"


@contextlib.contextmanager
def owned(endpoint: Endpoint, names: Sequence[str], exchanges: Sequence[str] = ()) -> Iterator[None]:
    """What is made under these names is in the journal first and gone afterwards, also after a kill."""
    made = journal.note(endpoint, names, exchanges=exchanges)
    try:
        yield
    finally:
        undo = import_module(f"labs.brokers.{endpoint.broker}.admin").undo
        journal.settle(made, lambda entry: undo(endpoint, entry))


def numbers(bodies: Sequence[bytes]) -> list[int]:
    """The messages that these bodies carry."""
    return [int(number) for number in decode(bodies)["sequence"]] if bodies else []


class Consumer:
    """A consumer at work, in a thread and with a connection of its own, until it is asked to stop."""

    def __init__(self, task: Task, stop: Event) -> None:
        self.name, self.ready, self.empty = task.consumer, False, 0
        self.rows: list[tuple[int, int]] = []
        """Message and when it was done, ns on the monotonic clock."""
        self._task, self._stop, self._error = task, stop, ""
        self._thread = Thread(target=self._run, daemon=True, name=f"labs-{self.name}")
        self._thread.start()

    @property
    def done(self) -> bool:
        """It has ended."""
        return not self._thread.is_alive()

    def said(self) -> str:
        """What it says went wrong; nothing so far."""
        return self._error

    def wait(self, within_s: float) -> bool:
        """Whether it has ended by then."""
        self._thread.join(max(within_s, 0))
        return self.done

    def trouble(self, within_s: float = STOP_WITHIN_S) -> str:
        """What broke for one that has ended, or shall end by then; nothing if it went well."""
        return self._error or ("" if self.wait(within_s) else f"{self.name}: it hangs")

    def _run(self) -> None:
        try:
            with way_of(self._task.shape).source(self._task) as source:
                while not self._stop.is_set():
                    self._turn(source)
        except (BrokerError, OSError, ValueError, RuntimeError) as error:
            self._error = f"{self.name}: {error}"

    def _turn(self, source: Source) -> None:
        """Take, work, release."""
        self.ready = self.ready or source.ready
        taken = numbers(source.take())
        if not taken:
            self.empty += 1
            return
        for number in taken:
            time.sleep(self._task.plan.takes_s(number))
            self.rows.append((number, time.monotonic_ns()))
        source.release()


@contextlib.contextmanager
def at_work(task: Task, crew: Crew, desk: Desk) -> Iterator[Sequence[AtWork]]:
    """All consumers, in the order of their numbers; they have ended afterwards, or hang and say so."""
    if desk.consumers:
        yield desk.consumers
        return
    stop, size = Event(), len(crew.names)
    here: list[Consumer] = []
    try:
        for at in range(size):
            here.append(Consumer(replace(task, group=at // crew.members, member=at % crew.members), stop))
        yield here
    finally:
        stop.set()
        for one in here:
            one.wait(STOP_WITHIN_S)
