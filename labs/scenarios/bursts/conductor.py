"""Ask the pool and hand to the queue at the same moments, count the backlog meanwhile: run(...) -> BurstRun.

The service and the queue's workers are a process each; callers, sender and whoever counts are threads here.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import NEVER, REFUSAL, Column
from labs.model.workload import NS_PER_S
from labs.record.monitor import waiting
from labs.record.processes import STOP_WITHIN_S, Worker, Workers, await_ready, workers
from labs.record.watchdog import Watchdog
from labs.scenarios.bursts import Queue, pool
from labs.scenarios.bursts.facts import POOL_ROWS, QUEUE_ROWS, BurstRun
from labs.scenarios.bursts.plan import Arrivals
from labs.scenarios.bursts.rows import CELLS, Book, Kind, Slot
from labs.scenarios.bursts.workers import main, way_of
from labs.scenarios.jobs.producer import Answers, BrokerDesk

LEAD_NS = 100_000_000
READY_WITHIN_S = 20.0
SETTLE_WITHIN_S = 15.0
COUNT_EVERY_S = 0.1
LOOK_S = 0.05


class _Thread(threading.Thread):
    """Work in a thread of this process; what stops it is `trouble`."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        super().__init__(daemon=True, name=f"labs-{name}")
        self._work, self.trouble = work, ""

    def run(self) -> None:
        try:
            self._work()
        except (BrokerError, OSError, ExceptionGroup) as error:
            self.trouble = f"{self.name.removeprefix('labs-')}: {error}"


class _Both:
    """What both sides write down while they are asked."""

    def __init__(self, plan: Arrivals, started: tuple[Workers, Workers], desk: BrokerDesk) -> None:
        self.plan, self.desk = plan, desk
        self.books = [Book(one.board) for one in started]
        self.over = threading.Event()
        self.ends = [int(pool.End.NONE)] * plan.jobs
        self.counted: list[tuple[int, int]] = []
        self.unheard = ""
        """What the broker said, or did not say, instead of a count."""
        start_ns = time.monotonic_ns() + LEAD_NS
        self.calls, self.queued = Answers(plan, start_ns), Answers(plan, start_ns)

    def threads(self) -> list[_Thread]:
        """Callers, sender, and whoever counts."""
        port = self.books[0].board[Slot.PORT]
        return [
            _Thread("callers", lambda: asyncio.run(pool.call_all(self.calls, port, self.ends))),
            _Thread("sender", lambda: self.desk.hand_in(self.queued, port)),
            _Thread("counter", self._count),
        ]

    def _count(self) -> None:
        """What the broker says, ten times a second, until the run is over; the moment is that before its answer."""
        next_s = self.queued.start_ns / NS_PER_S
        while not self.over.wait(max(next_s - time.monotonic(), 0)):
            at_ns, next_s = self.queued.now_ns(), next_s + COUNT_EVERY_S
            try:
                self.counted.append((at_ns, self.desk.left()))
            except BrokerError as error:  # one that does not answer in time may answer the next time
                self.unheard = str(error)

    def columns(self) -> dict[str, Column]:
        """All of it."""
        calls, queued = self.calls.columns, self.queued.columns
        ended = np.maximum(calls["accepted_ns"], calls["refused_ns"])
        found = {"due_ns": calls["due_ns"], "asked_ns": calls["sent_ns"], "ended_ns": ended}
        found |= {"end": np.array(self.ends, np.int64)}
        found |= {name: queued[name] for name in ("sent_ns", "accepted_ns", "refused_ns")}
        for names, book in zip((POOL_ROWS, QUEUE_ROWS), self.books, strict=True):
            rows = book.rows()
            rows[:, 3] -= self.calls.start_ns
            found |= {name: rows[:, at].copy() for at, name in enumerate(names)}
        counted = np.array(self.counted, np.int64).reshape(-1, 2)
        return found | {"counted_ns": counted[:, 0].copy(), "counted": counted[:, 1].copy()}


