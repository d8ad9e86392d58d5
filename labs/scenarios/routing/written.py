"""A topology and messages as text, a line each; labs/pages/js/routing/written.mjs reads the same, with the same words.

    exchange in topic otherwise rest
    queue billing
    bind in -> billing: *.order.#
    bind in -> desk: any urgent=yes kind=payment
    publish in: eu.order.created kind=order
    publish default: billing

What it cannot say: a space, a colon in a name, an equals sign in a key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from labs.scenarios.routing.matching import DEFAULT, Message
from labs.scenarios.routing.topology import LONGEST, MATCHES, Binding, Exchange, Topology, TopologyError

OWN = "default"
"""What the text calls RabbitMQ's own exchange."""
MOST = {"exchange": 20, "queue": 10, "bind": 60, "publish": 40}
"""Lines of a kind: what can be seen at once, and declared in a second or two."""
NAME = r"([^ \t:]+)"
FORMS = {
    "exchange": re.compile(rf"exchange[ \t]+{NAME}[ \t]+{NAME}(?:[ \t]+otherwise[ \t]+{NAME})?"),
    "queue": re.compile(rf"queue[ \t]+{NAME}"),
    "bind": re.compile(rf"bind[ \t]+{NAME}[ \t]*->[ \t]*{NAME}(?:[ \t]*:(.*))?"),
    "publish": re.compile(rf"publish[ \t]+{NAME}[ \t]*:(.*)"),
}
LIKE = {
    "exchange": "exchange in topic",
    "queue": "queue billing",
    "bind": "bind in -> billing: *.order.#",
    "publish": "publish in: eu.order.created",
}
TAKEN = ("CC", "BCC")
"""Headers in which RabbitMQ itself looks for more keys."""
Said = Exchange | str | Binding | Message


@dataclass(frozen=True)
class Line:
    """A line that says something: its number, its text, and what it declares (a queue by its name) or publishes."""

    number: int
    text: str
    said: Said


def read(text: str) -> list[Line]:
    """Its lines. TopologyError names the first one that is not understood, and what it could be."""
    counts = dict.fromkeys(FORMS, 0)
    found = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip(" \t\r")
        if not line or line.startswith("#"):
            continue
        kind = re.split(r"[ \t]", line, maxsplit=1)[0]
        if kind not in FORMS:
            raise TopologyError(f"line {number}: {kind!r} begins no line; begin with one of {', '.join(FORMS)}")
        counts[kind] += 1
        if counts[kind] > MOST[kind]:
            raise TopologyError(f"line {number}: more than {MOST[kind]} lines of {kind!r} are not taken")
        match = FORMS[kind].fullmatch(line)
        if match is None:
            raise TopologyError(f"line {number}: that is not understood; it is written like: {LIKE[kind]}")
        found.append(Line(number, line, MAKE[kind](number, *(one or "" for one in match.groups()))))
    return _both_ends(found)


def _exchange(number: int, name: str, kind: str, otherwise: str) -> Exchange:
    return Exchange(_free(number, name), kind, _free(number, otherwise))


def _free(number: int, name: str) -> str:
    """The name, unless it is that of the default exchange."""
    if name == OWN:
        raise TopologyError(f"line {number}: {OWN!r} is the exchange that every RabbitMQ has; give yours another name")
    return name


def _binding(number: int, source: str, to: str, rest: str) -> Binding:
    words = _split(rest)
    if not words or (len(words) == 1 and "=" not in words[0]):
        return Binding(source, to, "".join(words))
    match = words.pop(0) if words[0] in MATCHES else "all"
    return Binding(source, to, headers=_headers(number, words), match=match)


def _message(number: int, exchange: str, rest: str) -> Message:
    words = _split(rest)
    key = words.pop(0) if words and "=" not in words[0] else ""
    if len(key.encode()) > LONGEST:
        raise TopologyError(f"line {number}: a key has {LONGEST} bytes at most")
    headers = _headers(number, words)
    if own := [name for name in headers if name in TAKEN]:
        raise TopologyError(f"line {number}: RabbitMQ looks for more keys in the header {own[0]!r}; take another name")
    return Message(DEFAULT if exchange == OWN else exchange, key, headers)


def _split(rest: str) -> list[str]:
    return [word for word in re.split(r"[ \t]+", rest) if word]


def _headers(number: int, words: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise TopologyError(f"line {number}: {word!r} is no header; a header is written like: kind=order")
        if len(name.encode()) > LONGEST:
            raise TopologyError(f"line {number}: the name of a header has {LONGEST} bytes at most")
        found[name] = value
    return found


MAKE: dict[str, Callable[..., Said]] = {
    "exchange": _exchange,
    "queue": _free,
    "bind": _binding,
    "publish": _message,
}


def _both_ends(lines: Sequence[Line]) -> list[Line]:
    """The lines, their bindings told if they lead to an exchange. TopologyError where a name could be either."""
    exchanges = {one.said.name for one in lines if isinstance(one.said, Exchange)}
    for one in lines:
        if isinstance(one.said, str) and one.said in exchanges:
            raise TopologyError(f"line {one.number}: {one.said!r} is an exchange, too; give one of them another name")
    return [
        replace(one, said=replace(one.said, to_exchange=one.said.to in exchanges))
        if isinstance(one.said, Binding) else one
        for one in lines
    ]  # fmt: skip


def topology(lines: Sequence[Line]) -> Topology:
    """What the lines declare, each thing once. TopologyError where RabbitMQ would refuse it, or drop messages."""
    known: dict[str, tuple[int, Exchange]] = {}
    for one in lines:
        if isinstance(one.said, Exchange):
            number, before = known.setdefault(one.said.name, (one.number, one.said))
            if before != one.said:
                said = f"exchange {before.name!r} is another one in line {number}"
                raise TopologyError(f"line {one.number}: {said}, and RabbitMQ changes none that is there")
    exchanges = tuple(exchange for _, exchange in known.values())
    queues = tuple(dict.fromkeys(one.said for one in lines if isinstance(one.said, str)))
    found = Topology(exchanges, queues, tuple(one.said for one in lines if isinstance(one.said, Binding)), entry="")
    for one in lines:
        if isinstance(one.said, Message) and one.said.exchange not in {DEFAULT, *known}:
            raise TopologyError(f"line {one.number}: there is no exchange {one.said.exchange!r} to publish to")
    return found


def messages(lines: Sequence[Line]) -> list[Message]:
    """What the lines publish, in order."""
    return [one.said for one in lines if isinstance(one.said, Message)]


def write(found: Topology) -> str:
    """The text that declares a topology; what `read` gets from it is the same."""
    exchanges = [
        f"exchange {one.name} {one.type}{f' otherwise {one.otherwise}' if one.otherwise else ''}"
        for one in found.exchanges
    ]
    queues = [f"queue {name}" for name in found.queues]
    return "\n".join([*exchanges, *queues, *map(_written, found.bindings)])


def _written(binding: Binding) -> str:
    said = " ".join([binding.match, *_pairs(binding.headers)]) if binding.headers else binding.key
    return f"bind {binding.source} -> {binding.to}{f': {said}' if said else ''}"


def publish_line(message: Message) -> str:
    """The line that publishes a message."""
    words = [f"publish {message.exchange or OWN}:", message.key, *_pairs(message.headers)]
    return " ".join(filter(None, words))


def _pairs(headers: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in headers.items()]
