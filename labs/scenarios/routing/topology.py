"""A topology as data: exchanges, queues, the bindings between them, and what is wrong with one before a broker sees it.

The producer knows one name, ENTRY, and nothing behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ENTRY = "in"
"""The exchange that the producer publishes to, in every topology."""
LONGEST = 200
"""Bytes of a name or a key: AMQP allows 255, and a run puts its own name before."""
HASHES = 2
"""So many # a topic binding may have: RabbitMQ 4.3.6 refuses a third one, and older versions take it."""
HASHED = "x-consistent-hash"
"""The type that RabbitMQ's plug-in brings: the hash of the routing key chooses one of the queues, by their weights."""
EXACT = ("direct", "topic", "fanout", "headers")
"""The types of which a model can say where a message goes."""
TYPES = (*EXACT, HASHED)
WEIGHT, HEAVIEST = re.compile(r"\+?0*[1-9][0-9]*", re.ASCII), 100
"""What RabbitMQ reads as a weight, and the most that we take: it keeps a bucket for each one."""
MATCH = "x-match"
MATCHES = ("any", "all", "any-with-x", "all-with-x")
"""How many headers of a binding a message needs; the last two count those whose names begin with x-, too."""


class TopologyError(ValueError):
    """What is wrong with a topology, where, and what would be right: one line."""


@dataclass(frozen=True)
class Exchange:
    """An exchange. `otherwise` is its alternate exchange: it gets what no binding takes."""

    name: str
    type: str
    otherwise: str = ""


@dataclass(frozen=True)
class Binding:
    """From an exchange to a queue, or to an exchange where `to_exchange`. `headers` with a `match` of MATCHES."""

    source: str
    to: str
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    match: str = "all"
    to_exchange: bool = False

    @property
    def arguments(self) -> dict[str, str]:
        """What RabbitMQ is given besides the key."""
        return {**self.headers, MATCH: self.match} if self.headers else {}

    def __str__(self) -> str:
        said = self.key or ", ".join(f"{name}={value}" for name, value in self.headers.items())
        how = f" ({self.match} of {said})" if self.headers else f" ({said})" if said else ""
        return f"{self.source} → {self.to}{how}"


@dataclass(frozen=True)
class Topology:
    """All of it. Raises TopologyError where RabbitMQ could not declare it or the producer would not reach it.

    `entry` is the only exchange that the producer knows; empty where it names one with each message.
    """

    exchanges: tuple[Exchange, ...]
    queues: tuple[str, ...]
    bindings: tuple[Binding, ...]
    entry: str = ENTRY

    def __post_init__(self) -> None:
        """Names are there once, types are known, and every binding has both ends."""
        _once("exchange", (one.name for one in self.exchanges))
        _once("queue", self.queues)
        known = {one.name: one for one in self.exchanges}
        if self.entry and self.entry not in known:
            said = "and the producer publishes to no other: declare it"
            raise TopologyError(f"there is no exchange {self.entry!r}, {said}")
        for one in self.exchanges:
            if one.type not in TYPES:
                raise TopologyError(f"exchange {one.name!r}: there is no type {one.type!r}; take {', '.join(TYPES)}")
            if one.otherwise and one.otherwise not in known:
                said = f"its alternate exchange {one.otherwise!r} is not declared"
                raise TopologyError(f"exchange {one.name!r}: {said}, and RabbitMQ would drop what it should get")
        weighed: set[tuple[str, str]] = set()
        for binding in self.bindings:
            _checked(binding, known, self.queues)
            if known[binding.source].type == HASHED:
                if (binding.source, binding.to) in weighed:
                    raise TopologyError(f"binding {binding}: {binding.to!r} has a weight, and RabbitMQ keeps the first")
                weighed.add((binding.source, binding.to))


def _once(what: str, names: Iterable[str]) -> None:
    known: set[str] = set()
    for name in names:
        if len(name.encode()) > LONGEST:
            raise TopologyError(f"{what} {name[:20]!r}...: a name has {LONGEST} bytes at most")
        if not name or name in known:
            raise TopologyError(f"{what} {name!r}: a name has to be there, and once")
        known.add(name)


def _checked(binding: Binding, exchanges: Mapping[str, Exchange], queues: tuple[str, ...]) -> None:
    """TopologyError unless the binding joins two things that are there, in a way that its exchange understands."""
    ends = exchanges if binding.to_exchange else queues
    kind = "exchange" if binding.to_exchange else "queue"
    if binding.source not in exchanges:
        raise TopologyError(f"binding {binding}: there is no exchange {binding.source!r} to bind from")
    if binding.to not in ends:
        raise TopologyError(f"binding {binding}: there is no {kind} {binding.to!r} to bind to")
    if binding.match not in MATCHES:
        raise TopologyError(f"binding {binding}: headers match by one of {', '.join(MATCHES)}, not {binding.match!r}")
    if len(binding.key.encode()) > LONGEST:
        raise TopologyError(f"binding {binding.source} → {binding.to}: a key has {LONGEST} bytes at most")
    kind = exchanges[binding.source].type
    if kind == "topic" and binding.key.split(".").count("#") > HASHES:
        raise TopologyError(f"binding {binding}: RabbitMQ 4.3 takes {HASHES} # in a key at most")
    by_headers = kind == "headers"
    if binding.headers and not by_headers:
        said = f"{'an' if kind == HASHED else 'a'} {kind} exchange looks at the routing key and at no header"
        raise TopologyError(f"binding {binding}: {said}")
    if by_headers and not binding.headers:
        raise TopologyError(f"binding {binding}: a headers exchange takes everything by a binding without headers")
    if kind == HASHED:
        _weighed(binding)


def _weighed(binding: Binding) -> None:
    """TopologyError unless the key is a weight and the hash chooses a queue: from an exchange that it chose a message
    could go on to any number of queues."""
    if not WEIGHT.fullmatch(binding.key) or int(binding.key) > HEAVIEST:
        said = f"takes a weight as its key, a whole number from 1 to {HEAVIEST}"
        raise TopologyError(f"binding {binding}: a binding of an {HASHED} exchange {said}")
    if binding.to_exchange:
        raise TopologyError(f"binding {binding}: our model follows an {HASHED} exchange to queues only")
