"""Shapes of delivery: among whom each shape shares a message, who is there, and the words for whom it went to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labs.model.profile import UnknownNameError

Sharing = Literal["all", "group", "consumer"]
GROUPS = "ABC"
"""What the groups are called."""
IN_A_ROW = 5
"""So many messages of a key follow each other, as the events of an order do: that is when an order can be broken."""
ONE, EACH_GROUP, EVERYONE = "one consumer in all", "one consumer of each group", "every consumer"
NEITHER, UNKNOWN = "no one shape", "unknown"
"""To whom each message went; unknown where it is not shown that nothing more would have come."""


@dataclass(frozen=True)
class Shape:
    """One way to hand a message to consumers. `shared` says among whom it is shared, by its documentation: by all of
    them, by those of a group, or by nobody, so that each consumer is to have it."""

    name: str
    label: str
    broker: str
    shared: Sharing

    @property
    def partitioned(self) -> bool:
        """Whether the number of partitions is the reader's to choose."""
        return self.broker == "kafka"


_ALL = (
    Shape("redis-list", "Redis list", "redis", "all"),
    Shape("redis-pubsub", "Redis Pub/Sub", "redis", "consumer"),
    Shape("redis-stream", "Redis stream", "redis", "group"),
    Shape("rabbitmq-queue", "RabbitMQ queue", "rabbitmq", "all"),
    Shape("rabbitmq-fanout", "RabbitMQ queue for each group", "rabbitmq", "group"),
    Shape("rabbitmq-single", "RabbitMQ single active consumer", "rabbitmq", "group"),
    Shape("rabbitmq-stream", "RabbitMQ stream", "rabbitmq", "consumer"),
    Shape("kafka-group", "Kafka consumer group", "kafka", "group"),
    Shape("kafka-share", "Kafka share group", "kafka", "group"),
)
SHAPES: dict[str, Shape] = {shape.name: shape for shape in _ALL}


def shape_of(name: str) -> Shape:
    """The shape of that name, or UnknownNameError with the nearest ones."""
    if name not in SHAPES:
        raise UnknownNameError("shape", name, list(SHAPES))
    return SHAPES[name]


@dataclass(frozen=True)
class Crew:
    """Who is there: so many groups of so many consumers. Shapes that know no groups have as many consumers."""

    groups: int
    members: int

    @property
    def names(self) -> list[str]:
        """A1, A2, B1: the consumers, in the order of their numbers."""
        return [f"{letter}{one + 1}" for letter in self.letters for one in range(self.members)]

    @property
    def letters(self) -> str:
        """AB: the groups."""
        return GROUPS[: self.groups]

    def group(self, consumer: int) -> str:
        """The letter of a consumer's group."""
        return GROUPS[consumer // self.members]
