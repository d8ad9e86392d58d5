"""The rules of C48, C58 and C62 (claims.csv) for the latency ladder.

Each looks at 1,000 messages a second, 100 B, and at rung 2, the only rung at which all three brokers acknowledge with
their clients' default settings.

The broker's own p99 lies between two figures: the latency from the due time, and the same less the producer's own
lateness. Every repeat is judged by itself and at both ends, and all have to agree.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments.rules import WORDS, Said, Undecided, Word, agreed, every, rule
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.text import BROKER_NAMES, span

RATE_PER_S, BODY_BYTES, RUNG = 1000, 100, 2
C48_LOW_MS, C48_HIGH_MS = 10.0, 50.0
C58_MARGIN = 0.20


def _p99s_ms(digests: Sequence[Digest], *brokers: str) -> list[list[tuple[float, float]]]:
    """A broker's p99 in each repeat: without the producer's own lateness, and with it."""
    where = f" at {RATE_PER_S:,} messages/s and rung {RUNG}"
    found = every(digests, "broker", brokers, where, rate_per_s=RATE_PER_S, body_bytes=BODY_BYTES, rung=RUNG)
    if reasons := [why for broker, one in found.items() if (why := _useless(one, BROKER_NAMES[broker]))]:
        raise Undecided(" ".join(reasons))
    return [_both_ends(one) for one in found.values()]


def _both_ends(point: Digest) -> list[tuple[float, float]]:
    """Those of the repeats that have one."""
    return list(zip(point.each("service_ms", "p99"), point.each("latency_ms", "p99"), strict=False))


def _useless(point: Digest, label: str) -> str:
    """Why a point cannot carry a verdict; empty if it can."""
    if busy := [repeat for repeat in point.repeats if repeat["saturated"]]:
        return f"The {label} point is client-bound: {busy[0]['why']}."
    few = len(_both_ends(point)) < len(point.repeats)
    return f"The {label} point has too few messages for a p99." if few else ""


@rule("C48", of_part=WORDS)
def c48(digests: Sequence[Digest]) -> Said:
    """Whether Kafka is as slow as the claim says."""
    [p99s] = _p99s_ms(digests, "kafka")

    def word(p99_ms: float) -> Word | None:
        return "holds" if p99_ms <= C48_LOW_MS else "no longer holds" if p99_ms > C48_HIGH_MS else None

    text = f"Kafka's p99 with its client's defaults at {RATE_PER_S:,} messages/s was {_range(p99s)}; "
    text += f"the claim holds up to {C48_LOW_MS:g} ms and no longer holds above {C48_HIGH_MS:g} ms."
    return agreed([end for ends in p99s for end in ends], word, text), text


def _range(p99s: Sequence[tuple[float, float]]) -> str:
    runs = "one run, " if len(p99s) == 1 else f"{len(p99s)} repeats, at the least "
    whole = span((response for _, response in p99s), "{:.2f}".format)
    return f"{whole} ms in {runs}{min(service for service, _ in p99s):.2f} ms without the producer's own lateness"


@rule("C58", of_part=WORDS)
def c58(digests: Sequence[Digest]) -> Said:
    """Whether Redis has the lowest p99 of the three by C58_MARGIN, round by round."""
    rounds = zip(*_p99s_ms(digests, *BROKERS), strict=False)
    ratios = [ratio for redis, *others in rounds for ratio in _ratios(redis, others)]

    def word(ratio: float) -> Word:
        if ratio <= 1 - C58_MARGIN:
            return "holds"
        return "holds with conditions" if ratio <= 1 + C58_MARGIN else "never held"

    text = f"Redis's p99 was {span(ratios, '{:.2f}'.format)} times the lower of the other two, "
    text += f"round by round at {RATE_PER_S:,} messages/s; the claim holds at {1 - C58_MARGIN:.2f} or less."
    return agreed(ratios, word, text), text


def _ratios(redis: tuple[float, float], others: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The least and the largest ratio of Redis's p99 to the lower of the others' that the ends allow."""
    return redis[0] / min(whole for _, whole in others), redis[1] / min(without for without, _ in others)


@rule("C62")
def c62(digests: Sequence[Digest]) -> Said:
    """It wants the lowest p99 and the lowest stale share: this lab has measured the first half only."""
    lowest = c58(digests)
    half = f"Only the latency half is tested so far, and for that the word is '{lowest.word}'. {lowest.text}"
    raise Undecided(f"{half} The stale share belongs to lab L7.1, which does not exist yet.")


RULES = (c48, c58, c62)
