"""RabbitMQ: each message has a time to live, after which the queue gives it to nobody any more."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pika import BasicProperties
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic

from labs.brokers.rabbitmq.client import blocking_channel, typed
from labs.model.endpoint import Endpoint
from labs.scenarios.fleeting import LIFE_S, LOOK_S, Outlet, Source, Way

LIFE = str(round(LIFE_S * 1000))
PREFETCH = {"rabbitmq-ttl": 1, "rabbitmq-ttl-pushed": 0}
"""Messages that a consumer may have unacknowledged; 0 is pika's default, no limit."""


class Queue:
    """To a queue, by the default exchange."""

    def __init__(self, channel: BlockingChannel, name: str) -> None:
        self._channel, self._name = channel, name

    def publish(self, body: bytes) -> None:
        """With its time to live in ms, as a text; transient, and no confirm is asked for."""
        self._channel.basic_publish("", self._name, body, BasicProperties(expiration=LIFE))

    def finish(self) -> None:
        """A call on the same channel is answered after all that was sent before it."""
        self._channel.queue_declare(self._name, passive=True)


@contextmanager
def outlet(_way: Way, place: Endpoint, name: str) -> Iterator[Outlet]:
    """Where messages go."""
    with typed(place), blocking_channel(place) as channel:
        yield Queue(channel, name)


class Consumer:
    """What is pushed to it, acknowledged when it is worked off."""

    def __init__(self, channel: BlockingChannel, name: str, prefetch: int) -> None:
        self._channel, self._come = channel, list[bytes]()
        self._last_tag = 0
        channel.basic_qos(prefetch_count=prefetch)
        channel.basic_consume(name, self._on_message)

    def _on_message(self, _channel: object, method: Basic.Deliver, _properties: object, body: bytes) -> None:
        self._come.append(body)
        self._last_tag = method.delivery_tag

    def take(self) -> Sequence[bytes]:
        """What has been pushed; the first of it is waited for."""
        until_s, turn = time.monotonic() + LOOK_S, self._channel.connection.process_data_events
        turn(time_limit=0)
        while not self._come and (left_s := until_s - time.monotonic()) > 0:
            turn(time_limit=left_s)
        taken, self._come = self._come, []
        return taken

    def done(self) -> None:
        """All that was pushed so far."""
        self._channel.basic_ack(self._last_tag, multiple=True)


@contextmanager
def source(way: Way, place: Endpoint, name: str) -> Iterator[Source]:
    """A consumer of the queue."""
    with typed(place), blocking_channel(place) as channel:
        yield Consumer(channel, name, PREFETCH[way.name])
