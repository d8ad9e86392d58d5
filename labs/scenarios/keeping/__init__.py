"""Kept and read again: bookings are published, one reader acknowledges all of them, and then others read what is left.

Eleven ways to keep, on three brokers. What each reader got, and what the broker held meanwhile, is written down;
nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, Protocol

from labs.model.endpoint import Endpoint
from labs.model.facts import Facts
from labs.model.profile import UnknownNameError

MESSAGES, NEW = 6000, 100
"""Published before all is acknowledged, and once more for the reader that begins at the end."""
BODY_BYTES = 1000
KEEP_BYTES, SEGMENT_BYTES = 2_000_000, 1_048_576
"""What a limit by bytes allows, and the size of a segment: the smallest that Kafka takes."""
KEEP_ENTRIES = KEEP_BYTES // BODY_BYTES
KEEP_S = 2
"""What a limit by age allows, s."""
BATCH = 240
LOOK_S = 0.1
"""How long a reader waits for messages before it says that nothing came."""

Begin = Literal["live", "first", "time", "end"]
"""The reader that is there from the beginning, and three that come when it has acknowledged everything."""
READERS: tuple[Begin, ...] = ("live", "first", "time", "end")
Limit = Literal["none", "bytes", "age", "latest"]


@dataclass(frozen=True)
class Way:
    """One way to keep messages. `limit`: what is kept no longer."""

    name: str
    label: str
    broker: str
    limit: Limit = "none"
    log: bool = True
    """Whether reading takes nothing away; a queue is the other case."""

    @property
    def write_s(self) -> float:
        """How long it takes to publish: twice what may be kept, where age is the limit."""
        return 2.0 * KEEP_S if self.limit == "age" else 2.0

    @property
    def idle_s(self) -> float:
        """How long nothing happens after all has been acknowledged: until all is old enough, where age matters."""
        return KEEP_S + 1.5 if self.limit in ("age", "latest") else 2.0

    @property
    def site(self) -> Opens:
        """What makes it on a broker, and removes it."""
        found: Opens = import_module(f"{__name__}.on_{self.broker}").site
        return found


_ALL = (
    Way("kafka-all", "Kafka topic, as it is made", "kafka"),
    Way("kafka-bytes", "Kafka topic, retention.bytes", "kafka", "bytes"),
    Way("kafka-age", "Kafka topic, retention.ms", "kafka", "age"),
    Way("kafka-compacted", "Kafka topic, compacted", "kafka", "latest"),
    Way("rabbitmq-all", "RabbitMQ stream, as it is made", "rabbitmq"),
    Way("rabbitmq-bytes", "RabbitMQ stream, max-length-bytes", "rabbitmq", "bytes"),
    Way("rabbitmq-age", "RabbitMQ stream, max-age", "rabbitmq", "age"),
    Way("rabbitmq-queue", "RabbitMQ quorum queue", "rabbitmq", log=False),
    Way("redis-all", "Redis stream, as it is made", "redis"),
    Way("redis-maxlen", "Redis stream, MAXLEN ~", "redis", "bytes"),
    Way("redis-minid", "Redis stream, MINID ~", "redis", "age"),
)
WAYS: dict[str, Way] = {way.name: way for way in _ALL}


def way_of(name: str) -> Way:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way", name, list(WAYS))
    return WAYS[name]


@dataclass(frozen=True)
class Held:
    """What a broker holds, by its own word or by its files; None where it does not say."""

    first: int | None
    """The number of the first message that is still there."""
    records: int | None
    kept_bytes: int | None


class Reader(Protocol):
    """A reader with a place of its own."""

    def take(self) -> Sequence[bytes]:
        """What has come, in its order; nothing after LOOK_S."""

    def acknowledge(self) -> None:
        """All that was taken is done."""


Append = Callable[[Sequence[bytes]], None]
"""Publishes; all of it is acknowledged by the broker when it returns."""


class Site(Protocol):
    """A topic, stream or queue of one run."""

    facts: Facts

    def writer(self) -> AbstractContextManager[Append]: ...

    def reader(self, begin: Begin, at_ms: int = 0) -> AbstractContextManager[Reader]:
        """A new reader that begins at the first message still there, at one of that time, or behind the last."""

    def held(self) -> Held: ...


Opens = Callable[[Way, Endpoint, str], AbstractContextManager[Site]]
