"""Redis: a stream keeps everything, in memory, until somebody trims it. A group remembers what it has read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from labs.brokers import journal
from labs.brokers.redis.admin import Client, client, undo
from labs.brokers.redis.client import typed
from labs.model.endpoint import Endpoint
from labs.model.facts import Facts
from labs.scenarios.keeping import KEEP_ENTRIES, KEEP_S, LOOK_S, Append, Begin, Held, Reader, Way
from labs.scenarios.keeping.bookings import read

BATCH = 500
ME = "me"
LAST = 2**64 - 1
"""The highest number that an entry can have within its millisecond."""


def trimmed(way: Way) -> dict[str, Any]:
    """What XADD is told to forget. Redis does nothing of that by itself: whoever adds, trims."""
    if way.limit == "bytes":  # there is no limit by bytes
        return {"maxlen": KEEP_ENTRIES, "approximate": True}
    if way.limit == "age":
        return {"minid": f"{round((time.time() - KEEP_S) * 1000)}-0", "approximate": True}
    return {}


def begins(begin: Begin, at_ms: int) -> str:
    """The entry behind which a group begins."""
    return {"live": "0", "first": "0", "time": f"{at_ms - 1}-{LAST}", "end": "$"}[begin]


class _Reader:
    """The one member of a group of its own."""

    def __init__(self, redis_: Client, key: str, group: str, behind: str) -> None:
        self._redis, self._key, self._group = redis_, key, group
        self._open: list[bytes] = []
        redis_.xgroup_create(key, group, id=behind, mkstream=True)

    def take(self) -> Sequence[bytes]:
        wait_ms = round(LOOK_S * 1000)
        found = self._redis.xreadgroup(self._group, ME, {self._key: ">"}, count=BATCH, block=wait_ms)
        entries = found[0][1] if found else []
        self._open += [entry for entry, _ in entries]
        return [fields[b"body"] for _, fields in entries]

    def acknowledge(self) -> None:
        """They leave the group's list of what is pending, and stay in the stream."""
        if self._open:
            self._redis.xack(self._key, self._group, *self._open)
            self._open = []


class _Stream:
    """The stream of one run."""

    def __init__(self, way: Way, endpoint: Endpoint, key: str, redis_: Client) -> None:
        self._way, self._endpoint, self._key, self._redis = way, endpoint, key, redis_
        self.facts: Facts = {"server": str(redis_.info("server")["redis_version"]), "settings": trimmed(way)}

    @contextmanager
    def writer(self) -> Iterator[Append]:
        with typed(self._endpoint), closing(client(self._endpoint, text=False)) as redis_:

            def append(bodies: Sequence[bytes]) -> None:
                batch = redis_.pipeline(transaction=False)
                for body in bodies:
                    batch.xadd(self._key, {"body": body}, **trimmed(self._way))
                batch.execute()

            yield append

    @contextmanager
    def reader(self, begin: Begin, at_ms: int = 0) -> Iterator[Reader]:
        with typed(self._endpoint), closing(client(self._endpoint, text=False)) as redis_:
            yield _Reader(redis_, self._key, begin, begins(begin, at_ms))

    def held(self) -> Held:
        """By its own word; what it holds is memory and not disk."""
        with typed(self._endpoint):
            first = self._redis.xrange(self._key, count=1)
            records, used = self._redis.xlen(self._key), self._redis.memory_usage(self._key, samples=0)
        return Held(read(first[0][1][b"body"]).number if first else None, int(records), int(used or 0))


@contextmanager
def site(way: Way, endpoint: Endpoint, name: str) -> Iterator[_Stream]:
    """The key, for the length of the block."""
    made = journal.note(endpoint, [name])
    try:
        with typed(endpoint), closing(client(endpoint, text=False)) as redis_:
            yield _Stream(way, endpoint, name, redis_)
    finally:
        journal.settle(made, lambda entry: undo(endpoint, entry))
