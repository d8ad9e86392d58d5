"""Joining late: messages are published, then another service joins, then more are published; seven ways to do that.

A sender is a file of its own that knows where it publishes and nothing of who reads; a reader is another. Two readers
run the same code: the early one is there before the first message, the late one joins after `BEFORE` of them. What each
of them got is counted from the facts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from labs.model.profile import UnknownNameError

BEFORE, AFTER, CHANGED = 200, 100, 50
"""Messages before the late one joins; after it; and how many of those, the last ones, have the changed payload."""
ALL = BEFORE + AFTER
EARLY, LATE = "early", "late"
READERS = (EARLY, LATE)
LOOK_S = 0.1
"""How long a reader waits for messages before it says that nothing came."""


@dataclass(frozen=True)
class Mode:
    """One way to join. `profile` is what the broker is asked for; it is empty where there is none."""

    name: str
    label: str
    broker: str
    profile: str
    family: str
    """Of the modules of its sender and of its readers."""

    @property
    def sender(self) -> Any:
        """The module that publishes."""
        return import_module(f"{__name__}.{self.family}_sender")

    @property
    def reader(self) -> Any:
        """The module that reads."""
        return import_module(f"{__name__}.{self.family}_reader")

    @property
    def file(self) -> Path:
        """The file that publishes."""
        return Path(__file__).with_name(f"{self.family}_sender.py")


_ALL = (
    Mode("http-push", "HTTP push to registered subscribers", "none", "", "http"),
    Mode("redis-pubsub", "Redis Pub/Sub", "redis", "redis-pubsub", "redis"),
    Mode("redis-stream", "Redis stream, group from 0", "redis", "redis-pubsub", "redis"),
    Mode("rabbitmq-queue", "RabbitMQ, queue bound late", "rabbitmq", "", "rabbitmq"),
    Mode("rabbitmq-stream", "RabbitMQ stream, from first", "rabbitmq", "", "rabbitmq"),
    Mode("kafka-earliest", "Kafka, new group, earliest", "kafka", "kafka-acks-all", "kafka"),
    Mode("kafka-latest", "Kafka, new group, latest", "kafka", "kafka-acks-all", "kafka"),
)
MODES: dict[str, Mode] = {mode.name: mode for mode in _ALL}
CHANGES = {"none": "stays as it was", "renamed": "a field is renamed", "beside": "a new field beside the old"}
"""What becomes of the payload of the last messages."""


def mode_of(name: str) -> Mode:
    """The mode of that name, or UnknownNameError with the nearest ones."""
    if name not in MODES:
        raise UnknownNameError("mode", name, list(MODES))
    return MODES[name]


class Source(Protocol):
    """Where a reader's messages come from."""

    @property
    def ready(self) -> bool:
        """Whether it has joined: what is sent from now on reaches it."""

    def take(self) -> Sequence[bytes]:
        """What has come, in its order; nothing after LOOK_S. It counts as read."""
