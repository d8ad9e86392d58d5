"""The words of Kafka, in kafka-python. `name` is a topic of one partition, `place`, and `wide` one of two; `producer`
waits for acks=all, and `reader("billing")` is a consumer of that group on `place`, from the first record on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import MessageSizeTooLargeError

from labs.brokers.kafka.client import ANSWER_MS, Site, learn
from labs.model.endpoint import Endpoint
from labs.model.facts import Facts
from labs.scenarios.words import SOON_S, refused, soon

SETTINGS: dict[str, dict[str, str]] = {}
LOOK_MS, BEAT_MS = 500, 200
"""How long a look for records takes, and how often a member asks whether its group is about to change."""
READS = {"auto_offset_reset": "earliest", "enable_auto_commit": False, "consumer_timeout_ms": 1000 * SOON_S}
Reader = Callable[..., KafkaConsumer]
Member = Callable[[str], Callable[[], set[TopicPartition]]]
Values = Callable[[TopicPartition], list[bytes]]
Make = Callable[[dict[str, str]], TopicPartition]


@contextmanager
def stage(endpoint: Endpoint, name: str) -> Iterator[dict[str, Any]]:
    """The topics, and what opens clients; all are closed at the end."""
    client = Site(endpoint).config
    with ExitStack() as opened:
        admin = opened.enter_context(closing(KafkaAdminClient(**client)))
        topics = {name: 1, f"{name}-wide": 2}
        asked = {topic: {"num_partitions": many, "replication_factor": 1} for topic, many in topics.items()}
        admin.create_topics(asked, timeout_ms=ANSWER_MS, wait_for_metadata=True)
        yield {
            "admin": admin,
            "client": client,
            "name": name,
            "wide": f"{name}-wide",
            "place": TopicPartition(name, 0),
            "producer": opened.enter_context(closing(KafkaProducer(**client, acks="all"))),
            "reader": partial(_reader, opened, client, TopicPartition(name, 0)),
            "member": partial(_member, opened, client, f"{name}-wide"),
            "make": partial(_make, admin, f"{name}-set"),
            "values": partial(_values, client),
        }


def names(name: str) -> tuple[list[str], list[str]]:
    """The topics; a group has the name of a topic at its beginning and goes with it."""
    return [name, f"{name}-wide", f"{name}-set"], []


def _reader(opened: ExitStack, client: Facts, place: TopicPartition, group: str, **more: object) -> KafkaConsumer:
    asked = client | READS | {"group_id": f"{place.topic}-{group}"} | more
    found = opened.enter_context(closing(KafkaConsumer(**asked)))
    found.assign([place])
    return found


def _make(admin: KafkaAdminClient, name: str, configs: dict[str, str]) -> TopicPartition:
    """A topic of one partition with these settings."""
    asked = {name: {"num_partitions": 1, "replication_factor": 1, "configs": configs}}
    admin.create_topics(asked, timeout_ms=ANSWER_MS, wait_for_metadata=True)
    return TopicPartition(name, 0)


def _values(client: Facts, place: TopicPartition) -> list[bytes]:
    """What is in a partition, from its first record to its last."""
    with closing(KafkaConsumer(**client | READS)) as consumer:
        consumer.assign([place])
        end, found = consumer.end_offsets([place])[place], list[bytes]()
        while consumer.position(place) < end:
            found += [record.value for record in consumer.poll(timeout_ms=LOOK_MS).get(place, [])]
        return found


def _member(opened: ExitStack, client: Facts, topic: str, group: str) -> Callable[[], set[TopicPartition]]:
    """A consumer of the group, asked for records by a thread of its own, which closes it; gives what it has."""
    asked = client | READS | {"group_id": f"{topic}-{group}", "heartbeat_interval_ms": BEAT_MS}
    consumer, over, has = KafkaConsumer(topic, **asked), threading.Event(), [set[TopicPartition]()]
    learn(consumer, topic)  # it must know the partitions before it joins

    def work() -> None:
        with closing(consumer):
            while not over.is_set():
                consumer.poll(timeout_ms=LOOK_MS)
                has[0] = consumer.assignment()

    thread = threading.Thread(target=work)
    opened.callback(thread.join)
    opened.callback(over.set)
    thread.start()
    return lambda: has[0]


def topic(name: str, producer: KafkaProducer, reader: Reader) -> None:
    """Reading takes nothing away."""
    producer.send(name, b"sent once").get(10)
    consumer = reader("billing")
    first = next(consumer).value
    consumer.seek_to_beginning()
    assert first == next(consumer).value == b"sent once"


def partition(wide: str, producer: KafkaProducer) -> None:
    """One key, one partition, one order."""
    annas = [producer.send(wide, b"x", key=b"anna").get(10) for _ in range(3)]
    assert len({one.partition for one in annas}) == 1
    assert [one.offset for one in annas] == [0, 1, 2]
    other = producer.send(wide, b"x", partition=1 - annas[0].partition).get(10)
    assert other.offset == 0  # each partition counts for itself


def offset(name: str, place: TopicPartition, producer: KafkaProducer, reader: Reader) -> None:
    """A place that a reader may choose."""
    sent = [producer.send(name, value).get(10).offset for value in (b"a", b"b", b"c")]
    assert sent == [0, 1, 2]
    consumer = reader("billing")
    consumer.seek(place, 1)
    assert next(consumer).value == b"b"


def record(name: str, producer: KafkaProducer, reader: Reader) -> None:
    """Its time is what the producer says."""
    then_ms = round(time.time() * 1000) - 60_000
    producer.send(name, b"value", key=b"key", headers=[("trace", b"7")], timestamp_ms=then_ms).get(10)
    got = next(reader("billing"))
    assert (got.key, got.value, got.timestamp) == (b"key", b"value", then_ms)
    assert list(got.headers) == [("trace", b"7")]


def consumer_group(name: str, producer: KafkaProducer, reader: Reader) -> None:
    """A name under which Kafka remembers a place."""
    for value in (b"first", b"second"):
        producer.send(name, value).get(10)
    consumer = reader("billing")
    assert next(consumer).value == b"first"
    consumer.commit()
    assert next(reader("billing")).value == b"second"  # another consumer of the group goes on there
    assert next(reader("audit")).value == b"first"  # another group has its own place


def rebalance(wide: str, member: Member) -> None:
    """Who comes is given partitions that others had."""
    both = {TopicPartition(wide, 0), TopicPartition(wide, 1)}
    first = member("billing")
    assert soon(lambda: first() == both)
    second = member("billing")
    assert soon(lambda: len(first()) == len(second()) == 1 and first() | second() == both)


def acks(client: Facts, make: Make, producer: KafkaProducer, values: Values) -> None:
    """With acks=0 nobody answers, whatever has become of it."""
    small = make({"max.message.bytes": "100"})
    with KafkaProducer(**client, acks=0, enable_idempotence=False) as careless:
        careless.send(small.topic, b"x" * 1000).get(10)  # no error
    assert refused(MessageSizeTooLargeError, producer.send(small.topic, b"x" * 1000).get, 10)  # acks="all"
    assert values(small) == []


def in_sync_replicas(admin: KafkaAdminClient, make: Make, producer: KafkaProducer) -> None:
    """On one node there is one, and no more is asked for."""
    two = make({"min.insync.replicas": "2"})
    [[found]] = [one["partitions"] for one in admin.describe_topics([two.topic])]
    assert len(found["replica_nodes"]) == 1  # this broker is alone
    assert found["isr_nodes"] == found["replica_nodes"]
    assert producer.send(two.topic, b"x").get(10).offset == 0  # acks="all", and not refused


def linger(client: Facts, name: str) -> None:
    """The client waits for company."""
    with KafkaProducer(**client, linger_ms=500) as patient:
        begun_s = time.monotonic()
        patient.send(name, b"alone").get(10)
        assert time.monotonic() - begun_s > 0.4


def retention(make: Make, producer: KafkaProducer, values: Values) -> None:
    """By age, whether or not anybody has read it."""
    short = make({"retention.ms": "300"})
    assert producer.send(short.topic, b"nobody has read this").get(10).offset == 0
    assert soon(lambda: values(short) == [])
    assert producer.send(short.topic, b"x").get(10).offset == 1  # the count goes on


def compaction(make: Make, producer: KafkaProducer, values: Values) -> None:
    """The last of each key, once a segment is full or old."""
    latest = make({"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01"})
    for value in (b"anna 1", b"anna 2"):
        producer.send(latest.topic, value, key=b"anna").get(10)
    time.sleep(0.3)
    producer.send(latest.topic, b"ben 1", key=b"ben").get(10)  # begins a new segment
    assert soon(lambda: values(latest) == [b"anna 2", b"ben 1"])


def transaction(client: Facts, name: str, reader: Reader) -> None:
    """All of it or nothing, for those who ask for that."""
    with KafkaProducer(**client, transactional_id=name) as producer:
        producer.init_transactions()
        for value, end in ((b"taken back", producer.abort_transaction), (b"meant", producer.commit_transaction)):
            producer.begin_transaction()
            producer.send(name, value).get(10)
            end()
    assert next(reader("billing", isolation_level="read_committed")).value == b"meant"
    assert next(reader("audit")).value == b"taken back"  # read_uncommitted, as it comes


PROOFS = (
    topic, partition, offset, record, consumer_group, rebalance, acks, in_sync_replicas, linger, retention, compaction,
    transaction,
)  # fmt: skip
