"""K11 to K13: a reader of Kafka is killed at its work, with every way to remember how far it had come."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from functools import partial

from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.structs import OffsetAndMetadata

from labs.judge.promises import Trial
from labs.model.endpoint import Endpoint
from labs.scenarios.promises.kafka_site import config, left_of, load, read_all, reader, sequence_of, topics
from labs.scenarios.promises.killable import MARK, READY, Note
from labs.scenarios.promises.rounds import Plan, work_and_kill
from labs.scenarios.promises.stage import Stage

WORK_S = 0.004
AUTO_MS = 50
POLL_MS = 20
READING = Plan(each=100, kills=3)
COPYING = Plan(each=100, kills=5, aimed=True)
IN_TRANSACTION_S = 0.03
"""How long a transaction stays open when all is written: the kill is aimed at that time."""


def _read(endpoint: Endpoint, name: str, note: Note, commit: str) -> None:
    """Commits `before` the work, `after` it, or leaves it to the client: `auto`, and `handed-over` to a thread."""

    def work(records: list[ConsumerRecord]) -> None:
        for record in records:
            time.sleep(WORK_S)
            note(sequence_of(record))

    automatic = commit in ("auto", "handed-over")
    settings = {"group_id": name, "enable_auto_commit": automatic, "auto_commit_interval_ms": AUTO_MS}
    hand_over = _thread_for(work) if commit == "handed-over" else work
    with reader(endpoint, name, **settings) as (consumer, place):
        consumer.position(place, timeout_ms=10_000)
        note(READY)
        while True:
            records = consumer.poll(timeout_ms=POLL_MS).get(place, [])
            if records and commit == "before":
                consumer.commit()
            hand_over(records)
            if records and commit == "after":
                consumer.commit()


def _thread_for(work: Callable[[list[ConsumerRecord]], None]) -> Callable[[list[ConsumerRecord]], None]:
    """Work goes on in a thread, and the reader fetches more meanwhile."""
    inbox: queue.Queue[list[ConsumerRecord]] = queue.Queue()

    def go_on() -> None:
        while True:
            work(inbox.get())

    threading.Thread(target=go_on, daemon=True).start()
    return inbox.put


def reader_killed(stage: Stage, commit: str) -> Trial:
    """Killed three times at random; the next reader begins at the committed offset."""
    endpoint, name = stage.endpoint, stage.name
    with topics(endpoint, name):
        left = partial(left_of, endpoint, name, name)
        worker, happened = work_and_kill(stage, _read, _loader(stage), left, READING, commit=commit)
    return Trial(READING.tally(worker.noted()), happened)


def _loader(stage: Stage) -> Callable[[int, int], None]:
    return lambda first, count: load(stage.endpoint, stage.name, range(first, first + count))


def _copy(endpoint: Endpoint, name: str, note: Note) -> None:
    """Each batch and the offset behind it in one transaction. Beginning, it ends what its predecessor left open."""
    settings = {"transactional_id": name, "acks": "all", "max_block_ms": 20_000}
    with (
        contextlib.closing(KafkaProducer(**config(endpoint), **settings)) as producer,
        reader(endpoint, name, group_id=name) as (consumer, place),
    ):
        producer.init_transactions()
        consumer.position(place, timeout_ms=10_000)
        note(READY)
        while True:
            if not (records := consumer.poll(timeout_ms=POLL_MS).get(place, [])):
                continue
            producer.begin_transaction()
            for record in records:
                producer.send(f"{name}-copy", record.value, partition=0)
            producer.flush()
            note(MARK)
            time.sleep(IN_TRANSACTION_S)
            behind = {place: OffsetAndMetadata(records[-1].offset + 1, "", -1)}
            producer.send_offsets_to_transaction(behind, consumer.group_metadata())
            producer.commit_transaction()
            for record in records:
                note(sequence_of(record))


def copier_killed(stage: Stage) -> Trial:
    """Killed five times while it copies a topic; `aborted` copies are there for those who do not ask for committed
    ones. Counted is what a reader with isolation read_committed finds in the copy."""
    endpoint, name = stage.endpoint, stage.name
    with topics(endpoint, name, f"{name}-copy"):
        _, happened = work_and_kill(stage, _copy, _loader(stage), partial(left_of, endpoint, name, name), COPYING)
        committed = read_all(endpoint, f"{name}-copy")
        seen = read_all(endpoint, f"{name}-copy", "read_uncommitted")
    return Trial(COPYING.tally(committed) | {"aborted": len(seen) - len(committed)}, happened)
