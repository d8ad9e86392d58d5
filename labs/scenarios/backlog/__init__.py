"""A big backlog and many readers: what publishing onto a backlog costs, what reading by several costs, bytes a message.

Four ways to keep messages for readers who come later. With three of them every reader reads the same bytes; of a
classic queue each reader needs one of its own, and with it a copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from labs.model.profile import UnknownNameError

READERS = (1, 2, 3, 4, 5)
MB = 1_000_000


@dataclass(frozen=True)
class Way:
    """Where messages wait, and the setting of the broker that it is measured with."""

    name: str
    label: str
    broker: str
    profile: str
    copies: bool = False
    """Whether each reader needs a place of its own, into which every message is copied."""


@dataclass(frozen=True)
class Load:
    """A backlog, and the size of the messages in it and of those that come onto it."""

    name: str
    label: str
    megabytes: int
    body_bytes: int
    batch: int
    """Messages handed over in one go; ten times as many may wait for an answer."""

    @property
    def messages(self) -> int:
        """How many make the backlog."""
        return self.megabytes * MB // self.body_bytes

    @property
    def window(self) -> int:
        """How many may be without an answer."""
        return 10 * self.batch


class Kind(StrEnum):
    """What a phase of a run is for."""

    FILL = "fill"
    EMPTY = "empty"
    FULL = "full"
    CATCH_UP = "catch-up"
    READ = "read"
    PACED = "paced"


_WAYS = (
    Way("kafka-topic", "Kafka topic", "kafka", "kafka-acks-all"),
    Way("rabbitmq-stream", "RabbitMQ stream", "rabbitmq", "rabbitmq-stream"),
    Way("rabbitmq-classic", "RabbitMQ classic queue", "rabbitmq", "rabbitmq-confirms", copies=True),
    Way("redis-stream", "Redis stream, AOF everysec", "redis", "redis-stream-everysec"),
)
WAYS: dict[str, Way] = {way.name: way for way in _WAYS}
_LOADS = (
    Load("big", "100 MB of 1,000-byte messages", 100, 1000, 200),
    Load("small", "10 MB of 1,000-byte messages", 10, 1000, 200),
    Load("tiny", "10 MB of 100-byte messages", 10, 100, 1000),
)
LOADS: dict[str, Load] = {load.name: load for load in _LOADS}


def way_of(name: str) -> Way:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way", name, list(WAYS))
    return WAYS[name]


def load_of(name: str) -> Load:
    """The backlog of that name, or UnknownNameError with the nearest ones."""
    if name not in LOADS:
        raise UnknownNameError("backlog", name, list(LOADS))
    return LOADS[name]
