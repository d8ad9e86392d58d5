"""One topic, one group, and three things that happen to it: a member joins, one leaves, one is killed.

A producer publishes by a timetable all the while, and a record is done when it has been read: so where none is done
although some are there, it is the group that stands still and not the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labs.model.profile import UnknownNameError

PARTITIONS, RATE_PER_S = 6, 20
"""Partitions of the topic, and records a second in each of them."""
FIRST = (1, 2, 3)
"""The members that the group has when it begins: each has two partitions."""
SESSION_MS, BEAT_MS = 6000, 1000
"""After how long without a heartbeat a member is taken for dead, and how often each sends one; in every way alike."""
SERVER = {"consumer.session.timeout.ms": SESSION_MS, "consumer.heartbeat.interval.ms": BEAT_MS}
"""The same as settings of a group of the new protocol, whose members are told both by the server."""
NEW_SINCE = (4, 0)
"""The Kafka that brought the new protocol for production."""
SET = "confluent-kafka"
"""The package set of the members' client (labs/stack/packages): kafka-python does not speak the new protocol."""


@dataclass(frozen=True)
class Way:
    """How the group comes to an agreement: what each member's client is told."""

    name: str
    label: str
    config: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def new(self) -> bool:
        """Whether the server decides, by KIP-848."""
        return self.config["group.protocol"] == "consumer"


@dataclass(frozen=True)
class Event:
    """What happens to a member, s after the first record was due."""

    name: str
    at_s: float
    member: int
    said: str


def _classic(assignor: str) -> dict[str, str | int]:
    times = {"session.timeout.ms": SESSION_MS, "heartbeat.interval.ms": BEAT_MS}
    return {"group.protocol": "classic", "partition.assignment.strategy": assignor} | times


WAYS: dict[str, Way] = {
    one.name: one
    for one in (
        Way("range", "Classic protocol, range", _classic("range")),
        Way("cooperative", "Classic protocol, cooperative-sticky", _classic("cooperative-sticky")),
        Way("new", "New protocol (KIP-848)", {"group.protocol": "consumer"}),
    )
}
EVENTS: tuple[Event, ...] = (
    Event("join", 2.0, 4, "member 4 joins"),
    Event("leave", 5.5, 2, "member 2 leaves"),
    Event("kill", 9.0, 3, "member 3 is killed"),
)
NAMES = tuple(one.name for one in EVENTS)


def way_of(name: str) -> Way:
    """The way of this name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way", name, list(WAYS))
    return WAYS[name]
