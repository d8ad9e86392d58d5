"""The consumers of one group, each a client of its own in a thread of its own. This file is a program by itself.

It runs in the course's environment with kafka-python, or in that of a package set with confluent-kafka, and imports
nothing else. Its task is the first line of its input, as JSON; the lines after it say who may take records, and `stop`.
What it writes are lines of JSON: what each consumer did, and what went wrong.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

LOOK_S = 0.1
ANSWER_MS = 5000
AGAIN_S = 0.6
"""A member of a share group hears of its partitions with its next heartbeat, of which there is one every 5 s. A changed
subscription is told at once; until the group is formed it is changed so often."""


class Crew:
    """All consumers of this process: what they were asked, whether they may take records, and their one voice."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self._slow, self._times = task.get("slow", (0, 1))
        self.stopped = threading.Event()
        self.allowed = set(range(1, task["consumers"] + 1))
        self.formed = False
        self._voice = threading.Lock()

    def say(self, *words: object) -> None:
        """A line to whoever started this."""
        with self._voice:
            print(json.dumps(words), flush=True)

    def work(self, who: int, partition: int, offset: int, body: bytes, attempt: int) -> bool:
        """One try of one record: a wait. Whether it is done."""
        job, begun_ns = json.loads(body), time.monotonic_ns()
        done, times = attempt > job["fails"], self._times if who == self._slow else 1
        time.sleep((job["took_ms"] if done else job["fail_ms"]) * times / 1000)
        self.say("did", who, job["number"], partition, offset, attempt, begun_ns, time.monotonic_ns(), int(done))
        return bool(done)

    def turns(self, who: int) -> Iterator[None]:
        """Once for every time that a consumer is to ask for records."""
        while not self.stopped.is_set():
            if who in self.allowed:
                yield
            else:
                time.sleep(LOOK_S / 10)


def in_group(crew: Crew, who: int) -> None:
    """A member of a consumer group: its partitions are its own, and it tries a record until it is done."""
    from kafka import KafkaConsumer

    task = crew.task
    consumer = KafkaConsumer(
        task["topic"],
        group_id=task["group"],
        client_id=f"worker-{who}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **task["config"],
    )
    with closing(consumer):
        consumer.partitions_for_topic(task["topic"])  # kafka-python must know them before it joins
        for _ in crew.turns(who):
            for records in consumer.poll(timeout_ms=round(LOOK_S * 1000), max_records=1).values():
                for record in records:
                    attempt = 1
                    while not crew.work(who, record.partition, record.offset, record.value, attempt):
                        attempt += 1
                    consumer.commit(timeout_ms=ANSWER_MS)


def in_share_group(crew: Crew, who: int) -> None:
    """A member of a share group: each record is acknowledged by itself, or released for whoever asks next."""
    from confluent_kafka import AcknowledgeType, ShareConsumer  # type: ignore[import-not-found]

    task = crew.task
    most = task["hoard"] if who == 1 and task["hoard"] else 1
    config = {"group.id": task["group"], "share.acknowledgement.mode": "explicit", "max.poll.records": most}
    with ShareConsumer(config | task["config"]) as consumer:
        for _ in joining(crew, consumer, who):
            records = list(consumer.poll(LOOK_S))
            if not records:
                crew.say("nothing", who)
            if len(records) > most // 2 > 0:
                hold(crew, who, len(records))
            for record in records:
                at = record.partition(), record.offset()
                done = crew.work(who, *at, record.value(), record.delivery_count())
                consumer.acknowledge(record, AcknowledgeType.ACCEPT if done else AcknowledgeType.RELEASE)
            if records:
                consumer.commit_sync(ANSWER_MS / 1000)


def hold(crew: Crew, who: int, records: int) -> None:
    """Keep what was taken for a while, before any of it is done: the first time that it is so much."""
    if not crew.task["hoard"]:
        return
    crew.task["hoard"] = 0
    begun_ns = time.monotonic_ns()
    crew.say("holds", who)
    time.sleep(crew.task["hold_ms"] / 1000)
    crew.say("held", who, records, begun_ns, time.monotonic_ns())


def joining(crew: Crew, consumer: Any, who: int) -> Iterator[None]:
    """The turns of a member of a share group; its subscription is told anew until the group is formed."""
    topic = crew.task["topic"]
    consumer.subscribe([topic])
    told, next_s = 0, time.monotonic() + AGAIN_S
    for _ in crew.turns(who):
        if not crew.formed and time.monotonic() > next_s:
            told, next_s = told + 1, time.monotonic() + AGAIN_S
            consumer.subscribe([topic, f"{topic}-{told}"])
        yield


KINDS = {"group": in_group, "share": in_share_group}


def main() -> None:
    """Read the task, start the consumers, obey, end."""
    crew = Crew(json.loads(sys.stdin.readline()))

    def consume(who: int) -> None:
        try:
            KINDS[crew.task["way"]](crew, who)
        except Exception as error:  # whoever started this is the only one who can tell the reader
            crew.say("trouble", who, f"{type(error).__name__}: {error}")

    everybody = [threading.Thread(target=consume, args=(who,)) for who in sorted(crew.allowed)]
    for one in everybody:
        one.start()
    for line in sys.stdin:
        if line.strip() == "stop":
            break
        crew.formed, crew.allowed = True, set(json.loads(line))
    crew.stopped.set()
    for one in everybody:
        one.join()


if __name__ == "__main__":
    main()
