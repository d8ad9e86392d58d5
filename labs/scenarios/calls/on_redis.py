"""Calls over Redis, by hand: questions wait in one list, and each caller has a list for its answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from redis import RedisError

from labs.brokers.redis.admin import Client, client
from labs.brokers.redis.client import ANSWER_S, typed
from labs.scenarios.calls.board import HEAD
from labs.scenarios.calls.service import Line, Service, Task, unshared

WAIT_S = 0.1
"""How long the service waits in one go."""
FORGET_S = 60
"""An answer that nobody fetches is thrown away by Redis after that long."""


def serve(task: Task, service: Service) -> None:
    """Take a question, answer it into the list of whoever asked."""
    with (
        typed(task.address().endpoint),
        contextlib.closing(client(task.address().endpoint, text=False, answer_s=ANSWER_S)) as redis_,
    ):
        redis_.ping()
        service.up()
        while not service.stopped:
            found = redis_.brpop([task.name], timeout=WAIT_S)
            if found is None:
                continue
            body = found[1]
            service.work(body)
            key = task.answers_of(HEAD.unpack_from(body)[1])
            both = redis_.pipeline(transaction=False)
            both.lpush(key, body)
            both.expire(key, FORGET_S)
            both.execute()


class _Line(Line):
    def __init__(self, task: Task, redis_: Client, answers: str) -> None:
        self._task, self._redis, self._answers = task, redis_, answers

    def ask(self, body: bytes, patience_s: float) -> None:
        """Put the question, wait for the answer; those to questions given up on before are passed over."""
        found = (b"", b"")
        with typed(self._task.address().endpoint):
            self._redis.lpush(self._task.name, body)
            while found and found[1][: HEAD.size] != body[: HEAD.size]:
                found = self._redis.brpop([self._answers], timeout=patience_s)
        if not found:
            raise TimeoutError(f"Redis: nothing in the list of answers for {patience_s:g} s")


@contextlib.contextmanager
def line(task: Task, _port: int, caller: int) -> Iterator[_Line]:
    """A connection and a list of answers for each caller; the list is gone afterwards."""
    answers = task.answers_of(caller)
    with contextlib.closing(client(task.address().endpoint, text=False, answer_s=ANSWER_S)) as redis_:
        try:
            yield _Line(task, redis_, answers)
        finally:
            with contextlib.suppress(RedisError):
                redis_.delete(answers)


lines = unshared(line)
