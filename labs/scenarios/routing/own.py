"""A reader's own topology on a running RabbitMQ: declared line by line, its messages published, and what lies where.

What RabbitMQ refuses is told by the line, in plain words and in its own; nothing that was declared is left.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker, ConnectionClosedByBroker, ShortStringTooLong

from labs.brokers.rabbitmq.client import blocking_channel, said_of, typed
from labs.model.endpoint import Endpoint, RefusedError
from labs.scenarios.routing.matching import DEFAULT, Message
from labs.scenarios.routing.puzzles import Event
from labs.scenarios.routing.running import Played, drained, fingerprint, own_names, publish
from labs.scenarios.routing.topology import ENTRY, HASHED, LONGEST, TYPES, Binding, Exchange
from labs.scenarios.routing.written import OWN, Line, publish_line

PLAIN = {
    f"exchange type '{HASHED}'": "this RabbitMQ lacks the plug-in: enable rabbitmq_consistent_hash_exchange",
    "binding key must be": "the key of such a binding is its weight: a whole number, 1 or more",
    "unknown exchange type|invalid exchange type": f"there is no such type of exchange: take {', '.join(TYPES)}",
    "inequivalent arg": "it is there already with other properties, and RabbitMQ changes none: take another name",
    "wildcards, at most": "this RabbitMQ takes fewer # in a key: say it with fewer",
    "ACCESS_REFUSED": "that is RabbitMQ's own, and it changes nothing of it for anybody",
    "NOT_FOUND": "there is nothing of that name: declare it in a line of its own",
}
"""What a reader is told of a refusal, by what RabbitMQ's own words have in them."""
ANYWAY = "RabbitMQ does not do that"
NOTHING = "routing-nothing."
"""Before a name that no line declares: what is called so on a reader's broker is no business of ours."""


@dataclass(frozen=True)
class Tried:
    """Where the messages lay: queue -> their places among the messages, in order; and those that no queue took."""

    arrived: Mapping[str, Sequence[int]]
    returned: Sequence[int]


def try_out(endpoint: Endpoint, lines: Sequence[Line]) -> Tried:
    """Declare them under names of our own, publish, empty the queues, remove all. RefusedError names the line that
    RabbitMQ refused."""
    for one in lines:
        name = one.said.name if isinstance(one.said, Exchange) else one.said
        if isinstance(name, str) and len(name.encode()) > LONGEST:
            raise _too_long(one)  # before it is written down as made
    queues = list(dict.fromkeys(one.said for one in lines if isinstance(one.said, str)))
    exchanges = [one.said.name for one in lines if isinstance(one.said, Exchange)]
    messages = [one for one in lines if isinstance(one.said, Message)]
    with (
        typed(endpoint),
        own_names(endpoint, queues, dict.fromkeys(exchanges)) as named,
        blocking_channel(endpoint) as channel,
    ):
        for one in sorted(lines, key=lambda line: isinstance(line.said, Binding)):  # what is bound is there first
            with _told(one, named):
                _declare(channel, one, named)
        returned = []
        for number, one in enumerate(messages):
            with _told(one, named):
                returned += _publish(channel, number, one.said, named)
        return Tried({queue: drained(channel, named[queue]) for queue in queues}, returned)


def play_own(endpoint: Endpoint, lines: Sequence[Line], events: Sequence[Event]) -> Played:
    """A puzzle's messages instead of those that the lines publish. RefusedError as above."""
    declared = [one for one in lines if not isinstance(one.said, Message)]
    sent = [Message(ENTRY, one.key, one.headers) for one in events]
    found = try_out(endpoint, [*declared, *(Line(0, publish_line(one), one) for one in sent)])
    arrived = {queue: [events[at].number for at in places] for queue, places in found.arrived.items()}
    return Played(arrived, [events[at].number for at in found.returned], fingerprint(events))


def _declare(channel: BlockingChannel, line: Line, named: Mapping[str, str]) -> None:
    """What a line declares, if it declares. A name that no line declares is not there, and RabbitMQ says so."""
    said = line.said
    if isinstance(said, str):
        channel.queue_declare(named[said], durable=True)
    elif isinstance(said, Exchange):
        otherwise = {"alternate-exchange": _there(named, said.otherwise)} if said.otherwise else {}
        channel.exchange_declare(named[said.name], said.type, durable=True, arguments=otherwise)
    elif isinstance(said, Binding):
        bind = channel.exchange_bind if said.to_exchange else channel.queue_bind
        source = DEFAULT if said.source == OWN else _there(named, said.source)
        bind(_there(named, said.to), source, said.key, arguments=said.arguments)


def _publish(channel: BlockingChannel, number: int, message: object, named: Mapping[str, str]) -> list[int]:
    """Publish one message, confirmed; its number again if no queue took it."""
    assert isinstance(message, Message)  # of all lines, these were picked
    exchange = _there(named, message.exchange) if message.exchange else DEFAULT
    key = message.key if exchange else _there(named, message.key)
    return publish(channel, exchange, [Event(number, key, message.headers)])


def _there(named: Mapping[str, str], name: str) -> str:
    """The name on the broker; of one that is not declared here, one that nobody else has there either."""
    return named.get(name, f"{NOTHING}{name}")


def _too_long(line: Line) -> RefusedError:
    return RefusedError(f"line {line.number}, {line.text[:40]!r}...: a name or a key has {LONGEST} bytes at most.")


@contextlib.contextmanager
def _told(line: Line, named: Mapping[str, str]) -> Iterator[None]:
    """RefusedError, by the line, in place of RabbitMQ's closing the channel or the connection."""
    try:
        yield
    except ShortStringTooLong:
        raise _too_long(line) from None
    except (ChannelClosedByBroker, ConnectionClosedByBroker) as error:
        words = said_of(error)
        for own, there in named.items():
            words = words.replace(there, own)
        words = words.replace(NOTHING, "")
        plain = next((plain for wanted, plain in PLAIN.items() if re.search(wanted, words)), ANYWAY)
        raise RefusedError(f"line {line.number}, {line.text!r}: {plain}. RabbitMQ: {words}") from error
