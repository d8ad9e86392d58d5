"""Jobs on Kafka: a topic of one partition and a group; the offset is committed before the work or after it.

The worker subscribes, so the group's coordinator decides who reads. It learns of a death from silence alone: when no
heartbeat has come for the session time-out.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition

from labs.brokers import open_broker, open_publisher
from labs.brokers.kafka.client import ANSWER_MS, Site
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import profile
from labs.scenarios.jobs import Mode
from labs.scenarios.jobs.event_log import Logbook
from labs.scenarios.jobs.producer import Answers, publish_all
from labs.scenarios.jobs.work import LOOK_S, Task, numbers, serve

SESSION_MS = 6000
"""The shortest that a broker allows by default; the client's own default is 45 s."""
HEARTBEAT_MS = 1500


def _group(name: str) -> str:
    return f"{name}-workers"


class Member:
    """A member of the group."""

    def __init__(self, task: Task) -> None:
        self._task, self._site = task, Site(task.site)
        self._before = task.mode.name == "kafka-commit-before"
        self._consumer: Any = None

    def __enter__(self) -> Self:
        self._site.probe()
        with self._site.typed():
            self._consumer = KafkaConsumer(
                self._task.name,
                **self._site.config,
                metrics_enabled=False,
                group_id=_group(self._task.name),
                session_timeout_ms=SESSION_MS,
                heartbeat_interval_ms=HEARTBEAT_MS,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close(autocommit=False, timeout_ms=ANSWER_MS)

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


def work(task: Task, log: Logbook) -> None:
    """A worker on Kafka."""
    with Member(task) as source:
        serve(source, log, task.prefetch)


class Desk:
    """The sender's side: acks=all."""

    def __init__(self, mode: Mode, endpoint: Endpoint, name: str) -> None:
        self._address = Address(endpoint, profile(mode.profile), name)
        self._broker = open_broker(endpoint, self._address.profile, name)
        self._site = Site(endpoint)
        self._undo = ExitStack()
        self._reader: Any = None

    def __enter__(self) -> Self:
        self._undo.enter_context(self._broker)
        with self._site.typed():
            # It asks about the group and is no member of it: it never subscribes.
            self._reader = KafkaConsumer(
                **self._site.config,
                metrics_enabled=False,
                group_id=_group(self._address.name),
                enable_auto_commit=False,
            )
        self._undo.callback(self._reader.close, autocommit=False, timeout_ms=ANSWER_MS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def hand_in(self, answers: Answers, port: int) -> None:
        """Jobs are produced and acknowledged."""
        with open_publisher(self._address) as publisher:
            publish_all(publisher, answers)

    def left(self) -> int:
        """What lies behind the group's committed offset."""
        partition = TopicPartition(self._address.name, 0)
        with self._site.typed():
            end = self._reader.end_offsets([partition], timeout_ms=ANSWER_MS)[partition]
            return int(end) - int(self._reader.committed(partition, timeout_ms=ANSWER_MS) or 0)

    def about(self) -> dict[str, object]:
        """The server's version and what the topic promises."""
        return {"server": self._broker.version(), "durability": self._broker.durability()}
