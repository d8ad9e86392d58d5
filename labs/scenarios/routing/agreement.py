"""Our model of routing held against a running RabbitMQ: random topologies, keys and headers, delivery by delivery."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pika
from pika.adapters.blocking_connection import BlockingChannel

from labs.brokers.rabbitmq.client import blocking_channel, typed
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.text import counted
from labs.scenarios.routing.matching import CASES, DEFAULT, Message, route
from labs.scenarios.routing.running import declare, own_names
from labs.scenarios.routing.topology import ENTRY, EXACT, HASHES, MATCHES, Binding, Exchange, Topology

EACH = 500
"""Messages that meet the same topology."""
QUEUES = tuple(f"q{number}" for number in range(8))
EXCHANGES = (ENTRY, *(f"e{number}" for number in range(5)))
BINDINGS = 24
WORDS = ("a", "b", "c", "")
NAMES, VALUES = ("k", "l", "x-k"), ("1", "2")
SILENT_S = 5.0
"""A queue from which nothing more comes for so long is not waited for."""
LAST = b"last"
World = tuple[Topology, list[Message]]


@dataclass(frozen=True)
class Agreement:
    """How many messages were routed, how many bindings there were, and for which messages the broker did otherwise."""

    cases: int
    bindings: int
    otherwise: tuple[str, ...]

    def __str__(self) -> str:
        """One line, and the first messages that went elsewhere."""
        good = self.cases - len(self.otherwise)
        of = f"{good:,} of {counted(self.cases, 'random message')} by {counted(self.bindings, 'random binding')}"
        return "\n".join([f"RabbitMQ and our model agree on {of}.", *self.otherwise[:3]])


def worlds(cases: int = CASES, seed: int = 1) -> Iterator[World]:
    """Random topologies of the types that route the same everywhere, each with messages to its exchanges and to the
    default one."""
    draw = random.Random(seed)
    for begun in range(0, cases, EACH):
        topology = _topology(draw)
        yield topology, [_message(draw) for _ in range(min(EACH, cases - begun))]


def _topology(draw: random.Random) -> Topology:
    """Every second exchange or so has an alternate; circles of bindings and of alternates happen."""
    types = {name: draw.choice(EXACT) for name in EXCHANGES}
    exchanges = tuple(
        Exchange(name, kind, draw.choice(EXCHANGES) if draw.random() < 0.5 else "") for name, kind in types.items()
    )
    return Topology(exchanges, QUEUES, tuple(_binding(draw, types) for _ in range(BINDINGS)))


def _binding(draw: random.Random, types: dict[str, str]) -> Binding:
    source, to_exchange = draw.choice(EXCHANGES), draw.random() < 0.2
    to = draw.choice(EXCHANGES if to_exchange else QUEUES)
    if types[source] == "headers":
        headers = _headers(draw, 1)
        return Binding(source, to, headers=headers, match=draw.choice(MATCHES), to_exchange=to_exchange)
    words = [draw.choice((*WORDS, "*")) for _ in range(draw.randint(0, 4))]
    for at in draw.sample(range(len(words)), min(len(words), draw.randint(0, HASHES))):
        words[at] = "#"
    return Binding(source, to, ".".join(words), to_exchange=to_exchange)


def _message(draw: random.Random) -> Message:
    """One in ten goes by the default exchange, to a queue that is there or is not."""
    if draw.random() < 0.1:
        return Message(DEFAULT, draw.choice((*QUEUES, "nowhere")))
    words = [draw.choice((*WORDS, *WORDS, "*", "#")) for _ in range(draw.randint(0, 5))]
    return Message(draw.choice(EXCHANGES), ".".join(words), _headers(draw, 0))


def _headers(draw: random.Random, least: int) -> dict[str, str]:
    names = draw.sample(NAMES, draw.randint(least, len(NAMES)))
    return {name: draw.choice(VALUES) for name in names}


def agree(endpoint: Endpoint, cases: int = CASES, seed: int = 1) -> Agreement:
    """Where so many random messages go, against what the model says. BrokerError if they do not arrive."""
    bindings, otherwise = 0, list[str]()
    for topology, messages in worlds(cases, seed):
        bindings += len(topology.bindings)
        there = _on_broker(endpoint, topology, messages)
        for number, message in enumerate(messages):
            said = route(topology, message).queues
            if sorted(said) != there[number]:
                otherwise.append(f"{message}: the model says {sorted(said)}, RabbitMQ did {there[number]}")
    return Agreement(cases, bindings, tuple(otherwise))


def _on_broker(endpoint: Endpoint, topology: Topology, messages: list[Message]) -> list[list[str]]:
    """For each message the queues in which it lay, one named twice if it lay there twice."""
    there: list[list[str]] = [[] for _ in messages]
    exchanges = [one.name for one in topology.exchanges]
    with (
        typed(endpoint),
        blocking_channel(endpoint) as channel,
        own_names(endpoint, topology.queues, exchanges) as named,
    ):
        declare(channel, topology, named)
        for number, one in enumerate(messages):
            exchange, key = (named[one.exchange], one.key) if one.exchange else ("", named.get(one.key, one.key))
            about = pika.BasicProperties(headers=dict(one.headers))
            channel.basic_publish(exchange, key, b"%d" % number, about)
        for queue in topology.queues:
            for number in _emptied(channel, named[queue]):
                there[number].append(queue)
    return [sorted(one) for one in there]


def _emptied(channel: BlockingChannel, queue: str) -> list[int]:
    """The numbers of all messages in the queue. Last comes one more of ours: what a channel publishes reaches a queue
    in order, so that all that was published before it has come by then."""
    channel.basic_publish("", queue, LAST)
    found: list[int] = []
    for method, _, body in channel.consume(queue, auto_ack=True, inactivity_timeout=SILENT_S):
        if method is None:
            raise BrokerError(f"Emptying a queue: {len(found)} messages came, then none for {SILENT_S:g} s.")
        if body == LAST:
            break
        found.append(int(body))
    channel.cancel()
    return found
