"""Make a backlog, publish onto it and into empty places in turn, read it all twice, publish to one to five readers.

Publishing is a closed loop in this process, the readers are processes of their own. At its highest rate publishing and
five readers fill a small machine, and what they take from each other is no broker's doing: so one and five readers are
measured once more at PACE of the rate that went through with one. Nothing is judged here.
"""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field

import numpy as np

from labs.brokers.base import Confirmations, Publisher
from labs.model.endpoint import BrokerError, Endpoint, UnreachableError
from labs.model.message import encode, filler
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import NEVER
from labs.model.workload import NS_PER_S
from labs.record.monitor import waiting
from labs.record.processes import Worker, Workers, await_ready, workers
from labs.record.usage import written
from labs.scenarios.backlog import LIVE, PACE, READERS, Kind, Lengths, Load, Way
from labs.scenarios.backlog.facts import BacklogRun, Phase
from labs.scenarios.backlog.places import made, publisher
from labs.scenarios.backlog.reading import CELLS, Cell, Slot, Task, cell, read
from labs.scenarios.backlog.weighing import Weight, weigh
from labs.scenarios.bench.guard import Turn, limit, turn

READY_WITHIN_S, ANSWER_S, QUIET_S = 60.0, 10.0, 1.0
"""The first group of a Kafka waits until its topic of offsets is there. A reader to whom nothing comes for QUIET_S has
all that it gets."""
LOOK_S, PACED_LOOK_S = 0.005, 0.001


@dataclass(frozen=True)
class _End:
    """When a phase of publishing ends, by its messages or by time; `per_s` is its pace, 0 as fast as goes."""

    messages: int = 0
    seconds: float = 0.0
    per_s: float = 0.0

    def more(self, sent: int, passed_s: float) -> bool:
        """Whether it goes on."""
        return sent < self.messages or passed_s < self.seconds


@dataclass
class _Scene:
    """A run under way: the places that there are, how many messages each has, and the phases so far."""

    task: Task
    load: Load
    observer: Observer
    group: Workers
    rest: bytes
    lasts: Lengths
    phases: list[Phase] = field(default_factory=list)
    published: dict[int, int] = field(default_factory=dict)
    readers: list[Worker] = field(default_factory=list)
    share: float = 0.0

    def look(self, what: str) -> None:
        self.observer.check(f"while {what}")
        self.observer.progress(min(self.share, 0.99), what)

    @contextmanager
    def place(self, readers: int = 1) -> Iterator[int]:
        """Another place, for so many readers: its number."""
        number = len(self.published)
        self.published[number] = 0
        with made(self.task.way, self.task.endpoint, self.task.place(number), readers):
            yield number

    def publish(self, place: int, kind: Kind, end: _End, readers: int = 0) -> Phase:
        """One phase of publishing, until the last message is confirmed and, where there are readers, has been read."""
        way, endpoint, before = self.task.way, self.task.endpoint, self.published[place]
        wrote = written(endpoint.pids)
        with publisher(way, endpoint, self.task.place(place)) as to, turn(endpoint) as took:
            began_ns = time.monotonic_ns()
            count = self._pour(to, before, end)
            took_ns = time.monotonic_ns() - began_ns
        self.published[place] += count
        had = self._await(range(readers), self.published[place]) if readers else NEVER
        after = written(endpoint.pids)
        caused = after.caused - wrote.caused if after and wrote else NEVER
        return self._noted(Phase(kind, readers, before, count, took_ns, had, caused, *_limit(way, took, readers)))

    def _noted(self, phase: Phase) -> Phase:
        self.phases.append(phase)
        return phase

    def _pour(self, to: Publisher, first: int, end: _End) -> int:
        """How many were published, in a closed loop with a window; BrokerError if one is refused or not confirmed."""
        batch, stamps, began_s = self.load.batch, np.zeros(self.load.batch, np.int64), time.monotonic()
        sent = answered = 0
        while not sent or answered < sent or end.more(sent, time.monotonic() - began_s):
            if self._may(sent, answered, end, began_s):
                to.publish(encode(first + sent, stamps, self.rest))
                sent += batch
                continue
            self.look("publishing")
            if answered == sent:  # it is paced, and the next one is not due
                time.sleep(PACED_LOOK_S)
                continue
            news = to.poll(PACED_LOOK_S if end.per_s else ANSWER_S)
            if len(news.refused) or not (len(news.confirmed) or end.per_s):
                raise BrokerError(_refusal(answered, sent, news))
            answered += len(news.confirmed)
        return sent

    def _may(self, sent: int, answered: int, end: _End, began_s: float) -> bool:
        """Whether the next batch may go now: the window has room, it is due, and the end has not come."""
        passed_s = time.monotonic() - began_s
        due = not end.per_s or sent <= end.per_s * passed_s
        return due and end.more(sent, passed_s) and sent - answered + self.load.batch <= self.load.window

    @contextmanager
    def reading(self, place: int, first: int, last: int, queue: int = -1) -> Iterator[None]:
        """Readers `first` to `last` read a place, for the length of the block."""
        board = self.group.board
        board[Slot.FIRST], board[Slot.LAST], board[Slot.PLACE], board[Slot.QUEUE] = first, last, place, queue
        board[Slot.PHASE] += 1
        phase, those = board[Slot.PHASE], self.readers[first : last + 1]
        await_ready(those, READY_WITHIN_S, self.observer, "the next message")
        yield
        board[Slot.FIRST], board[Slot.LAST] = max(READERS), max(READERS)
        board[Slot.PHASE] += 1
        give_up_s = time.monotonic() + ANSWER_S
        for reader in range(first, last + 1):
            while board[cell(reader, Cell.LEFT)] < phase:
                self._check(give_up_s)

    def _check(self, give_up_s: float) -> None:
        if (told := self.group.said()) or time.monotonic() > give_up_s:
            raise UnreachableError(told or "a reader did not leave its place")
        self.look("the readers read")
        time.sleep(LOOK_S)

    def _await(self, readers: range, messages: int) -> int:
        """Until each of them has all, or nothing more has come for a while: what the one with least got in order."""
        board, seen, since_s = self.group.board, -1, time.monotonic()
        while True:
            counts = [board[cell(one, Cell.COUNT)] for one in readers]
            if sum(counts) != seen:
                seen, since_s = sum(counts), time.monotonic()
            if min(counts) >= messages or time.monotonic() - since_s > QUIET_S:
                return min(n - board[cell(one, Cell.ODD)] for n, one in zip(counts, readers, strict=True))
            self._check(time.monotonic() + ANSWER_S)

    def catch_up(self, place: int, reader: int) -> None:
        """One reader reads all that there is, from the first message on."""
        there, endpoint = self.published[place], self.task.endpoint
        with turn(endpoint) as took, self.reading(place, reader, reader, queue=0):
            had = self._await(range(reader, reader + 1), there)
        first, last = (self.group.board[cell(reader, what)] for what in (Cell.FIRST_NS, Cell.LAST_NS))
        took_ns = last - first if had > 0 else NEVER
        self._noted(
            Phase(Kind.CATCH_UP, reader + 1, there, there, took_ns, had, NEVER, *_limit(self.task.way, took, 1))
        )


