"""The rules of C07 and C09 (claims.csv) for who-is-waiting; judged round by round."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rules import Said, Undecided, each, passes, points, rounds, rule
from labs.model.carriers import CONFIRMS
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, NBSP, ms_text, span

WAITING = ("http-new", "http-kept", "grpc")
"""The carriers whose caller waits for the reply."""
USUAL_MS = 20
NEAR = Bound("holds", "one caller's distance from 1/(service time + round trip)", "at most", 15, "%")
MANY = Bound("holds with conditions", "the share that several callers get of so many times that", "at least", 0.7)
FLAT = Bound("holds", "more time blocked for each ms of service time, ms,", "below", 0.05)


def shares(digests: Sequence[Digest], carrier: str, callers: int) -> list[float]:
    """Round by round the rate as a share of callers times 1/(service time + round trip); the round trip is the same
    round's median call at service time 0. Empty where one is missing or our callers were the limit."""
    free = points(digests, carrier=carrier, callers=1, service_ms=0)
    busy = points(digests, carrier=carrier, callers=callers, service_ms=USUAL_MS)
    if not free or not busy or busy[0].median["client_bound"]:
        return []
    found = rounds(each(free[0], "blocked_ms", "p50"), each(busy[0], "per_s"))
    return [rate * (USUAL_MS + round_trip_ms) / 1000 / callers for round_trip_ms, rate in found]


@rule("C07", of_part=("holds with conditions",), bounds=(NEAR, MANY))
def c07(digests: Sequence[Digest]) -> Said:
    """Whether a caller waits for each reply, and whether the callers wait for each other."""
    alone = {name: found for name in WAITING if (found := shares(digests, name, 1))}
    if not alone:
        raise Undecided(f"Not measured: one caller at service times of 0 and {USUAL_MS} ms, by HTTP or gRPC.")
    text = f"One caller gets {_percent(list(alone.values()))} of 1/(service time + round trip)"
    if not all(passes(found, lambda share: NEAR(abs(share - 1) * 100), f"{text}.") for found in alone.values()):
        raise Undecided(f"{text}.")
    together = {one.settings["callers"] for name in WAITING for one in points(digests, carrier=name)} - {1}
    counts = [number for number in sorted(together) if all(shares(digests, name, number) for name in alone)]
    if not counts:
        raise Undecided(f"{text}. Several callers at once were not measured.")
    many = [shares(digests, name, counts[0]) for name in alone]
    text += f"; {counts[0]} callers at once get {_percent(many)} of {counts[0]} times that."
    sides = [passes(found, MANY, text) for found in many]
    if all(sides):
        return "holds with conditions", f"{text} So each caller waits, and the process need not."
    if None in sides or any(sides):
        raise Undecided(text)
    return "holds", text


def _percent(found: Sequence[Sequence[float]]) -> str:
    return span((share for one in found for share in one), lambda share: f"{share * 100:.0f}") + f"{NBSP}%"


def slopes(digests: Sequence[Digest], way: str) -> list[float]:
    """ms blocked more for each ms that the service takes longer, by least squares, a value a round; one caller."""
    found = points(digests, way=way, callers=1)
    at = [float(one.settings["service_ms"]) for one in found]
    if len(set(at)) < 2:
        return []
    table = rounds(*(each(one, "blocked_ms", "p50") for one in found))
    return [statistics.linear_regression(at, values).slope for values in table]


@rule("C09", of_part=("holds with conditions", "holds"), bounds=(FLAT,))
def c09(digests: Sequence[Digest]) -> Said:
    """Nobody who publishes waits for the service; what a confirmation costs is the condition."""
    found = {f"{broker}/{how}": slopes(digests, f"{broker}/{how}") for broker in BROKERS for how in CONFIRMS}
    if lacking := [way.replace("/", ", ") for way, slope in found.items() if not slope]:
        raise Undecided(f"Not measured at two service times: {'; '.join(lacking)}.")
    steepest = max(value for slope in found.values() for value in slope)
    text = f"The steepest of {len(found)} ways to publish adds {steepest:.3f} ms for each ms of service time."
    if not all(passes(slope, FLAT, text) for slope in found.values()):
        raise Undecided(text)
    told = ", ".join(f"{BROKER_NAMES[broker]} {_confirmed(digests, broker)}" for broker in BROKERS)
    text += f" Nobody waits for the service; for a confirmation a call waits: {told} (medians, from one service time to"
    text += " another and round by round)."
    waits = [passes(_waits_ms(digests, broker), lambda ms: ms > 0, text) for broker in BROKERS]
    return ("holds with conditions" if all(waits) else "holds"), text


def _waits_ms(digests: Sequence[Digest], broker: str) -> list[float]:
    """Round by round the shortest median time, over the service times, that a caller waits for a confirmation of each
    message."""
    found = [each(one, "blocked_ms", "p50") for one in points(digests, way=f"{broker}/each", callers=1)]
    return [min(values) for values in rounds(*found)]


def _confirmed(digests: Sequence[Digest], broker: str) -> str:
    found = [each(one, "blocked_ms", "p50") for one in points(digests, way=f"{broker}/each", callers=1)]
    return span((value for values in found for value in values), ms_text)


RULES = (c07, c09)
