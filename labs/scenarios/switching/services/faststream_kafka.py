"""The order service on Kafka with FastStream: a topic a channel, and a group that shares its partitions."""

import asyncio
import queue
import threading
import time
from collections.abc import Coroutine, Iterator
from typing import Any

from faststream import AckPolicy
from faststream.confluent import KafkaBroker, Topic, TopicPartition
from faststream.confluent.annotations import KafkaMessage
from faststream.security import SASLPlaintext

from labs.scenarios.switching.place import CHANNELS, Handle, Place
from labs.scenarios.switching.shop import DELAY_S, SESSION_S, TRIES

PARTITIONS = 2
MEMBER: dict[str, Any] = {
    "ack_policy": AckPolicy.NACK_ON_ERROR,
    "auto_offset_reset": "earliest",
    "session_timeout_ms": SESSION_S * 1000,
}


class Service:
    """FastStream is asynchronous: its loop has a thread of its own, and who calls waits for it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        login = SASLPlaintext(place.username, place.password) if place.password else None
        more: Any = {"queued.max.messages.kbytes": 1000}
        self.broker = KafkaBroker(f"{place.host}:{place.port}", security=login, config=more, logger=None)
        self.wait(self.broker.connect())

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What it gives, once the loop has done it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def prepare(self) -> None:
        """A subscriber that starts makes its topics."""
        names = [self.place.name(channel) for channel in CHANNELS]
        # own: retry, parked
        names += [f"{self.place.name(channel)}-{end}" for channel in CHANNELS for end in ("later", "parked")]
        # end
        topics = [Topic(name, num_partitions=PARTITIONS) for name in names]
        maker = self.broker.subscriber(*topics, group_id=f"{names[0]}-maker", persistent=False)
        self.wait(maker.start())
        self.wait(maker.stop())

    def send(self, channel: str, key: str, body: bytes) -> None:
        """All of one key go to one partition; this returns when all replicas have it."""
        self.wait(self.broker.publish(body, self.place.name(channel), key=key.encode()))

    def work(self, channel: str, handle: Handle) -> None:
        """The group's position is committed after the work; what is not in order is read again at once."""
        name = self.place.name(channel)

        async def one(message: KafkaMessage) -> None:
            try:
                await asyncio.to_thread(handle, message.body, self.send)
            except Exception:
                # own: retry, parked
                tries = int(message.headers.get("tries", 0)) + 1
                where = f"{name}-parked" if tries >= TRIES else f"{name}-later"
                await self.pass_on(message, where, tries)
                return
                # end
                raise

        # own: retry, parked
        async def again(message: KafkaMessage) -> None:
            due_s = message.raw_message.timestamp()[1] / 1000 + DELAY_S
            await asyncio.sleep(due_s - time.time())
            await self.pass_on(message, name, int(message.headers["tries"]))

        self.broker.subscriber(f"{name}-later", group_id=f"{name}-later-workers", **MEMBER)(again)
        # end
        self.broker.subscriber(name, group_id=f"{name}-workers", **MEMBER)(one)
        self.run()

    # own: retry, parked
    async def pass_on(self, message: KafkaMessage, topic: str, tries: int) -> None:
        """To another topic, with the same key."""
        key = message.raw_message.key()
        await self.broker.publish(message.body, topic, key=key, headers={"tries": str(tries)})

    # end

    def run(self) -> None:
        """Until somebody ends it; then the broker hears a goodbye."""
        self.wait(self.broker.start())
        try:
            threading.Event().wait()
        finally:
            self.wait(self.broker.stop())

    def read(self, topic: str) -> Iterator[bytes]:
        """One body after the other, of every partition; no group keeps how far."""
        found = queue.SimpleQueue[bytes]()

        async def keep(message: KafkaMessage) -> None:
            found.put(message.body)

        whole = [TopicPartition(topic, number, offset=0) for number in range(PARTITIONS)]
        self.broker.subscriber(partitions=whole, group_id=f"{topic}-readers", ack_policy=AckPolicy.MANUAL)(keep)
        self.wait(self.broker.start())
        while True:
            yield found.get()

    def read_again(self, channel: str) -> Iterator[bytes]:
        """A topic keeps what was read."""
        return self.read(self.place.name(channel))

    def parked(self, channel: str) -> Iterator[bytes]:
        """A topic of its own."""
        return self.read(f"{self.place.name(channel)}-parked")
