"""Where messages wait in a run: a topic, a stream, a key; or an exchange with a queue for each reader. Gone afterwards.

Each is in the journal before it is made, so that one of a killed run is removed by the next command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from pika.channel import Channel

from labs.brokers import journal, on_lane, open_broker, open_consumer, open_publisher
from labs.brokers.base import Consumer, Publisher
from labs.brokers.rabbitmq.admin import undo
from labs.brokers.rabbitmq.client import Link
from labs.model.endpoint import Address, BrokerError, Endpoint
from labs.model.profile import Profile, profile
from labs.scenarios.backlog import Way

CLASSIC = {"x-queue-type": "classic"}


def using(way: Way) -> Profile:
    """The setting of a way, with the clients that write and read frames in bulk."""
    return on_lane(profile(way.profile), "fast")


def queue_of(place: str, reader: int) -> str:
    """The queue of a reader, counted from 0, where each has one."""
    return f"{place}-{reader}"


@contextmanager
def made(way: Way, endpoint: Endpoint, place: str, readers: int) -> Iterator[None]:
    """A place for so many readers, for the length of the block."""
    if way.copies:
        with _copied(endpoint, place, readers):
            yield
    else:
        with open_broker(endpoint, using(way), place):
            yield


@contextmanager
def _copied(endpoint: Endpoint, place: str, readers: int) -> Iterator[None]:
    """A fanout exchange and a durable classic queue for each reader, bound to it."""
    queues = [queue_of(place, one) for one in range(readers)]
    with closing(Link(endpoint)) as link:
        link.open()
        channel = link.channel()
        noted = journal.note(endpoint, queues, exchanges=[place])
        try:
            _bound(link, channel, place, queues)
        except BrokerError:
            journal.settle(noted, partial(undo, endpoint))
            raise
    try:
        yield
    finally:
        journal.settle(noted, partial(undo, endpoint))


def _bound(link: Link, channel: Channel, exchange: str, queues: Sequence[str]) -> None:
    ask = partial(channel.exchange_declare, exchange, "fanout", durable=True)
    link.call(channel, "make the exchange", partial(_told, ask))
    for queue in queues:
        ask = partial(channel.queue_declare, queue, durable=True, arguments=CLASSIC)
        link.call(channel, "make a queue", partial(_told, ask))
        ask = partial(channel.queue_bind, queue, exchange)
        link.call(channel, "bind the queue", partial(_told, ask))


def _told(ask: Callable[..., object], done: Callable[[Any], None]) -> None:
    ask(callback=done)


def publisher(way: Way, endpoint: Endpoint, place: str) -> Publisher:
    """Who publishes to a place: once, whoever reads it."""
    if way.copies:
        from labs.brokers.rabbitmq.fast.publisher import Publisher as ToExchange

        return ToExchange(Address(endpoint, using(way), ""), exchange=place)
    return open_publisher(Address(endpoint, using(way), place))


def consumer(way: Way, endpoint: Endpoint, place: str, reader: int, of: int) -> Consumer:
    """Reader `reader` as a group of its own; `of` is the queue that it reads, where there are several."""
    name = queue_of(place, of) if way.copies else place
    return open_consumer(Address(endpoint, using(way), name), f"reader-{reader}")
