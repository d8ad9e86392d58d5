"""A client for each way, by redis-py: who sends, who reads, and what the server can tell of what waits.

A reader belongs to a group: readers of one group are meant to share the messages, each group to have all. Two of the
five ways know no groups, and two no sharing; the trials ask all of them alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

import redis

from labs.brokers.redis.admin import Client, client
from labs.brokers.redis.client import typed
from labs.model.endpoint import Endpoint

FIELD = b"body"
LOOK_S = 0.05
"""How long a blocking pop waits before it says that the list is empty; what has been sent lies there already."""
ANSWER_S = 10.0
"""A channel has said something by then, or its connection is broken."""


def in_work(key: str) -> str:
    """The second list of a list."""
    return f"{key}:in-work"


class Reader(ABC):
    """One who reads; entering means subscribed. `take` gives what is there, `done` says that it is handled."""

    def __init__(self, link: Client, key: str, group: str, me: str) -> None:
        self.link, self.key, self.group, self.me = link, key, group, me

    def recover(self) -> None:  # noqa: B027 - three of the ways have nothing to recover
        """Take over what a dead reader had in work."""

    @abstractmethod
    def take(self, most: int) -> Sequence[bytes]:
        """The next messages, none if there are none."""

    def done(self) -> None:  # noqa: B027 - three of the ways know no acknowledgement
        """What was taken last is handled."""

    def close(self) -> None:  # noqa: B027 - only a subscription has something of its own to close
        """It goes away and reads no more."""


class Popping(Reader):
    """BLPOP: what is popped is gone from the server."""

    def take(self, most: int) -> Sequence[bytes]:
        found: list[bytes] = []
        while len(found) < most and (one := self.link.blpop([self.key], timeout=LOOK_S)):
            found.append(one[1])
        return found


class Moving(Reader):
    """BLMOVE into a second list, LREM when it is done."""

    def __init__(self, link: Client, key: str, group: str, me: str) -> None:
        super().__init__(link, key, group, me)
        self._held: list[bytes] = []

    def recover(self) -> None:
        while self.link.lmove(in_work(self.key), self.key, "RIGHT", "LEFT") is not None:
            pass

    def take(self, most: int) -> Sequence[bytes]:
        found: list[bytes] = []
        while len(found) < most and (one := self.link.blmove(self.key, in_work(self.key), LOOK_S, "LEFT", "RIGHT")):
            found.append(one)
        self._held = found
        return found

    def done(self) -> None:
        for body in self._held:
            self.link.lrem(in_work(self.key), 1, body)


class Listening(Reader):
    """SUBSCRIBE. A PING behind all that was published tells that nothing more is on its way."""

    sharded = False

    def __init__(self, link: Client, key: str, group: str, me: str) -> None:
        super().__init__(link, key, group, me)
        self.channel = link.pubsub(ignore_subscribe_messages=False)
        (self.channel.ssubscribe if self.sharded else self.channel.subscribe)(key)
        self._asked = False
        self._next()  # the server's word that it is subscribed

    def take(self, most: int) -> Sequence[bytes]:
        found: list[bytes] = []
        if not self._asked:
            self.channel.ping()
            self._asked = True
        while len(found) < most:
            one = self._next()
            if one["type"] == "pong":
                self._asked = False
                break
            found.append(one["data"])
        return found

    def _next(self) -> Mapping[str, Any]:
        """The next that comes; something is on its way."""
        if (one := self.channel.get_message(timeout=ANSWER_S)) is None:
            raise redis.TimeoutError(f"nothing came on the channel for {ANSWER_S:g} s, not even the answer to a PING")
        found: Mapping[str, Any] = one
        return found

    def close(self) -> None:
        """Gone, by the server's own word: what is published from now on finds nobody."""
        with suppress(redis.RedisError):
            (self.channel.sunsubscribe if self.sharded else self.channel.unsubscribe)()
            while not self._next()["type"].endswith("unsubscribe"):
                pass
        self.channel.close()


class ListeningToShard(Listening):
    """SSUBSCRIBE: a channel that belongs to one node of a cluster."""

    sharded = True


class Grouped(Reader):
    """XREADGROUP and XACK; a group that is made begins at the first entry that the stream still has."""

    def __init__(self, link: Client, key: str, group: str, me: str) -> None:
        super().__init__(link, key, group, me)
        self._held: list[tuple[bytes, Mapping[bytes, bytes]]] = []
        self._claimed: list[Any] = []
        try:
            link.xgroup_create(key, group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def recover(self) -> None:
        start = b"0-0"
        while True:
            start, entries, *_ = self.link.xautoclaim(self.key, self.group, self.me, min_idle_time=0, start_id=start)
            self._claimed += entries
            if start == b"0-0":
                return

    def take(self, most: int) -> Sequence[bytes]:
        if self._claimed:
            self._held, self._claimed = self._claimed[:most], self._claimed[most:]
        else:
            found = self.link.xreadgroup(self.group, self.me, {self.key: ">"}, count=most)
            self._held = found[0][1] if found else []
        return [fields[FIELD] for _, fields in self._held]

    def done(self) -> None:
        if self._held:
            self.link.xack(self.key, self.group, *(name for name, _ in self._held))


READERS: dict[str, Callable[[Client, str, str, str], Reader]] = {
    "list": Popping,
    "list-moved": Moving,
    "pubsub": Listening,
    "sharded-pubsub": ListeningToShard,
    "stream-group": Grouped,
}
STORED = ("list", "list-moved", "stream-group")
"""The ways in which the server keeps what nobody has read yet."""


class Shape:
    """One way at a server, under one key."""

    def __init__(self, link: Client, way: str, key: str) -> None:
        self.link, self.way, self.key = link, way, key

    @property
    def keeps(self) -> bool:
        """Whether the server keeps what nobody has read yet."""
        return self.way in STORED

    def send(self, body: bytes) -> int:
        """Send one message. A channel answers how many heard it, a list how long it is now, a stream that it has it."""
        if self.way == "pubsub":
            return int(self.link.publish(self.key, body))
        if self.way == "sharded-pubsub":
            return int(self.link.spublish(self.key, body))
        if self.way == "stream-group":
            return 1 if self.link.xadd(self.key, {FIELD: body}) else 0
        return int(self.link.rpush(self.key, body))

    @contextmanager
    def reader(self, group: str, me: str) -> Iterator[Reader]:
        """A reader of that group, subscribed; gone afterwards."""
        found = READERS[self.way](self.link, self.key, group, me)
        try:
            yield found
        finally:
            found.close()

    def waiting(self, group: str) -> int | None:
        """How many messages the server says are not yet read and done by that group; None where it cannot say."""
        if not self.keeps:
            return None  # PUBSUB NUMSUB counts who listens, and no command what waits for them
        if self.way != "stream-group":
            return int(self.link.llen(self.key)) + int(self.link.llen(in_work(self.key)))
        [told] = [one for one in self.link.xinfo_groups(self.key) if one["name"] == group.encode()]
        return None if told.get("lag") is None else int(told["lag"]) + int(told["pending"])


@contextmanager
def opened(endpoint: Endpoint, way: str, key: str) -> Iterator[Shape]:
    """A shape with a connection of its own; a broker's errors are ours."""
    with typed(endpoint), closing(client(endpoint, text=False)) as link:
        yield Shape(link, way, key)
