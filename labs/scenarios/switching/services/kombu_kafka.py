"""The order service on Kafka with kombu: a topic a channel, and what kombu makes of it."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from kombu import Connection, Message, Queue

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, SESSION_S, TRIES

OPTIONS: dict[str, Any] = {
    "wait_time_seconds": 0.1,
    "kafka_common_config": {"allow.auto.create.topics": False},
    "kafka_consumer_config": {"session.timeout.ms": SESSION_S * 1000, "queued.max.messages.kbytes": 1000},
}


class Service:
    """One connection; kombu knows the broker by its address."""

    def __init__(self, place: Place) -> None:
        self.place = place
        address = f"confluentkafka://{place.username}:{place.password}@{place.host}:{place.port}"
        self.link = Connection(address, transport_options=OPTIONS)
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
        """kombu waits for the broker after each message, and sends no key."""
        self.write(body, routing_key=self.place.name(channel))

    def write(self, body: bytes, **where: Any) -> None:
        """Bytes as they are."""
        self.producer.publish(body, content_type="application/data", content_encoding="binary", **where)

    def work(self, channel: str, handle: Handle) -> None:
        """One at a time; the group’s position is committed with each acknowledgement."""
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
        """A topic keeps what was read: a new group begins at its first record."""
        fresh = OPTIONS["kafka_consumer_config"] | {"group.id": f"{self.place.name(channel)}-{time.time_ns()}"}
        self.link = self.link.clone(transport_options=OPTIONS | {"kafka_consumer_config": fresh})
        return self.read(self.queue(self.place.name(channel)))

    def parked(self, channel: str) -> Iterator[bytes]:
        """A topic of its own."""
        return self.read(self.queue(f"{self.place.name(channel)}-parked"))
