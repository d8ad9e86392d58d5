"""The verdict rules of C48, C58 and C62 (claims.csv) applied to the latency ladder's digests.

Each rule looks at 1,000 messages a second, 100 B, and at rung 2, the only rung at which all
three brokers acknowledge with their clients' default settings.

The broker's own p99 lies between two figures: the latency from the due time, and the same less
the producer's own lateness. Every repeat is judged by itself and at both ends; if they do not
all agree, the word is `undecided here`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labs.experiments.base import Verdict, Word
from labs.model.digest import Digest
from labs.model.text import enumerated

RATE_PER_S, BODY_BYTES, RUNG = 1000, 100, 2
C48_LOW_MS, C48_HIGH_MS = 10.0, 50.0
C58_MARGIN = 0.20


def verdicts(digests: Sequence[Digest]) -> list[Verdict]:
    """One verdict a claim; `undecided here` with the reason where a point is missing or says nothing."""
    points = {broker: _point(digests, broker) for broker in ("redis", "rabbitmq", "kafka")}
    lowest = _redis_lowest(points)
    return [_c48(points["kafka"]), Verdict("C58", *lowest), _c62(*lowest)]


def _point(digests: Sequence[Digest], broker: str) -> Digest | None:
    wanted = {"broker": broker, "rate_per_s": RATE_PER_S, "body_bytes": BODY_BYTES, "rung": RUNG}
    return next((d for d in digests if wanted.items() <= d.settings.items()), None)


def _useless(point: Digest | None, label: str) -> str:
    """Why a point cannot carry a verdict; empty if it can."""
    if point is None:
        return f"{label} was not measured at {RATE_PER_S:,} messages/s and rung {RUNG}."
    if busy := [repeat for repeat in point.repeats if repeat["saturated"]]:
        return f"The {label} point is client-bound: {busy[0]['why']}."
    if any(None in between for between in _p99s(point)):
        return f"The {label} point has too few messages for a p99."
    return ""


def _p99s(point: Digest) -> list[tuple[float, float]]:
    """A repeat's p99, ms: without the producer's own lateness, and with it."""
    return [(repeat["service_ms"]["p99"], repeat["latency_ms"]["p99"]) for repeat in point.repeats]


def _ends(p99s: Sequence[tuple[float, float]]) -> list[float]:
    return [end for between in p99s for end in between]


def _agreed(values: Sequence[float], word_of: Callable[[float], Word]) -> Word:
    words = {word_of(value) for value in values}
    return words.pop() if len(words) == 1 else "undecided here"


def _c48(kafka: Digest | None) -> Verdict:
    if kafka is None or _useless(kafka, "Kafka"):
        return Verdict("C48", "undecided here", _useless(kafka, "Kafka"))

    def word(p99_ms: float) -> Word:
        if p99_ms <= C48_LOW_MS:
            return "holds"
        return "no longer holds" if p99_ms > C48_HIGH_MS else "undecided here"

    text = f"Kafka's p99 with its client's defaults at {RATE_PER_S:,} messages/s was {_range(_p99s(kafka))}; "
    text += f"the claim holds up to {C48_LOW_MS:g} ms and no longer holds above {C48_HIGH_MS:g} ms."
    return Verdict("C48", _agreed(_ends(_p99s(kafka)), word), text)


def _range(p99s: Sequence[tuple[float, float]]) -> str:
    whole = [response for _, response in p99s]
    least = f"{min(service for service, _ in p99s):.2f} ms without the producer's own lateness"
    if len(whole) == 1:
        return f"{whole[0]:.2f} ms in one run, {least}"
    return f"{min(whole):.2f} to {max(whole):.2f} ms in {len(whole)} repeats, at the least {least}"


def _redis_lowest(points: dict[str, Digest | None]) -> tuple[Word, str]:
    """Whether Redis has the lowest p99 of the three by C58_MARGIN, round by round."""
    labels = {"redis": "Redis", "rabbitmq": "RabbitMQ", "kafka": "Kafka"}
    known = {broker: point for broker, point in points.items() if point is not None}
    if missing := [labels[broker] for broker in labels if broker not in known]:
        were = "were" if len(missing) > 1 else "was"
        return (
            "undecided here",
            f"{enumerated(missing)} {were} not measured at {RATE_PER_S:,} messages/s and rung {RUNG}.",
        )
    reasons = [_useless(points[broker], labels[broker]) for broker in points]
    if any(reasons):
        return "undecided here", " ".join(filter(None, reasons))
    rounds = zip(*(_p99s(known[broker]) for broker in labels), strict=False)
    ratios = [ratio for redis, *others in rounds for ratio in _ratios(redis, others)]

    def word(ratio: float) -> Word:
        if ratio <= 1 - C58_MARGIN:
            return "holds"
        return "holds with conditions" if ratio <= 1 + C58_MARGIN else "never held"

    text = f"Redis's p99 was {min(ratios):.2f} to {max(ratios):.2f} times the lower of the other two, "
    text += f"round by round at {RATE_PER_S:,} messages/s; the claim holds at {1 - C58_MARGIN:.2f} or less."
    return _agreed(ratios, word), text


def _ratios(redis: tuple[float, float], others: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The least and the largest ratio of Redis's p99 to the lower of the others' that the ends allow."""
    return redis[0] / min(whole for _, whole in others), redis[1] / min(without for without, _ in others)


def _c62(word: Word, text: str) -> Verdict:
    """C62 wants the lowest p99 and the lowest stale share: this lab has measured the first half only."""
    half = f"Only the latency half is tested so far, and for that the word is '{word}'. {text}"
    return Verdict("C62", "undecided here", f"{half} The stale share belongs to lab L7.1, which does not exist yet.")
