"""A Kafka topic with a partition for each worker: jobs are dealt out in turn, and a worker commits after each.

A worker asks for its partition by name, which spares the group its rebalances; a group would deal them out alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.future import Future

from labs.brokers import open_broker
from labs.brokers.base import Confirmations
from labs.brokers.kafka.client import ANSWER_MS, Site, said_of
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import profile
from labs.scenarios.bursts import Queue
from labs.scenarios.jobs.producer import BrokerDesk
from labs.scenarios.jobs.work import LOOK_S, Task, numbers

GROUP = {"enable_auto_commit": False, "auto_offset_reset": "earliest", "metrics_enabled": False}


def topic_of(name: str) -> str:
    """The topic with the jobs; the one called `name`, which the labs' broker makes, has one partition."""
    return f"{name}-jobs"


class Reader:
    """A worker's reader of one partition."""

    ready = True

    def __init__(self, site: Site, consumer: KafkaConsumer) -> None:
        self._site, self._consumer = site, consumer

    def take(self, most: int) -> Sequence[int]:
        """The next record."""
        with self._site.typed():
            found = self._consumer.poll(timeout_ms=round(LOOK_S * 1000), max_records=most)
        return numbers([record.value for part in found.values() for record in part])

    def release(self) -> None:
        """Commit the position behind it; as with RabbitMQ's acknowledgement no answer is waited for."""
        with self._site.typed():
            self._consumer.commit_async()


@contextmanager
def source(task: Task) -> Iterator[Reader]:
    """At the beginning of the worker's partition."""
    site = Site(task.site)
    site.probe()
    with site.typed():
        consumer = KafkaConsumer(**site.config, **GROUP, group_id=f"{task.name}-workers")
    try:
        with site.typed():
            consumer.assign([TopicPartition(topic_of(task.name), task.worker)])
            consumer.poll(timeout_ms=1)
        yield Reader(site, consumer)
    finally:
        consumer.close(autocommit=False, timeout_ms=ANSWER_MS)


class Sender:
    """A producer that deals out to the partitions in turn."""

    def __init__(self, site: Site, producer: KafkaProducer, topic: str, partitions: int) -> None:
        self._site, self._producer, self._topic, self._partitions = site, producer, topic, partitions
        self._waiting: deque[tuple[int, Future]] = deque()
        self._next = 0

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Hand a batch over to the client's thread."""
        with self._site.typed():
            for body in bodies:
                sent = self._producer.send(self._topic, body, partition=self._next % self._partitions)
                self._waiting.append((self._next, sent))
                self._next += 1

    def poll(self, timeout_s: float) -> Confirmations:
        """What the futures say; waits for the oldest one if none is done."""
        yes: list[int] = []
        no: list[int] = []
        why = ""
        if self._waiting and not self._waiting[0][1].is_done:
            with suppress(KafkaError):  # what it is, the future tells again
                self._waiting[0][1].get(timeout_s)
        while self._waiting and self._waiting[0][1].is_done:
            number, future = self._waiting.popleft()
            why = why or (said_of(future.exception) if future.exception else "")
            (no if future.exception else yes).append(number)
        return Confirmations(yes, no, why)


@contextmanager
def desk(queue: Queue, endpoint: Endpoint, name: str, workers: int) -> Iterator[BrokerDesk]:
    """A topic with a partition for each worker, which goes with the labs' own; its lag is what waits or is in work."""
    address, site, topic = Address(endpoint, profile(queue.mode.profile), name), Site(endpoint), topic_of(name)
    parts, group = [TopicPartition(topic, number) for number in range(workers)], f"{name}-workers"
    with open_broker(endpoint, address.profile, name, [topic]) as broker:
        _make(site, topic, workers)
        with site.typed():
            asking, admin = KafkaConsumer(**site.config, metrics_enabled=False), KafkaAdminClient(**site.config)

        def lag() -> int:
            with site.typed():
                done = admin.list_group_offsets({group: parts})[group]
                ends = asking.end_offsets(parts, timeout_ms=ANSWER_MS)
            return int(sum(ends.values()) - sum(max(one.offset, 0) for one in done.values()))

        @contextmanager
        def sender() -> Iterator[Sender]:
            with site.typed():
                producer = KafkaProducer(**site.config, acks="all", metrics_enabled=False, max_block_ms=ANSWER_MS)
                producer.partitions_for(topic)
            with closing(producer):
                yield Sender(site, producer, topic, workers)

        try:
            yield BrokerDesk(address, broker, lag, sender)
        finally:
            asking.close(autocommit=False, timeout_ms=ANSWER_MS)
            admin.close()


def _make(site: Site, topic: str, partitions: int) -> None:
    """The topic of the jobs; whatever has its name from before is another run's and is not there."""
    with site.typed(), closing(KafkaAdminClient(**site.config)) as admin:
        made = {"num_partitions": partitions, "replication_factor": 1}
        admin.create_topics({topic: made}, timeout_ms=ANSWER_MS, wait_for_metadata=True)
