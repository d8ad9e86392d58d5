"""Our model of how RabbitMQ routes: the queues that a message reaches, and over which bindings. It is not the broker.

labs/pages/js/routing/model.mjs is the same once more, and a test holds both against each other; `agreement` holds this
one against a running broker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labs.scenarios.routing.topology import HASHED, MATCH, Binding, Topology

DEFAULT = ""
"""The exchange that every RabbitMQ has: a message goes to the queue whose name is its key."""
STAR, HASH = "*", "#"
CASES = 10_000
"""So many random messages a test of this book publishes to hold the model against a running RabbitMQ."""


@dataclass(frozen=True)
class Message:
    """What is published: to which exchange, by which key, with which headers."""

    exchange: str
    key: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Routed:
    """Where a message goes. `over` are the places of the bindings that take it in the topology's list, `otherwise` the
    exchanges whose alternate exchange gets it, because none of their own bindings does.

    Of each group of `one_of` it reaches exactly one queue, over one of the bindings `either`: the broker's hash chooses
    it, and the model does not know which."""

    queues: frozenset[str] = frozenset()
    over: frozenset[int] = frozenset()
    otherwise: frozenset[str] = frozenset()
    one_of: tuple[frozenset[str], ...] = ()
    either: frozenset[int] = frozenset()


def route(topology: Topology, message: Message) -> Routed:
    """What a topology does with a message. An exchange sees it once, so that a circle of bindings comes to an end."""
    if message.exchange == DEFAULT:
        return Routed(frozenset({message.key}.intersection(topology.queues)))
    known = {one.name: one for one in topology.exchanges}
    waiting, seen = [message.exchange], {message.exchange}
    queues, over, otherwise = set[str](), set[int](), set[str]()
    one_of, either = list[frozenset[str]](), set[int]()
    while waiting:
        here = known[waiting.pop()]
        from_here = [(at, one) for at, one in enumerate(topology.bindings) if one.source == here.name]
        taken = {at: one for at, one in from_here if takes(here.type, one, message)}
        if here.type == HASHED and len(taken) > 1:
            one_of.append(frozenset(one.to for one in taken.values()))
            either.update(taken)
            continue
        over.update(taken)
        queues.update(one.to for one in taken.values() if not one.to_exchange)
        further = {one.to for one in taken.values() if one.to_exchange}
        if not taken and here.otherwise in known:  # a binding that leads nowhere is a binding: then it gets nothing
            otherwise.add(here.name)
            further = {here.otherwise}
        waiting += sorted(further - seen)
        seen |= further
    return Routed(frozenset(queues), frozenset(over), frozenset(otherwise), tuple(one_of), frozenset(either))


def takes(kind: str, binding: Binding, message: Message) -> bool:
    """Whether a binding of an exchange of that type takes a message; of a hashed one, whether it may."""
    if kind == "topic":
        return _by_words(_words(binding.key), _words(message.key))
    if kind == "headers":
        return _by_headers(binding, message.headers)
    return kind in ("fanout", HASHED) or binding.key == message.key


def _words(key: str) -> list[str]:
    """A key's words; an empty one has none, and between two dots stands an empty word."""
    return key.split(".") if key else []


def _by_words(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """A star takes exactly one word, a hash any number. Followed are all places of the pattern that may be next."""
    places = _skipping(pattern, {0})
    for word in words:
        fits = {at for at in places if at < len(pattern) and pattern[at] in (word, STAR, HASH)}
        places = _skipping(pattern, {at if pattern[at] == HASH else at + 1 for at in fits})
    return len(pattern) in places


def _skipping(pattern: Sequence[str], places: set[int]) -> set[int]:
    """The places, and those behind a hash that takes no word."""
    for at, one in enumerate(pattern):
        if one == HASH and at in places:
            places.add(at + 1)
    return places


def _by_headers(binding: Binding, headers: Mapping[str, str]) -> bool:
    """Any or all of the binding's headers; those whose names begin with x- count only if the binding says so."""
    how, _, with_x = binding.match.partition("-")
    wanted = [name for name in binding.headers if name != MATCH and (with_x or not name.startswith("x-"))]
    hits = [headers.get(name) == binding.headers[name] for name in wanted]
    return any(hits) if how == "any" else all(hits)
