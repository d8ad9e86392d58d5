"""The order service on RabbitMQ with FastStream: a quorum queue a channel, and a stream beside it that keeps all."""

import asyncio
import queue
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

from faststream.exceptions import RejectMessage
from faststream.rabbit import Channel, ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.annotations import RabbitMessage
from faststream.security import SASLPlaintext

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, TRIES

QUEUE: dict[str, Any] = {
    "x-single-active-consumer": True,
    "x-delivery-limit": TRIES - 1,
    "x-dead-letter-exchange": "",
    "x-delayed-retry-type": "all",
    "x-delayed-retry-min": round(DELAY_S * 1000),
    "x-delayed-retry-max": round(DELAY_S * 1000),
}
FIRST = {"x-stream-offset": "first"}


class Service:
    """FastStream is asynchronous: its loop has a thread of its own, and who calls waits for it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        login = SASLPlaintext(place.username, place.password) if place.password else None
        self.broker = RabbitBroker(host=place.host, port=place.port, security=login, logger=None)
        self.wait(self.broker.connect())

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What it gives, once the loop has done it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def queue(self, name: str) -> RabbitQueue:
        """The queue of the workers."""
        arguments = QUEUE | {"x-dead-letter-routing-key": f"{name}-parked"}
        return RabbitQueue(name, QueueType.QUORUM, arguments=arguments)

    def parking(self, name: str) -> RabbitQueue:
        """What was given up."""
        return RabbitQueue(f"{name}-parked", QueueType.QUORUM)

    def history(self, name: str) -> RabbitQueue:
        """All that was ever sent."""
        return RabbitQueue(f"{name}-all", QueueType.STREAM)

    def everywhere(self, name: str) -> RabbitExchange:
        """What is sent goes to the queue of the workers and to the stream."""
        return RabbitExchange(name, ExchangeType.FANOUT)

    def prepare(self) -> None:
        """A subscriber that starts declares its queue and binds it."""
        for channel in CHANNELS:
            name = self.place.name(channel)
            for queue_ in (self.queue(name), self.history(name)):
                self.wait(self.broker.subscriber(queue_, self.everywhere(name), persistent=False).start())
            self.wait(self.broker.declare_queue(self.parking(name)))

    def send(self, channel: str, key: str, body: bytes) -> None:
        """With confirms this returns when the broker has it."""
        exchange = self.everywhere(self.place.name(channel))
        self.wait(self.broker.publish(body, exchange=exchange, routing_key=key, persist=True))

    def work(self, channel: str, handle: Handle) -> None:
        """One at a time; the broker counts the tries, waits between them and parks what has had enough."""
        name = self.place.name(channel)

        async def one(message: RabbitMessage) -> None:
            try:
                await asyncio.to_thread(handle, message.body, self.send)
            except Exception:
                raise RejectMessage(requeue=True) from None

        self.broker.subscriber(self.queue(name), self.everywhere(name), channel=Channel(prefetch_count=1))(one)
        self.run()

    def run(self) -> None:
        """Until somebody ends it; then the broker hears a goodbye."""
        self.wait(self.broker.start())
        try:
            threading.Event().wait()
        finally:
            self.wait(self.broker.stop())

    def read(self, queue_: RabbitQueue, **how: Any) -> Iterator[bytes]:
        """One body after the other."""
        found = queue.SimpleQueue[bytes]()

        async def keep(message: RabbitMessage) -> None:
            found.put(message.body)

        self.broker.subscriber(queue_, channel=Channel(prefetch_count=100), **how)(keep)
        self.wait(self.broker.start())
        while True:
            yield found.get()

    def read_again(self, channel: str) -> Iterator[bytes]:
        """A queue forgets what was acknowledged; the stream does not."""
        return self.read(self.history(self.place.name(channel)), consume_args=FIRST)

    def parked(self, channel: str) -> Iterator[bytes]:
        """The queue that the dead-letter exchange fills."""
        return self.read(self.parking(self.place.name(channel)))
