"""Redis: a channel that keeps nothing, a stream that is cut to its last entries, a list that expires."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from labs.brokers.redis.admin import Client, client
from labs.brokers.redis.client import CONNECT_S, typed
from labs.model.endpoint import Endpoint
from labs.scenarios.fleeting import LIFE_S, LOOK_S, ROOM, Outlet, Source, Way

BATCH, GROUP = 100, "readers"
LIFE_MS = round(LIFE_S * 1000)


class Channel:
    """PUBLISH: to whoever is subscribed now."""

    def __init__(self, redis_: Client, name: str) -> None:
        self._redis, self._name = redis_, name

    def publish(self, body: bytes) -> None:
        """Redis answers how many subscribers there were."""
        self._redis.publish(self._name, body)

    def finish(self) -> None:
        """Each was answered."""


class Stream(Channel):
    """XADD: the stream keeps its last ROOM entries, those of one life."""

    def publish(self, body: bytes) -> None:
        """Exactly so many: by default Redis cuts in whole blocks of about a hundred."""
        self._redis.xadd(self._name, {"body": body}, maxlen=ROOM, approximate=False)


class List(Channel):
    """RPUSH and PEXPIRE: the whole list goes when nothing was pushed for one life."""

    def publish(self, body: bytes) -> None:
        """Both in one request. An item has no time to live of its own: each push renews that of all."""
        with self._redis.pipeline(transaction=False) as both:
            both.rpush(self._name, body).pexpire(self._name, LIFE_MS).execute()


OUTLETS: dict[str, type[Channel]] = {"redis-stream": Stream, "redis-list": List}


@contextmanager
def outlet(way: Way, place: Endpoint, name: str) -> Iterator[Outlet]:
    """Where messages go; of a stream the group is there before the first of them."""
    with typed(place), closing(client(place, text=False)) as redis_:
        if way.name == "redis-stream":
            redis_.xgroup_create(name, GROUP, id="0", mkstream=True)
        yield OUTLETS.get(way.name, Channel)(redis_, name)


class Subscriber:
    """SUBSCRIBE: what is published while it is there. What it does not read yet waits in sockets and in Redis."""

    def __init__(self, redis_: Client, name: str) -> None:
        self._channel = redis_.pubsub(ignore_subscribe_messages=True)
        self._channel.subscribe(name)
        self._channel.get_message(timeout=CONNECT_S)

    def take(self) -> Sequence[bytes]:
        """The next one."""
        found = self._channel.get_message(timeout=LOOK_S)
        return [found["data"]] if found else []

    def done(self) -> None:
        """A channel knows of no acknowledgement."""


class Member:
    """XREADGROUP: what the stream still has and the group has not had."""

    def __init__(self, redis_: Client, name: str) -> None:
        self._redis, self._name, self._taken = redis_, name, list[bytes]()

    def take(self) -> Sequence[bytes]:
        """The next entries."""
        new = {self._name: ">"}
        found = self._redis.xreadgroup(GROUP, "me", new, count=BATCH, block=round(LOOK_S * 1000))
        entries = found[0][1] if found else []
        self._taken = [entry for entry, _ in entries]
        return [fields[b"body"] for _, fields in entries]

    def done(self) -> None:
        """XACK: they are no longer pending."""
        self._redis.xack(self._name, GROUP, *self._taken)


class Popper:
    """BLPOP: the oldest item, and it is out of the list."""

    def __init__(self, redis_: Client, name: str) -> None:
        self._redis, self._name = redis_, name

    def take(self) -> Sequence[bytes]:
        """The next one."""
        found = self._redis.blpop([self._name], timeout=LOOK_S)
        return [found[1]] if found else []

    def done(self) -> None:
        """It was taken out when it was given."""


SOURCES: dict[str, type[Subscriber | Member | Popper]] = {"redis-stream": Member, "redis-list": Popper}


@contextmanager
def source(way: Way, place: Endpoint, name: str) -> Iterator[Source]:
    """Subscribed, or connected."""
    with typed(place), closing(client(place, text=False)) as redis_:
        yield SOURCES.get(way.name, Subscriber)(redis_, name)


__all__ = ["outlet", "source"]
