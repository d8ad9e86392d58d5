"""A worker: a process that takes jobs, does them and is finished with them, and writes each step down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from labs.model.endpoint import Endpoint
from labs.model.message import decode
from labs.record.processes import Context
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.event_log import EventLog, Kind
from labs.scenarios.jobs.producer import Desk

WORK_S = 0.020
"""How long a job takes; its effect falls in the middle. Waiting, as for a payment service, not computing."""
LOOK_S = 0.1
"""How long a worker waits for a job before it says that nothing came."""


@dataclass(frozen=True)
class Task:
    """All that a worker process needs: picklable."""

    mode: Mode
    endpoint: Endpoint | None
    name: str
    """Of the queue, list, stream or topic that belongs to this run."""
    prefetch: int
    worker: int = 0

    @property
    def site(self) -> Endpoint:
        """Where the broker is; only for modes that have one."""
        if self.endpoint is None:
            raise ValueError(f"{self.mode.name} has no broker")
        return self.endpoint


class Source(Protocol):
    """Where a worker's jobs come from."""

    @property
    def ready(self) -> bool:
        """Whether it is subscribed: what is sent from now on reaches it."""

    def take(self, most: int) -> Sequence[int]:
        """Up to `most` jobs, those that are there; none after LOOK_S."""

    def release(self) -> None:
        """The jobs taken last are done: tell whoever wants to know, once for all of them."""


Work = Callable[[Task, EventLog], None]
"""What a worker does, until it is asked to stop."""


def numbers(bodies: Sequence[bytes]) -> list[int]:
    """The jobs that these messages carry."""
    return [int(number) for number in decode(bodies)["sequence"]] if bodies else []


def do(job: int, log: EventLog) -> None:
    """One job. What counts happens half-way: from then on it is done, whatever becomes of the worker."""
    log.note(Kind.BEGUN, job)
    time.sleep(WORK_S / 2)
    log.note(Kind.DONE, job)
    time.sleep(WORK_S / 2)


def serve(source: Source, log: EventLog, prefetch: int) -> None:
    """Take, do, release, until asked to stop."""
    said = False
    while not log.stopped:
        if source.ready and not said:
            said = True
            log.note(Kind.READY)
        jobs = source.take(prefetch)
        if not jobs:
            log.nothing_came()
            continue
        for job in jobs:
            log.note(Kind.TAKEN, job)
        for job in jobs:
            do(job, log)
        source.release()
        for job in jobs:
            log.note(Kind.RELEASED, job)


def serving(source: Callable[[Task], AbstractContextManager[Source]]) -> Work:
    """The work of those whose jobs come from such a source."""

    def work(task: Task, log: EventLog) -> None:
        with source(task) as jobs:
            serve(jobs, log, task.prefetch)

    return work


class Way(Protocol):
    """The module of a mode."""

    work: Work
    desk: Callable[[Mode, Endpoint | None, str], AbstractContextManager[Desk]]
    """For the sender; the endpoint and the address of this run."""


def way_of(mode: Mode) -> Way:
    """How a mode works on both sides."""
    return cast(Way, import_module(f"labs.scenarios.jobs.{mode.module}"))


def main(here: Context, task: Task) -> None:
    """The whole life of a worker process."""
    log = EventLog(here.board, task.worker)
    log.note(Kind.UP)
    way_of(task.mode).work(task, log)
