"""Messages with a short life: each is worth something for `LIFE_S` after it was due, and nothing afterwards.

A sender publishes at a steady rate and asks for no answer. A consumer reads them; it may stand still for `GAP_S`, or be
killed and be followed by another one as much later. What came to it, and when, is counted from the facts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from labs.model.profile import UnknownNameError

PER_S = 400
SECONDS = 3.0
MESSAGES = round(PER_S * SECONDS)
LIFE_S = 0.5
ROOM = round(PER_S * LIFE_S)
"""Messages that come while one is worth something: what a capped stream may keep."""
GAP_AT_S, GAP_S = 1.0, 1.0
"""When the consumer stands still or is killed, and how long nobody reads then."""
GRACE_S = 0.05
"""A message counts as stale only when it is so much older than its life. A broker counts from when it has the message,
and what it lets go at the last moment is still under way for a while."""
LOOK_S = 0.05
"""How long a consumer waits for messages before it says that nothing came."""
BODY_BYTES = 100
GAPS = {"none": "reads all the time", "pause": "stands still for 1 s", "crash": "is killed, another comes 1 s later"}
"""What becomes of the consumer."""


@dataclass(frozen=True)
class Way:
    """One way to send what is soon worthless. `profile` is what the broker is asked for."""

    name: str
    label: str
    broker: str
    profile: str
    checks: bool = False
    """Whether the consumer throws away what is older than its life."""

    @property
    def client(self) -> Any:
        """The module of its sender and its consumer."""
        return import_module(f"{__name__}.on_{self.broker}")


_ALL = (
    Way("redis-pubsub", "Redis Pub/Sub", "redis", "redis-pubsub"),
    Way("redis-pubsub-check", "Redis Pub/Sub, age checked", "redis", "redis-pubsub", checks=True),
    Way("redis-stream", "Redis stream, capped", "redis", "redis-stream-none"),
    Way("redis-list", "Redis list with EXPIRE", "redis", "redis-list-none"),
    Way("rabbitmq-ttl", "RabbitMQ TTL, prefetch 1", "rabbitmq", "rabbitmq-transient"),
    Way("rabbitmq-ttl-pushed", "RabbitMQ TTL, no prefetch", "rabbitmq", "rabbitmq-transient"),
    Way("kafka", "Kafka", "kafka", "kafka-acks-1"),
    Way("kafka-check", "Kafka, age checked", "kafka", "kafka-acks-1", checks=True),
)
WAYS: dict[str, Way] = {way.name: way for way in _ALL}


def way_of(name: str) -> Way:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way", name, list(WAYS))
    return WAYS[name]


class Outlet(Protocol):
    """Where a sender's messages go."""

    def publish(self, body: bytes) -> None:
        """Hand one over; no answer is waited for."""

    def finish(self) -> None:
        """Until all that was handed over has left this process; an error if one was turned down."""


class Source(Protocol):
    """Where a consumer's messages come from."""

    def take(self) -> Sequence[bytes]:
        """What has come, in its order; nothing after LOOK_S."""

    def done(self) -> None:
        """What was taken last is worked off."""


def written(number: int, due_ns: int) -> bytes:
    """A message: its number, when it was due, and bytes to fill it up."""
    return f"{number} {due_ns} ".encode().ljust(BODY_BYTES, b".")


def read(body: bytes) -> tuple[int, int]:
    """Number and due time of a message."""
    number, due_ns, _ = body.split(b" ", 2)
    return int(number), int(due_ns)
