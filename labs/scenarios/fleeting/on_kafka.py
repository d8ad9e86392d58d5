"""Kafka: a topic that keeps everything for longer than a message lives; who reads decides what is too old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from kafka import KafkaProducer
from kafka.future import Future

from labs.brokers.base import Deliveries
from labs.brokers.kafka.client import ANSWER_MS, Site
from labs.brokers.kafka.topic import Consumer
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import profile
from labs.scenarios.fleeting import LOOK_S, Outlet, Source, Way

GROUP = "readers"


class Topic:
    """To the one partition of a topic."""

    def __init__(self, site: Site, producer: KafkaProducer, name: str) -> None:
        self._site, self._producer, self._name, self._sent = site, producer, name, list[Future]()

    def publish(self, body: bytes) -> None:
        """The client's thread sends it at once, without waiting for company."""
        with self._site.typed():
            self._sent.append(self._producer.send(self._name, body))

    def finish(self) -> None:
        """Until each was answered."""
        with self._site.typed():
            for future in self._sent:
                future.get(ANSWER_MS / 1000)


@contextmanager
def outlet(_way: Way, place: Endpoint, name: str) -> Iterator[Outlet]:
    """Where messages go; the producer knows the topic before the first of them."""
    site = Site(place)
    site.probe()
    with site.typed():
        producer = KafkaProducer(**site.config, acks=1, linger_ms=0, max_block_ms=ANSWER_MS, metrics_enabled=False)
    with closing(producer):
        with site.typed():
            producer.partitions_for(name)
        yield Topic(site, producer, name)


class Reader:
    """The labs' reader of one partition: at the group's committed offset, which it commits ten times a second."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer, self._taken = consumer, Deliveries()

    def take(self) -> Sequence[bytes]:
        """The next records."""
        self._taken = self._consumer.receive(LOOK_S)
        return self._taken.bodies

    def done(self) -> None:
        """The offset behind them."""
        self._consumer.acknowledge(self._taken)


@contextmanager
def source(way: Way, place: Endpoint, name: str) -> Iterator[Source]:
    """A reader of the topic."""
    with Consumer(Address(place, profile(way.profile), name), GROUP) as consumer:
        yield Reader(consumer)
