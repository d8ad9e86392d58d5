"""The verdict rules of C07 and C09 (claims.csv), from the digests of who-is-waiting; judged repeat by repeat.

Repeats on both sides of a threshold decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.base import Verdict, Word
from labs.experiments.calling import by_settings, straddles
from labs.model.carriers import CONFIRMS
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, ms_text

WAITING = ("http-new", "http-kept", "grpc")
"""The carriers whose caller waits for the reply."""
WITHIN, MANY, FLAT = 0.15, 0.7, 0.05
USUAL_MS = 20


def verdicts(digests: Sequence[Digest]) -> list[Verdict]:
    """One verdict a claim; `undecided here` with the reason where a point is missing or the repeats disagree."""
    return [_c07(digests), _c09(digests)]


def alone_per_s(digests: Sequence[Digest], carrier: str, service_ms: float) -> float | None:
    """1/(service time + round trip), calls a second; the round trip is the median call at service time 0."""
    [*free] = by_settings(digests, carrier=carrier, callers=1, service_ms=0)
    round_trip_ms = free[0].median["blocked_ms"]["p50"] if free else None
    return None if round_trip_ms is None else 1000 / (service_ms + round_trip_ms)


def _shares(digests: Sequence[Digest], carrier: str) -> dict[int, list[float]]:
    """Callers -> each repeat's rate as a share of callers times the rate that one caller can have at most."""
    most = alone_per_s(digests, carrier, USUAL_MS)
    points = by_settings(digests, carrier=carrier, service_ms=USUAL_MS) if most else []
    found = {}
    for point in points:
        rates, callers = [r["per_s"] for r in point.repeats], point.settings["callers"]
        if None not in rates and not point.median["client_bound"]:
            found[callers] = [rate / (callers * (most or 1)) for rate in rates]
    return found


def _c07(digests: Sequence[Digest]) -> Verdict:
    shares = {name: found for name in WAITING if 1 in (found := _shares(digests, name))}
    if not shares:
        text = f"Not measured: one caller at service times of 0 and {USUAL_MS} ms, by HTTP or gRPC."
        return Verdict("C07", "undecided here", text)
    alone = [abs(share - 1) <= WITHIN for found in shares.values() for share in found[1]]
    text = f"One caller gets {_span([s for f in shares.values() for s in f[1]])} of 1/(service time + round trip)"
    if straddles(alone) or not alone[0]:
        return Verdict("C07", "undecided here", f"{text}; the rule asks for 85 % to 115 % in every repeat.")
    together = {callers: found[callers] for found in shares.values() for callers in found if callers > 1}
    if not together:
        return Verdict("C07", "undecided here", f"{text}. Several callers at once were not measured.")
    callers = min(together)
    many = [share for found in shares.values() for share in found.get(callers, [])]
    more = f"{text}; {callers} callers at once get {_span(many)} of {callers} times that."
    if straddles([share >= MANY for share in many]):
        return Verdict("C07", "undecided here", f"{more} The rule asks for 70 %, and the repeats lie on both sides.")
    if many[0] < MANY:
        return Verdict("C07", "holds", more)
    return Verdict("C07", "holds with conditions", f"{more} So each caller waits, and the process need not.")


def _span(shares: Sequence[float]) -> str:
    low, high = (f"{share * 100:.0f}" for share in (min(shares), max(shares)))
    return f"{low}\u00a0%" if low == high else f"{low} to {high}\u00a0%"


def slopes(digests: Sequence[Digest], way: str) -> list[float]:
    """ms blocked more for each ms that the service takes longer, by least squares, a value a repeat; one caller."""
    points = by_settings(digests, way=way, callers=1)
    at = [float(point.settings["service_ms"]) for point in points]
    if len(set(at)) < 2:
        return []
    found = []
    for values in zip(*([r["blocked_ms"]["p50"] for r in point.repeats] for point in points), strict=False):
        if None in values:
            return []
        middle_x, middle_y = sum(at) / len(at), sum(values) / len(values)
        rise = sum((x - middle_x) * (y - middle_y) for x, y in zip(at, values, strict=True))
        found.append(rise / sum((x - middle_x) ** 2 for x in at))
    return found


def _c09(digests: Sequence[Digest]) -> Verdict:
    ways = [f"{broker}/{confirm}" for broker in BROKERS for confirm in CONFIRMS]
    found = {way: slope for way in ways if (slope := slopes(digests, way))}
    lacking = [way.replace("/", ", ") for way in ways if way not in found]
    if lacking:
        return Verdict("C09", "undecided here", f"Not measured at two service times: {'; '.join(lacking)}.")
    steepest = max((slope for slope in found.values()), key=max)
    text = f"The steepest of {len(found)} ways to publish adds {max(steepest):.3f} ms for each ms of service time"
    steep = [way.replace("/", ", ") for way, slope in found.items() if any(value >= FLAT for value in slope)]
    if steep:
        return Verdict("C09", "undecided here", f"{text}; the rule asks for less than {FLAT}: {'; '.join(steep)}.")
    waits = [f"{BROKER_NAMES[broker]} {ms_text(_confirmed(digests, broker))}" for broker in BROKERS]
    word: Word = "holds with conditions" if all(_confirmed(digests, broker) for broker in BROKERS) else "holds"
    return Verdict("C09", word, f"{text}. Nobody waits for the service; for a confirmation: {', '.join(waits)} a call.")


def _confirmed(digests: Sequence[Digest], broker: str) -> float | None:
    """The median time that a caller waits for the confirmation of each message, ms."""
    points = by_settings(digests, way=f"{broker}/each", callers=1)
    usual = [point for point in points if point.settings["service_ms"] == USUAL_MS] or points
    value: float | None = usual[0].median["blocked_ms"]["p50"]
    return value
