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
PACE, PACED_AT = 0.2, "a fifth"
"""The part of the highest rate with one reader at which it is measured what five cost. At half of it five readers of
ours take all that two cores have, and what the rate then loses is no broker's doing."""


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


@dataclass(frozen=True)
class Lengths:
    """How long a run's phases are, in seconds, and how many pairs of empty and full there are, by turns."""

    pairs: int
    publish_s: float
    """Of a phase in which nobody reads."""
    read_s: float
    """Of one that is read meanwhile, as fast as goes."""
    paced_s: float
    """Of one that is read meanwhile, at PACE of that."""


LIVE, RECORDED = Lengths(3, 0.3, 0.4, 0.8), Lengths(5, 1.0, 1.5, 2.0)
"""Nobody waits for a recording. Of a rate of 0.3 s, what the machine does meanwhile took up to half."""


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
