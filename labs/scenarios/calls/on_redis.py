"""Calls over Redis, by hand: questions wait in one list, and each caller has a list for its answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from labs.brokers.redis.client import ANSWER_S, CONNECT_S, secured, typed
from labs.scenarios.calls.board import HEAD
from labs.scenarios.calls.service import Desk, Task, Unshared

WAIT_S = 0.1
"""How long the service waits in one go."""
FORGET_S = 60
"""An answer that nobody fetches is thrown away by Redis after that long."""


def _client(task: Task) -> redis.Redis:
    site = task.address().endpoint
    return redis.Redis(
        host=site.host, port=site.port, username=site.username or None, password=site.password or None, protocol=2,
        socket_connect_timeout=CONNECT_S, socket_timeout=ANSWER_S, retry=Retry(NoBackoff(), 0),
        ssl=site.tls is not None, **secured(site),
    )  # fmt: skip


def serve(task: Task, desk: Desk) -> None:
    """Take a question, answer it into the list of whoever asked."""
    with typed(task.address().endpoint), contextlib.closing(_client(task)) as client:
        client.ping()
        desk.up()
        while not desk.stopped:
            found: Any = client.brpop([task.name], timeout=WAIT_S)
            if found is None:
                continue
            body = found[1]
            desk.work(body)
            key = task.answers_of(HEAD.unpack_from(body)[1])
            both: Any = client.pipeline(transaction=False)
            both.lpush(key, body)
            both.expire(key, FORGET_S)
            both.execute()


class _Line:
    def __init__(self, task: Task, caller: int) -> None:
        self._task, self._key = task, task.answers_of(caller)
        self._client = _client(task)

    def ask(self, body: bytes, patience_s: float) -> None:
        """Put the question, wait for the answer; those to questions given up on before are passed over."""
        found: Any = (b"", b"")
        with typed(self._task.address().endpoint):
            self._client.lpush(self._task.name, body)
            while found and found[1][: HEAD.size] != body[: HEAD.size]:
                found = self._client.brpop([self._key], timeout=patience_s)
        if not found:
            raise TimeoutError(f"Redis: nothing in the list of answers for {patience_s:g} s")

    def close(self) -> None:
        """Take the list of answers away and let go."""
        with contextlib.suppress(redis.RedisError):
            self._client.delete(self._key)
        self._client.close()


class Station(Unshared):
    """The callers' side: each has a connection of its own."""

    @contextlib.contextmanager
    def line(self, caller: int) -> Iterator[_Line]:
        """One caller's way to the service."""
        with contextlib.closing(_Line(self._task, caller)) as line:
            yield line
