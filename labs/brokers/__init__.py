"""One door to all brokers: the profile names its adapter, and only that client is imported.

Uses model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, cast

from labs.brokers.base import Broker, Consumer, Publisher
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import LANES, Profile, UnknownNameError

ADAPTERS = {
    "memory": "memory.queue",
    "redis_pubsub": "redis.pubsub",
    "redis_list": "redis.list",
    "redis_stream": "redis.stream",
    "rabbitmq": "rabbitmq.queue",
    "rabbitmq_stream": "rabbitmq.stream",
    "kafka": "kafka.topic",
}
"""The adapter that a profile names -> its module in the broker's folder, or in `fast/` there."""
FAST_ONLY = {"rabbitmq_stream": "pika speaks AMQP, and a stream's own protocol is another"}


class LaneError(ValueError):
    """A lane cannot do what a profile asks for; the message says what, and which lane can."""


def _adapter(profile: Profile) -> Any:
    """The module of the profile's adapter and lane, with its classes Broker, Publisher and Consumer."""
    if profile.adapter not in ADAPTERS:
        raise UnknownNameError("adapter", profile.adapter, list(ADAPTERS))
    broker, _, way = ADAPTERS[profile.adapter].partition(".")
    lane = "" if profile.lane == "idiomatic" else f".{profile.lane}"
    return import_module(f"labs.brokers.{broker}{lane}.{way}")


def on_lane(profile: Profile, lane: str) -> Profile:
    """The profile with its clients on another lane. Raises LaneError where that lane cannot keep its settings.

    A module of the fast lane says what it cannot do in its function `why_not(profile)`.
    """
    if lane not in LANES:
        raise UnknownNameError("lane", lane, list(LANES))
    chosen = replace(profile, lane=lane)
    if lane == "idiomatic" and profile.adapter not in FAST_ONLY:
        return chosen
    try:
        reason = FAST_ONLY[profile.adapter] if lane == "idiomatic" else _adapter(chosen).why_not(chosen)
    except ModuleNotFoundError as error:
        reason = f"{error.name} is not there"
    if reason:
        other = next(one for one in LANES if one != lane)
        raise LaneError(f"The {lane} lane cannot run {profile.name}: {reason}. Use the {other} lane.")
    return chosen


def open_broker(endpoint: Endpoint, profile: Profile, name: str, more: Sequence[str] = ()) -> Broker:
    """The broker at `endpoint` under `profile`, with an address of its own called `name`; enter it to begin.

    `more` are further names that somebody else may make there and that are gone when it is left.
    """
    return cast(Broker, _adapter(profile).Broker(endpoint, profile, name, more))


def open_publisher(address: Address) -> Publisher:
    """A publisher to that address; enter it to connect."""
    return cast(Publisher, _adapter(address.profile).Publisher(address))


def open_consumer(address: Address, group: str = "labs") -> Consumer:
    """A member of `group` at that address; enter it to subscribe."""
    return cast(Consumer, _adapter(address.profile).Consumer(address, group))