def _limit(way: Way, took: Turn, readers: int) -> tuple[str, str]:
    """Who had no processor left, in words and in one; nobody is judged while the machine stood still."""
    if took.void:
        return took.void, "void"
    return limit(way.broker, took, 1.0 + readers)


def run(
    way: Way, load: Load, endpoint: Endpoint, seed: int, observer: Observer = UNOBSERVED, lasts: Lengths = LIVE
) -> BacklogRun:
    """One run. BrokerError where the broker refuses or does not answer, CancelledError on a cancel."""
    task = Task(way, endpoint, f"labs-{os.getpid()}-{secrets.token_hex(4)}")
    dice = random.Random(seed)
    with waiting(observer), workers(CELLS, Slot.STOP) as group, ExitStack() as open_places:
        scene = _Scene(task, load, observer, group, filler(load.body_bytes), lasts)
        scene.readers = [_reader(group, task, one) for one in range(max(READERS))]
        full = open_places.enter_context(scene.place())
        before = weigh(endpoint)
        scene.publish(full, Kind.FILL, _End(load.messages))
        after = weigh(endpoint)
        _pairs(scene, full, dice)
        for reader in (0, 1):
            scene.catch_up(full, reader)
        open_places.close()
        _several(scene, dice)
    facts = {"date": time.strftime("%Y-%m-%d")}
    return BacklogRun(way.name, load.name, tuple(scene.phases), (_told(before), _told(after)), facts)


def _reader(group: Workers, task: Task, one: int) -> Worker:
    board = group.board
    ready = lambda: board[cell(one, Cell.READY)] == board[Slot.PHASE]  # noqa: E731 - one of several alike
    return group.start(f"reader {one + 1}", read, task, one, ready=ready)


def _told(found: Weight) -> dict[str, int | None]:
    return asdict(found)


def _pairs(scene: _Scene, full: int, dice: random.Random) -> None:
    """Into an empty place and onto the backlog, by turns, now one first and now the other."""
    for at in range(scene.lasts.pairs):
        scene.share = 0.2 + 0.3 * at / scene.lasts.pairs
        both = [Kind.EMPTY, Kind.FULL]
        dice.shuffle(both)
        for kind in both:
            if kind is Kind.FULL:
                scene.publish(full, kind, _End(seconds=scene.lasts.publish_s))
            else:
                with scene.place() as empty:
                    scene.publish(empty, kind, _End(seconds=scene.lasts.publish_s))


def _several(scene: _Scene, dice: random.Random) -> None:
    """To one reader up to five who read meanwhile, in an order that is drawn; then to one and to five, in the other
    order, at PACE of the rate that went through with one."""
    order = [*READERS]
    dice.shuffle(order)
    for at, readers in enumerate(order):
        scene.share = 0.6 + 0.3 * at / len(READERS)
        _read(scene, readers, Kind.READ, _End(seconds=scene.lasts.read_s))
    [alone] = [one for one in scene.phases if one.kind == Kind.READ and one.readers == READERS[0]]
    paced = _End(seconds=scene.lasts.paced_s, per_s=PACE * alone.messages / alone.took_ns * NS_PER_S)
    for readers in (one for one in reversed(order) if one in (READERS[0], READERS[-1])):
        _read(scene, readers, Kind.PACED, paced)


def _read(scene: _Scene, readers: int, kind: Kind, end: _End) -> None:
    with scene.place(readers) as place, scene.reading(place, 0, readers - 1):
        scene.publish(place, kind, end, readers)


def _refusal(answered: int, sent: int, news: Confirmations) -> str:
    said = f", the first with: {news.why}" if news.why else news.held and f"; {news.held}"
    return f"{answered:,} of {sent:,} messages confirmed, then {len(news.refused):,} refused{said}"
