"""What a running broker tells of the work in it: how much waits, how much is in hand, how old the oldest is.

The same is planted for each: some messages are taken and not finished, more wait behind them; then the broker is asked
by its own commands, and each answer is held against what was planted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from labs.model.profile import UnknownNameError

HELD, WAITING = 2, 6
GAP_S, LATER_S = 3.0, 0.3
"""Between the messages that are held and those that wait, so that their ages differ; and until the broker is asked."""
NEAR_S = 1.4
"""So near to the planted age an answer is that age: RabbitMQ's stamp has whole seconds, and the gap is longer."""


@dataclass(frozen=True)
class Mode:
    """One way to keep work in a broker."""

    name: str
    label: str
    broker: str
    profile: str


_ALL = (
    Mode("rabbitmq-queue", "RabbitMQ, classic queue", "rabbitmq", "rabbitmq-confirms"),
    Mode("redis-blpop", "Redis list with BLPOP", "redis", "redis-list-everysec"),
    Mode("redis-blmove", "Redis list with BLMOVE", "redis", "redis-list-everysec"),
    Mode("redis-stream", "Redis stream with a group", "redis", "redis-stream-everysec"),
    Mode("redis-pubsub", "Redis Pub/Sub", "redis", "redis-pubsub"),
    Mode("kafka-group", "Kafka, topic with a group", "kafka", "kafka-acks-all"),
)
MODES: dict[str, Mode] = {mode.name: mode for mode in _ALL}


def mode_of(name: str) -> Mode:
    """The mode of that name, or UnknownNameError with the nearest ones."""
    if name not in MODES:
        raise UnknownNameError("mode", name, list(MODES))
    return MODES[name]


@dataclass(frozen=True)
class Answer:
    """What a broker told: a number, or None where it has no such answer; `how` it was asked, and what it leaves out."""

    value: float | None
    how: str
    but: str = ""


@dataclass(frozen=True)
class Told:
    """The three answers of one broker, and the planted age of the oldest message that is not finished, s."""

    backlog: Answer
    in_flight: Answer
    oldest_s: Answer
    planted_s: float


@dataclass(frozen=True)
class Policed:
    """What became of a publish that was not allowed: `refused` in the broker's words, and whether the same publish was
    taken once it was allowed. Without an answer `why_not` says why it was not tried."""

    refused: str = ""
    allowed: bool = False
    why_not: str = ""
    by: str = ""
    """What forbade it."""


@dataclass(frozen=True)
class Seen:
    """All that one run found."""

    told: Told
    policed: Policed
    facts: dict[str, object] = field(default_factory=dict)
