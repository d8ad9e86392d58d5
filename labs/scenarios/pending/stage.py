"""The stream as whoever runs the lab sees it: added to, looked at, evicted, trimmed; and gone afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import redis

from labs.brokers import journal
from labs.brokers.connection import prove
from labs.brokers.redis import settings
from labs.brokers.redis.admin import Client, client, undo
from labs.brokers.redis.client import CONNECT_S, typed
from labs.model.endpoint import Endpoint
from labs.model.run import NEVER
from labs.scenarios.pending import (
    BODY_BYTES,
    CACHE_BYTES,
    CACHE_KEYS,
    FIELD,
    GROUP,
    KEEP,
    MESSAGES,
    ROOM_BYTES,
    Way,
)

ALL = MESSAGES + 1
Look = tuple[int, int, int, int, int]
"""Entries, pending, those of them without an entry, bytes, lag."""


class Stream:
    """One stream and its group, on a connection of its own."""

    def __init__(self, link: Client, way: Way, key: str) -> None:
        self._link, self._way, self._key = link, way, key
        link.xgroup_create(key, GROUP, id="0", mkstream=True)

    def add(self, number: int) -> bytes:
        """XADD, with the limit of the way; the entry's id."""
        body = {FIELD: b"%d" % number + b" " * (BODY_BYTES - len(str(number)))}
        if not self._way.trim:
            return bytes(self._link.xadd(self._key, body))
        return bytes(self._link.xadd(self._key, body, maxlen=KEEP, approximate=self._way.trim == "~"))

    def look(self) -> Look:
        """What the server tells of it."""
        asked = self._link.pipeline(transaction=False)
        asked.xlen(self._key)
        asked.xpending_range(self._key, GROUP, "-", "+", ALL)
        asked.memory_usage(self._key, samples=0)
        asked.xinfo_groups(self._key)
        entries, pending, used, [group] = asked.execute()
        ids = [one["message_id"] for one in pending]
        lag = group.get("lag")
        return int(entries), len(ids), self._ghosts(ids), int(used or 0), NEVER if lag is None else int(lag)

    def _ghosts(self, ids: list[bytes]) -> int:
        """How many of these ids have no entry."""
        if not ids:
            return 0
        asked = self._link.pipeline(transaction=False)
        for one in ids:
            asked.xrange(self._key, one, one)
        return sum(not found for found in asked.execute())

    def ends(self) -> tuple[set[bytes], set[bytes]]:
        """The ids of all entries, and those that are pending."""
        entries = {name for name, _ in self._link.xrange(self._key)}
        if not self.has_group():
            return entries, set()
        return entries, {one["message_id"] for one in self._link.xpending_range(self._key, GROUP, "-", "+", ALL)}

    def there(self) -> bool:
        """Whether the key is there. EXISTS does not count as a use of it."""
        return bool(self._link.exists(self._key))

    def has_group(self) -> bool:
        """Whether it is there, and its group with it."""
        return self.there() and bool(self._link.xinfo_groups(self._key))

    def trim(self) -> None:
        """All entries go; the group stays."""
        self._link.xtrim(self._key, maxlen=0, approximate=False)

    def cache(self, turn: int) -> None:
        """What another program does on the same server: it keeps something under a key."""
        self._link.set(f"{self._key}-cache-{turn % CACHE_KEYS}", b"x" * CACHE_BYTES)

    def evicted(self) -> int:
        """How many keys the server has evicted since it began."""
        return int(self._link.info("stats")["evicted_keys"])

    def facts(self) -> dict[str, object]:
        """The server's version, and what it does when its memory is full, where it may be asked."""
        found: dict[str, object] = {"server": str(self._link.info("server")["redis_version"]), "durability": {}}
        with suppress(redis.ResponseError):
            found["policy"] = str(self._link.config_get("maxmemory-policy")["maxmemory-policy"])
        return found


@contextmanager
def stream(way: Way, endpoint: Endpoint, key: str) -> Iterator[Stream]:
    """The stream, for the length of the block; also what makes a server evict, which is put back."""
    prove(endpoint, CONNECT_S)
    names = [key, *(f"{key}-cache-{at}" for at in range(CACHE_KEYS))] if way.evicts else [key]
    with typed(endpoint), closing(client(endpoint)) as asks:
        if way.evicts:
            used = int(asks.info("memory")["used_memory"])
            wanted = {"maxmemory-policy": "allkeys-lru", "maxmemory": str(used + ROOM_BYTES)}
            made = settings.take(asks, endpoint, names, wanted, way.label)
        else:
            made = journal.note(endpoint, names)
    try:
        with typed(endpoint), closing(client(endpoint, text=False)) as link:
            yield Stream(link, way, key)
    finally:
        journal.settle(made, lambda found: undo(endpoint, found))


def now_ns() -> int:
    """Of the clock that all processes of a run share."""
    return time.monotonic_ns()
