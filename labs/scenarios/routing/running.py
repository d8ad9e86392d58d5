"""A topology on a running RabbitMQ: declared, twenty messages published to its entry, and what then lies in each queue.

The publisher is the same function for every topology: it knows the exchange's name, a key and headers, and no queue.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import UnroutableError

from labs.brokers import journal
from labs.brokers.rabbitmq import management
from labs.brokers.rabbitmq.admin import undo
from labs.brokers.rabbitmq.client import blocking_channel, typed
from labs.model.endpoint import BrokerError, Endpoint
from labs.scenarios.routing.puzzles import Event
from labs.scenarios.routing.topology import ENTRY, Topology

PERSISTENT = 2


@dataclass(frozen=True)
class Played:
    """What one round showed. `arrived`: queue -> numbers of events in the order in which they lay there."""

    arrived: dict[str, list[int]]
    returned: list[int]
    """Those that the broker gave back, because no queue took them and the publisher had asked to be told."""
    producer: str
    """A fingerprint of all that was published, in order: keys, headers and bodies."""


def play(endpoint: Endpoint, topology: Topology, events: Sequence[Event]) -> Played:
    """Declare it under names of its own, publish with confirms, empty the queues, remove it. BrokerError if not."""
    with typed(endpoint), blocking_channel(endpoint) as channel, _declared(endpoint, channel, topology) as named:
        returned = publish(channel, named[ENTRY], events)
        arrived = {queue: drained(channel, named[queue]) for queue in topology.queues}
    return Played(arrived, returned, fingerprint(events))


def publish(channel: BlockingChannel, entry: str, events: Sequence[Event]) -> list[int]:
    """The producer. Each message is confirmed, so what a queue gets is there when this returns; what no queue takes
    comes back, and these numbers are returned."""
    channel.confirm_delivery()
    returned = []
    for event in events:
        about = pika.BasicProperties(headers=dict(event.headers), delivery_mode=PERSISTENT)
        try:
            channel.basic_publish(entry, event.key, b"%d" % event.number, about, mandatory=True)
        except UnroutableError:
            returned.append(event.number)
    return returned


def drained(channel: BlockingChannel, queue: str) -> list[int]:
    """The numbers of all events in the queue, in order."""
    found: list[int] = []
    while True:
        method, _, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return found
        found.append(int(body))


def fingerprint(events: Sequence[Event]) -> str:
    """Of what is published, by which two rounds are known to have had the same producer."""
    told = json.dumps([[one.number, one.key, dict(one.headers)] for one in events], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


@contextlib.contextmanager
def _declared(endpoint: Endpoint, channel: BlockingChannel, topology: Topology) -> Iterator[dict[str, str]]:
    """The topology as long as the block lasts: its names -> those on the broker."""
    with own_names(endpoint, topology.queues, [one.name for one in topology.exchanges]) as named:
        declare(channel, topology, named)
        yield named


@contextlib.contextmanager
def own_names(endpoint: Endpoint, queues: Iterable[str], exchanges: Iterable[str]) -> Iterator[dict[str, str]]:
    """Names -> those on the broker, which are in the journal first; after the block nothing of that name is there."""
    run = f"routing-{secrets.token_hex(3)}"
    lying, routing = ({name: f"{run}.{name}" for name in names} for names in (queues, exchanges))
    made = journal.note(endpoint, list(lying.values()), exchanges=list(routing.values()))
    try:
        yield lying | routing
    finally:
        journal.settle(made, lambda entry: undo(endpoint, entry))


def declare(channel: BlockingChannel, topology: Topology, named: dict[str, str]) -> None:
    """Exchanges, queues and bindings, as the topology has them."""
    for one in topology.exchanges:
        otherwise = {"alternate-exchange": named[one.otherwise]} if one.otherwise else {}
        channel.exchange_declare(named[one.name], one.type, durable=True, arguments=otherwise)
    for queue in topology.queues:
        channel.queue_declare(named[queue], durable=True)
    for binding in topology.bindings:
        bind = channel.exchange_bind if binding.to_exchange else channel.queue_bind
        bind(named[binding.to], named[binding.source], binding.key, arguments=binding.arguments)


def protocols(endpoint: Endpoint) -> list[str]:
    """The protocols that the node says it listens for; empty where its management is not to be reached."""
    if not endpoint.admin_port:
        return []
    try:
        return sorted({str(one["protocol"]) for one in management.ask(endpoint, "GET", "overview")["listeners"]})
    except (BrokerError, ValueError, KeyError):
        return []
