"""How the experiments reach RabbitMQ: the plain blocking client, and what is asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pika import BasicProperties
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import NackError, UnroutableError

from labs.brokers.rabbitmq.client import blocking_channel
from labs.brokers.rabbitmq.management import alarms
from labs.model.endpoint import Endpoint

TRANSIENT = BasicProperties(delivery_mode=1)
"""No broker is restarted in these experiments; a message that need not be on disk spares the disk."""
QUIET_S = 0.5


@contextmanager
def channel(endpoint: Endpoint, *, confirms: bool = False) -> Iterator[BlockingChannel]:
    """A channel on a connection of its own. Without heartbeats: nobody serves them between two questions."""
    with blocking_channel(endpoint, heartbeat=0) as opened:
        if confirms:
            opened.confirm_delivery()
        yield opened


@contextmanager
def queue(endpoint: Endpoint, name: str, **arguments: object) -> Iterator[None]:
    """A durable queue for the length of the block (`_` for `-` in its arguments)."""
    wanted = {name.replace("_", "-"): value for name, value in arguments.items()}
    with channel(endpoint) as link:
        link.queue_declare(name, durable=True, arguments=wanted)
    try:
        yield
    finally:
        with channel(endpoint) as link:
            link.queue_delete(name)


def depth(endpoint: Endpoint, name: str) -> int:
    """Messages that wait in the queue; unacknowledged ones are not among them."""
    with channel(endpoint) as link:
        return int(link.queue_declare(name, passive=True).method.message_count)


def send(link: BlockingChannel, name: str, sequence: int, *, mandatory: bool = False) -> str:
    """One message, waited for: `confirmed`, `refused` (a nack) or `returned`."""
    try:
        link.basic_publish("", name, b"%d" % sequence, TRANSIENT, mandatory=mandatory)
    except NackError:
        return "refused"
    except UnroutableError:
        return "returned"
    return "confirmed"


def drain(endpoint: Endpoint, name: str) -> list[int]:
    """All that is in the queue, in order, until nothing has come for half a second."""
    found = []
    with channel(endpoint) as link:
        for method, _, body in link.consume(name, auto_ack=True, inactivity_timeout=QUIET_S):
            if method is None:
                break
            found.append(int(body))
        link.cancel()
    return found


def in_alarm(endpoint: Endpoint) -> bool:
    """Whether the broker says that a resource alarm is in force."""
    return bool(alarms(endpoint))
