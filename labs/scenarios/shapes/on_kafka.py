"""Shapes on Kafka: a topic of so many partitions, and consumer groups. The key of a record chooses its partition."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer

from labs.brokers.kafka.client import ANSWER_MS, Site, learn
from labs.model.shapes import Crew
from labs.scenarios.shapes.work import LOOK_S, AtWork, Desk, Source, Task, group_name, owned

GROUP: dict[str, Any] = {"enable_auto_commit": False, "auto_offset_reset": "earliest", "metrics_enabled": False}
MEMBER: dict[str, Any] = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 200}
"""A member hears of a newcomer with its next heartbeat; with the default of 3 s a group is so much later together."""
STABLE, STEADY_S = "Stable", 0.8


class _Heard(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python ships no types for it
    """Told when the group has dealt out its partitions: a member for whom none is left is told too."""

    joined = False

    def on_partitions_revoked(self, revoked: object) -> None:
        """What is taken away is not yet given to another."""

    def on_partitions_assigned(self, assigned: object) -> None:
        """This member has its share, be it nothing."""
        self.joined = True


class Member:
    """A member of a group: it reads the partitions that the group has given it, and commits how far it is."""

    def __init__(self, task: Task, site: Site, consumer: KafkaConsumer) -> None:
        self._site, self._consumer, self._heard = site, consumer, _Heard()
        consumer.subscribe([task.name], listener=self._heard)
        with site.typed():
            learn(consumer, task.name)

    @property
    def ready(self) -> bool:
        """Whether it has its share."""
        return self._heard.joined

    def take(self) -> Sequence[bytes]:
        """The next records of its partitions."""
        with self._site.typed():
            found = self._consumer.poll(timeout_ms=round(LOOK_S * 1000), max_records=10)
        return [record.value for part in found.values() for record in part]

    def release(self) -> None:
        """Commit the position behind what was taken."""
        with self._site.typed():
            self._consumer.commit(timeout_ms=ANSWER_MS)


@contextmanager
def source(task: Task) -> Iterator[Source]:
    """A member of its group; it joins when it first asks."""
    site = Site(task.endpoint)
    site.probe()
    with site.typed():
        consumer = KafkaConsumer(**site.config, **GROUP, **MEMBER, group_id=task.of_group)
    try:
        yield Member(task, site, consumer)
    finally:
        consumer.close(autocommit=False, timeout_ms=ANSWER_MS)


class _Sender:
    """Sends one record and waits until the broker has it."""

    consumers: Sequence[AtWork] = ()

    def __init__(self, task: Task, crew: Crew, admin: KafkaAdminClient, producer: KafkaProducer) -> None:
        self._site, self._name, self._admin, self._producer = Site(task.endpoint), task.name, admin, producer
        self._groups = {group_name(task.name, letter): crew.members for letter in crew.letters}
        self._sent, self._since_s = 0, math.inf

    def send(self, key: str, body: bytes) -> bool:
        """The client's own partitioner puts all records of a key into one partition."""
        with self._site.typed():
            self._producer.send(self._name, key=key.encode(), value=body).get(timeout=ANSWER_MS / 1000)
        self._sent += 1
        return True

    def left(self) -> int:
        """What lies behind the committed offsets, of all groups."""
        with self._site.typed():
            found = self._admin.list_group_offsets(list(self._groups))
        done = [int(at.offset) for parts in found.values() for part, at in parts.items() if part.topic == self._name]
        return self._sent * len(self._groups) - sum(max(offset, 0) for offset in done)

    def settled(self) -> bool:
        """The coordinator has every member, has dealt out the partitions, and it has stayed so for a while: a member
        that was left out comes back with its next heartbeat."""
        with self._site.typed():
            found = self._admin.describe_groups(list(self._groups))
        together = all(
            one["group_state"] == STABLE and len(one["members"]) == self._groups[name] for name, one in found.items()
        )
        self._since_s = min(self._since_s, time.monotonic()) if together else math.inf
        return time.monotonic() - self._since_s >= STEADY_S


@contextmanager
def desk(task: Task, crew: Crew) -> Iterator[Desk]:
    """The topic is there before anybody reads or sends."""
    site = Site(task.endpoint)
    site.probe()
    with site.typed(), closing(KafkaAdminClient(**site.config)) as admin, owned(task.endpoint, [task.name]):
        topic = {"num_partitions": task.partitions, "replication_factor": 1}
        admin.create_topics({task.name: topic}, timeout_ms=ANSWER_MS, wait_for_metadata=True)
        with closing(KafkaProducer(**site.config, acks="all", linger_ms=0, metrics_enabled=False)) as producer:
            yield _Sender(task, crew, admin, producer)
