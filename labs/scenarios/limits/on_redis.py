"""Redis at a limit, on redis-py as it comes: memory that is used up, and a subscriber that is too slow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import redis

from labs.brokers import journal
from labs.brokers.connection import prove
from labs.brokers.redis import admin, settings
from labs.brokers.redis.client import CONNECT_S, Link, said_of, typed
from labs.model.endpoint import UnreachableError
from labs.scenarios.limits.facts import NO, NOBODY, YES
from labs.scenarios.limits.working import TAKE_S, GoneError, Task

BUFFERS = "client-output-buffer-limit"
DROPPED = "subscriber dropped"


class Pushing:
    """Appends to a list; a server that is out of memory refuses, and redis-py raises."""

    def __init__(self, client: Any, name: str) -> None:
        self._redis, self._name = client, name
        self._told: list[tuple[int, int]] = []
        self.heard = ""

    def send(self, number: int, body: bytes) -> str:
        try:
            self._redis.rpush(self._name, body)
        except redis.exceptions.OutOfMemoryError as error:
            self._told.append((number, NO))
            return said_of(error)
        self._told.append((number, YES))
        return ""

    def told(self) -> Sequence[tuple[int, int]]:
        found, self._told = self._told, []
        return found


class Shouting(Pushing):
    """Publishes to a channel: the answer is the number of subscribers, and no error when there is none."""

    def send(self, number: int, body: bytes) -> str:
        receivers = self._redis.publish(self._name, body)
        self._told.append((number, YES if receivers else NOBODY))
        return ""


class Popping:
    """Takes from the list."""

    def __init__(self, client: Any, name: str) -> None:
        self._redis, self._name = client, name

    def take(self) -> Sequence[bytes]:
        found = self._redis.blpop([self._name], timeout=TAKE_S)
        return [found[1]] if found else []


class Listening:
    """A subscriber that connects anew when it is dropped, as a service would."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._link = self._subscribed()

    def _subscribed(self) -> Link:
        link = Link(self._task.endpoint)
        link.open()
        link.ask("SUBSCRIBE", self._task.name)
        return link

    def take(self) -> Sequence[bytes]:
        try:
            found = self._link.answers(100) if self._link.ready(TAKE_S) else []
        except UnreachableError as error:
            self._link.close()
            self._link = self._subscribed()
            raise GoneError(str(error)) from error
        return [answer[2] for answer in found]

    def close(self) -> None:
        self._link.close()


class Stage:
    """The setting that limits, in force."""

    def __init__(self, task: Task, client: Any, wanted: dict[str, str]) -> None:
        self._task, self._redis, self._wanted = task, client, wanted
        self._listens = task.mode.name == "redis-pubsub"
        self._before = self._drops()

    def _drops(self) -> int:
        return int(self._redis.info("stats").get("client_output_buffer_limit_disconnections", 0))

    def strike(self) -> None:
        """Nothing but the reader goes wrong."""

    def release(self) -> None:
        """Nothing has to be mended."""

    def watch(self) -> str:
        with typed(self._task.endpoint):
            return DROPPED if self._listens and self._drops() > self._before else ""

    def evidence(self) -> str:
        now = self._redis.config_get(*self._wanted)
        said = ", ".join(f"{name} {value}" for name, value in now.items())
        drops = f"; the server counted {self._drops() - self._before} dropped by it" if self._listens else ""
        return f"{said}, read back from the server{drops}"


@contextlib.contextmanager
def stage(task: Task) -> Iterator[tuple[Stage, Task]]:
    """The limit, set for the length of the block and put back by whoever comes next if this process is killed."""
    prove(task.endpoint, CONNECT_S)
    with contextlib.closing(admin.client(task.endpoint)) as client:
        with typed(task.endpoint):
            wanted = _wanted(task, client)
            made = settings.take(client, task.endpoint, [task.name], wanted, task.mode.label)
        try:
            yield Stage(task, client, wanted), task
        finally:
            journal.settle(made, lambda found: admin.undo(task.endpoint, found))


def _wanted(task: Task, client: Any) -> dict[str, str]:
    """So many bytes more than are used now; or, of Pub/Sub, as the output of one subscriber."""
    if task.mode.name == "redis-noeviction":
        used = int(client.info("memory")["used_memory"])
        return {"maxmemory-policy": "noeviction", "maxmemory": str(used + task.mode.limit_bytes)}
    words = client.config_get(BUFFERS)[BUFFERS].split()
    kinds = {words[at]: words[at + 1 : at + 4] for at in range(0, len(words), 4)}
    kinds["pubsub"] = [str(task.mode.limit_bytes), str(task.mode.limit_bytes), "0"]
    return {BUFFERS: " ".join(" ".join((kind, *limits)) for kind, limits in kinds.items())}


@contextlib.contextmanager
def sender(task: Task) -> Iterator[Pushing]:
    """A publisher on a connection of its own."""
    made = Shouting if task.mode.name == "redis-pubsub" else Pushing
    with typed(task.endpoint), contextlib.closing(admin.client(task.endpoint, text=False)) as client:
        client.ping()
        yield made(client, task.name)


@contextlib.contextmanager
def reader(task: Task) -> Iterator[Popping | Listening]:
    """A reader on a connection of its own."""
    if task.mode.name == "redis-pubsub":
        with contextlib.closing(Listening(task)) as listening:
            yield listening
        return
    with typed(task.endpoint), contextlib.closing(admin.client(task.endpoint, text=False)) as client:
        yield Popping(client, task.name)
