"""The rows by id, and the experiments by name. A row whose experiment is missing is an error, unless it says why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from labs.judge.promises import Row
from labs.model.profile import UnknownNameError
from labs.scenarios.promises import (
    cuts,
    faults,
    kafka_sender,
    kafka_workers,
    rabbitmq_publishing,
    rabbitmq_recovery,
    rabbitmq_stalls,
    rabbitmq_workers,
    redis_sender,
    redis_subscribers,
    redis_workers,
)
from labs.scenarios.promises.loader import read, tables
from labs.scenarios.promises.stage import Experiment

EXPERIMENTS: dict[str, Experiment] = {
    work.__name__: work
    for work in (
        faults.after_fault,
        cuts.both_cuts,
        redis_subscribers.subscriber_killed,
        redis_subscribers.subscriber_frozen,
        redis_workers.list_worker_killed,
        redis_workers.stream_worker_killed,
        redis_sender.answers_dropped,
        redis_sender.memory_full,
        rabbitmq_publishing.unroutable,
        rabbitmq_publishing.queue_full,
        rabbitmq_publishing.time_over,
        rabbitmq_workers.queue_worker_killed,
        rabbitmq_recovery.published_while_recovering,
        rabbitmq_stalls.broker_frozen,
        rabbitmq_stalls.memory_alarm,
        kafka_sender.retried,
        kafka_sender.retention,
        kafka_workers.copier_killed,
        kafka_workers.reader_killed,
    )
}


@cache
def rows() -> dict[str, Row]:
    """The table, by id, in the order Redis, RabbitMQ, Kafka."""
    return read(tables(), EXPERIMENTS)


def chosen(names: Sequence[str], *, fast: bool = False, brokers: Sequence[str] = ()) -> list[Row]:
    """The rows of these ids (`Q12` means Q12a and Q12b as well), all if none is named; UnknownNameError else.

    `brokers` leaves the others' rows out.
    """
    table = rows()
    for name in names:
        if not any(_meant(name, id_) for id_ in table):
            raise UnknownNameError("row", name, list(table))
    picked = [row for id_, row in table.items() if not names or any(_meant(name, id_) for name in names)]
    return [row for row in picked if (row.fast or not fast) and (row.broker in brokers or not brokers)]


def _meant(name: str, id_: str) -> bool:
    return name.lower() in (id_.lower(), id_.rstrip("abcde").lower())
