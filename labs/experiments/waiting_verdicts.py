"""The rules of C07 and C09 (claims.csv) for who-is-waiting; judged repeat by repeat."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.experiments.rules import WORDS, Said, Undecided, agreed, points, rule
from labs.model.carriers import CONFIRMS
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, NBSP, ms_text, span

WAITING = ("http-new", "http-kept", "grpc")
"""The carriers whose caller waits for the reply."""
WITHIN, MANY, FLAT = 0.15, 0.7, 0.05
USUAL_MS = 20


def alone_per_s(digests: Sequence[Digest], carrier: str, service_ms: float) -> float | None:
    """1/(service time + round trip), calls a second; the round trip is the median call at service time 0."""
    free = points(digests, carrier=carrier, callers=1, service_ms=0)
    round_trip_ms = free[0].median["blocked_ms"]["p50"] if free else None
    return None if round_trip_ms is None else 1000 / (service_ms + round_trip_ms)


def _shares(digests: Sequence[Digest], carrier: str) -> dict[int, list[float]]:
    """Callers -> each repeat's rate as a share of callers times the rate that one caller can have at most."""
    most, found = alone_per_s(digests, carrier, USUAL_MS), {}
    for point in points(digests, carrier=carrier, service_ms=USUAL_MS) if most else []:
        rates, callers = point.each("per_s"), point.settings["callers"]
        if len(rates) == len(point.repeats) and not point.median["client_bound"]:
            found[callers] = [rate / (callers * (most or 1)) for rate in rates]
    return found


@rule("C07", of_part=("holds with conditions",))
def c07(digests: Sequence[Digest]) -> Said:
    """Whether a caller waits for each reply, and whether the callers wait for each other."""
    shares = [found for name in WAITING if 1 in (found := _shares(digests, name))]
    if not shares:
        raise Undecided(f"Not measured: one caller at service times of 0 and {USUAL_MS} ms, by HTTP or gRPC.")
    alone = [share for found in shares for share in found[1]]
    text = f"One caller gets {_percent(alone)} of 1/(service time + round trip)"
    unlike = f"{text}; the rule asks for 85 % to 115 % in every repeat."
    agreed(alone, lambda share: abs(share - 1) <= WITHIN or None, unlike)
    together = {callers for found in shares for callers in found if callers > 1}
    if not together:
        raise Undecided(f"{text}. Several callers at once were not measured.")
    callers = min(together)
    many = [share for found in shares for share in found.get(callers, [])]
    text += f"; {callers} callers at once get {_percent(many)} of {callers} times that."
    both_sides = f"{text} The rule asks for 70 %, and the repeats lie on both sides."
    if agreed(many, lambda share: share >= MANY, both_sides):
        return "holds with conditions", f"{text} So each caller waits, and the process need not."
    return "holds", text


def _percent(shares: Sequence[float]) -> str:
    return span(shares, lambda share: f"{share * 100:.0f}") + f"{NBSP}%"


def slopes(digests: Sequence[Digest], way: str) -> list[float]:
    """ms blocked more for each ms that the service takes longer, by least squares, a value a repeat; one caller."""
    found = points(digests, way=way, callers=1)
    at = [float(one.settings["service_ms"]) for one in found]
    rounds = list(zip(*([r["blocked_ms"]["p50"] for r in one.repeats] for one in found), strict=False))
    if len(set(at)) < 2 or any(None in values for values in rounds):
        return []
    return [statistics.linear_regression(at, values).slope for values in rounds]


@rule("C09", of_part=WORDS)
def c09(digests: Sequence[Digest]) -> Said:
    """Nobody who publishes waits for the service; what a confirmation costs is the condition."""
    found = {
        f"{broker}/{confirm}": slopes(digests, f"{broker}/{confirm}") for broker in BROKERS for confirm in CONFIRMS
    }
    if lacking := [way.replace("/", ", ") for way, slope in found.items() if not slope]:
        raise Undecided(f"Not measured at two service times: {'; '.join(lacking)}.")
    steepest = max(value for slope in found.values() for value in slope)
    text = f"The steepest of {len(found)} ways to publish adds {steepest:.3f} ms for each ms of service time"
    if steep := [way.replace("/", ", ") for way, slope in found.items() if max(slope) >= FLAT]:
        raise Undecided(f"{text}; the rule asks for less than {FLAT}: {'; '.join(steep)}.")
    waits_ms = {broker: _confirmed_ms(digests, broker) for broker in BROKERS}
    told = ", ".join(f"{BROKER_NAMES[broker]} {ms_text(ms)}" for broker, ms in waits_ms.items())
    text += f". Nobody waits for the service; for a confirmation: {told} a call."
    return ("holds with conditions" if all(waits_ms.values()) else "holds"), text


def _confirmed_ms(digests: Sequence[Digest], broker: str) -> float | None:
    """The median time that a caller waits for the confirmation of each message."""
    found = points(digests, way=f"{broker}/each", callers=1)
    usual = points(found, service_ms=USUAL_MS) or found
    value: float | None = usual[0].median["blocked_ms"]["p50"]
    return value


RULES = (c07, c09)
