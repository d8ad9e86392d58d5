"""Kafka: a topic of one partition keeps by bytes, by time, or the last record of each key. A reader is an offset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource

from labs.brokers import journal
from labs.brokers.kafka.admin import undo
from labs.brokers.kafka.client import ANSWER_MS, Site
from labs.model.endpoint import BrokerError, Endpoint, RefusedError
from labs.model.facts import Facts
from labs.scenarios.keeping import KEEP_BYTES, KEEP_S, LOOK_S, SEGMENT_BYTES, Append, Begin, Held, Reader, Way
from labs.scenarios.keeping.bookings import key_of
from labs.scenarios.keeping.files import file_bytes

BY_LIMIT: dict[str, dict[str, str]] = {
    "none": {},
    "bytes": {"retention.bytes": str(KEEP_BYTES)},
    "age": {"retention.ms": str(KEEP_S * 1000)},
    "latest": {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.01",
        "min.compaction.lag.ms": str(KEEP_S * 1000),
    },
}
"""Without that lag a record may be gone before a reader that is there has read it: seen once in a few runs."""
SEGMENTS = {"segment.bytes": str(SEGMENT_BYTES), "file.delete.delay.ms": "500"}
"""A segment is what is deleted; with the default a deleted one lies there for a minute more."""
LOOKS = {"bytes": "log.retention.check.interval.ms", "age": "log.retention.check.interval.ms",
         "latest": "log.cleaner.backoff.ms"}  # fmt: skip
"""How often the broker looks for what it may forget. It is a setting of the whole broker."""
OFTEN_MS = 1000
READS: dict[str, Any] = {"enable_auto_commit": False, "metrics_enabled": False, "max_poll_records": 5000}


class _Reader:
    """A consumer that asks for its partition by name, so that no group has to be dealt out first."""

    def __init__(self, site: Site, consumer: KafkaConsumer) -> None:
        self._site, self._consumer = site, consumer

    def begin(self, begin: Begin, partition: TopicPartition, at_ms: int) -> None:
        """Where it reads from: an offset that it is told, or that Kafka finds for a time."""
        consumer = self._consumer
        consumer.bootstrap(timeout_ms=ANSWER_MS)
        consumer.assign([partition])
        if begin == "time":
            found = consumer.offsets_for_times({partition: at_ms})[partition]
            consumer.seek(partition, found.offset if found else consumer.end_offsets([partition])[partition])
        elif begin == "end":
            consumer.seek_to_end(partition)
        else:
            consumer.seek_to_beginning(partition)
        consumer.position(partition, timeout_ms=ANSWER_MS)

    def take(self) -> Sequence[bytes]:
        with self._site.typed():
            found = self._consumer.poll(timeout_ms=round(LOOK_S * 1000))
        return [record.value for records in found.values() for record in records]

    def acknowledge(self) -> None:
        """Commits the offset behind all that was taken."""
        with self._site.typed():
            self._consumer.commit(timeout_ms=ANSWER_MS)


class _Topic:
    """The topic of one run."""

    def __init__(self, way: Way, endpoint: Endpoint, name: str, admin: KafkaAdminClient) -> None:
        self._way, self._endpoint, self._name, self._admin = way, endpoint, name, admin
        self._site, self._partition = Site(endpoint), TopicPartition(name, 0)
        self._asks = KafkaConsumer(**self._site.config, **READS)
        self._asks.bootstrap(timeout_ms=ANSWER_MS)
        self.facts: Facts = {"server": endpoint.version, "settings": BY_LIMIT[way.limit] | SEGMENTS}

    def close(self) -> None:
        self._asks.close(autocommit=False, timeout_ms=ANSWER_MS)

    @contextmanager
    def writer(self) -> Iterator[Append]:
        with self._site.typed(), closing(KafkaProducer(**self._site.config, acks="all")) as producer:

            def append(bodies: Sequence[bytes]) -> None:
                sent = [producer.send(self._name, body, key=key_of(body), partition=0) for body in bodies]
                producer.flush()
                for one in sent:
                    one.get(timeout=ANSWER_MS / 1000)

            yield append

    @contextmanager
    def reader(self, begin: Begin, at_ms: int = 0) -> Iterator[Reader]:
        with self._site.typed():
            consumer = KafkaConsumer(**self._site.config, **READS, group_id=f"{self._name}-{begin}")
        try:
            reader = _Reader(self._site, consumer)
            with self._site.typed():
                reader.begin(begin, self._partition, at_ms)
            yield reader
        finally:
            consumer.close(autocommit=False, timeout_ms=ANSWER_MS)

    def held(self) -> Held:
        """The first and the last offset by the broker; the bytes of its files, or else by its own word."""
        with self._site.typed():
            first, end = (ask([self._partition])[self._partition]
                          for ask in (self._asks.beginning_offsets, self._asks.end_offsets))  # fmt: skip
        records = None if self._way.limit == "latest" else end - first
        kept = file_bytes(self._endpoint, self._name)
        return Held(first, records, kept if kept is not None else self._told_bytes())

    def _told_bytes(self) -> int:
        with self._site.typed():
            told = self._admin.describe_log_dirs([self._name])
        return sum(part["partition_size"] for node in told for log in node["log_dirs"]
                   for topic in log["topics"] for part in topic["partitions"])  # fmt: skip


@contextmanager
def site(way: Way, endpoint: Endpoint, name: str) -> Iterator[_Topic]:
    """The topic, for the length of the block."""
    there = Site(endpoint)
    there.probe()
    with there.typed(), closing(KafkaAdminClient(**there.config)) as admin:
        _look(way, endpoint, admin)
        made = journal.note(endpoint, [name])
        try:
            configs = BY_LIMIT[way.limit] | SEGMENTS
            topic = {"num_partitions": 1, "replication_factor": 1, "configs": configs}
            admin.create_topics({name: topic}, timeout_ms=ANSWER_MS, wait_for_metadata=True)
            with closing(_Topic(way, endpoint, name, admin)) as found:
                yield found
        finally:
            journal.settle(made, lambda entry: undo(endpoint, entry))


def _look(way: Way, endpoint: Endpoint, admin: KafkaAdminClient) -> None:
    """RefusedError where the broker looks too seldom for a run to see it forget."""
    if (key := LOOKS.get(way.limit)) is None:
        return
    try:
        node = str(admin.describe_cluster()["brokers"][0]["broker_id"])
        told = admin.describe_configs([ConfigResource("BROKER", node)], config_filter="all")["broker"][node][key]
        every_ms = int(told["value"] if isinstance(told, dict) else told)
    except (KeyError, ValueError, IndexError) as error:
        raise BrokerError(f"{endpoint.where} does not tell its {key}, so nobody knows when it forgets.") from error
    if every_ms > OFTEN_MS:
        raise RefusedError(
            f"{endpoint.where} looks every {every_ms / 1000:g} s for what it may forget ({key}), and a run waits no "
            "longer than a few seconds. Choose a way without a limit, or a broker that labs up has started anew."
        )
