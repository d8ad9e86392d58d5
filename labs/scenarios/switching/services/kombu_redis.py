"""The order service on Redis with kombu: a list a channel, and what kombu makes of it."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from kombu import Connection, Message, Queue

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, TRIES

SEEN_S = 4
"""Longer than any order takes, or it is paid twice; so long waits what a dead worker had in its hands."""


class Service:
    """One connection; kombu knows the broker by its address."""

    def __init__(self, place: Place) -> None:
        self.place = place
        address = f"redis://{place.username}:{place.password}@{place.host}:{place.port}/0"
        options = {"visibility_timeout": SEEN_S, "unacked_key": f"{place.prefix}-unacked"}
        options |= {f"unacked_{one}_key": f"{place.prefix}-unacked-{one}" for one in ("index", "mutex")}
        self.link = Connection(address, transport_options=options)
        self.producer = self.link.Producer()

    def queue(self, name: str) -> Queue:
        """What a virtual transport can do of it: be a queue."""
        return Queue(name)

    def prepare(self) -> None:
        """What is sent goes to the queue of the workers and to the stream."""
        for channel in CHANNELS:
            name = self.place.name(channel)
            for queue in (self.queue(name), self.queue(f"{name}-later"), self.queue(f"{name}-parked")):
                queue(self.link.default_channel).declare()

    def send(self, channel: str, key: str, body: bytes) -> None:
        """Redis has it when it answers."""
        self.write(body, routing_key=self.place.name(channel))

    def write(self, body: bytes, **where: Any) -> None:
        """Bytes as they are."""
        self.producer.publish(body, content_type="application/data", content_encoding="binary", **where)

    def work(self, channel: str, handle: Handle) -> None:
        """One at a time; what was not acknowledged for SEEN_S goes to another worker, whoever has it."""
        name, waiting = self.place.name(channel), list[Message]()
        with (
            self.link.Consumer(self.queue(name), on_message=lambda one: self.one(name, one, handle), prefetch_count=1),
            # own: retry, parked
            self.link.Consumer(self.queue(f"{name}-later"), on_message=waiting.append, channel=self.link.channel()),
            # end
        ):
            while True:
                with contextlib.suppress(TimeoutError):
                    self.link.drain_events(timeout=0.1)
                # own: retry, parked
                self.again(name, waiting)
                # end

    def one(self, name: str, message: Message, handle: Handle) -> None:
        """Acknowledged is what went well, or is put aside."""
        try:
            handle(message.body, self.send)
        except Exception:
            # own: retry, parked
            tries = message.headers.get("tries", 0) + 1
            where = f"{name}-parked" if tries >= TRIES else f"{name}-later"
            self.write(message.body, routing_key=where, headers={"tries": tries, "due": time.time() + DELAY_S})
            message.ack()
            return
            # end
            message.reject(requeue=True)
        else:
            message.ack()

    # own: retry, parked
    def again(self, name: str, waiting: list[Message]) -> None:
        """Send what has waited long enough to the workers once more."""
        while waiting and waiting[0].headers["due"] <= time.time():
            message = waiting.pop(0)
            self.write(message.body, routing_key=name, headers=message.headers)
            message.ack()

    # end

    def read(self, queue: Queue) -> Iterator[bytes]:
        """One body after the other."""
        found: list[bytes] = []

        def take(message: Message) -> None:
            found.append(message.body)
            message.ack()

        with self.link.Consumer(queue, on_message=take, prefetch_count=100):
            while True:
                self.link.drain_events()
                while found:
                    yield found.pop(0)

    def read_again(self, channel: str) -> Iterator[bytes]:
        """What was acknowledged is gone from the list."""
        return self.read(self.queue(self.place.name(channel)))

    def parked(self, channel: str) -> Iterator[bytes]:
        """A list of its own."""
        return self.read(self.queue(f"{self.place.name(channel)}-parked"))
