"""Jobs on Redis: a list that is popped, a list with a second one for what is in work, a stream, a channel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from labs.brokers import open_broker
from labs.brokers.base import Confirmations
from labs.brokers.redis.client import CONNECT_S, said_of, secured, typed
from labs.model.endpoint import Endpoint
from labs.model.profile import profile
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.event_log import Logbook
from labs.scenarios.jobs.producer import Answers, publish_all
from labs.scenarios.jobs.work import LOOK_S, Task, numbers, serve

FIELD, GROUP = b"body", "workers"


def client(endpoint: Endpoint) -> Any:
    """A connection that says at once what is wrong: redis-py would try ten times."""
    return redis.Redis(
        host=endpoint.host,
        port=endpoint.port,
        username=endpoint.username or None,
        password=endpoint.password or None,
        protocol=2,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=CONNECT_S + LOOK_S,
        retry=Retry(NoBackoff(), 0),
        ssl=endpoint.tls is not None,
        **secured(endpoint),
    )


def _in_work(name: str) -> str:
    return f"{name}:in-work"


class _Member(ABC):
    """What the four sources share: a connection, and nothing to acknowledge."""

    def __init__(self, task: Task) -> None:
        self.task, self.key = task, task.name
        self.redis = client(task.site)
        self.ready = False

    def __enter__(self) -> Self:
        with typed(self.task.site):
            self.begin()
        self.ready = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.redis.close()

    def begin(self) -> None:  # noqa: B027 - most sources have nothing to do here
        """Once, before the first job."""

    def take(self, most: int) -> Sequence[int]:
        """The next jobs."""
        with typed(self.task.site):
            return numbers(self.next(most))

    @abstractmethod
    def next(self, most: int) -> Sequence[bytes]:
        """Their messages."""

    def release(self) -> None:  # noqa: B027 - only two sources have something to acknowledge
        """What was popped or published is gone already."""


class Popping(_Member):
    """BLPOP: what a worker has popped exists in that worker only."""

    def next(self, most: int) -> Sequence[bytes]:
        found = self.redis.blpop([self.key], timeout=LOOK_S)
        return [found[1]] if found else []


class Moving(_Member):
    """BLMOVE into a second list and LREM when done. Who starts moves back what stands there: nobody else works."""

    _held = b""

    def begin(self) -> None:
        while self.redis.lmove(_in_work(self.key), self.key, "RIGHT", "LEFT") is not None:
            pass

    def next(self, most: int) -> Sequence[bytes]:
        self._held = self.redis.blmove(self.key, _in_work(self.key), LOOK_S, "LEFT", "RIGHT") or b""
        return [self._held] if self._held else []

    def release(self) -> None:
        with typed(self.task.site):
            self.redis.lrem(_in_work(self.key), 1, self._held)


class Reading(_Member):
    """A group's member: XREADGROUP, XACK for the batch; who starts claims what the group has pending."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._me = f"worker-{task.worker}"
        self._claimed: list[Any] = []
        self._held: list[Any] = []

    def begin(self) -> None:
        try:
            self.redis.xgroup_create(self.key, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        start: Any = "0-0"
        while True:
            # No idle time is asked for, because here the other worker is known to be dead. Where it may only be slow,
            # the idle time has to be longer than the longest job, or both do it.
            start, entries, *_ = self.redis.xautoclaim(self.key, GROUP, self._me, min_idle_time=0, start_id=start)
            self._claimed += entries
            if start == b"0-0":
                return

    def next(self, most: int) -> Sequence[bytes]:
        if self._claimed:
            self._held, self._claimed = self._claimed[:most], self._claimed[most:]
        else:
            wait_ms = round(LOOK_S * 1000)
            found = self.redis.xreadgroup(GROUP, self._me, {self.key: ">"}, count=most, block=wait_ms)
            self._held = found[0][1] if found else []
        return [fields[FIELD] for _, fields in self._held]

    def release(self) -> None:
        with typed(self.task.site):
            self.redis.xack(self.key, GROUP, *(name for name, _ in self._held))


class Listening(_Member):
    """A subscriber: what comes while it works waits in its own socket."""

    def begin(self) -> None:
        self._channel = self.redis.pubsub(ignore_subscribe_messages=True)
        self._channel.subscribe(self.key)
        self._channel.get_message(timeout=CONNECT_S)

    def next(self, most: int) -> Sequence[bytes]:
        found = self._channel.get_message(timeout=LOOK_S)
        return [found["data"]] if found else []


SOURCES: dict[str, Callable[[Task], Any]] = {
    "redis-blpop": Popping,
    "redis-lmove": Moving,
    "redis-stream": Reading,
    "redis-pubsub": Listening,
}


def work(task: Task, log: Logbook) -> None:
    """A worker on Redis."""
    with SOURCES[task.mode.name](task) as source:
        serve(source, log, task.prefetch)


class _Caller:
    """A publisher that waits for each answer; PUBLISH's answer 0 means that nobody has it, which is a no."""

    def __init__(self, redis_: Any, mode: str, key: str) -> None:
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

    def _send(self, body: bytes) -> Any:
        if self._mode == "redis-pubsub":
            return self._redis.publish(self._key, body)
        if self._mode == "redis-stream":
            return self._redis.xadd(self._key, {FIELD: body})
        return self._redis.rpush(self._key, body)

    def poll(self, timeout_s: float) -> Confirmations:
        accepted, refused = self._news
        self._news = ([], [])
        return Confirmations(accepted, refused, self._why if refused else "")


class Desk:
    """The sender's side."""

    def __init__(self, mode: Mode, endpoint: Endpoint, name: str) -> None:
        self._mode, self._endpoint, self._name = mode, endpoint, name
        self._broker = open_broker(endpoint, profile(mode.profile), name, [_in_work(name)])
        self._redis = client(endpoint)
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        self._undo.enter_context(self._broker)
        self._undo.callback(self._redis.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def hand_in(self, answers: Answers, port: int) -> None:
        with typed(self._endpoint):
            publish_all(_Caller(self._redis, self._mode.name, self._name), answers)

    def left(self) -> int:
        with typed(self._endpoint):
            if self._mode.name == "redis-stream":
                return self._pending()
            if self._mode.name == "redis-pubsub":
                return 0
            return int(self._redis.llen(self._name)) + int(self._redis.llen(_in_work(self._name)))

    def _pending(self) -> int:
        """Given out and not acknowledged, and one more if the stream has entries that nobody was given."""
        about, group = self._redis.xinfo_stream(self._name), self._redis.xinfo_groups(self._name)[0]
        return int(group["pending"]) + int(about["last-generated-id"] != group["last-delivered-id"])

    def about(self) -> dict[str, object]:
        return {"server": self._broker.version(), "durability": self._broker.durability()}
