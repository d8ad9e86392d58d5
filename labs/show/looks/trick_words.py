"""The words of the tricks: what a figure, a setup and an unequal condition are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labs.model.digest import Digest
from labs.model.profile import RUNGS
from labs.model.text import BROKER_NAMES, about_per_s, enumerated, ms_text
from labs.model.tricks import Trick, trick, unequal

CLIENTS = {"idiomatic": {"redis": "redis-py", "rabbitmq": "pika", "kafka": "kafka-python"}}
FAST = {"redis": "own RESP frames", "rabbitmq": "own AMQP frames", "kafka": "own Kafka frames"}
CONDITIONS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "lane": ("the client", lambda value: {"idiomatic": "in plain Python", "fast": "the fast lane"}[value]),
    "window": ("messages without an answer", lambda value: f"{value:,}" if value else "any number"),
    "batch": ("messages a call", lambda value: f"{value:,}"),
    "body_bytes": ("payload", lambda value: f"{value:,} B"),
    "warm": ("warmed up", lambda value: "yes" if value else "no"),
    "stamps": ("stamps", str),
    "counted": ("time from", lambda value: value.replace(" to ", " until ")),
    "rung": ("survives", lambda value: RUNGS[value]),
    "acknowledges": ("acknowledged", lambda value: "yes" if value else "no"),
}
"""Name of a condition -> what it is called, and how its value is said."""


def trick_of(digest: Digest) -> Trick:
    """Which trick a point is about."""
    return trick(digest.settings["trick"])


def value_text(digest: Digest, value: float | None) -> str:
    """A figure in the unit of the trick."""
    unit = trick_of(digest).unit
    if value is None:
        return "too few samples"
    return ms_text(value) if unit == "p99, ms" else about_per_s(value) if unit == "messages/s" else f"{value:.3g} MB/s"


def unequal_text(digest: Digest, chart: str = "told") -> str:
    """messages without an answer: Kafka 500, Redis and RabbitMQ 1; computed from the setups of that chart."""
    said = []
    for name, by_broker in unequal(digest.setups[chart]).items():
        called, word = CONDITIONS[name]
        groups: dict[str, list[str]] = {}
        for broker, one in by_broker.items():
            groups.setdefault(word(one), []).append(BROKER_NAMES[broker])
        told = sorted(groups.items(), key=lambda group: len(group[1]))
        said.append(f"{called}: " + ", ".join(f"{enumerated(who)} {what}" for what, who in told))
    return "; ".join(said) or "nothing"


def small_print(digest: Digest, chart: str, broker: str) -> str:
    """The line under a bar: what anybody who shows a chart would admit. Not when a clock started, or whether at all."""
    one = digest.setups[chart][broker]
    sent = f"{one['window']:,} under way, {one['batch']:,} a call" if one["window"] else "on a timetable"
    if one["counted"]:
        sent = "one at a rate that it can keep"
    return f"{digest.labels[chart][broker]}; {client(digest, chart, broker)}; {sent}; {one['body_bytes']:,} B"


def client(digest: Digest, chart: str, broker: str) -> str:
    """The client or tool by its own name."""
    return CLIENTS.get(digest.setups[chart][broker]["lane"], FAST)[broker]
