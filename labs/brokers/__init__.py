"""One door to all brokers: the profile names its adapter, and only that client is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from labs.brokers.base import Address, Broker, Consumer, Endpoint, Publisher
from labs.profile import Profile, UnknownNameError

ADAPTERS = ("memory", "redis_pubsub", "redis_list", "redis_stream", "rabbitmq", "kafka")


def _adapter(profile: Profile) -> Any:
    """The module of the profile's adapter, with its classes Broker, Publisher and Consumer."""
    if profile.adapter not in ADAPTERS:
        raise UnknownNameError("adapter", profile.adapter, list(ADAPTERS))
    return import_module(f"labs.brokers.{profile.adapter}")


def open_broker(endpoint: Endpoint, profile: Profile, name: str) -> Broker:
    """The broker at `endpoint` under `profile`, with an address of its own called `name`; enter it to begin."""
    return cast(Broker, _adapter(profile).Broker(endpoint, profile, name))


def open_publisher(address: Address) -> Publisher:
    """A publisher to that address; enter it to connect."""
    return cast(Publisher, _adapter(address.profile).Publisher(address))


def open_consumer(address: Address, group: str = "labs") -> Consumer:
    """A member of `group` at that address; enter it to subscribe."""
    return cast(Consumer, _adapter(address.profile).Consumer(address, group))
