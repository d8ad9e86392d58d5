"""A few messages to a broker and back, through its adapter, by the name of a profile with its lane before a colon."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from labs.brokers import on_lane, open_broker, open_publisher
from labs.brokers.base import Broker, Consumer, Deliveries, Publisher
from labs.model.endpoint import Address, Endpoint
from labs.model.profile import Profile
from labs.model.profile import profile as profile_of


def profile(name: str) -> Profile:
    """The profile of that name, on the lane in front of the colon if there is one."""
    lane, _, plain = name.rpartition(":")
    return on_lane(profile_of(plain), lane) if lane else profile_of(plain)


@contextmanager
def broker_of(endpoints: dict[str, Endpoint], name: str) -> Iterator[tuple[Broker, Address]]:
    """A broker under the profile, with an address nobody else uses."""
    chosen = profile(name)
    endpoint, address = endpoints[chosen.broker], f"labs-test-{uuid4().hex[:12]}"
    with open_broker(endpoint, chosen, address) as broker:
        yield broker, Address(endpoint, chosen, address)


def settle(publisher: Publisher, count: int, within_s: float = 30.0) -> tuple[list[int], list[int]]:
    """The numbers confirmed and refused, once there are `count` of them."""
    confirmed: list[int] = []
    refused: list[int] = []
    give_up = time.monotonic() + within_s
    while len(confirmed) + len(refused) < count and time.monotonic() < give_up:
        news = publisher.poll(0.5)
        confirmed += news.confirmed
        refused += news.refused
    return sorted(confirmed), sorted(refused)


def publish_all(address: Address, bodies: Sequence[bytes]) -> None:
    """Publishes one batch and waits until it is confirmed."""
    with open_publisher(address) as publisher:
        publisher.publish(bodies)
        assert settle(publisher, len(bodies)) == (list(range(len(bodies))), [])


def collect(consumer: Consumer, count: int, within_s: float = 30.0, acknowledge: bool = True) -> list[Deliveries]:
    """Batches until `count` messages have come or the time is over."""
    batches: list[Deliveries] = []
    give_up = time.monotonic() + within_s
    while sum(len(batch.bodies) for batch in batches) < count and time.monotonic() < give_up:
        batch = consumer.receive(0.5)
        if batch.bodies:
            assert len(batch.redelivered) == len(batch.bodies)
            batches.append(batch)
            if acknowledge:
                consumer.acknowledge(batch)
    return batches


def bodies_of(batches: Sequence[Deliveries]) -> list[bytes]:
    """The bodies of all batches, in the order in which they came."""
    return [body for batch in batches for body in batch.bodies]
