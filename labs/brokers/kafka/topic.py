"""Kafka: a topic of one partition; a group is an offset that is remembered."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.future import Future
from kafka.structs import OffsetAndMetadata

from labs.brokers.base import Deliveries
from labs.brokers.kafka.admin import Broker
from labs.brokers.kafka.client import ANSWER_MS, PROBE_S, TOPIC_LIMIT_BYTES, Site
from labs.brokers.kafka.publisher import Publisher
from labs.model.endpoint import Address

__all__ = ["Broker", "Consumer", "Publisher"]
BATCH = 4096
COMMIT_EVERY_S = 0.1
"""A commit is a write to a topic of Kafka's own, and as dear as a message. Its client commits every 5 s by itself; this
often, a reader that dies reads at most a tenth of a second anew."""


class Consumer:
    """The reader of the one partition for a group. It asks for the partition by name, which spares the rebalancing
    of a group: two members at the same time would both read everything."""

    def __init__(self, address: Address, group: str) -> None:
        self._site = Site(address.endpoint)
        self._partition = TopicPartition(address.name, 0)
        self._group = f"{address.name}-{group}"
        self._consumer: KafkaConsumer = None
        self._committed: Future | None = None
        self._offset = self._committed_offset = 0
        self._next_commit_s = 0.0

    def __enter__(self) -> Self:
        self._site.probe()
        with self._site.typed():
            self._consumer = KafkaConsumer(
                **self._site.config,
                metrics_enabled=False,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_poll_records=BATCH,
                max_partition_fetch_bytes=4 * TOPIC_LIMIT_BYTES,
            )
            try:
                self._begin()
            except BaseException:
                self._consumer.close(autocommit=False, timeout_ms=ANSWER_MS)
                raise
        return self

    def _begin(self) -> None:
        """At the group's committed offset, or at the beginning."""
        self._consumer.bootstrap(timeout_ms=ANSWER_MS)
        self._consumer.assign([self._partition])
        committed = self._consumer.committed(self._partition, timeout_ms=ANSWER_MS)
        if committed is None:
            self._consumer.seek_to_beginning(self._partition)
        else:
            self._consumer.seek(self._partition, committed)
        self._consumer.position(self._partition, timeout_ms=ANSWER_MS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What was acknowledged last must be remembered before the reader goes."""
        with contextlib.suppress(KafkaError):
            done = self._committed is not None and self._committed.succeeded()
            if kind is None and (self._offset != self._committed_offset or not done) and self._offset:
                self._consumer.commit(self._position(), timeout_ms=ANSWER_MS)
        with contextlib.suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=ANSWER_MS)

    def receive(self, timeout_s: float) -> Deliveries:
        """What a fetch has brought."""
        until_s = time.monotonic() + timeout_s
        while True:
            wait_s = min(max(until_s - time.monotonic(), 0.0), PROBE_S)
            with self._site.typed():
                records = self._consumer.poll(timeout_ms=round(wait_s * 1000)).get(self._partition)
            if records:
                break
            self._site.probe_sometimes()
            if time.monotonic() >= until_s:
                return Deliveries()
        bodies = [record.value for record in records]
        return Deliveries(bodies, [False] * len(bodies), records[-1].offset + 1)

    def acknowledge(self, deliveries: Deliveries) -> None:
        """Commits the offset behind the batch, and so all before it; the answer is not waited for."""
        if isinstance(deliveries.token, int):
            self._offset = deliveries.token
            if time.monotonic() >= self._next_commit_s:
                self._next_commit_s = time.monotonic() + COMMIT_EVERY_S
                with self._site.typed():
                    self._committed = self._consumer.commit_async(self._position())
                self._committed_offset = self._offset

    def _position(self) -> dict[TopicPartition, OffsetAndMetadata]:
        return {self._partition: OffsetAndMetadata(self._offset, "", -1)}
