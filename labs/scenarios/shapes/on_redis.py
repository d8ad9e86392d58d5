"""Shapes on Redis: a list that all pop, a channel that all hear, a stream that groups read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from labs.brokers.redis.admin import Client, client
from labs.brokers.redis.client import CONNECT_S, typed
from labs.model.shapes import Crew
from labs.scenarios.shapes.work import LOOK_S, AtWork, Desk, Source, Task, group_name, owned

FIELD = b"body"


class Popping:
    """BLPOP: the server gives each element to one of those who wait."""

    ready = True

    def __init__(self, task: Task, redis_: Client) -> None:
        self._redis, self._key = redis_, task.name

    def take(self) -> Sequence[bytes]:
        """One element."""
        found = self._redis.blpop([self._key], timeout=LOOK_S)
        return [found[1]] if found else []

    def release(self) -> None:
        """What was popped is gone already."""


class Listening:
    """A subscriber: it has all that is published, whoever else listens."""

    ready = True

    def __init__(self, task: Task, redis_: Client) -> None:
        self._channel = redis_.pubsub(ignore_subscribe_messages=True)
        self._channel.subscribe(task.name)
        self._channel.get_message(timeout=CONNECT_S)

    def take(self) -> Sequence[bytes]:
        """One message."""
        found = self._channel.get_message(timeout=LOOK_S)
        return [found["data"]] if found else []

    def release(self) -> None:
        """Nobody wants to know."""


class Reading:
    """A member of a group: an entry goes to one member of each group."""

    ready = True

    def __init__(self, task: Task, redis_: Client) -> None:
        self._redis, self._key, self._group, self._me = redis_, task.name, task.of_group, f"member-{task.member}"
        self._held: list[bytes] = []

    def take(self) -> Sequence[bytes]:
        """One entry that nobody of the group has had."""
        wait_ms = round(LOOK_S * 1000)
        found = self._redis.xreadgroup(self._group, self._me, {self._key: ">"}, count=1, block=wait_ms)
        entries = found[0][1] if found else []
        self._held = [name for name, _ in entries]
        return [fields[FIELD] for _, fields in entries]

    def release(self) -> None:
        """The group forgets it."""
        self._redis.xack(self._key, self._group, *self._held)


SOURCES: dict[str, Callable[[Task, Client], Source]] = {
    "redis-list": Popping,
    "redis-pubsub": Listening,
    "redis-stream": Reading,
}


@contextmanager
def source(task: Task) -> Iterator[Source]:
    """Connected and subscribed."""
    with typed(task.endpoint), closing(client(task.endpoint, text=False)) as redis_:
        yield SOURCES[task.shape.name](task, redis_)


class _Sender:
    """One command a message; its answer says whether somebody has it."""

    consumers: Sequence[AtWork] = ()

    def __init__(self, task: Task, redis_: Client) -> None:
        self._task, self._redis, self._key = task, redis_, task.name

    def send(self, _key: str, body: bytes) -> bool:
        """PUBLISH answers 0 where nobody listens. Redis knows no keys of messages."""
        with typed(self._task.endpoint):
            if self._task.shape.name == "redis-pubsub":
                return bool(self._redis.publish(self._key, body))
            if self._task.shape.name == "redis-stream":
                return bool(self._redis.xadd(self._key, {FIELD: body}))
            return bool(self._redis.rpush(self._key, body))

    def left(self) -> int:
        """In the list, or given out to a group and not acknowledged or not given out; a channel keeps nothing."""
        with typed(self._task.endpoint):
            if self._task.shape.name == "redis-stream":
                return sum(_open(one) for one in self._redis.xinfo_groups(self._key))
            return int(self._redis.llen(self._key)) if self._task.shape.name == "redis-list" else 0

    def settled(self) -> bool:
        """Redis deals out nothing beforehand."""
        return True


def _open(group: dict[str, int]) -> int:
    """What of a stream is open in a group: pending, and not given out."""
    return int(group["pending"]) + int(group.get("lag") or 0)


@contextmanager
def desk(task: Task, crew: Crew) -> Iterator[Desk]:
    """The groups are made before anybody reads or sends."""
    with typed(task.endpoint), closing(client(task.endpoint, text=False)) as redis_:
        redis_.ping()
        with owned(task.endpoint, [task.name]):
            if task.shape.name == "redis-stream":
                for letter in crew.letters:
                    redis_.xgroup_create(task.name, group_name(task.name, letter), id="0", mkstream=True)
            yield _Sender(task, redis_)
