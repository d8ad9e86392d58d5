"""One Celery application, run unchanged on three brokers by real worker processes.

`inside` has the scripts that run with Celery's own packages, `going` starts them against a broker, `checklist` asks
one row after the other, `judge` says what follows. Celery is fetched into a folder of its own (labs/stack/packages).
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.profile import UnknownNameError

PACKAGES = "celery-5.7"
LEASE_S = 5
"""Redis's visibility time-out and Kafka's session time-out here, so that a run need not wait for an hour."""


@dataclass(frozen=True)
class Way:
    """The application against a broker. `options` are Celery's settings that only this way has."""

    name: str
    label: str
    broker: str
    tuned: bool = False
    """Kafka with two partitions and a worker that looks for tasks 20 times a second instead of once."""
    lease_s: int = LEASE_S
    """Redis's visibility time-out, s."""
    looks_s: float = 1.0
    """How often kombu looks on Redis for tasks whose lease is over, s; 0 is as it does by itself."""
    prefetch: int = 4
    """Tasks that a process of a worker may hold, the one that it is at among them; 4 is Celery's own."""


WAYS = {
    one.name: one
    for one in (
        Way("redis", "Redis", "redis"),
        Way("rabbitmq", "RabbitMQ", "rabbitmq"),
        Way("kafka", "Kafka", "kafka"),
        Way("kafka-tuned", "Kafka, two partitions, quicker looks", "kafka", tuned=True),
    )
}


def way_of(name: str) -> Way:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way", name, list(WAYS))
    return WAYS[name]
