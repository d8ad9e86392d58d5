"""The same arrivals for two: an HTTP service with a bounded pool, and a queue with as many workers behind it.

Each job takes one worker SERVICE_S, asleep as if it waited for a neighbour, so what a worker can do does not hang on
the processor. Who is asked when comes from a seed; both are asked at the same moments.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.profile import UnknownNameError
from labs.scenarios.jobs import MODES, Mode

SERVICE_S = 0.080
"""How long a job keeps a worker."""
WORKERS = 16
"""Those that loads are reckoned by: they can do 200 jobs a second."""
SECONDS = 8.0
PERIOD_S = 4.0
"""Of bursts: in each such time all jobs come within a share of it."""
PATIENCE_S = 1.0
"""How long a caller of the pool waits for its answer."""
ACCEPTS = 20
"""Callers that the pool lets wait for a worker; the next one is answered 503."""


@dataclass(frozen=True)
class Queue:
    """One broker's queue: its labs' profile, how its workers take a job, and what its own count of a backlog has."""

    broker: str
    label: str
    mode: Mode
    counts_held: bool
    """Whether the count has jobs that a worker is at, beside those that wait."""
    counts: str
    """What that count is called by the broker."""


_ALL = (
    Queue("redis", "Redis list", MODES["redis-lmove"], counts_held=False, counts="LLEN"),
    Queue("rabbitmq", "RabbitMQ classic queue", MODES["rabbitmq-manual-ack"], counts_held=False, counts="ready"),
    Queue("kafka", "Kafka topic", MODES["kafka-commit-after"], counts_held=True, counts="lag"),
)
QUEUES: dict[str, Queue] = {one.broker: one for one in _ALL}


def queue_of(broker: str) -> Queue:
    """That broker's queue, or UnknownNameError with the nearest ones."""
    if broker not in QUEUES:
        raise UnknownNameError("broker", broker, list(QUEUES))
    return QUEUES[broker]
