"""The words of the tricks: what a figure, a setup and an unequal condition are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labs.model.digest import Digest
from labs.model.profile import RUNGS
from labs.model.text import BROKER_NAMES, NBSP, about_per_s, enumerated, ms_text, number_text, three_digits, times
from labs.model.tricks import Trick, trick, unequal

CLIENTS = {"idiomatic": {"redis": "redis-py", "rabbitmq": "pika", "kafka": "kafka-python"}}
FAST = {"redis": "own RESP frames", "rabbitmq": "own AMQP frames", "kafka": "own Kafka frames"}
CONDITIONS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "lane": ("used", lambda value: {"idiomatic": "a plain Python client", "fast": "our own frames"}[value]),
    "window": ("had", lambda value: f"{value:,} unanswered" if value else "any number unanswered"),
    "batch": ("sent", lambda value: f"{value:,} a call"),
    "body_bytes": ("carried", lambda value: f"{value:,} B a message"),
    "warm": ("had", lambda value: "warmed up" if value else "only been started"),
    "stamps": ("had times in", str),
    "counted": ("was timed from", lambda value: value.replace(" to ", " until ")),
    "rung": ("promised to survive", lambda value: RUNGS[value]),
    "acknowledges": ("gave", lambda value: "an acknowledgement" if value else "no acknowledgement"),
}
"""Name of a condition -> the verb that goes with it, and how its value is said."""


def trick_of(digest: Digest) -> Trick:
    """Which trick a point is about."""
    return trick(digest.settings["trick"])


def value_text(digest: Digest, value: float | None) -> str:
    """A figure in the unit of the trick."""
    unit = trick_of(digest).unit
    if value is None:
        return "too few samples"
    return (
        ms_text(value)
        if unit == "p99, ms"
        else about_per_s(value)
        if unit == "messages/s"
        else f"{number_text(three_digits(value))} MB/s"
    )


def unequal_text(digest: Digest, chart: str = "told") -> str:
    """Kafka had 500 unanswered, Redis and RabbitMQ 1 unanswered; computed from the setups of that chart."""
    said = []
    for name, by_broker in unequal(digest.setups[chart]).items():
        verb, word = CONDITIONS[name]
        groups: dict[str, list[str]] = {}
        for broker, one in by_broker.items():
            groups.setdefault(word(one), []).append(BROKER_NAMES[broker])
        told = sorted(groups.items(), key=lambda group: len(group[1]))
        (first, who), *others = told
        does = verb.replace("was ", "were ") if len(who) > 1 else verb
        said.append(", ".join([f"{enumerated(who)} {does} {first}", *(f"{enumerated(b)} {a}" for a, b in others)]))
    return "; ".join(said) or "nothing"


def ahead(ratio: float | None) -> str:
    """How far ahead somebody is: by 46 %, by a factor of 7.3."""
    if ratio is None:
        return "by an unknown factor"
    return f"by a factor of {times(ratio)}" if ratio >= 2 else f"by {(ratio - 1) * 100:.0f}{NBSP}%"


def small_print(digest: Digest, chart: str, broker: str) -> str:
    """The line under a bar: what anybody who shows a chart would admit. Not when a clock started, or whether at all."""
    one = digest.setups[chart][broker]
    sent = f"{one['window']:,} unanswered, {one['batch']:,} a call" if one["window"] else "on a timetable"
    if one["counted"]:
        sent = "one at a rate that it can keep"
    return f"{digest.labels[chart][broker]}; {client(digest, chart, broker)}; {sent}; {one['body_bytes']:,} B"


def client(digest: Digest, chart: str, broker: str) -> str:
    """The client or tool by its own name."""
    return CLIENTS.get(digest.setups[chart][broker]["lane"], FAST)[broker]
