"""The order service on Redis with FastStream: a stream a channel, and a group that shares it."""

import asyncio
import os
import queue
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.annotations import RedisStreamMessage
from faststream.security import SASLPlaintext

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, TRIES

GROUP = "workers"


class Service:
    """FastStream is asynchronous: its loop has a thread of its own, and who calls waits for it."""

    def __init__(self, place: Place) -> None:
        self.place, self.me = place, str(os.getpid())
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        login = SASLPlaintext(place.username, place.password) if place.password else None
        self.broker = RedisBroker(f"redis://{place.host}:{place.port}", security=login, logger=None)
        self.wait(self.broker.connect())

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What it gives, once the loop has done it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def shared(self, name: str, **how: Any) -> StreamSub:
        """A member of the group."""
        return StreamSub(name, group=GROUP, consumer=self.me, max_records=1, **how)

    def prepare(self) -> None:
        """A subscriber that starts makes its group; this one from the first entry."""
        for channel in CHANNELS:
            first = self.shared(self.place.name(channel), last_id="0")
            self.wait(self.broker.subscriber(stream=first, persistent=False).start())

    def send(self, channel: str, key: str, body: bytes) -> None:
        """Redis has it when it answers; a stream has no keys to keep in order."""
        self.wait(self.broker.publish(body, stream=self.place.name(channel)))

    def work(self, channel: str, handle: Handle) -> None:
        """One subscriber reads what is new, another one claims what nobody has acknowledged for DELAY_S."""
        name = self.place.name(channel)

        async def one(message: RedisStreamMessage) -> None:
            try:
                await asyncio.to_thread(handle, message.body, self.send)
            except Exception:
                # own: parked
                if await message.get_delivery_count() >= TRIES:
                    await self.broker.publish(message.body, stream=f"{name}-parked")
                    return
                # end
                raise

        for stream in (self.shared(name), self.shared(name, min_idle_time=round(DELAY_S * 1000))):
            self.broker.subscriber(stream=stream, ack_policy=AckPolicy.NACK_ON_ERROR)(one)
        self.run()

    def run(self) -> None:
        """Until somebody ends it; then the broker hears a goodbye."""
        self.wait(self.broker.start())
        try:
            threading.Event().wait()
        finally:
            self.wait(self.broker.stop())

    def read(self, stream: StreamSub) -> Iterator[bytes]:
        """One body after the other."""
        found = queue.SimpleQueue[bytes]()

        async def keep(message: RedisStreamMessage) -> None:
            found.put(message.body)

        self.broker.subscriber(stream=stream)(keep)
        self.wait(self.broker.start())
        while True:
            yield found.get()

    def read_again(self, channel: str) -> Iterator[bytes]:
        """A stream keeps what was acknowledged."""
        return self.read(StreamSub(self.place.name(channel), last_id="0"))

    def parked(self, channel: str) -> Iterator[bytes]:
        """A stream of its own."""
        return self.read(StreamSub(f"{self.place.name(channel)}-parked", last_id="0"))
