"""K10 and K14: answers of Kafka that get lost on the way to the producer, and messages that grow too old."""

from __future__ import annotations

import contextlib
import time

from kafka import KafkaProducer

from labs.judge.promises import Trial
from labs.scenarios.promises.kafka_site import config, load, read_all, reader, topics
from labs.scenarios.promises.stage import Stage, TroubleError, wait_for
from labs.scenarios.promises.tally import tally
from labs.stack.proxy import Proxy

MESSAGES, DROPS = 200, 5
PATIENCE_MS = 1000
ANSWER_S = 20.0
OLD, YOUNG, BODY_BYTES = 5000, 100, 1000
FIRST_LOOK_S = 36.0
"""Kafka looks for what is too old 30 s after its start, and then every five minutes."""


def retried(stage: Stage, idempotence: bool) -> Trial:
    """The broker writes a message and its answer is lost, five times; the producer waits 1 s and sends it again."""
    moments = set(stage.chance().sample(range(MESSAGES), DROPS)) if stage.fault else set()
    dropped = []
    with topics(stage.endpoint, stage.name), Proxy(stage.endpoint, names=True) as proxy:
        settings = config(stage.endpoint) | {"bootstrap_servers": f"{stage.endpoint.host}:{proxy.port}"}
        settings |= {"enable_idempotence": idempotence, "acks": "all", "request_timeout_ms": PATIENCE_MS}
        with contextlib.closing(KafkaProducer(**settings)) as producer:
            producer.partitions_for(stage.name)
            for sequence in range(MESSAGES):
                if sequence in moments:
                    dropped.append(_lose_the_answer(proxy, producer, stage.name, sequence))
                else:
                    producer.send(stage.name, b"%010d" % sequence, partition=0).get(ANSWER_S)
        evidence = f"{len(dropped)} answers dropped, {sum(dropped)} bytes" if dropped else ""
        return Trial(tally(MESSAGES, range(MESSAGES), read_all(stage.endpoint, stage.name)), evidence)


def _lose_the_answer(proxy: Proxy, producer: KafkaProducer, name: str, sequence: int) -> int:
    """How many bytes were dropped until the producer had an answer after all, to its second try."""
    before = proxy.dropped_bytes
    proxy.drop_answers()
    try:
        future = producer.send(name, b"%010d" % sequence, partition=0)
        wait_for(lambda: proxy.dropped_bytes > before, "an answer to drop", ANSWER_S, 0.001)
        if future.is_done:
            raise TroubleError("an answer came although it was to be dropped")
    finally:
        proxy.heal()
    future.get(ANSWER_S)
    return proxy.dropped_bytes - before


def retention(stage: Stage) -> Trial:
    """A reader takes ten messages and is away while Kafka looks for what is too old; then it reads on to the end.

    In the control messages may grow a day old. Both wait for Kafka's first look, so the broker must have just begun.
    """
    endpoint, name = stage.endpoint, stage.name
    limits = {"segment_bytes": "1048576"} | ({"retention_ms": "1000"} if stage.fault else {})
    with topics(endpoint, name, **limits):
        load(endpoint, name, range(OLD), BODY_BYTES)
        with reader(endpoint, name, group_id=name, max_poll_records=10) as (consumer, place):
            wait_for(lambda: consumer.position(place, timeout_ms=5000) is not None, "the beginning")
            first = [int(r.value[:10]) for r in consumer.poll(timeout_ms=5000, max_records=10).get(place, [])]
            consumer.commit()
        time.sleep(max(stage.started_s + FIRST_LOOK_S - time.monotonic(), 0))
        load(endpoint, name, range(OLD, OLD + YOUNG), BODY_BYTES)
        with reader(endpoint, name) as (consumer, place):
            begin = consumer.beginning_offsets([place])[place]
        evidence = f"the log begins at offset {begin:,}, the reader had come to {len(first)}" if begin else ""
        total = OLD + YOUNG
        return Trial(tally(total, range(total), first + read_all(endpoint, name, group=name)), evidence)
