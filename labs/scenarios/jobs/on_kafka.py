"""Jobs on Kafka: a topic of one partition and a group; the offset is committed before the work or after it.

The worker subscribes, so the group's coordinator decides who reads. It learns of a death from silence alone: when no
heartbeat has come for the session time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from labs.brokers.kafka.client import ANSWER_MS, Site, learn
from labs.model.endpoint import Address
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.producer import broker_desk
from labs.scenarios.jobs.work import LOOK_S, Task, numbers, serving

GROUP = {"enable_auto_commit": False}
MEMBER: dict[str, Any] = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 1500, "auto_offset_reset": "earliest"}
"""The session is the shortest that a broker allows by default."""


def settings(mode: Mode, prefetch: int) -> dict[str, object]:
    """What this code sets, addresses and names aside; the topic is made with as many settings as it has here."""
    topic = {"num_partitions": 1, "replication_factor": 1}
    commit = {"commit": "before the work" if mode.name == "kafka-commit-before" else "after the work"}
    return (
        topic | {"acks": "all", "group_id": "one for all workers"} | GROUP | MEMBER | {"max_records": prefetch} | commit
    )


def session_s() -> dict[str, float]:
    """After how long of silence a member counts as dead: here, and by the client's default."""
    usual = KafkaConsumer.DEFAULT_CONFIG["session_timeout_ms"]
    return {"session_s": MEMBER["session_timeout_ms"] / 1000, "default_session_s": usual / 1000}


class Member:
    """A member of the group, that commits before the work or after it."""

    def __init__(self, site: Site, consumer: KafkaConsumer, *, before: bool) -> None:
        self._site, self._consumer, self._before = site, consumer, before

    @property
    def ready(self) -> bool:
        """Whether the coordinator has given it the partition."""
        return bool(self._consumer.assignment())

    def take(self, most: int) -> Sequence[int]:
        """The next records; where the mode says so they count as done from here on."""
        with self._site.typed():
            found = self._consumer.poll(timeout_ms=round(LOOK_S * 1000), max_records=most)
            records = [record for part in found.values() for record in part]
            if records and self._before:
                self._consumer.commit(timeout_ms=ANSWER_MS)
        return numbers([record.value for record in records])

    def release(self) -> None:
        """Commit the position behind the batch."""
        if not self._before:
            with self._site.typed():
                self._consumer.commit(timeout_ms=ANSWER_MS)


@contextmanager
def _consumer(site: Site, name: str, *topics: str, **more: object) -> Iterator[KafkaConsumer]:
    """A client that knows the group of the run; without topics it asks about the group and is no member of it."""
    group = GROUP | {"group_id": f"{name}-workers", "metrics_enabled": False}
    with site.typed():
        consumer = KafkaConsumer(*topics, **site.config, **group, **more)
    try:
        yield consumer
    finally:
        consumer.close(autocommit=False, timeout_ms=ANSWER_MS)


@contextmanager
def source(task: Task) -> Iterator[Member]:
    """Subscribed to the topic of the run."""
    site = Site(task.site)
    site.probe()
    member = MEMBER | {"client_id": f"worker-{task.worker}"}
    with _consumer(site, task.name, task.name, **member) as consumer:
        with site.typed():
            learn(consumer, task.name)
        yield Member(site, consumer, before=task.mode.name == "kafka-commit-before")


@contextmanager
def counting(address: Address) -> Iterator[Callable[[], int]]:
    """Counts what lies behind the group's committed offset."""
    site, partition = Site(address.endpoint), TopicPartition(address.name, 0)
    with _consumer(site, address.name) as consumer:

        def left() -> int:
            with site.typed():
                end = consumer.end_offsets([partition], timeout_ms=ANSWER_MS)[partition]
                return int(end) - int(consumer.committed(partition, timeout_ms=ANSWER_MS) or 0)

        yield left


work, desk = serving(source), partial(broker_desk, counting)
