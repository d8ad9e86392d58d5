"""Five puzzles of routing: what each queue wants, by a plain rule on the message, a usual first try and a solution.

What a queue wants is said without any binding, so that no topology can be right by its own words.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labs.scenarios.routing.topology import ENTRY, Binding, Exchange, Topology

REGIONS, KINDS, WHAT = ("eu", "us", "asia"), ("order", "payment", "login"), ("created", "failed", "done")
TENANTS, UNKNOWN = ("acme", "birch", "cedar"), "delta"
MESSAGES = 20
TRIES = {"first": "usual first try", "solved": "solved"}
"""How a puzzle's queues are bound, and what that is called."""


@dataclass(frozen=True)
class Event:
    """What the producer publishes: a key of three or four words, and headers that say who it is for."""

    number: int
    key: str
    headers: Mapping[str, str]

    @property
    def words(self) -> list[str]:
        """The key's words: region, kind, what happened, and sometimes a detail."""
        return self.key.split(".")


def events(seed: int) -> list[Event]:
    """The twenty messages of a round: drawn from a seed, the same for every puzzle, each rare case at least twice."""
    draw = random.Random(seed)
    found = []
    for number in range(MESSAGES):
        words = [draw.choice(REGIONS), draw.choice(KINDS), draw.choice(WHAT)]
        if number % 5 == 0:  # four words: what a star too few or too many gets wrong
            words = [words[0], "order", words[2], "late"]
        if number % 7 == 1:  # urgent payments: what tells any from all
            words[1] = "payment"
        tenant = UNKNOWN if number % 6 == 2 else draw.choice(TENANTS)
        urgent = "yes" if number % 7 == 1 else draw.choice(("yes", "no"))
        found.append(Event(number, ".".join(words), {"kind": words[1], "tenant": tenant, "urgent": urgent}))
    return found


@dataclass(frozen=True)
class Puzzle:
    """`wants`: queue -> whether it is to get an event. `first` is what many try first, `solved` what does it."""

    name: str
    title: str
    asks: str
    wants: Mapping[str, Callable[[Event], bool]]
    first: Topology
    solved: Topology
    lesson: str

    def topology(self, how: str) -> Topology:
        """That of a name in TRIES."""
        return self.solved if how == "solved" else self.first


def _topology(kind: str, *bindings: Binding, others: tuple[Exchange, ...] = (), otherwise: str = "") -> Topology:
    """One entry of that type, the queues that the bindings name, and further exchanges."""
    queues = tuple(dict.fromkeys(one.to for one in bindings if not one.to_exchange))
    return Topology((Exchange(ENTRY, kind, otherwise), *others), queues, bindings)


def _urgent(event: Event) -> bool:
    return event.headers["urgent"] == "yes"


def _payment(event: Event) -> bool:
    return event.headers["kind"] == "payment"


