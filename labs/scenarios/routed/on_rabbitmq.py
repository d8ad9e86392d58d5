"""RabbitMQ: straight to a queue by the default exchange, and through a topic exchange with so many bindings.

All bindings are patterns with wildcards, and exactly one of them matches: what differs is how many the exchange has.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial

from pika.frame import Method

from labs.brokers import journal, on_lane, open_broker
from labs.brokers.base import Publisher as AnyPublisher
from labs.brokers.rabbitmq.admin import undo
from labs.brokers.rabbitmq.client import Link
from labs.brokers.rabbitmq.fast.publisher import Publisher
from labs.model.endpoint import Address, BrokerError, Endpoint
from labs.model.profile import profile
from labs.model.workload import Ceiling
from labs.scenarios.bench.base import Figure, Setting, Side
from labs.scenarios.bench.sides import publish_all
from labs.scenarios.routed.turns import PLAIN, ROUTED, Go, in_turns, share

PROFILE = "rabbitmq-confirms"
AT_ONCE = 20
"""Bindings without an answer each: the next one is answered after all of them."""


def _answered(ask: Callable[..., object], done: Callable[[Method], None]) -> None:
    ask(callback=done)


def pattern(number: int) -> str:
    """The key of a binding."""
    return f"*.kind{number}.#"


@contextmanager
def exchange(endpoint: Endpoint, queue: str, bindings: int) -> Iterator[tuple[str, str]]:
    """A topic exchange with so many bindings to the queue, and a key that one of them matches."""
    name, kept = f"{queue}-topics", None
    with closing(Link(endpoint)) as link:
        link.open()
        channel = link.channel()
        kept = journal.note(endpoint, [], exchanges=[name])
        try:
            make = partial(channel.exchange_declare, name, "topic", durable=True)
            link.call(channel, "make the exchange", lambda done: make(callback=done))
            for number in range(bindings):
                bind = partial(channel.queue_bind, queue, name, pattern(number))
                if number % AT_ONCE and number < bindings - 1:
                    bind()
                else:
                    link.call(channel, "bind the queue", partial(_answered, bind))
        except BrokerError:
            journal.settle(kept, partial(undo, endpoint))
            raise
    try:
        yield name, f"eu.kind{bindings // 2}.order.new"
    finally:
        journal.settle(kept, partial(undo, endpoint))


def topic_side(bindings: int, load: Ceiling) -> Side:
    """Through so many bindings, in turns with none."""

    def side(here: Setting) -> Figure:
        using, name = on_lane(profile(PROFILE), "fast"), f"labs-route-{secrets.token_hex(4)}"
        address = Address(here.endpoint, using, name)
        with (
            open_broker(here.endpoint, using, name),
            exchange(here.endpoint, name, bindings) as (topics, key),
            Publisher(address) as plain,
            Publisher(Address(here.endpoint, using, key), topics) as routed,
        ):
            ways = {PLAIN: _go(plain, load), ROUTED: _go(routed, load)}
            return in_turns(here, ways, share(here, load.messages), f"{using.label}; each message confirmed")

    return side


def _go(publisher: AnyPublisher, load: Ceiling) -> Go:
    def go(messages: int) -> float:
        began_s = time.monotonic()
        publish_all(publisher, replace(load, messages=messages))
        return messages / (time.monotonic() - began_s)

    return go
