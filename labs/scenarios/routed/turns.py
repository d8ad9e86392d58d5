"""Two ways in turns, ABBA, over connections that stay open: what the machine does else hits both alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping

from labs.model.endpoint import BrokerError
from labs.scenarios.bench.base import Figure, Result, Setting, VoidError
from labs.scenarios.bench.guard import limit, turn

PAIRS = 6
"""Turns of each way that count, after one that does not."""
LEAST = 2000
"""Messages of a turn at least."""
PLAIN, ROUTED = "direct", "routed"
Go = Callable[[int], float]
"""So many messages by one of the ways -> messages a second."""


def share(here: Setting, messages: int) -> int:
    """Messages of one turn, where a round has so many."""
    return max(here.count(messages) // (2 * PAIRS), LEAST)


def in_turns(here: Setting, ways: Mapping[str, Go], each: int, said: str) -> Figure:
    """The median rate of `ROUTED`; `more` has that of `PLAIN` and the median of the ratios, turn by turn."""
    found: dict[str, list[float]] = {PLAIN: [], ROUTED: []}
    for name in found:
        ways[name](LEAST)
    with turn(here.endpoint) as took:
        for number in range(PAIRS):
            here.observer.check("between two turns")
            for name in (PLAIN, ROUTED) if number % 2 == 0 else (ROUTED, PLAIN):
                found[name].append(ways[name](each))
    if took.void:
        raise VoidError(f"{said}: {took.void}: the round is void. Run it again.")
    ratios = [routed / plain for plain, routed in zip(found[PLAIN], found[ROUTED], strict=True)]
    why, stamp = limit(here.endpoint.broker, took)
    figures = {"direct_per_s": statistics.median(found[PLAIN]), "wasted": 0.0}
    told: Result = {"ratio": statistics.median(ratios), "figures": figures}
    rate = statistics.median(found[ROUTED])
    return Figure(rate, took.took_s, took.cores, why, took.foreign, said, stamp, told, took.threads)


def all_there(came: int, wanted: int, what: str) -> None:
    """BrokerError where not all came: a rate with losses is none."""
    if came < wanted:
        raise BrokerError(f"{what}: {came:,} of {wanted:,} messages came: the round is void")
