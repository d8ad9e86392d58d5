"""Redis with redis-py: a stream, a publish that tells what became of it, and a worker that acknowledges after the work.

What Redis confirms is as safe as the server's own settings: appendonly yes, and appendfsync always against a power cut.
"""

import uuid
from collections.abc import Callable

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


class RefusedError(Exception):
    """The message is not there, and the server said so."""


class UnknownError(Exception):
    """Nobody knows. Publish it again under the same name; the worker must bear a message that comes twice."""


def connect(url: str = "redis://localhost:6379") -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=5,
        socket_timeout=5,
        retry=Retry(NoBackoff(), 0),  # by itself the client sends again after a time-out: the message is there twice
    )


def make(server: redis.Redis, stream: str, group: str) -> None:
    """The stream and its group, from the first message on; both may be there."""
    try:
        server.xgroup_create(stream, group, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def publish(server: redis.Redis, stream: str, body: bytes, name: str = "") -> str:
    """Give the message's name when the server has it, and raise if not."""
    name = name or uuid.uuid4().hex
    try:
        entry = server.xadd(stream, {"name": name, "body": body}, nomkstream=True)
    except (redis.ResponseError, redis.AuthenticationError) as error:  # out of memory, read-only, no login
        raise RefusedError(f"the server refused {name}: {error}") from error
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise UnknownError(f"no answer for {name}") from error
    if entry is None:  # nomkstream: else a slip in the name makes a stream that nobody reads
        raise RefusedError(f"there is no stream for {name}")
    return name


def work_off(
    server: redis.Redis, stream: str, group: str, me: str, work: Callable[[str, bytes], None], dead_ms: int = 60_000
) -> None:
    """Work until there is nothing to do: first what a dead worker has left behind, then what is new.

    A message counts as left behind after `dead_ms`: longer than any ten messages' work takes, or it is done twice.
    """
    while True:
        found = server.xautoclaim(stream, group, me, min_idle_time=dead_ms, count=10)[1]
        if not found:
            new = server.xreadgroup(group, me, {stream: ">"}, count=10, block=1_000)
            found = new[0][1] if new else []
        if not found:
            return
        for entry, fields in found:
            work(fields[b"name"].decode(), fields[b"body"])
            server.xack(stream, group, entry)  # after the work, never before it
