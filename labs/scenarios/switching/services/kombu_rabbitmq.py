"""The order service on RabbitMQ with kombu: a quorum queue a channel, and a stream beside it that keeps all."""

from collections.abc import Iterator
from typing import Any

from kombu import Connection, Exchange, Message, Queue

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, TRIES

OPTIONS: dict[str, Any] = {"confirm_publish": True}
QUEUE: dict[str, Any] = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    "x-delivery-limit": TRIES - 1,
    "x-dead-letter-exchange": "",
    "x-delayed-retry-type": "all",
    "x-delayed-retry-min": round(DELAY_S * 1000),
    "x-delayed-retry-max": round(DELAY_S * 1000),
}
FIRST = {"x-stream-offset": "first"}


class Service:
    """One connection; kombu knows the broker by its address."""

    def __init__(self, place: Place) -> None:
        self.place = place
        address = f"amqp://{place.username}:{place.password}@{place.host}:{place.port}//"
        self.link = Connection(address, transport_options=OPTIONS)
        self.producer = self.link.Producer()

    def queue(self, name: str) -> Queue:
        """The queue of the workers."""
        arguments = QUEUE | {"x-dead-letter-routing-key": f"{name}-parked"}
        return Queue(name, Exchange(name, "fanout"), queue_arguments=arguments)

    def parking(self, name: str) -> Queue:
        """What was given up."""
        return Queue(f"{name}-parked", queue_arguments={"x-queue-type": "quorum"})

    def history(self, name: str) -> Queue:
        """All that was ever sent."""
        stream = {"x-queue-type": "stream"}
        return Queue(f"{name}-all", Exchange(name, "fanout"), queue_arguments=stream, consumer_arguments=FIRST)

    def prepare(self) -> None:
        """What is sent goes to the queue of the workers and to the stream."""
        for channel in CHANNELS:
            name = self.place.name(channel)
            for queue in (self.queue(name), self.parking(name), self.history(name)):
                queue(self.link.default_channel).declare()

    def send(self, channel: str, key: str, body: bytes) -> None:
        """With confirms this returns when the broker has it."""
        self.write(body, exchange=self.place.name(channel), routing_key=key)

    def write(self, body: bytes, **where: Any) -> None:
        """Bytes as they are."""
        self.producer.publish(body, content_type="application/data", content_encoding="binary", **where)

    def work(self, channel: str, handle: Handle) -> None:
        """One at a time; the broker counts the tries, waits between them and parks what has had enough."""
        queue = self.queue(self.place.name(channel))
        with self.link.Consumer(queue, on_message=lambda one: self.one(one, handle), prefetch_count=1):
            while True:
                self.link.drain_events()

    def one(self, message: Message, handle: Handle) -> None:
        """Acknowledged is what went well."""
        try:
            handle(message.body, self.send)
        except Exception:
            message.reject(requeue=True)
        else:
            message.ack()

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
        """A queue forgets what was acknowledged; the stream does not."""
        return self.read(self.history(self.place.name(channel)))

    def parked(self, channel: str) -> Iterator[bytes]:
        """The queue that the dead-letter exchange fills."""
        return self.read(self.parking(self.place.name(channel)))
