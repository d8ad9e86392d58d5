"""Kafka: a message goes to the end of a topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from kafka import KafkaProducer

from labs.brokers.kafka.client import ANSWER_MS, Site
from labs.model.endpoint import Endpoint
from labs.record.processes import Board


@contextmanager
def opened(_mode: str, place: Endpoint, name: str, _board: Board) -> Iterator[Callable[[bytes], None]]:
    """What publishes one message; it returns when Kafka has acknowledged it."""
    site = Site(place)
    site.probe()
    with site.typed(), closing(KafkaProducer(**site.config, acks="all", linger_ms=0)) as producer:

        def publish(body: bytes) -> None:
            producer.send(name, body).get(timeout=ANSWER_MS / 1000)

        yield publish
