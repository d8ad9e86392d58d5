"""Bad messages on a Redis stream: what fails stays pending, is claimed again when it is old enough, and is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

from labs.brokers.redis.admin import Client, client
from labs.brokers.redis.client import typed
from labs.scenarios.poison import AGAIN_MS, TRIES
from labs.scenarios.poison.work import LOOK_S, Desk, Source, Taken, Task, owned

GROUP, ME = "workers", "worker"
FIELD = b"body"


class Worker:
    """A member of the group: first what has waited for its retry, then what is new."""

    def __init__(self, task: Task, link: Client) -> None:
        self._task, self._link = task, link

    def take(self) -> Sequence[Taken]:
        """One entry: claimed from the pending ones, else one that nobody had."""
        _, claimed, *_ = self._link.xautoclaim(self._task.name, GROUP, ME, AGAIN_MS, count=1)
        for name, fields in claimed:
            if self._delivered(name) <= TRIES:
                return [_taken(name, fields)]
            self._park(_taken(name, fields))
        wait_ms = round(LOOK_S * 1000)
        found = self._link.xreadgroup(GROUP, ME, {self._task.name: ">"}, count=1, block=wait_ms)
        return [_taken(name, fields) for name, fields in (found[0][1] if found else [])]

    def _delivered(self, name: bytes) -> int:
        """How often the server has handed it out, this time included."""
        [told] = self._link.xpending_range(self._task.name, GROUP, name, name, 1)
        return int(told["times_delivered"])

    def _park(self, one: Taken) -> None:
        """Into a stream of its own, and only then acknowledged."""
        self._link.xadd(self._task.dead, {FIELD: b"%d" % one.number})
        self._link.xack(self._task.name, GROUP, one.held)

    def done(self, one: Taken) -> None:
        """The group forgets it."""
        self._link.xack(self._task.name, GROUP, one.held)

    def failed(self, one: Taken) -> None:
        """Nothing is said: it stays pending, and its idle time runs."""


def _taken(name: bytes, fields: Mapping[bytes, bytes]) -> Taken:
    return Taken(int(fields[FIELD]), name)


@contextmanager
def source(task: Task) -> Iterator[Source]:
    """Connected."""
    with typed(task.endpoint), closing(client(task.endpoint, text=False)) as link:
        yield Worker(task, link)


class Sender:
    """Adds to the stream, and reads the dead letters back."""

    def __init__(self, task: Task, link: Client) -> None:
        self._task, self._link = task, link

    def send(self, number: int) -> None:
        """One entry."""
        with typed(self._task.endpoint):
            self._link.xadd(self._task.name, {FIELD: b"%d" % number})

    def dead(self) -> int:
        """By the stream's length."""
        with typed(self._task.endpoint):
            return int(self._link.xlen(self._task.dead))

    def letters(self) -> list[int]:
        """All that the stream has."""
        with typed(self._task.endpoint):
            return [int(fields[FIELD]) for _, fields in self._link.xrange(self._task.dead)]


@contextmanager
def desk(task: Task) -> Iterator[Desk]:
    """The stream and its group."""
    with typed(task.endpoint), closing(client(task.endpoint, text=False)) as link:
        link.ping()
        with owned(task):
            link.xgroup_create(task.name, GROUP, id="0", mkstream=True)
            yield Sender(task, link)