WILDCARDS = Puzzle(
    "wildcards", "Wildcards",
    "billing gets every order, from any region and however long its key; europe gets whatever is from there.",
    {"billing": lambda event: event.words[1] == "order", "europe": lambda event: event.words[0] == "eu"},
    _topology("topic", Binding(ENTRY, "billing", "*.order.*"), Binding(ENTRY, "europe", "eu.*.*")),
    _topology("topic", Binding(ENTRY, "billing", "*.order.#"), Binding(ENTRY, "europe", "eu.#")),
    "A star is exactly one word, a hash any number of them.",
)  # fmt: skip
HEADERS = Puzzle(
    "headers", "Headers, any or all",
    "pager gets urgent payments; desk gets whatever is urgent or a payment.",
    {
        "pager": lambda event: _urgent(event) and _payment(event),
        "desk": lambda event: _urgent(event) or _payment(event),
    },
    _topology(
        "headers",
        Binding(ENTRY, "pager", headers={"urgent": "yes", "kind": "payment"}, match="any"),
        Binding(ENTRY, "desk", headers={"urgent": "yes", "kind": "payment"}, match="any"),
    ),
    _topology(
        "headers",
        Binding(ENTRY, "pager", headers={"urgent": "yes", "kind": "payment"}, match="all"),
        Binding(ENTRY, "desk", headers={"urgent": "yes", "kind": "payment"}, match="any"),
    ),
    "x-match says whether one header is enough.",
)  # fmt: skip
UNROUTABLE = Puzzle(
    "unroutable", "Catch what nobody wants",
    "billing gets orders; what no queue wants lies in found, so that somebody can look at it.",
    {"billing": lambda event: event.words[1] == "order", "found": lambda event: event.words[1] != "order"},
    Topology((Exchange(ENTRY, "topic"),), ("billing", "found"), (Binding(ENTRY, "billing", "*.order.#"),)),
    _topology(
        "topic",
        Binding(ENTRY, "billing", "*.order.#"), Binding("rest", "found"),
        others=(Exchange("rest", "fanout"),), otherwise="rest",
    ),
    "An alternate exchange gets what no binding took. Without one it is dropped, and who did not ask is not told.",
)  # fmt: skip
AUDIT = Puzzle(
    "audit", "An audit copy of everything",
    "billing gets orders; audit gets a copy of every message, once, whatever billing's bindings become.",
    {"billing": lambda event: event.words[1] == "order", "audit": lambda _event: True},
    _topology(
        "topic",
        Binding(ENTRY, "orders", "*.order.#", to_exchange=True),
        Binding("orders", "billing"), Binding("orders", "audit"),
        others=(Exchange("orders", "fanout"),),
    ),
    _topology(
        "fanout",
        Binding(ENTRY, "audit"), Binding(ENTRY, "routes", to_exchange=True), Binding("routes", "billing", "*.order.#"),
        others=(Exchange("routes", "topic"),),
    ),
    "Copy first, choose later: the entry is a fanout, and the routes are an exchange bound to it.",
)  # fmt: skip
TENANT = Puzzle(
    "tenants", "A queue a tenant",
    "each of three tenants gets its own messages and no other's; those of a tenant without a queue lie in unknown.",
    {
        **{name: lambda event, name=name: event.headers["tenant"] == name for name in TENANTS},  # type: ignore[misc]
        "unknown": lambda event: event.headers["tenant"] not in TENANTS,
    },
    _topology("fanout", *(Binding(ENTRY, name) for name in (*TENANTS, "unknown"))),
    _topology(
        "headers",
        *(Binding(ENTRY, name, headers={"tenant": name}) for name in TENANTS), Binding("rest", "unknown"),
        others=(Exchange("rest", "fanout"),), otherwise="rest",
    ),
    "A fanout hands every tenant the others' messages, and each consumer would have to throw them away.",
)  # fmt: skip
PUZZLES = {one.name: one for one in (WILDCARDS, HEADERS, UNROUTABLE, AUDIT, TENANT)}


@dataclass(frozen=True)
class Outcome:
    """What became of the messages of a round: pairs of event and queue."""

    wanted: int
    missing: tuple[tuple[int, str], ...]
    """Wanted by a queue and not delivered to it."""
    stray: tuple[tuple[int, str], ...]
    """Delivered to a queue that did not want it."""
    doubled: tuple[tuple[int, str], ...]
    """Delivered to the same queue more than once."""
    nowhere: tuple[int, ...]
    """In no queue at all."""

    @property
    def solved(self) -> bool:
        """Every queue has exactly what it wants."""
        return not (self.missing or self.stray or self.doubled)


def judge(puzzle: Puzzle, sent: list[Event], arrived: Mapping[str, list[int]]) -> Outcome:
    """Deliveries (queue -> numbers of events, in order) against what the puzzle's queues want."""
    wanted = {(one.number, queue) for queue, test in puzzle.wants.items() for one in sent if test(one)}
    pairs = [(number, queue) for queue, numbers in arrived.items() for number in numbers]
    got = set(pairs)
    return Outcome(
        len(wanted),
        tuple(sorted(wanted - got)),
        tuple(sorted(got - wanted)),
        tuple(sorted({pair for pair in got if pairs.count(pair) > 1})),
        tuple(one.number for one in sent if one.number not in {number for number, _ in got}),
    )
