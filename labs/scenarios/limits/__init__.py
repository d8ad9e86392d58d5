"""A limit that is reached while a publisher goes on: ten ways in which a broker, or a client, says no more.

A reader stops reading for a while, a publisher publishes at an even rate, and something fills: a queue, a memory, a
buffer. What each call of the publisher took and what it was told is written down; nothing is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass

from labs.model.profile import UnknownNameError

MEGABYTES = 1_000_000


@dataclass(frozen=True)
class Mode:
    """One limit and one publisher. `limit_bytes` is 0 where nothing is limited, or where the broker itself says."""

    name: str
    label: str
    broker: str
    profile: str
    module: str
    event: str
    """What a refusal is called on a timeline."""
    limit_bytes: int = 6 * MEGABYTES
    body_bytes: int = 40_000
    rate_per_s: int = 100
    looks: bool = True
    """Whether the publisher looks at what it is told."""
    holds: bool = False
    """Whether what is full holds a publisher up, so that a long call is its doing and not the machine's."""
    ours: bool = False
    """Whether it is run on a broker of ours alone: others on the same one would feel it, or it stands behind a network
    of ours."""
    alarm: str = ""
    """The resource, memory or disk, whose alarm of the broker's own is the limit."""

    @property
    def own_disk(self) -> bool:
        """Whether it needs a small disk of the broker's own, so that it is not the machine's that runs full."""
        return self.alarm == "disk"

    @property
    def own_mark(self) -> bool:
        """Whether the limit is a mark of the broker's own, which it reports when it is passed."""
        return bool(self.alarm)

    @property
    def limit_s(self) -> float | None:
        """After how long a limit is full by this rate and size, when nobody reads; None without one."""
        return self.limit_bytes / (self.rate_per_s * self.body_bytes) if self.limit_bytes else None


_RABBITMQ, _KAFKA, _REDIS = "on_rabbitmq", "on_kafka", "on_redis"
_CONFIRMED, _ALL = "rabbitmq-transient-confirms", "kafka-acks-all"
_ALLMODES = (
    Mode("rabbitmq-reject", "RabbitMQ full queue (reject-publish)", "rabbitmq", _CONFIRMED, _RABBITMQ, "refused"),
    Mode(
        "rabbitmq-unconfirmed",
        "RabbitMQ full queue (no confirms)",
        "rabbitmq",
        "rabbitmq-transient",
        _RABBITMQ,
        "refused",
        looks=False,
    ),
    Mode("rabbitmq-drop-head", "RabbitMQ full queue (drop-head)", "rabbitmq", _CONFIRMED, _RABBITMQ, "refused"),
    Mode(
        "rabbitmq-memory-alarm",
        "RabbitMQ memory alarm",
        "rabbitmq",
        _CONFIRMED,
        _RABBITMQ,
        "refused",
        limit_bytes=0,
        body_bytes=4 * MEGABYTES,
        rate_per_s=20,
        holds=True,
        ours=True,
        alarm="memory",
    ),
    Mode(
        "rabbitmq-disk-alarm",
        "RabbitMQ disk alarm",
        "rabbitmq",
        "rabbitmq-confirms",
        _RABBITMQ,
        "refused",
        limit_bytes=0,
        body_bytes=MEGABYTES,
        rate_per_s=60,
        holds=True,
        ours=True,
        alarm="disk",
    ),
    Mode("kafka-buffer", "Kafka publisher with a bound", "kafka", _ALL, _KAFKA, "buffer full", holds=True, ours=True),
    Mode(
        "kafka-unlooked",
        "Kafka publisher that drops its futures",
        "kafka",
        _ALL,
        _KAFKA,
        "refused",
        looks=False,
        ours=True,
    ),
    Mode("kafka-no-limit", "Kafka with a paused reader and no more", "kafka", _ALL, _KAFKA, "refused", limit_bytes=0),
    Mode("redis-noeviction", "Redis list at maxmemory", "redis", "redis-list-none", _REDIS, "out of memory", ours=True),
    Mode("redis-pubsub", "Redis Pub/Sub with a slow subscriber", "redis", "redis-pubsub", _REDIS, "refused", ours=True),
)
MODES: dict[str, Mode] = {mode.name: mode for mode in _ALLMODES}


def mode_of(name: str) -> Mode:
    """The mode of that name, or UnknownNameError with the nearest ones."""
    if name not in MODES:
        raise UnknownNameError("mode", name, list(MODES))
    return MODES[name]
