"""A reader's own queue for answers: accepted by RabbitMQ 4.3, open to a second reader, and gone when nobody reads."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from labs.brokers.rabbitmq.management import ask
from labs.model.endpoint import Endpoint, RefusedError
from labs.stack.by_hand import running

GOES_WITHIN_S = 8.0
Declare = Callable[[Any, str], object]


def attempt(declare: Declare) -> str:
    """What became of the queue that `declare(channel, name)` makes on a running RabbitMQ, in words.

    Without a RabbitMQ what is needed is printed."""
    with running("rabbitmq") as here:
        return tried(here.endpoint, here.client, here.name, declare) if here else "not run"


def tried(endpoint: Endpoint, client: dict[str, Any], name: str, declare: Declare) -> str:
    """right, or the first thing that is not as asked."""
    import pika
    from pika.exceptions import AMQPError

    with contextlib.ExitStack() as links:
        first = links.enter_context(pika.BlockingConnection(pika.ConnectionParameters(**client)))
        try:
            declare(first.channel(), name)
        except AMQPError as error:
            return f"not yet: the broker answered {error}"
        if (queue := _queue(endpoint, name)) is None:
            return f"not yet: there is no queue called {name}, the name that your function was given"
        if not queue["durable"] and not queue["exclusive"]:
            return "not yet: it is neither durable nor exclusive, which RabbitMQ 4.3 refuses as its makers ship it"
        second = links.enter_context(pika.BlockingConnection(pika.ConnectionParameters(**client)))
        try:
            channel = second.channel()
            channel.basic_publish("", name, b"an answer")
            channel.basic_consume(name, lambda *_: None)
        except AMQPError as error:
            return f"not yet: a second connection cannot read it: {error}"
        with contextlib.suppress(AMQPError):
            second.close()
    return _goes(endpoint, name)


def _goes(endpoint: Endpoint, name: str) -> str:
    until_s = time.monotonic() + GOES_WITHIN_S
    while _queue(endpoint, name) is not None:
        if time.monotonic() > until_s:
            return f"not yet: {GOES_WITHIN_S:.0f} s after its last reader left it is still there"
        time.sleep(0.1)
    return "right: accepted by every RabbitMQ, open to a second reader, and gone when nobody reads it"


def _queue(endpoint: Endpoint, name: str) -> dict[str, Any] | None:
    """What the management plugin says of it; None where it is not there."""
    try:
        found: dict[str, Any] = ask(endpoint, "GET", "queues", endpoint.vhost, name)
    except RefusedError:
        return None
    return found
