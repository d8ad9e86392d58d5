"""Kafka at a limit, on kafka-python as it comes: a broker that does not answer, and what piles up in the publisher."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from labs.brokers import open_broker
from labs.brokers.kafka.client import Site
from labs.scenarios.limits.facts import NO, YES
from labs.scenarios.limits.working import TAKE_S, Task
from labs.stack.proxy import Proxy

MAX_BLOCK_S = 1.5
FULL = "no room for another message after 1.5 s: what was sent is not answered"
QUICK = {"delivery_timeout_ms": 1500, "request_timeout_ms": 1000, "enable_idempotence": False}
"""How the producer that looks at nothing is set: it gives up after a second and a half and not, as by default, after
two minutes. With idempotence, its default, kafka-python 3.0.12 sent nothing more once it had given up a message."""


class Bounded:
    """A publisher that lets so many messages be under way and no more: kafka-python itself has no such bound."""

    def __init__(self, producer: KafkaProducer, topic: str, most: int) -> None:
        self._producer, self._topic, self.heard = producer, topic, ""
        self._room, self._told = threading.BoundedSemaphore(most), deque[tuple[int, int]]()

    def send(self, number: int, body: bytes) -> str:
        if not self._room.acquire(timeout=MAX_BLOCK_S):
            return FULL
        future = self._producer.send(self._topic, body, partition=0)
        future.add_callback(lambda _metadata: self._heard(number, YES))
        future.add_errback(lambda _error: self._heard(number, NO))
        return ""

    def _heard(self, number: int, what: int) -> None:
        self._told.append((number, what))
        self._room.release()

    def told(self) -> Sequence[tuple[int, int]]:
        return [self._told.popleft() for _ in range(len(self._told))]


class Unlooked:
    """A publisher that throws its futures away: whatever becomes of a message, nobody hears of it."""

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self._producer, self._topic, self.heard = producer, topic, ""

    def send(self, _number: int, body: bytes) -> str:
        self._producer.send(self._topic, body, partition=0)
        return ""

    def told(self) -> Sequence[tuple[int, int]]:
        return []


class Reader:
    """Reads one partition from its beginning."""

    def __init__(self, consumer: KafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek_to_beginning()

    def take(self) -> Sequence[bytes]:
        found = self._consumer.poll(timeout_ms=int(TAKE_S * 1000))
        return [record.value for records in found.values() for record in records]


class Stage:
    """A network of ours between publisher and broker, which for a while lets nothing pass."""

    def __init__(self, proxy: Proxy | None) -> None:
        self._proxy, self._seen = proxy, ""

    def strike(self) -> None:
        """As when a cable is pulled, or the broker stands still: nobody is told."""
        if self._proxy:
            self._proxy.silence()

    def release(self) -> None:
        """What was under way arrives."""
        if self._proxy:
            held = self._proxy.held_bytes
            self._seen = f"nothing passed between publisher and broker; {held:,} bytes were held on their way"
            self._proxy.heal()

    def watch(self) -> str:
        """The broker does not know."""
        return ""

    def evidence(self) -> str:
        return self._seen


@contextlib.contextmanager
def stage(task: Task) -> Iterator[tuple[Stage, Task]]:
    """The topic, gone afterwards; the publisher is told of an address of ours."""
    with open_broker(task.endpoint, task.address.profile, task.name):
        if not task.mode.limit_bytes:
            yield Stage(None), task
            return
        with Proxy(task.endpoint, names=True) as proxy:
            yield Stage(proxy), replace(task, endpoint=replace(task.endpoint, port=proxy.port))


@contextlib.contextmanager
def sender(task: Task) -> Iterator[Bounded | Unlooked]:
    """A publisher; when it ends, what is unsent is given up."""
    site, mode = Site(task.endpoint), task.mode
    with site.typed():
        producer = KafkaProducer(**site.config, **({} if mode.looks else QUICK), acks="all", metrics_enabled=False)
        producer.partitions_for(task.name)
    try:
        most = (mode.limit_bytes or 1 << 30) // mode.body_bytes
        yield Bounded(producer, task.name, most) if mode.looks else Unlooked(producer, task.name)
    finally:
        with contextlib.suppress(KafkaError):
            producer.flush(timeout=2)
        producer._sender.force_close()  # close() would flush once more what nobody answers
        with contextlib.suppress(KafkaError):
            producer.close(timeout=2)


@contextlib.contextmanager
def reader(task: Task) -> Iterator[Reader]:
    """A consumer without a group: nobody commits anything."""
    site = Site(task.endpoint)
    with site.typed(), contextlib.closing(KafkaConsumer(**site.config, max_poll_records=50)) as consumer:
        yield Reader(consumer, task.name)
