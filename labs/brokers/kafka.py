"""Kafka: a topic of one partition; a group is an offset that is remembered."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Any, Self

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, UnknownTopicOrPartitionError
from kafka.structs import OffsetAndMetadata

from labs.brokers.base import Address, BrokerError, Deliveries, Endpoint
from labs.brokers.kafka_link import ANSWER_MS, PROBE_S, TOPIC_LIMIT_BYTES, Site
from labs.brokers.kafka_publisher import Publisher
from labs.profile import Profile

__all__ = ["TOPIC_LIMIT_BYTES", "Broker", "Consumer", "Publisher"]
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
        self._consumer: Any = None
        self._committed: Any = None
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

    def _position(self) -> dict[Any, Any]:
        return {self._partition: OffsetAndMetadata(self._offset, "", -1)}


class Broker:
    """One Kafka under one profile; `name` is the topic."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str) -> None:
        self._site = Site(endpoint)
        self._known_version = endpoint.version
        self._acks = str(profile.settings["acks"])
        self._topic = name
        self._configs = {"max.message.bytes": str(TOPIC_LIMIT_BYTES), "min.insync.replicas": "1"}
        if "flush_messages" in profile.settings:
            self._configs["flush.messages"] = str(profile.settings["flush_messages"])

    @contextlib.contextmanager
    def _admin(self) -> Any:
        """An admin client for a moment: the broker may be killed and started again in between."""
        self._site.probe()
        with self._site.typed(), contextlib.closing(KafkaAdminClient(**self._site.config)) as admin:
            yield admin

    def __enter__(self) -> Self:
        """Creates the topic anew, ready to be written."""
        topic = {"num_partitions": 1, "replication_factor": 1, "configs": self._configs}
        with self._admin() as admin:
            if self._topic in admin.list_topics():
                admin.delete_topics([self._topic], timeout_ms=ANSWER_MS)
            admin.create_topics({self._topic: topic}, timeout_ms=ANSWER_MS, wait_for_metadata=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deletes the topic; a broker that is gone keeps it."""
        with (
            contextlib.suppress(BrokerError),
            self._admin() as admin,
            contextlib.suppress(UnknownTopicOrPartitionError),
        ):
            admin.delete_topics([self._topic], timeout_ms=ANSWER_MS)

    def version(self) -> str:
        """As the server's protocol versions tell, to the last digit if whoever started it knows better."""
        with self._admin() as admin:
            node = admin.describe_cluster()["brokers"][0]["broker_id"]
            found = ".".join(map(str, admin.get_broker_version_data(node).broker_version))
        return self._known_version if self._known_version.startswith(found) else found

    def backlog(self) -> int | None:
        """Records behind the group's committed offset; a reader commits its last one when it leaves."""
        partition, site = TopicPartition(self._topic, 0), self._site
        site.probe()
        with site.typed(), contextlib.closing(KafkaConsumer(**site.config, group_id=f"{self._topic}-labs")) as reader:
            reader.bootstrap(timeout_ms=ANSWER_MS)
            end = reader.end_offsets([partition])[partition]
            return int(end) - int(reader.committed(partition, timeout_ms=ANSWER_MS) or 0)

    def durability(self) -> dict[str, str]:
        """The topic's settings as the server says, and acks, which is the client's."""
        keys = ("flush.messages", "flush.ms", "min.insync.replicas")
        with self._admin() as admin:
            found = admin.describe_configs([ConfigResource("TOPIC", self._topic)], config_filter="all")
        topic = found["topic"][self._topic]
        return {
            "acks": self._acks,
            **{key: str(topic[key]["value"] if isinstance(topic[key], dict) else topic[key]) for key in keys},
        }
