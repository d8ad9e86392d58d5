"""RabbitMQ, the reader's side: a queue of its own, bound to the exchange, or the stream from its first message."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic

from labs.brokers.rabbitmq.client import blocking_channel, typed
from labs.model.endpoint import Endpoint
from labs.scenarios.joining import LOOK_S

PREFETCH = 100
"""A stream gives nothing to a consumer without a limit."""
FIRST: dict[str, Any] = {"x-stream-offset": "first"}
"""Of a stream: without it a reader begins with the next message."""


class Queue:
    """A consumer: what is pushed to it, acknowledged when it is taken."""

    ready = True

    def __init__(self, channel: BlockingChannel) -> None:
        self._channel, self._come = channel, list[bytes]()
        self._last_tag = 0
        channel.basic_qos(prefetch_count=PREFETCH)

    def bind(self, exchange: str, who: str) -> None:
        """A queue of its own: the exchange copies into it what comes from now on."""
        queue = f"{exchange}-{who}"
        self._channel.queue_declare(queue, durable=True)
        self._channel.queue_bind(queue, exchange)
        self._channel.basic_consume(queue, self._on_message)

    def replay(self, stream: str) -> None:
        """The stream, from the first message that it still has."""
        self._channel.basic_consume(stream, self._on_message, arguments=FIRST)

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
        if taken:
            self._channel.basic_ack(self._last_tag, multiple=True)
        return taken


@contextmanager
def opened(mode: str, place: Endpoint, name: str, who: str) -> Iterator[Queue]:
    """Subscribed."""
    with typed(place), blocking_channel(place) as channel:
        queue = Queue(channel)
        if mode == "rabbitmq-stream":
            queue.replay(name)
        else:
            queue.bind(name, who)
        yield queue
