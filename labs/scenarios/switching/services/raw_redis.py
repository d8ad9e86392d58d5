"""The order service on Redis with redis-py: a stream a channel, and a group that shares it."""

import os
from collections.abc import Iterator
from typing import Any

import redis

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, TRIES

GROUP = "workers"


class Service:
    """One connection; a worker is known by its process."""

    def __init__(self, place: Place) -> None:
        self.place, self.me = place, str(os.getpid())
        self.link: Any = redis.Redis(
            host=place.host, port=place.port, username=place.username or None, password=place.password or None
        )

    def prepare(self) -> None:
        """A group for each stream."""
        for channel in CHANNELS:
            self.link.xgroup_create(self.place.name(channel), GROUP, id="0", mkstream=True)

    def send(self, channel: str, key: str, body: bytes) -> None:
        """Redis has it when it answers; a stream has no keys to keep in order."""
        self.link.xadd(self.place.name(channel), {"key": key, "body": body})

    def work(self, channel: str, handle: Handle) -> None:
        """What nobody has acknowledged for DELAY_S comes first, then what is new."""
        name = self.place.name(channel)
        while True:
            # own: redelivery, retry, parked
            for entry, fields in self.link.xautoclaim(name, GROUP, self.me, round(DELAY_S * 1000), count=1)[1]:
                self.one(name, entry, fields, handle)
            # end
            for _, found in self.link.xreadgroup(GROUP, self.me, {name: ">"}, count=1, block=100):
                for entry, fields in found:
                    self.one(name, entry, fields, handle)

    def one(self, name: str, entry: bytes, fields: dict[bytes, bytes], handle: Handle) -> None:
        """Acknowledged is what went well; the rest stays pending."""
        try:
            handle(fields[b"body"], self.send)
        except Exception:
            # own: parked
            [told] = self.link.xpending_range(name, GROUP, entry, entry, 1)
            if told["times_delivered"] >= TRIES:
                self.link.xadd(f"{name}-parked", fields)
                self.link.xack(name, GROUP, entry)
            # end
            return
        self.link.xack(name, GROUP, entry)

    def read_again(self, channel: str) -> Iterator[bytes]:
        """A stream keeps what was acknowledged."""
        yield from (fields[b"body"] for _, fields in self.link.xrange(self.place.name(channel)))

    def parked(self, channel: str) -> Iterator[bytes]:
        """A stream of its own."""
        yield from (fields[b"body"] for _, fields in self.link.xrange(f"{self.place.name(channel)}-parked"))
