"""Bad messages on Kafka: the same record again until it is handled, or a copy of it in a topic for later."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from labs.brokers.kafka.client import ANSWER_MS, Site
from labs.scenarios.poison import AGAIN_MS, TRIES
from labs.scenarios.poison.work import LOOK_S, Desk, Source, Taken, Task, owned

READS: dict[str, Any] = {
    "enable_auto_commit": False, "auto_offset_reset": "earliest", "max_poll_records": 1, "metrics_enabled": False,
}  # fmt: skip
SENDS: dict[str, Any] = {"acks": "all", "linger_ms": 0, "metrics_enabled": False}


class Worker:
    """It reads its partitions by itself: with one worker there is nothing that a group could deal out."""

    def __init__(self, task: Task, site: Site, readers: Sequence[KafkaConsumer], producer: KafkaProducer) -> None:
        self._task, self._site, self._producer = task, site, producer
        self._new, self._old = readers
        self._look_s = 0.0
        self._waits: Any = None
        """The record of the retry topic whose time has not come: those behind it are younger, so all wait for it."""
        for reader, topic in zip(readers, (task.name, task.retry), strict=True):
            reader.assign([TopicPartition(topic, 0)])

    def take(self) -> Sequence[Taken]:
        """A record of the retry topic whose time has come, else the next new one."""
        if self._waits is None and time.monotonic() >= self._look_s:
            self._waits, self._look_s = self._polled(self._old, 1), time.monotonic() + LOOK_S
        if self._waits is not None and header(self._waits, "due") <= now_ms():
            due, self._waits = self._waits, None
            return [Taken(int(due.value), due)]
        new = self._polled(self._new, round(LOOK_S * 1000))
        return [] if new is None else [Taken(int(new.value), new)]

    def _polled(self, reader: KafkaConsumer, timeout_ms: int) -> Any:
        """The next record, if one comes by then."""
        with self._site.typed():
            found = reader.poll(timeout_ms=timeout_ms)
        return next((record for part in found.values() for record in part), None)

    def done(self, one: Taken) -> None:
        """Commit the position behind it."""
        reader = self._old if one.held.topic == self._task.retry else self._new
        behind = {TopicPartition(one.held.topic, 0): OffsetAndMetadata(one.held.offset + 1, "", -1)}
        with self._site.typed():
            reader.commit(behind, timeout_ms=ANSWER_MS)

    def failed(self, one: Taken) -> None:
        """The same one again, or a copy of it elsewhere and on to the next."""
        if self._task.way.name == "kafka-in-place":
            self._new.seek(TopicPartition(one.held.topic, 0), one.held.offset)
            return
        tries = header(one.held, "tries") + 1
        to = self._task.dead if tries >= TRIES else self._task.retry
        about = [("tries", b"%d" % tries), ("due", b"%d" % (now_ms() + AGAIN_MS))]
        with self._site.typed():
            self._producer.send(to, value=one.held.value, headers=about).get(timeout=ANSWER_MS / 1000)
        self.done(one)


def now_ms() -> int:
    """The wall clock: a record may be read by another machine than wrote it."""
    return round(time.time() * 1000)


def header(record: Any, name: str) -> int:
    """The number in a header of a record; 0 where it has none."""
    return next((int(value) for key, value in record.headers if key == name), 0)


@contextmanager
def source(task: Task) -> Iterator[Source]:
    """Connected, at the beginning of its topics. What waits in one of them does not hold up the other."""
    site = Site(task.endpoint)
    site.probe()
    with ExitStack() as held, site.typed():
        producer = held.enter_context(closing(KafkaProducer(**site.config, **SENDS)))
        readers = [KafkaConsumer(**site.config, **READS, group_id=f"{task.name}-workers") for _ in range(2)]
        for reader in readers:
            held.callback(reader.close, autocommit=False, timeout_ms=ANSWER_MS)
        yield Worker(task, site, readers, producer)


class Sender:
    """Sends one record and waits until the broker has it; reads the dead letters back."""

    def __init__(self, task: Task, site: Site, producer: KafkaProducer, reader: KafkaConsumer) -> None:
        self._task, self._site, self._producer, self._reader = task, site, producer, reader
        self._where = TopicPartition(task.dead, 0)
        reader.assign([self._where])

    def send(self, number: int) -> None:
        """Its one partition keeps the order."""
        with self._site.typed():
            self._producer.send(self._task.name, value=b"%d" % number).get(timeout=ANSWER_MS / 1000)

    def dead(self) -> int:
        """By the end of the topic."""
        with self._site.typed():
            return int(self._reader.end_offsets([self._where])[self._where])

    def letters(self) -> list[int]:
        """From the beginning to the end."""
        wanted, found = self.dead(), list[int]()
        until_s = time.monotonic() + ANSWER_MS / 1000
        with self._site.typed():
            while len(found) < wanted and time.monotonic() < until_s:
                got = self._reader.poll(timeout_ms=round(LOOK_S * 1000))
                found += [int(one.value) for part in got.values() for one in part]
        return found


@contextmanager
def desk(task: Task) -> Iterator[Desk]:
    """Three topics of one partition."""
    site = Site(task.endpoint)
    site.probe()
    with site.typed(), closing(KafkaAdminClient(**site.config)) as admin, owned(task):
        topic = {"num_partitions": 1, "replication_factor": 1}
        names = (task.name, task.retry, task.dead)
        admin.create_topics(dict.fromkeys(names, topic), timeout_ms=ANSWER_MS, wait_for_metadata=True)
        with (
            closing(KafkaProducer(**site.config, **SENDS)) as producer,
            closing(KafkaConsumer(**site.config, **READS)) as reader,
        ):
            yield Sender(task, site, producer, reader)
