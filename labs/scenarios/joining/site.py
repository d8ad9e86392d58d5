"""What a run needs at its broker, made before it and gone afterwards: a channel, a stream, an exchange or a topic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from labs.brokers import journal, open_broker
from labs.brokers.rabbitmq.admin import undo
from labs.brokers.rabbitmq.client import Link
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.facts import Facts
from labs.model.profile import profile
from labs.scenarios.joining import READERS, Mode

STREAM = {"x-queue-type": "stream"}


@contextmanager
def made(mode: Mode, endpoint: Endpoint | None, name: str) -> Iterator[Facts]:
    """The place where messages go, for the length of the block; what the server says of itself, for the run card."""
    if endpoint is None:
        yield {}
    elif mode.broker == "rabbitmq":
        with _rabbitmq(endpoint, name, stream=mode.name == "rabbitmq-stream") as facts:
            yield facts
    else:
        with open_broker(endpoint, profile(mode.profile), name) as broker:
            yield {"server": broker.version()}


@contextmanager
def _rabbitmq(endpoint: Endpoint, name: str, *, stream: bool) -> Iterator[Facts]:
    """A stream of that name, or a fanout exchange; the readers' own queues go with it."""
    with closing(Link(endpoint)) as link:
        link.open()
        channel = link.channel()
        queues = [name] if stream else [f"{name}-{who}" for who in READERS]
        noted = journal.note(endpoint, queues, exchanges=[] if stream else [name])
        try:
            ask = partial(channel.queue_declare, name, durable=True, arguments=STREAM)
            if not stream:
                ask = partial(channel.exchange_declare, name, "fanout", durable=True)
            link.call(channel, "make the stream" if stream else "make the exchange", lambda done: ask(callback=done))
            version = str(link.connection.server_properties["version"])
        except BrokerError:
            journal.settle(noted, partial(undo, endpoint))
            raise
    try:
        yield {"server": version}
    finally:
        journal.settle(noted, partial(undo, endpoint))
