"""Messages to a broker: handed over, and confirmed as the caller wishes. The service takes them when it can."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from labs.brokers import open_consumer, open_publisher
from labs.brokers.base import Publisher
from labs.model.endpoint import RefusedError
from labs.model.run import NOT_SAID
from labs.scenarios.calls.plan import WINDOW
from labs.scenarios.calls.service import LOOK_S, WORKERS, Line, Service, Task, unshared


def serve(task: Task, service: Service) -> None:
    """Take messages and do them, as many at a time as a service without a broker does."""

    def work(body: bytes) -> None:
        if not service.stopped:
            service.work(body)

    with open_consumer(task.address(), "service") as source, ThreadPoolExecutor(WORKERS) as workers:
        service.up()
        while not service.stopped:
            batch = source.receive(LOOK_S)
            if batch.bodies:
                list(workers.map(work, batch.bodies))
            if batch.bodies and not service.stopped:  # what was not done is not acknowledged
                source.acknowledge(batch)


class _Line(Line):
    """One caller's publisher. How many messages may be unconfirmed when a call returns is what `confirm` says."""

    def __init__(self, task: Task, publisher: Publisher) -> None:
        self._publisher, self._open = publisher, 0
        self._confirmed = task.plan.confirm != "none"
        self._room = WINDOW if task.plan.confirm == "window" else 1

    def ask(self, body: bytes, patience_s: float) -> None:
        """Hand the message over; wait only while too many are unconfirmed."""
        self._publisher.publish([body])
        if not self._confirmed:
            return
        self._open += 1
        self._wait(self._room, patience_s)

    def _wait(self, room: int, patience_s: float) -> None:
        until_s = time.monotonic() + patience_s
        while self._open >= room:
            if (left_s := until_s - time.monotonic()) <= 0:
                raise TimeoutError(f"the broker confirmed nothing for {patience_s:g} s")
            news = self._publisher.poll(left_s)
            self._open -= len(news.confirmed) + len(news.refused)
            if news.refused:
                raise RefusedError(f"the broker refused {len(news.refused)} messages: {news.why or NOT_SAID}")

    def rest(self) -> None:
        """Between two calls, outside what is measured: read away what the broker says unasked."""
        if not self._confirmed:
            self._publisher.poll(0.0)

    def settle(self, patience_s: float) -> int:
        """Wait for what is still unconfirmed; how many messages stay so."""
        with contextlib.suppress(TimeoutError):
            self._wait(1, patience_s)
        return self._open


@contextlib.contextmanager
def line(task: Task, _port: int, _caller: int) -> Iterator[_Line]:
    """A publisher of its own for each caller."""
    with open_publisher(task.address()) as publisher:
        yield _Line(task, publisher)


lines = unshared(line)
