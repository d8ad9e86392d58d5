"""The rules of C07 and C09 (claims.csv) for who-is-waiting; judged round by round."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rules import Said, Undecided, each, passes, points, rounds, rule
from labs.model.carriers import CONFIRMS
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, NBSP, capital, enumerated, in_words, ms_text

WAITING = ("http-new", "http-kept", "grpc")
"""The carriers whose caller waits for the reply."""
USUAL_MS = 20
NEAR = Bound("holds", "one caller's distance from 1/(service time + round trip)", "at most", 15, "%")
MANY = Bound("holds with conditions", "the share of that which each of several callers gets", "at least", 0.7)
FLAT = Bound("holds", "what each ms of service time adds to a call", "below", 0.05, "ms")


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
        raise Undecided(f"One caller at service times of 0 and {USUAL_MS} ms was not measured by HTTP or gRPC.")
    text = f"One caller gets {_percent(list(alone.values()))} of 1/(service time + round trip)."
    if not all(passes(found, lambda share: NEAR(abs(share - 1) * 100), text) for found in alone.values()):
        raise Undecided(text)
    together = {one.settings["callers"] for name in WAITING for one in points(digests, carrier=name)} - {1}
    counts = [number for number in sorted(together) if all(shares(digests, name, number) for name in alone)]
    if not counts:
        raise Undecided(f"Several callers at once were not measured. {text}")
    many = [shares(digests, name, counts[0]) for name in alone]
    text += f" {capital(in_words(counts[0]))} callers at once get {_percent(many)} of {counts[0]} times that."
    sides = [passes(found, MANY, text) for found in many]
    if all(sides):
        return "holds with conditions", f"{text} So each caller waits, and the process need not."
    if None in sides or any(sides):
        raise Undecided(text)
    return "holds", text


def _percent(found: Sequence[Sequence[float]]) -> str:
    return f"{statistics.median(share for one in found for share in one) * 100:.0f}{NBSP}%"


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
        raise Undecided(f"{'; '.join(map(capital, lacking))}: not measured at two service times.")
    steepest = max(value for slope in found.values() for value in slope)
    added = "even 0.001" if steepest < 0.001 else f"more than {steepest:.3f}"
    text = f"Of {len(found)} ways to publish, none blocks its caller for {added}{NBSP}ms longer"
    text += " for each ms of service time."
    if not all(passes(slope, FLAT, text) for slope in found.values()):
        raise Undecided(f"Not every way to publish stays flat in enough rounds. {text}")
    told = enumerated([f"{_confirmed(digests, broker)} with {BROKER_NAMES[broker]}" for broker in BROKERS])
    text = f"A slow service does not slow the publisher. {text}"
    text += f" A call waits only for its confirmation, at the median over all service times {told}."
    waits = [passes(_waits_ms(digests, broker), lambda ms: ms > 0, text) for broker in BROKERS]
    return ("holds with conditions" if all(waits) else "holds"), text


def _waits_ms(digests: Sequence[Digest], broker: str) -> list[float]:
    """Round by round the shortest median time, over the service times, that a caller waits for a confirmation of each
    message."""
    found = [each(one, "blocked_ms", "p50") for one in points(digests, way=f"{broker}/each", callers=1)]
    return [min(values) for values in rounds(*found)]


def _confirmed(digests: Sequence[Digest], broker: str) -> str:
    found = [each(one, "blocked_ms", "p50") for one in points(digests, way=f"{broker}/each", callers=1)]
    return ms_text(statistics.median(value for values in found for value in values))


RULES = (c07, c09)
