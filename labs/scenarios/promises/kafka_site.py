"""How the experiments reach Kafka: topics, a loader, and readers of one partition."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.consumer.fetcher import ConsumerRecord

from labs.brokers.kafka.client import ANSWER_MS, Site
from labs.model.endpoint import Endpoint
from labs.scenarios.promises.stage import TroubleError

BATCH = 20
EMPTY = 20
"""So many polls of 0.3 s in a row may bring nothing before the end is reached."""


def config(endpoint: Endpoint) -> dict[str, object]:
    """What every client gets."""
    return {**Site(endpoint).config, "metrics_enabled": False}


@contextlib.contextmanager
def topics(endpoint: Endpoint, *names: str, **settings: str) -> Iterator[None]:
    """Topics of one partition for the length of the block (`_` for `.` in their settings)."""
    wanted = {name.replace("_", "."): value for name, value in settings.items()}
    topic = {"num_partitions": 1, "replication_factor": 1, "configs": wanted}
    with contextlib.closing(KafkaAdminClient(**Site(endpoint).config)) as admin:
        admin.create_topics(dict.fromkeys(names, topic), timeout_ms=ANSWER_MS, wait_for_metadata=True)
        try:
            yield
        finally:
            admin.delete_topics(list(names), timeout_ms=ANSWER_MS)


def load(endpoint: Endpoint, name: str, sequences: range, body_bytes: int = 10) -> None:
    """Writes the messages with acks=all; all of them are acknowledged, or KafkaError."""
    with contextlib.closing(KafkaProducer(**config(endpoint), acks="all", linger_ms=5)) as producer:
        sent = [producer.send(name, (b"%010d" % at).ljust(body_bytes), partition=0) for at in sequences]
        for future in sent:
            future.get(30)


@contextlib.contextmanager
def reader(endpoint: Endpoint, name: str, **settings: object) -> Iterator[tuple[KafkaConsumer, TopicPartition]]:
    """A consumer of the one partition, asked for by name: no rebalancing, and a killed member holds up nobody."""
    place = TopicPartition(name, 0)
    defaults = {"enable_auto_commit": False, "auto_offset_reset": "earliest", "max_poll_records": BATCH}
    with contextlib.closing(KafkaConsumer(**config(endpoint), **(defaults | settings))) as consumer:
        consumer.assign([place])
        yield consumer, place


def sequence_of(record: ConsumerRecord) -> int:
    """The number a message carries."""
    return int(record.value[:10])


def read_all(endpoint: Endpoint, name: str, isolation: str = "read_committed", group: str | None = None) -> list[int]:
    """From the group's offset, or from the beginning, to the end; TroubleError if the end is not reached."""
    found: list[int] = []
    settings = {"isolation_level": isolation, "group_id": group, "max_poll_records": 5000}
    with reader(endpoint, name, **settings) as (consumer, place):
        end = consumer.end_offsets([place])[place]
        empty = 0
        while empty < EMPTY:
            records = consumer.poll(timeout_ms=300).get(place, [])
            empty = 0 if records else empty + 1
            found += [sequence_of(record) for record in records]
            if consumer.position(place) >= end and not records:
                return found
        raise TroubleError(f"read to offset {consumer.position(place)} of {end}")


def left_of(endpoint: Endpoint, name: str, group: str) -> int:
    """Messages behind the group's committed offset."""
    with reader(endpoint, name, group_id=group) as (consumer, place):
        end = consumer.end_offsets([place])[place]
        return int(end - (consumer.committed(place) or 0))
