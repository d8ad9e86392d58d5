"""Jobs on Redis: a list that is popped, a list with a second one for what is in work, a stream, a channel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import redis

from labs.brokers import open_broker
from labs.brokers.base import Confirmations
from labs.brokers.redis.admin import Client, client
from labs.brokers.redis.client import CONNECT_S, said_of, typed
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import profile
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.producer import BrokerDesk
from labs.scenarios.jobs.work import LOOK_S, Task, numbers, serving

FIELD, GROUP = b"body", "workers"
CREATED: dict[str, Any] = {"id": "0", "mkstream": True}
CLAIMED: dict[str, Any] = {"min_idle_time": 0}
"""No idle time is asked for, because here the other worker is known to be dead. Where it may only be slow, the idle
time has to be longer than the longest job, or both do it."""
Entry = tuple[bytes, dict[bytes, bytes]]


def settings(mode: Mode, prefetch: int) -> dict[str, object]:
    """What this code sets, addresses and names aside."""
    found = {
        "redis-lmove": {"second list": "in work", "from": "LEFT", "to": "LEFT"},
        "redis-stream": {"group": GROUP, "count": prefetch, **CREATED, **CLAIMED},
        "redis-pubsub": {"ignore_subscribe_messages": True},
    }.get(mode.name, {})
    return {"block_s": LOOK_S, **found}


def _in_work(name: str) -> str:
    return f"{name}:in-work"


class _Source(ABC):
    """What the four sources share: a connection, and nothing to acknowledge."""

    ready = True

    def __init__(self, task: Task, redis_: Client) -> None:
        self.key, self.redis, self.me = task.name, redis_, f"worker-{task.worker}"

    def take(self, most: int) -> Sequence[int]:
        """The next jobs."""
        return numbers(self.next(most))

    @abstractmethod
    def next(self, most: int) -> Sequence[bytes]:
        """Their messages."""

    def release(self) -> None:  # noqa: B027 - only two sources have something to acknowledge
        """What was popped or published is gone already."""


class Popping(_Source):
    """BLPOP: what a worker has popped exists in that worker only."""

    def next(self, most: int) -> Sequence[bytes]:
        found = self.redis.blpop([self.key], timeout=LOOK_S)
        return [found[1]] if found else []


class Moving(_Source):
    """BLMOVE into a second list and LREM when done. A worker begins with moving back what stands there: it is alone."""

    _held = b""

    def __init__(self, task: Task, redis_: Client) -> None:
        super().__init__(task, redis_)
        while redis_.lmove(_in_work(self.key), self.key, "RIGHT", "LEFT") is not None:
            pass

    def next(self, most: int) -> Sequence[bytes]:
        self._held = self.redis.blmove(self.key, _in_work(self.key), LOOK_S, "LEFT", "RIGHT") or b""
        return [self._held] if self._held else []

    def release(self) -> None:
        self.redis.lrem(_in_work(self.key), 1, self._held)


class Reading(_Source):
    """A group's member: XREADGROUP, XACK for the batch; it begins with claiming what the group has pending."""

    def __init__(self, task: Task, redis_: Client) -> None:
        super().__init__(task, redis_)
        self._held: list[Entry] = []
        try:
            redis_.xgroup_create(self.key, GROUP, **CREATED)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._claimed = self._pending()

    def _pending(self) -> list[Entry]:
        claimed: list[Entry] = []
        start = b"0-0"
        while True:
            start, entries, *_ = self.redis.xautoclaim(self.key, GROUP, self.me, **CLAIMED, start_id=start)
            claimed += entries
            if start == b"0-0":
                return claimed

    def next(self, most: int) -> Sequence[bytes]:
        if self._claimed:
            self._held, self._claimed = self._claimed[:most], self._claimed[most:]
        else:
            wait_ms = round(LOOK_S * 1000)
            found = self.redis.xreadgroup(GROUP, self.me, {self.key: ">"}, count=most, block=wait_ms)
            self._held = found[0][1] if found else []
        return [fields[FIELD] for _, fields in self._held]

    def release(self) -> None:
        self.redis.xack(self.key, GROUP, *(name for name, _ in self._held))


class Listening(_Source):
    """A subscriber: what comes while it works waits in its own socket."""

    def __init__(self, task: Task, redis_: Client) -> None:
        super().__init__(task, redis_)
        self._channel = redis_.pubsub(ignore_subscribe_messages=True)
        self._channel.subscribe(self.key)
        self._channel.get_message(timeout=CONNECT_S)

    def next(self, most: int) -> Sequence[bytes]:
        found = self._channel.get_message(timeout=LOOK_S)
        return [found["data"]] if found else []


SOURCES: dict[str, Callable[[Task, Client], _Source]] = {
    "redis-blpop": Popping,
    "redis-lmove": Moving,
    "redis-stream": Reading,
    "redis-pubsub": Listening,
}


@contextmanager
def source(task: Task) -> Iterator[_Source]:
    """The mode's way to get jobs."""
    with typed(task.site), closing(client(task.site, text=False)) as redis_:
        yield SOURCES[task.mode.name](task, redis_)


work = serving(source)


class _Caller:
    """A publisher that waits for each answer; PUBLISH's answer 0 means that nobody has it, which is a no."""

    def __init__(self, redis_: Client, mode: str, key: str) -> None:
        self._redis, self._mode, self._key = redis_, mode, key
        self._news: tuple[list[int], list[int]] = ([], [])
        self._next, self._why = 0, ""

    def publish(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            try:
                answer = self._send(body)
            except redis.ResponseError as error:  # out of memory, no right to it: the next one may be taken
                answer, self._why = None, self._why or said_of(error)
            self._news[0 if answer else 1].append(self._next)
            self._next += 1

    def _send(self, body: bytes) -> object:
        if self._mode == "redis-pubsub":
            return self._redis.publish(self._key, body)
        if self._mode == "redis-stream":
            return self._redis.xadd(self._key, {FIELD: body})
        return self._redis.rpush(self._key, body)

    def poll(self, timeout_s: float) -> Confirmations:
        accepted, refused = self._news
        self._news = ([], [])
        return Confirmations(accepted, refused, self._why if refused else "")


@contextmanager
def desk(mode: Mode, endpoint: Endpoint, name: str) -> Iterator[BrokerDesk]:
    """The sender's side, by the commands whose answers say who has the job."""
    address = Address(endpoint, profile(mode.profile), name)
    with (
        open_broker(endpoint, address.profile, name, [_in_work(name)]) as broker,
        closing(client(endpoint, text=False)) as redis_,
    ):

        @contextmanager
        def caller() -> Iterator[_Caller]:
            with typed(endpoint):
                yield _Caller(redis_, mode.name, name)

        def left() -> int:
            with typed(endpoint):
                if mode.name == "redis-stream":
                    return _unfinished(redis_, name)
                if mode.name == "redis-pubsub":
                    return 0
                return int(redis_.llen(name)) + int(redis_.llen(_in_work(name)))

        yield BrokerDesk(address, broker, left, caller)


def _unfinished(redis_: Client, name: str) -> int:
    """Given out and not acknowledged, and one more if the stream has entries that nobody was given."""
    about, group = redis_.xinfo_stream(name), redis_.xinfo_groups(name)[0]
    return int(group["pending"]) + int(about["last-generated-id"] != group["last-delivered-id"])
