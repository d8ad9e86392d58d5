"""A reader's own topology in a notebook: what RabbitMQ did with its messages, what our model says, and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labs.model.endpoint import RefusedError
from labs.model.text import counted
from labs.scenarios.routing.matching import DEFAULT, Message, Routed, route
from labs.scenarios.routing.topology import Topology, TopologyError
from labs.scenarios.routing.written import OWN, Line, messages, publish_line, read, topology
from labs.show.pictures.base import About
from labs.show.pictures.grid import Capability, Cell, Grid, Setup
from labs.stack.by_hand import running

MODEL = "Where our model puts them; no broker was asked"
BROKER = "Where they lay on RabbitMQ"
Arrived = Mapping[str, Sequence[int]]
"""Queue -> places of messages that lie in it."""


def tried(text: str) -> Grid | None:
    """Declare it on a running RabbitMQ, publish, and say what was refused or where the messages lay; nothing of it is
    left there. Without a broker it is the model that answers, and says so. None where there is nothing to draw."""
    try:
        lines = read(text)
        with running("rabbitmq") as here:
            if not here:
                return _by_model(topology(lines), messages(lines))
            from labs.scenarios.routing.own import try_out

            found = try_out(here.endpoint, lines)
    except (TopologyError, RefusedError) as error:
        print(f"Refused, and nothing is left: {error}")
        return None
    return _by_broker(lines, found.arrived)


def _by_model(found: Topology, sent: Sequence[Message]) -> Grid | None:
    ways = [route(found, one) for one in sent]
    print("\n".join([f"{MODEL}.", *paths(found, ways)]))
    return picture(found.queues, sent, predicted(found.queues, ways), MODEL, chosen(ways))


def _by_broker(lines: Sequence[Line], arrived: Arrived) -> Grid | None:
    """What lay where; the paths are those of the model, which is only asked where it can say something."""
    sent = messages(lines)
    try:
        found = topology(lines)
    except TopologyError as error:
        print(f"RabbitMQ takes it, and our model does not: {error}")
        return picture(list(arrived), sent, arrived, BROKER)
    ways = [route(found, one) for one in sent]
    print("\n".join([*paths(found, ways), compared(predicted(found.queues, ways), arrived, chosen(ways))]))
    return picture(found.queues, sent, arrived, BROKER)


def predicted(queues: Sequence[str], ways: Sequence[Routed]) -> Arrived:
    """Where the model says that messages lie; of what a hash chooses it says nothing here."""
    return {name: [at for at, one in enumerate(ways) if name in one.queues] for name in queues}


def chosen(ways: Sequence[Routed]) -> list[tuple[int, frozenset[str]]]:
    """Messages of which a hash chooses the queue: each with the queues of which it is one."""
    return [(at, group) for at, one in enumerate(ways) for group in sorted(one.one_of, key=sorted)]


def paths(found: Topology, ways: Sequence[Routed]) -> list[str]:
    """A line a binding and an alternate exchange: the numbers of the messages that went over it, by the model."""
    numbered = list(enumerate(ways, 1))
    over = [
        (str(one), [str(n) if at in way.over else f"perhaps {n}" for n, way in numbered if at in way.over | way.either])
        for at, one in enumerate(found.bindings)
    ]
    over += [
        (f"{one.name} otherwise {one.otherwise}", [str(n) for n, way in numbered if one.name in way.otherwise])
        for one in found.exchanges if one.otherwise
    ]  # fmt: skip
    return [f"{name}: {', '.join(numbers) or 'no message'}" for name, numbers in over]


def compared(said: Arrived, arrived: Arrived, groups: Sequence[tuple[int, frozenset[str]]] = ()) -> str:
    """Whether the broker did what the model says, delivery by delivery; of each group it is one queue, any of them."""
    by_model, there = ({(at, name) for name, all_ in one.items() for at in all_} for one in (said, arrived))
    missed = [(at, group) for at, group in groups if not any((at, name) in there for name in group)]
    odd = [f"message {at + 1} lies in none of {', '.join(sorted(group))}" for at, group in missed]
    odd += [
        f"message {at + 1} {'lies' if (at, name) in there else 'does not lie'} in {name}"
        for at, name in sorted(_unchosen(there - by_model, groups) | (by_model - there))
    ]
    if odd:
        return "RabbitMQ and our model differ: " + "; ".join(odd)
    many = counted(len(there), "delivery", "deliveries")
    if not groups:
        return f"RabbitMQ did what our model says, and so the paths above are its own: {many}."
    return f"RabbitMQ did what our model says: {many}. Which queue a hash chose, only RabbitMQ knew."


def _unchosen(more: set[tuple[int, str]], groups: Sequence[tuple[int, frozenset[str]]]) -> set[tuple[int, str]]:
    """What the hashes cannot have chosen: it is in no group, or there is more than one for each group."""
    found = set[tuple[int, str]]()
    for at in {at for at, _ in more}:
        there, mine = {name for one, name in more if one == at}, [group for one, group in groups if one == at]
        if len(there) > len(mine) or there - frozenset[str]().union(*mine):
            found |= {(at, name) for name in there}
    return found


def picture(
    queues: Sequence[str],
    sent: Sequence[Message],
    arrived: Arrived,
    by: str,
    groups: Sequence[tuple[int, frozenset[str]]] = (),
) -> Grid | None:
    """A row a message, a column a queue; None without either. Of a group, of which nobody knows which, each is one."""
    if not queues or not sent:
        print("There is nothing to draw: it takes a queue and a message.")
        return None
    rows = [Setup(f"{at}. {_told(one)}") for at, one in enumerate(sent, 1)]
    perhaps = {(at, name) for at, group in groups for name in group}
    cells = {
        (row.name, name): Cell("yes", "there") if at in arrived[name]
        else Cell("unknown", "one of these") if (at, name) in perhaps else Cell("absent", "not there")
        for at, row in enumerate(rows) for name in queues
    }  # fmt: skip
    gone = sum(not any(at in arrived[name] or (at, name) in perhaps for name in queues) for at in range(len(sent)))
    title = f"{counted(len(sent), 'message')}, {gone or 'none'} in no queue"
    columns = tuple(Capability(name) for name in queues)
    return Grid(tuple(rows), columns, cells, ("message", "messages"), About(title=title, under=by))


def _told(message: Message) -> str:
    return publish_line(message).partition(" ")[2] if message.exchange != DEFAULT else f"{OWN}: {message.key}"