def run(queue: Queue, endpoint: Endpoint, plan: Arrivals, observer: Observer = UNOBSERVED) -> BurstRun:
    """One run. Raises UnreachableError if somebody does not come up, CancelledError on a cancel.

    What breaks later is data: it stands in `trouble`, and the run is not drained.
    """
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    desk = way_of(queue).desk(queue, endpoint, name, plan.workers)
    with waiting(observer), desk as at_desk, _both_started() as started, Watchdog() as watchdog:
        service, behind = started
        each = [
            _start(service, "pool", plan.workers, pool.main, plan.workers, plan.accepts),
            _start(behind, "workers", plan.workers, main, queue, endpoint, name, plan.workers),
        ]
        await_ready(each, READY_WITHIN_S, observer, "the first job")
        both = _Both(plan, started, at_desk)
        threads = both.threads()
        with _at_work(both, threads):
            why = _settled(both, threads, each, observer)
        facts = dict(at_desk.about()) if not why else {}
        facts |= {"date": time.strftime("%Y-%m-%d")}
        facts |= {REFUSAL: both.queued.refusal} if both.queued.refusal else {}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(both.calls.start_ns)) else {}
        columns = both.columns()
    said = (why, *(one.trouble for one in threads), *(one.said() for one in each))
    trouble = "; ".join(dict.fromkeys(filter(None, said)))
    return BurstRun(
        queue.broker, plan.seed, plan.load, plan.burst, plan.workers, plan.accepts, plan.seconds,
        columns=columns, drained=not trouble, trouble=trouble, facts=facts,
    )  # fmt: skip


@contextmanager
def _both_started() -> Iterator[tuple[Workers, Workers]]:
    with workers(CELLS, Slot.STOP) as service, workers(CELLS, Slot.STOP) as behind:
        yield service, behind


def _start(group: Workers, name: str, number: int, work: Callable[..., object], *arguments: object) -> Worker:
    """A process whose threads are all there before it counts as ready."""
    return group.start(name, work, *arguments, ready=lambda: group.board[Slot.READY] >= number)


@contextmanager
def _at_work(both: _Both, threads: list[_Thread]) -> Iterator[None]:
    """All threads at work; they have ended afterwards, their task done or not."""
    for one in threads:
        one.start()
    try:
        yield
    finally:
        both.over.set()
        both.calls.stop.set()
        both.queued.stop.set()
        for one in threads:
            one.join(STOP_WITHIN_S)


def _settled(both: _Both, threads: list[_Thread], each: list[Worker], observer: Observer) -> str:
    """Wait until every call has ended, every job that the broker took is done and it says that none is left.

    Empty then; else why that cannot be shown.
    """
    asking, length_s = threads[:2], both.plan.seconds
    until_s = time.monotonic() + length_s + SETTLE_WITHIN_S
    while time.monotonic() < until_s:
        at_s = both.calls.now_ns() / NS_PER_S
        observer.check(f"{max(at_s, 0):.0f} s after the start")
        observer.progress(min(max(at_s / (length_s + 2), 0), 1), f"{max(at_s, 0):.0f} of {length_s:.0f} s of arrivals")
        if ended := [one for one in each if one.done]:
            return f"the {ended[0].name} ended in the middle"
        if any(one.trouble for one in threads):
            return ""
        if not any(one.is_alive() for one in asking) and _nothing_left(both):
            return ""
        time.sleep(LOOK_S)
    said = f"{SETTLE_WITHIN_S:.0f} s after the last job there was still something left to do"
    return f"{said}. {both.unheard}" if both.unheard else said


def _nothing_left(both: _Both) -> bool:
    rows = both.books[1].rows()
    done = np.unique(rows[rows[:, 0] == Kind.DONE, 1]).size
    taken = int((both.queued.columns["accepted_ns"] != NEVER).sum())
    return done >= taken and bool(both.counted) and both.counted[-1][1] == 0
