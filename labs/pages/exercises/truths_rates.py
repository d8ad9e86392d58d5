"""What is right where rates are compared: from which step on a larger one gains nothing, who gained most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from labs.pages.exercises.truths import NEAR, Digests, NoTruth, answer, point
from labs.show.looks.price import BEHIND
from labs.show.looks.tricks import value

GAINED, TOO_NEAR = 1.05, 0.02
"""A larger window is worth it above that ratio, and so near to it nobody can say."""
TENTH = 1.1
"""The same for megabytes a second of larger messages."""


def first_flat(names: Sequence[str], rates: Sequence[float], gained: float) -> str:
    """The first step after which the next one gains less than that; the last if none is. NoTruth where it is chance."""
    for name, now, wider in zip(names, rates, rates[1:], strict=False):
        if abs(wider / now - gained) < TOO_NEAR:
            raise NoTruth(f"The step after {name} gained so nearly {gained - 1:.0%} that it is chance. Run both again.")
        if wider < gained * now:
            return name
    return names[-1]


def clearly_most(figures: Mapping[str, float]) -> str:
    """Whose figure is the largest, and not by chance. Raises NoTruth."""
    first, second = sorted(figures, key=lambda name: figures[name], reverse=True)[:2]
    if figures[first] < NEAR * figures[second]:
        raise NoTruth("In this run the first two were alike. Run both once more.")
    return first


@answer
def one_over_the_wait(digests: Digests) -> float:
    """Persistent messages a second with one under way; the run has to show that they are one over the mean wait."""
    found = point(digests, way="persistent-1")
    per_s, predicted = float(found.median["per_s"]), 1000 / float(found.median["confirm_ms"]["mean"] or 0)
    if not 1 / NEAR < per_s / predicted < NEAR:
        raise NoTruth("In this run the client itself took time between two messages. Run persistent-1 once more.")
    return per_s


@answer
def enough_under_way(digests: Digests) -> str:
    """The smallest window after which ten times as many gain less than a twentieth; the largest if none is."""
    windows = ("1", "10", "100", "1000")
    return first_flat(
        windows, [float(point(digests, way=f"persistent-{window}").median["per_s"]) for window in windows], GAINED
    )


@answer
def why_fewer_bytes(digests: Digests) -> str:
    """By the documents on classic queues; the run has to show that a reader that kept up saved bytes.

    Asked of transient messages: for persistent ones a reader saved no bytes in the book's recording (RabbitMQ 4.3).
    """
    alone, read = (point(digests, way=name).median for name in ("transient-100", "transient-100-read"))
    more, less = (one["disk_bytes_per_message"] for one in (alone, read))
    behind = read["behind"]
    if more is None or less is None or behind is None:
        raise NoTruth("What the broker wrote could not be seen where this ran. Run both on Linux, on this machine.")
    if behind > BEHIND or less * NEAR > more:
        raise NoTruth("In this run the reader did not keep up, or it saved too few bytes to tell. Run both once more.")
    return "acknowledged"


@answer
def enough_bytes(digests: Digests, brokers: Sequence[str], sizes: Sequence[int]) -> dict[str, str]:
    """For each broker the payload after which the next one brings less than a tenth more bytes a second."""
    return {
        broker: first_flat(
            [str(size) for size in sizes],
            [size * float(point(digests, way=f"{broker}-{size}").median["per_s"]) for size in sizes],
            TENTH,
        )
        for broker in brokers
    }


@answer
def smallest_that_carries(digests: Digests, ways: Sequence[str], per_s: float) -> str:
    """The first of these ways that carries so much. NoTruth where one is too near to it."""
    rates = {way: float(point(digests, way=way).median["per_s"]) for way in ways}
    if any(1 / NEAR < rate / per_s < NEAR for rate in rates.values()):
        raise NoTruth(f"In this run one of them carried so nearly {per_s:,.0f} that it is chance. Run it once more.")
    found = next((way for way, rate in rates.items() if rate > per_s), None)
    if found is None:
        raise NoTruth(f"In this run none of them carried {per_s:,.0f} a second.")
    return found


@answer
def largest_gain(digests: Digests, winner: str, tricks: Sequence[str]) -> str:
    """The trick that multiplies a broker's own figure most."""
    gains = {}
    for trick in tricks:
        found = point(digests, trick=trick, winner=winner)
        told, fair = (value(found, chart, winner) for chart in ("told", "fair"))
        if told is None or not fair:
            raise NoTruth(f"{found.settings['label']}: one figure is not known in this run. Run it again.")
        gains[trick] = told / fair
    return clearly_most(gains)


@answer
def largest_growth(digests: Digests, step: str, rungs: Sequence[int], rate_per_s: int) -> str:
    """The broker whose latency grows by the largest factor from one rung to another, at 100 bytes.

    Where more than half of the smaller figure is our own harness the factor is at least what the division gives; then
    the broker has to lead by that. NoTruth where it does not.
    """
    low, high = {}, {}
    for broker in ("redis", "rabbitmq", "kafka"):
        usual = {"broker": broker, "rate_per_s": rate_per_s, "body_bytes": 100}
        weak, strong = (point(digests, rung=rung, **usual) for rung in rungs)
        found = (strong.number("latency_ms", step) or 0) / (weak.number("latency_ms", step) or 0)
        low[broker] = 0.0 if strong.at_most(step) else found
        high[broker] = math.inf if weak.at_most(step) else found
    for broker in low:
        if all(low[broker] >= NEAR * high[other] for other in high if other != broker):
            return broker
    raise NoTruth("In this run no broker's factor is the largest beyond doubt. Run the two rungs once more.")
