"""Kafka, the reader's side: a group that nobody has heard of; it begins at the earliest record or behind the latest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kafka import KafkaConsumer

from labs.brokers.kafka.client import ANSWER_MS, Site, learn
from labs.model.endpoint import Endpoint
from labs.scenarios.joining import LOOK_S

RESET = {"kafka-earliest": "earliest", "kafka-latest": "latest"}
"""Where a group begins that has committed nothing: by default at `latest`."""


class Member:
    """The only member of its group; it commits what it has taken."""

    def __init__(self, site: Site, consumer: KafkaConsumer) -> None:
        self._site, self._consumer, self._found = site, consumer, list[bytes]()

    @property
    def ready(self) -> bool:
        """Whether it has the partition, and knows where it begins: `latest` is decided when the reader asks for it."""
        parts = self._consumer.assignment()
        with self._site.typed():
            return bool(parts) and all(self._consumer.position(one, timeout_ms=ANSWER_MS) is not None for one in parts)

    def take(self) -> Sequence[bytes]:
        """The next records."""
        with self._site.typed():
            found = self._consumer.poll(timeout_ms=round(LOOK_S * 1000))
            records = [record.value for part in found.values() for record in part]
            if records:
                self._consumer.commit(timeout_ms=ANSWER_MS)
        return records


@contextmanager
def opened(mode: str, place: Endpoint, name: str, who: str) -> Iterator[Member]:
    """Subscribed to the topic."""
    site = Site(place)
    site.probe()
    group = {"group_id": f"{name}-{who}", "enable_auto_commit": False, "metrics_enabled": False}
    with site.typed():
        consumer = KafkaConsumer(name, **site.config, **group, auto_offset_reset=RESET[mode])
    try:
        with site.typed():
            learn(consumer, name)
        yield Member(site, consumer)
    finally:
        consumer.close(autocommit=False, timeout_ms=ANSWER_MS)
