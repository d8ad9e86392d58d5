"""The tricks of benchmarks: how each broker is set up plainly, and how it is for the one that is to win.

A trick changes one thing. What was unequal in a chart is computed from the setups, never written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from labs.model.facts import Facts
from labs.model.profile import BROKERS, UnknownNameError, profile

How = Literal["rate", "cold", "stamps", "omission"]
"""rate: closed loops. cold: closed loops on brokers that have only begun to work. stamps: one open loop, read twice.
omission: open loops and closed ones on brokers that stand still for a while in each second."""
Unit = Literal["messages/s", "MB/s", "p99, ms"]


@dataclass(frozen=True)
class Setup:
    """All that a figure of one broker depends on: what is promised, how it is sent, how it is counted."""

    profile: str
    messages: int
    lane: str = "fast"
    window: int = 1
    """Messages without an answer, in a closed loop; 0 in an open one, which does not wait."""
    batch: int = 1
    body_bytes: int = 100
    warm: bool = True
    stamps: str = "nanoseconds"
    counted: str = ""
    """From when to when a latency counts; empty for a rate."""

    def conditions(self) -> Facts:
        """What two setups can differ in, by name. The number of messages is none: it only sets how long a run takes."""
        using, own = profile(self.profile), asdict(self)
        names = ("profile", "lane", "window", "batch", "body_bytes", "warm", "stamps", "counted")
        return {name: own[name] for name in names} | {"rung": using.rung, "acknowledges": using.promise.acknowledges}


@dataclass(frozen=True)
class Trick:
    """One thing that is unequal. `favours`: the winner alone is set up otherwise; else everybody but the winner."""

    name: str
    label: str
    by: str
    """How a sentence goes on: Kafka wins by ..."""
    unit: Unit
    how: How
    favours: bool
    plain: Mapping[str, Setup]
    tilted: Mapping[str, Setup]

    @property
    def more_is_better(self) -> bool:
        """Rates, and not times."""
        return self.unit != "p99, ms"

    def is_tilted(self, broker: str, winner: str) -> bool:
        """Whether the misleading chart shows this broker's other setup."""
        return (broker == winner) == self.favours

    def told(self, winner: str) -> dict[str, Setup]:
        """What the misleading chart compares."""
        return {b: (self.tilted if self.is_tilted(b, winner) else self.plain)[b] for b in BROKERS}


RUNG_2 = {"redis": "redis-stream-everysec", "rabbitmq": "rabbitmq-confirms", "kafka": "kafka-acks-all"}
SILENT = {"redis": "redis-pubsub", "rabbitmq": "rabbitmq-persistent", "kafka": "kafka-acks-0"}
LESS_KEPT = {"redis": "redis-stream-none", "rabbitmq": "rabbitmq-transient-confirms", "kafka": "kafka-acks-1"}
FLUSHED = {"redis": "redis-stream-always", "rabbitmq": "rabbitmq-quorum", "kafka": "kafka-flush"}
FEW = {"redis": 2000, "rabbitmq": 400, "kafka": 1000}
"""One by one: about a second each where a RabbitMQ of 2022 flushes before each answer."""
MANY = {"redis": 40_000, "rabbitmq": 8000, "kafka": 40_000}
DUE = "due to delivered"


def _each(profiles: Mapping[str, str], counts: Mapping[str, int], **more: Any) -> dict[str, Setup]:
    return {broker: Setup(profiles[broker], counts[broker], **more) for broker in BROKERS}


def _but(setups: Mapping[str, Setup], **changed: Any) -> dict[str, Setup]:
    return {broker: replace(setup, **changed) for broker, setup in setups.items()}


ONE_BY_ONE = _each(RUNG_2, FEW)
IN_A_WINDOW = _each(RUNG_2, MANY, window=500, batch=100)
TIMED = _each(RUNG_2, dict.fromkeys(BROKERS, 0), window=0, counted=DUE)
SAFE = _each(FLUSHED, dict.fromkeys(BROKERS, 200))
PYTHON = _but(IN_A_WINDOW, messages=8000, lane="idiomatic")

TRICKS = (
    Trick(
        "ack", "One did not wait for an acknowledgement", "not waiting for an acknowledgement", "messages/s", "rate",
        favours=True, plain=ONE_BY_ONE, tilted=_each(SILENT, {"redis": 4000, "rabbitmq": 6000, "kafka": 6000}),
    ),
    Trick(
        "batch", "One sent many messages before the first answer", "sending many before the first answer",
        "messages/s", "rate", favours=True, plain=ONE_BY_ONE, tilted=IN_A_WINDOW,
    ),
    Trick(
        "durability", "One promised to keep less", "promising to keep less", "messages/s", "rate",
        favours=True, plain=SAFE, tilted=_each(LESS_KEPT, {"redis": 2000, "rabbitmq": 2000, "kafka": 1000}),
    ),
    Trick(
        "lane", "One had a faster client", "a faster client", "messages/s", "rate",
        favours=True, plain=PYTHON, tilted=_but(PYTHON, lane="fast"),
    ),
    Trick(
        "payload", "One carried larger messages", "carrying larger messages", "MB/s", "rate",
        favours=True, plain=IN_A_WINDOW, tilted=_but(IN_A_WINDOW, messages=3000, body_bytes=16_384),
    ),
    Trick(
        "warm-up", "The others had only been started", "having warmed up alone", "messages/s", "cold",
        favours=False, plain=IN_A_WINDOW, tilted=_but(IN_A_WINDOW, warm=False),
    ),
    Trick(
        "stamps", "The others were stamped in whole seconds", "clocks that cut off the others’ fractions", "p99, ms",
        "stamps", favours=False, plain=TIMED, tilted=_but(TIMED, stamps="whole seconds"),
    ),
    Trick(
        "omission", "One was timed only while it answered", "being timed only while it answers", "p99, ms", "omission",
        favours=True, plain=TIMED, tilted=_but(TIMED, window=1, counted="sent to confirmed"),
    ),
)  # fmt: skip


def trick(name: str) -> Trick:
    """The trick of that name, or UnknownNameError with the nearest ones."""
    for one in TRICKS:
        if one.name == name:
            return one
    raise UnknownNameError("trick", name, [one.name for one in TRICKS])


def unequal(setups: Mapping[str, Facts]) -> dict[str, Facts]:
    """Condition -> broker -> its value, for each condition that is not the same for all; profiles differ by nature."""
    names: Sequence[str] = [name for name in next(iter(setups.values())) if name != "profile"]
    table = {name: {broker: one[name] for broker, one in setups.items()} for name in names}
    return {name: values for name, values in table.items() if len(set(values.values())) > 1}
