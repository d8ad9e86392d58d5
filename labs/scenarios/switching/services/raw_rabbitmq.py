"""The order service on RabbitMQ with pika: a quorum queue a channel, and a stream beside it that keeps all."""

from collections.abc import Iterator
from typing import Any

import pika

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, TRIES

QUEUE = {
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
    """One connection and one channel of it."""

    def __init__(self, place: Place) -> None:
        login = pika.PlainCredentials(place.username, place.password)
        self.place = place
        self.link = pika.BlockingConnection(pika.ConnectionParameters(place.host, place.port, credentials=login))
        self.channel = self.link.channel()
        self.channel.confirm_delivery()

    def prepare(self) -> None:
        """What is sent goes to the queue of the workers and to the stream."""
        for channel in CHANNELS:
            name = self.place.name(channel)
            self.channel.exchange_declare(name, "fanout", durable=True)
            self.declare(name, QUEUE | {"x-dead-letter-routing-key": f"{name}-parked"})
            self.declare(f"{name}-parked", {"x-queue-type": "quorum"})
            self.declare(f"{name}-all", {"x-queue-type": "stream"})
            self.channel.queue_bind(name, name)
            self.channel.queue_bind(f"{name}-all", name)

    def declare(self, name: str, arguments: dict[str, Any]) -> None:
        """A queue that outlives a restart."""
        self.channel.queue_declare(name, durable=True, arguments=arguments)

    def send(self, channel: str, key: str, body: bytes) -> None:
        """With confirms this returns when the broker has it."""
        kept = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
        self.channel.basic_publish(self.place.name(channel), key, body, kept)

    def work(self, channel: str, handle: Handle) -> None:
        """One at a time; the broker counts the tries, waits between them and parks what has had enough."""
        self.channel.basic_qos(prefetch_count=1)
        for method, _, body in self.channel.consume(self.place.name(channel)):
            try:
                handle(body, self.send)
            except Exception:
                self.channel.basic_reject(method.delivery_tag, requeue=True)
            else:
                self.channel.basic_ack(method.delivery_tag)

    def read_again(self, channel: str) -> Iterator[bytes]:
        """A queue forgets what was acknowledged; the stream does not."""
        self.channel.basic_qos(prefetch_count=100)
        for method, _, body in self.channel.consume(f"{self.place.name(channel)}-all", arguments=FIRST):
            yield body
            self.channel.basic_ack(method.delivery_tag)

    def parked(self, channel: str) -> Iterator[bytes]:
        """The queue that the dead-letter exchange fills."""
        for _, _, body in self.channel.consume(f"{self.place.name(channel)}-parked"):
            yield body
