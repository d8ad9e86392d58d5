"""RabbitMQ: a message goes to an exchange that copies it to whatever is bound, or to a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from labs.brokers.rabbitmq.client import blocking_channel, typed
from labs.model.endpoint import Endpoint
from labs.record.processes import Board


@contextmanager
def opened(mode: str, place: Endpoint, name: str, _board: Board) -> Iterator[Callable[[bytes], None]]:
    """What publishes one message; it returns when RabbitMQ has confirmed it."""
    exchange, key = ("", name) if mode == "rabbitmq-stream" else (name, "")
    with typed(place), blocking_channel(place) as channel:
        channel.confirm_delivery()

        def publish(body: bytes) -> None:
            channel.basic_publish(exchange, key, body)

        yield publish
