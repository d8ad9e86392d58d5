"""Start the workers, hand the jobs in, wait until all are done: run(...) -> ShareRun. Nothing is judged here."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import Column
from labs.record.monitor import waiting
from labs.record.processes import Worker, Workers, await_ready, workers
from labs.record.watchdog import Watchdog
from labs.scenarios.groups import forming
from labs.scenarios.jobs import mode_of
from labs.scenarios.jobs import work as jobs_work
from labs.scenarios.jobs.event_log import CELLS, EventLog, Kind, Slot
from labs.scenarios.jobs.facts import EVENTS
from labs.scenarios.jobs.producer import BrokerDesk
from labs.scenarios.jobs.work import Task
from labs.scenarios.sharing import JOBS, WORKERS, Way, balancer, by_share_group, handing_in, slow_worker, work_ms
from labs.scenarios.sharing.facts import ShareRun
from labs.scenarios.sharing.worker import main

READY_WITHIN_S = 20.0
DONE_WITHIN_S = 30.0
"""From handing in; the worst way that is measured takes eight seconds."""
LOOK_S = 0.02


class Team(Protocol):
    """Whoever does the jobs."""

    @property
    def ports(self) -> Sequence[int]:
        """Where each can be called; empty of those that take their jobs from a broker."""

    @property
    def done(self) -> int:
        """How many jobs all of them have done so far."""

    def said(self) -> str:
        """What went wrong for one of them, or that one ended."""

    def columns(self, start_ns: int) -> dict[str, Column]:
        """All of their events in the order in which they happened."""


@dataclass
class _Processes:
    """The workers of a run, each with a board of its own: only one may write on a board at a time."""

    groups: list[Workers] = field(default_factory=list)
    members: list[Worker] = field(default_factory=list)

    @property
    def logs(self) -> list[EventLog]:
        """Theirs, in their order."""
        return [EventLog(one.board) for one in self.groups]

    @property
    def ports(self) -> Sequence[int]:
        """Of workers without a broker."""
        return [one.board[Slot.PORT] for one in self.groups]

    @property
    def done(self) -> int:
        """One that was done twice counts twice."""
        return sum(one.board[Slot.DONE] for one in self.groups)

    def said(self) -> str:
        """What went wrong for one of them, or that one ended."""
        told = [one.said() for one in self.groups] + [one.trouble(0) for one in self.members if one.done]
        return next(filter(None, told), "")

    def columns(self, start_ns: int) -> dict[str, Column]:
        """All of their events in the order in which they happened."""
        rows = np.concatenate([one.rows() for one in self.logs])
        rows = rows[np.argsort(rows[:, 3], kind="stable")]
        rows[:, 3] -= start_ns
        return {name: rows[:, at].copy() for at, name in enumerate(EVENTS)}


def run(way: Way, endpoint: Endpoint | None, seed: int, observer: Observer = UNOBSERVED) -> ShareRun:
    """One run. UnreachableError if a worker does not come up, CancelledError on a cancel.

    What breaks later is data: it stands in `trouble`.
    """
    name, slow = f"labs-{os.getpid()}-{secrets.token_hex(4)}", slow_worker(seed)
    with waiting(observer), _place(way, endpoint, name) as desk, Watchdog() as watchdog, contextlib.ExitStack() as held:
        team = held.enter_context(_team(way, endpoint, name, slow, observer))
        start_ns = time.monotonic_ns()
        trouble = held.enter_context(_handed_in(way, desk, team, name))
        why = _awaited(team, trouble, observer)
        facts = (desk.about() if desk else {}) | {"date": time.strftime("%Y-%m-%d")}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(start_ns)) else {}
        columns = team.columns(start_ns)
    return ShareRun(way.name, seed, slow, JOBS, columns, why, facts)


@contextlib.contextmanager
def _place(way: Way, endpoint: Endpoint | None, name: str) -> Iterator[BrokerDesk | None]:
    """The queue, list, stream or topic of the run; nothing where there is no broker."""
    if endpoint is None:
        yield None
        return
    mode = mode_of(way.mode)
    with jobs_work.way_of(mode).desk(mode, endpoint, name) as desk:
        if way.broker == "kafka" and way.many > 1:
            handing_in.widen(endpoint, name, way.many)
        if not isinstance(desk, BrokerDesk):
            raise TypeError(f"{way.name} has no desk at a broker")
        if way.in_share_group:
            forming.check(desk.broker.version())
        yield desk


@contextlib.contextmanager
def _team(way: Way, endpoint: Endpoint | None, name: str, slow: int, observer: Observer) -> Iterator[Team]:
    """The workers, the slow one among them, ready for the first job; they are gone afterwards."""
    if way.in_share_group and endpoint:
        with by_share_group.at_work(way, endpoint, name, slow, observer) as members:
            yield members
        return
    with contextlib.ExitStack() as held:
        team = _started(way, Task(mode_of(way.mode), endpoint, name, way.many), slow, held)
        await_ready(team.members, READY_WITHIN_S, observer, "the first job")
        if way.broker == "kafka" and endpoint:
            handing_in.await_members(endpoint, f"{name}-workers", WORKERS, way.many, observer)
        yield team


def _started(way: Way, task: Task, slow: int, held: contextlib.ExitStack) -> _Processes:
    """The workers as processes; `held` ends them."""
    team = _Processes()
    for number, took_ms in enumerate(work_ms(slow), 1):
        group = held.enter_context(workers(CELLS, Slot.STOP))
        mine = Task(task.mode, task.endpoint, task.name, task.prefetch, number)
        # A third member of a group with two partitions is given none; the group itself is asked later.
        sign, log = Kind.UP if way.broker == "kafka" else Kind.READY, EventLog(group.board)
        ready = _has(log, sign)
        team.groups.append(group)
        team.members.append(group.start(f"worker {number}", main, mine, took_ms / 1000, ready=ready))
    return team


def _has(log: EventLog, kind: Kind) -> Callable[[], bool]:
    return lambda: log.has(kind)


@contextlib.contextmanager
def _handed_in(way: Way, desk: BrokerDesk | None, team: Team, name: str) -> Iterator[Callable[[], str]]:
    """Every job is handed in, or being called for; gives what asks whether something went wrong with that."""
    if desk is None:
        with _balanced(way, team.ports) as callers:
            yield lambda: callers.trouble
        return
    try:
        if way.in_share_group:
            by_share_group.publish(desk.address.endpoint, name, JOBS, way.many)
        elif way.broker == "kafka":
            handing_in.publish_evenly(desk.address.endpoint, name, JOBS, way.many)
        else:
            with desk.publisher() as mailbox:
                handing_in.publish(mailbox, JOBS)
        why = ""
    except BrokerError as error:
        why = f"handing in: {error}"
    yield lambda: why


@contextlib.contextmanager
def _balanced(way: Way, ports: Sequence[int]) -> Iterator[handing_in.Callers]:
    """A balancer in front of these workers, and its callers at work."""
    with workers(len(balancer.Slot), balancer.Slot.STOP) as group:
        there = group.start(
            "balancer", balancer.main, way.policy, ports, ready=lambda: bool(group.board[balancer.Slot.PORT])
        )
        await_ready([there], READY_WITHIN_S, UNOBSERVED, "the first call")
        callers = handing_in.Callers(group.board[balancer.Slot.PORT], JOBS, way.many)
        callers.start()
        try:
            yield callers
        finally:
            callers.end()


def _awaited(team: Team, trouble: Callable[[], str], observer: Observer) -> str:
    """Until every job is done: empty then, else why not."""
    give_up_s = time.monotonic() + DONE_WITHIN_S
    while team.done < JOBS:
        observer.check(f"at job {team.done}")
        observer.progress(team.done / JOBS, f"{team.done} of {JOBS} jobs done")
        if why := team.said() or trouble():
            return why
        if time.monotonic() > give_up_s:
            return f"after {DONE_WITHIN_S:.0f} s {JOBS - team.done} of {JOBS} jobs were not done"
        time.sleep(LOOK_S)
    return ""
