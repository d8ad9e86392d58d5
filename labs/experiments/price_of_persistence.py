"""L4.2: the price of persistence. RabbitMQ's queue, transient and persistent, by how many may wait for an answer.

With a reader that keeps up as well: what is acknowledged before it was written need not be written.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rate_figures import ours, rates
from labs.experiments.rate_lab import Way, fewer, on_line, rate_lab, way
from labs.experiments.rules import Said, Undecided, by, flush_told, passes, rounds, rule
from labs.model.digest import Digest
from labs.model.text import pace
from labs.model.workload import Ceiling
from labs.show.looks import PRICE_LOOK
from labs.show.short.rates import price_of_persistence

WINDOWS = (1, 10, 100, 1000)
KINDS = {
    "transient": ("transient", "rabbitmq-transient-confirms"),
    "persistent": ("persistent", "rabbitmq-confirms"),
    "quorum": ("quorum queue", "rabbitmq-quorum"),
}
MESSAGES = {1: 1500, 10: 8000, 100: 40_000, 1000: 60_000}
READ_AT = (1, 100)
"""The windows at which a reader keeps up as well."""
WIDE = 100


def _ways() -> Iterator[Way]:
    for kind, (label, using) in KINDS.items():
        for window in WINDOWS:
            yield on_line(label, window, way(f"{kind}-{window}", _said(label, window), using, "fast", _load(window)))
        for window in READ_AT:
            name, said = f"{kind}-{window}-read", f"{_said(label, window)}, with a reader"
            one = way(name, said, using, "fast", _load(window), "both")
            yield on_line(f"{label}, with a reader", window, one)


def _load(window: int) -> Ceiling:
    return Ceiling(messages=MESSAGES[window], window=window, batch=max(window // 5, 1))


def _said(label: str, window: int) -> str:
    return f"{label}, {'one by one' if window == 1 else f'{window:,} without an answer'}"


DEAR = Bound("holds", "the slowdown of persistent messages at windows of 100 or more", "at least", 2)
SOME = Bound("holds with conditions", "that at smaller windows only, or of quorum queues only,", "at least", 2)
CHEAP = Bound("no longer holds", "the slowdown everywhere", "below", 1.25)


def slowdown(found: Mapping[str, Digest], kind: str, window: int) -> list[float]:
    """Round by round the transient rate over that of `kind` at the same window; empty where one is missing or our
    client was the limit."""
    pair = [found.get(f"{name}-{window}") for name in ("transient", kind)]
    known = [one for one in pair if one and not ours(one)]
    if len(known) < 2:
        return []
    return [transient / slow for transient, slow in rounds(*map(rates, known)) if slow]


@rule("C43", of_part=("holds with conditions",), bounds=(DEAR, SOME, CHEAP))
def c43(digests: Sequence[Digest]) -> Said:
    """How much slower persistent is at each window."""
    found, pairs = by(digests, "way"), [(kind, window) for kind in ("persistent", "quorum") for window in WINDOWS]
    slower = {pair: value for pair in pairs if (value := slowdown(found, *pair))}
    if len(slower) < len(pairs):
        raise Undecided(f"Only {len(slower)} of {len(pairs)} comparisons can be made.")
    middle = {pair: statistics.median(values) for pair, values in slower.items()}
    worst = {kind: max(one for pair, one in middle.items() if pair[0] == kind) for kind in ("persistent", "quorum")}
    text = f"At the worst window persistent messages were {pace(1 / worst['persistent'], 'transient ones')}"
    text += f", and those in a quorum queue {pace(1 / worst['quorum'], 'transient ones')}."
    text += "".join(_at(window, middle) for window in WINDOWS) + flush_told(found["quorum-1"])
    dear = {pair: passes(values, DEAR, text) for pair, values in slower.items()}
    if all(dear["persistent", window] for window in WINDOWS if window >= WIDE):
        return "holds", text
    if any(dear.values()):
        return "holds with conditions", text
    if all(passes(values, CHEAP, text) for values in slower.values()):
        return "no longer holds", text
    raise Undecided(f"That lies between the rule's bounds. {text}")


def _at(window: int, middle: Mapping[tuple[str, int], float]) -> str:
    """One window's two figures, in a sentence."""
    one, other = (pace(1 / middle[kind, window], "transient ones") for kind in ("persistent", "quorum"))
    return f" At a window of {window:,} persistent ones were {one}, a quorum queue's {other}."


WAYS = tuple(_ways())
LAB = rate_lab(
    "price-of-persistence",
    number="L4.2",
    title="The price of persistence",
    question="What does it cost RabbitMQ to write a message down, and does it depend on how you wait?",
    short=price_of_persistence,
    claims=("C43",),
    ways=fewer(WAYS, *(one.name for one in WAYS if one.read)),
    default="persistent-100",
    axis="messages without an answer",
    rules=(c43,),
    look=PRICE_LOOK,
)
