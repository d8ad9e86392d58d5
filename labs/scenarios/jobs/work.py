"""A worker: a process that takes jobs, does them and is finished with them, and writes each step down.

It dies with its parent and leaves Ctrl-C to it. What goes wrong is written for the parent to read.
"""

from __future__ import annotations

import time
from collections.abc import MutableSequence, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from labs.model.endpoint import Endpoint
from labs.model.message import decode
from labs.record.workers import enlist
from labs.scenarios.jobs import Mode, mode_of
from labs.scenarios.jobs.event_log import Kind, Logbook

WORK_S = 0.020
"""How long a job takes; its effect falls in the middle. Waiting, as for a payment service, not computing."""
LOOK_S = 0.1
"""How long a worker waits for a job before it says that nothing came."""
TROUBLE_BYTES = 2000


@dataclass(frozen=True)
class Task:
    """All that a worker process needs: picklable."""

    mode: Mode
    endpoint: Endpoint | None
    name: str
    """Of the queue, list, stream or topic that belongs to this run."""
    prefetch: int
    worker: int
    parent: int

    @property
    def site(self) -> Endpoint:
        """Where the broker is; only for modes that have one."""
        if self.endpoint is None:
            raise ValueError(f"{self.mode.name} has no broker")
        return self.endpoint


class Source(AbstractContextManager["Source"], Protocol):
    """Where a worker's jobs come from."""

    @property
    def ready(self) -> bool:
        """Whether it is subscribed: what is sent from now on reaches it."""

    def take(self, most: int) -> Sequence[int]:
        """Up to `most` jobs, those that are there; none after LOOK_S."""

    def release(self) -> None:
        """The jobs taken last are done: tell whoever wants to know, once for all of them."""


def numbers(bodies: Sequence[bytes]) -> list[int]:
    """The jobs that these messages carry."""
    return [int(number) for number in decode(bodies)["sequence"]] if bodies else []


def do(job: int, log: Logbook) -> None:
    """One job. What counts happens half-way: from then on it is done, whatever becomes of the worker."""
    log.note(Kind.BEGUN, job)
    time.sleep(WORK_S / 2)
    log.note(Kind.DONE, job)
    time.sleep(WORK_S / 2)


def serve(source: Source, log: Logbook, prefetch: int) -> None:
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


def module_of(mode: str) -> Any:
    """The module of a mode: `work(task, log)` for the worker, `Desk(mode, endpoint, name)` for the sender."""
    return import_module(f"labs.scenarios.jobs.{mode_of(mode).module}")


def main(task: Task, board: MutableSequence[int], trouble: Any) -> None:
    """The whole life of a worker process."""
    enlist(board, task.parent)
    log = Logbook(board, task.worker)
    try:
        log.note(Kind.UP)
        module_of(task.mode.name).work(task, log)
    except Exception as error:  # the parent is the only one who can tell the reader
        text = f"worker {task.worker}: {str(error) or type(error).__name__}"
        trouble.value = text.encode()[: TROUBLE_BYTES - 1]
