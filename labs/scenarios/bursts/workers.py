"""The workers behind a queue: threads of one process, each with a connection of its own, one job at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Protocol, cast

from labs.model.endpoint import Endpoint
from labs.record.processes import Context
from labs.scenarios.bursts import SERVICE_S, Queue
from labs.scenarios.bursts.rows import Book, Slot
from labs.scenarios.jobs.producer import BrokerDesk
from labs.scenarios.jobs.work import Source, Task


class Way(Protocol):
    """A broker's module here."""

    source: Callable[[Task], AbstractContextManager[Source]]
    """Where a worker's jobs come from."""
    desk: Callable[[Queue, Endpoint, str, int], AbstractContextManager[BrokerDesk]]
    """For the sender: queue, endpoint, address and number of workers; it counts what the broker says is waiting."""


def way_of(queue: Queue) -> Way:
    """How a broker works on both sides."""
    return cast(Way, import_module(f"labs.scenarios.bursts.on_{queue.broker}"))


def main(here: Context, queue: Queue, endpoint: Endpoint, name: str, number: int) -> None:
    """The whole life of the process: until it is asked to stop, or a worker cannot go on."""
    book = Book(here.board)
    with ThreadPoolExecutor(number) as pool:
        tasks = [Task(queue.mode, endpoint, name, 1, worker) for worker in range(number)]
        found = [pool.submit(_serve, way_of(queue), task, book) for task in tasks]
        done, _ = wait(found, return_when=FIRST_EXCEPTION)
        here.board[Slot.STOP] = 1
    for one in done:
        one.result()


def _serve(way: Way, task: Task, book: Book) -> None:
    """Take one, do it, say that it is done."""
    with way.source(task) as jobs:
        book.up()
        while not book.stopped:
            for job in jobs.take(1):
                book.work(job, task.worker, SERVICE_S)
                jobs.release()
