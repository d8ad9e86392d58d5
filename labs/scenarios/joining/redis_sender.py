"""Redis: a message goes to a channel, or to the end of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from labs.brokers.redis.admin import client
from labs.brokers.redis.client import typed
from labs.model.endpoint import Endpoint
from labs.record.processes import Board


@contextmanager
def opened(mode: str, place: Endpoint, name: str, _board: Board) -> Iterator[Callable[[bytes], None]]:
    """What publishes one message; it returns when Redis has answered."""
    with typed(place), closing(client(place, text=False)) as redis_:

        def publish(body: bytes) -> None:
            if mode == "redis-pubsub":
                redis_.publish(name, body)
            else:
                redis_.xadd(name, {"body": body})

        yield publish
