"""Bad messages: some that fail always and some that fail for a while, among good ones, by several ways to handle them.

One worker handles one message at a time. Its work is a wait, as for a neighbour; what a message does, it does in every
way alike. Who did what when is written down, and where each message lay at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labs.model.profile import UnknownNameError
from labs.model.queue_features import BROUGHT

MESSAGES, EVERY_S, WORK_S = 50, 0.03, 0.005
HEALS_S = 0.6
"""A message that heals fails until so long after it was first tried, as one whose database restarts."""
STOPPED_AFTER = 130
"""Attempts after which our worker gives a message up, whatever the broker would do: more than fit before it heals."""
TRIES = 4
"""Attempts where the way has a limit of ours: the first and three more."""
LIMIT = TRIES - 1
"""The same for a quorum queue, which counts what comes after the first delivery."""
RETRY_MS, RETRY_MOST_MS = 100, 1000
"""RabbitMQ's delayed retry: the n-th waits min(n x RETRY_MS, RETRY_MOST_MS)."""
AGAIN_MS = 200
"""The wait before each retry where it is always the same."""
SHARES = (0, 4, 20)
"""Percent of the messages that are bad."""
Kind = Literal["good", "heals", "poison"]


@dataclass(frozen=True)
class Way:
    """A way to handle what fails. `limited`: something other than our worker's patience ends the retries."""

    name: str
    label: str
    broker: str
    limited: bool = True
    needs: str = ""
    """The version of RabbitMQ that brought what it needs."""
    limit_since: str = ""
    """The version of RabbitMQ that brought the limit which ends the retries; an older one tries for ever."""


WAYS = {
    one.name: one
    for one in (
        Way("rabbitmq-requeue", "RabbitMQ, classic queue, requeue", "rabbitmq", limited=False),
        Way("rabbitmq-nack", "RabbitMQ, quorum queue, basic.nack", "rabbitmq", limited=False),
        Way(
            "rabbitmq-limit",
            "RabbitMQ, quorum queue, basic.reject",
            "rabbitmq",
            limit_since=BROUGHT["quorum", "default_limit"],
        ),
        Way("rabbitmq-dead-letter", "RabbitMQ, dead letter at once", "rabbitmq"),
        Way("rabbitmq-retry-queue", "RabbitMQ, retry queue with TTL", "rabbitmq"),
        Way("rabbitmq-delayed", "RabbitMQ, delayed retry", "rabbitmq", needs="4.3"),
        Way("kafka-in-place", "Kafka, again in place", "kafka", limited=False),
        Way("kafka-retry-topic", "Kafka, retry topic", "kafka"),
        Way("redis-claim", "Redis stream, claimed again", "redis"),
    )
}


def way_of(name: str) -> Way:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way to handle a bad message", name, list(WAYS))
    return WAYS[name]


@dataclass(frozen=True)
class Plan:
    """Which messages are bad, spread evenly; in each round others are. Every other one heals."""

    share: int
    seed: int = 1

    def kind(self, number: int) -> Kind:
        """What a message is."""
        if not self.share:
            return "good"
        step = 100 // self.share
        turn, at = divmod(number, step)
        if at != (step // 2 + self.seed) % step:
            return "good"
        return "poison" if turn % 2 else "heals"

    def succeeds(self, number: int, since_first_s: float) -> bool:
        """Whether an attempt succeeds that ends so long after the first one began."""
        kind = self.kind(number)
        return kind == "good" or (kind == "heals" and since_first_s >= HEALS_S)
