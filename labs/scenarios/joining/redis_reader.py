"""Redis, the reader's side: a subscription to a channel, or a group that reads a stream from its first entry on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from labs.brokers.redis.admin import Client, client
from labs.brokers.redis.client import CONNECT_S, typed
from labs.model.endpoint import Endpoint
from labs.scenarios.joining import LOOK_S, Source

BATCH = 100


class Channel:
    """A subscriber: it gets what is published while it is there."""

    ready = True

    def __init__(self, redis_: Client, name: str) -> None:
        self._channel = redis_.pubsub(ignore_subscribe_messages=True)
        self._channel.subscribe(name)
        self._channel.get_message(timeout=CONNECT_S)

    def take(self) -> Sequence[bytes]:
        """The next one."""
        found = self._channel.get_message(timeout=LOOK_S)
        return [found["data"]] if found else []


class Stream:
    """A group of its own that begins at 0, the first entry that the stream still has."""

    ready = True

    def __init__(self, redis_: Client, name: str, group: str) -> None:
        self._redis, self._name, self._group = redis_, name, group
        redis_.xgroup_create(name, group, id="0", mkstream=True)

    def take(self) -> Sequence[bytes]:
        """What the group has not had; it counts as read."""
        wait_ms, new = round(LOOK_S * 1000), {self._name: ">"}
        found = self._redis.xreadgroup(self._group, "me", new, count=BATCH, block=wait_ms)
        entries = found[0][1] if found else []
        if entries:
            self._redis.xack(self._name, self._group, *(entry for entry, _ in entries))
        return [fields[b"body"] for _, fields in entries]


@contextmanager
def opened(mode: str, place: Endpoint, name: str, who: str) -> Iterator[Source]:
    """Subscribed."""
    with typed(place), closing(client(place, text=False)) as redis_:
        yield Channel(redis_, name) if mode == "redis-pubsub" else Stream(redis_, name, who)
