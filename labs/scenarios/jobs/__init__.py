"""Jobs and the worker that is killed over them: eleven ways to hand work to a process, one fault.

A job does something that counts, once, in the middle of its time: one line in the logbook. A worker takes jobs, does
them and is finished with them; SIGKILL comes in between. What became of each job is counted from the facts alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from labs.model.profile import UnknownNameError


@dataclass(frozen=True)
class Mode:
    """One way to hand jobs to a worker. `profile` sets the broker up; it is empty where there is none."""

    name: str
    label: str
    broker: str
    profile: str
    module: str
    batches: bool = False
    """Whether the worker takes several jobs at once and acknowledges them together (the setting `prefetch`)."""


_HTTP, _REDIS, _RABBITMQ, _KAFKA = "by_http", "on_redis", "on_rabbitmq", "on_kafka"
_ALL = (
    Mode("http-no-retry", "HTTP, no retry", "none", "", _HTTP),
    Mode("http-retry", "HTTP, retries with a key", "none", "", _HTTP),
    Mode("asyncio-queue", "asyncio.Queue in the worker", "none", "", "in_process"),
    Mode("rabbitmq-auto-ack", "RabbitMQ, automatic ack", "rabbitmq", "rabbitmq-confirms", _RABBITMQ),
    Mode("rabbitmq-manual-ack", "RabbitMQ, manual ack", "rabbitmq", "rabbitmq-confirms", _RABBITMQ, batches=True),
    Mode("redis-blpop", "Redis list, BLPOP", "redis", "redis-list-everysec", _REDIS),
    Mode("redis-lmove", "Redis list, BLMOVE and LREM", "redis", "redis-list-everysec", _REDIS),
    Mode("redis-stream", "Redis stream, group and XACK", "redis", "redis-stream-everysec", _REDIS, batches=True),
    Mode("redis-pubsub", "Redis Pub/Sub", "redis", "redis-pubsub", _REDIS),
    Mode("kafka-commit-before", "Kafka, commit before the work", "kafka", "kafka-acks-all", _KAFKA, batches=True),
    Mode("kafka-commit-after", "Kafka, commit after the work", "kafka", "kafka-acks-all", _KAFKA, batches=True),
)
MODES: dict[str, Mode] = {mode.name: mode for mode in _ALL}


def mode_of(name: str) -> Mode:
    """The mode of that name, or UnknownNameError with the nearest ones."""
    if name not in MODES:
        raise UnknownNameError("mode", name, list(MODES))
    return MODES[name]


def settings_of(mode: Mode, prefetch: int) -> dict[str, object]:
    """Name -> value of what the code of that mode sets: the code whose worker is killed. Addresses do not count."""
    found: dict[str, object] = import_module(f"{__name__}.{mode.module}").settings(mode, prefetch)
    return found
