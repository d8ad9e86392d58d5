"""The rules of C48 and C58 (claims.csv) for the latency ladder.

Each looks at 1,000 messages a second, 100 B, and at rung 2, the only rung at which all three brokers acknowledge with
their clients' default settings.

The broker's own p99 lies between two figures: the latency from the due time, and the same less the producer's own
lateness. Every repeat is judged by itself and at both ends.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from labs.experiments.bounds import Bound
from labs.experiments.rules import Said, Undecided, Word, every, passes, point, points, rounds, rule
from labs.judge.lift import apart
from labs.model.digest import Digest, mostly_floor
from labs.model.profile import BROKERS, RUNGS
from labs.model.text import BROKER_NAMES, NBSP, capital, enumerated, in_words, ms_span, ms_text, span

Ends = tuple[float, float]
"""A p99 in ms: without the producer's own lateness, and with it."""
RATE_PER_S, BODY_BYTES, RUNG = 1000, 100, 2
USUAL, JAVA = "kafka-acks-all", "kafka-linger"
"""Kafka's profiles: with the linger of kafka-python's default, and with that of the Java client's."""
LOW = Bound("holds", "the p99 with a client's default linger", "at most", 10, "ms")
HIGH = Bound("no longer holds", "the p99 with either linger", "above", 50, "ms")
LOWER = Bound("holds with conditions", "the part by which Redis's p99 is below both others", "at least", 20, "%")


def p99s_ms(one: Digest, label: str) -> list[Ends]:
    """Those of every repeat; infinite where a message never came. Undecided where the point cannot carry a verdict."""
    if busy := [repeat for repeat in one.repeats if repeat["saturated"]]:
        raise Undecided(f"Our own client was the limit at the {label} point. {capital(apart(busy[0]['why'])[0])}.")
    found = [(_end(repeat["service_ms"]["p99"]), _end(repeat["latency_ms"]["p99"])) for repeat in one.repeats]
    if not found or any(math.isnan(end) for ends in found for end in ends):
        raise Undecided(f"The {label} point has too few messages for a p99.")
    return found


def _end(ms: float | None) -> float:
    return math.nan if ms is None else float(ms)


def _at(digests: Sequence[Digest]) -> list[Digest]:
    """Those of the rule, with arrivals at random; before one could choose, all came at even distances."""
    found = points(digests, rate_per_s=RATE_PER_S, body_bytes=BODY_BYTES, rung=RUNG)
    return [one for one in found if one.settings.get("arrivals", "poisson") == "poisson"]


@rule("C48", of_part=("holds with conditions", "holds", "no longer holds"), bounds=(LOW, HIGH))
def c48(digests: Sequence[Digest]) -> Said:
    """Whether Kafka is as slow as the claim says, with either default linger."""
    where = f"Kafka at {RATE_PER_S:,}/s with a promise that survives {RUNGS[RUNG]}"
    usual = p99s_ms(point(_at(digests), where, profile=USUAL), "Kafka")
    at = f"At {RATE_PER_S:,} messages a second Kafka's p99 was"
    text = f"{at} {_middle(usual)} with the linger of kafka-python.{_range('It', usual)}"
    java = points(_at(digests), profile=JAVA)
    if not java:
        raise Undecided(f"The linger of the Java client was not recorded. {text}")
    other = p99s_ms(java[0], "Kafka with the Java client's linger")
    text += f" With the Java client's linger it was {_middle(other)}.{_range('It', other)}"
    words = [_quick(found, text) for found in (usual, other)]
    if "holds" in words:
        return ("holds" if words[0] == words[1] else "holds with conditions"), text
    if words[0] == words[1] == "no longer holds":
        return "no longer holds", text
    raise Undecided(text)


def _quick(found: Sequence[Ends], text: str) -> Word | None:
    """The word of one linger, at both ends of each repeat; None where the repeats lie on both sides, or between."""
    if passes(found, lambda ends: all(map(LOW, ends)), text):
        return "holds"
    return "no longer holds" if passes(found, lambda ends: all(map(HIGH, ends)), text) else None


def _middle(found: Sequence[Ends]) -> str:
    """The median over the repeats, our sender's lateness in it."""
    return ms_text(statistics.median(with_it for _, with_it in found))


def _range(what: str, found: Sequence[Ends]) -> str:
    """In two sentences how far the repeats lie apart, and the least that they can be."""
    runs = "one repeat" if len(found) == 1 else f"{in_words(len(found))} repeats"
    whole, least = _told([with_it for _, with_it in found]), _told([min(without for without, _ in found)])
    return f" {what} was {whole} in {runs}. Without our sender's own lateness it was {least} at the least."


def _told(ms: Sequence[float]) -> str:
    return f"{span(ms, '{:.2f}'.format)}{NBSP}ms" if all(map(math.isfinite, ms)) else ms_span(ms)


@rule("C58", of_part=("holds with conditions",), bounds=(LOWER,))
def c58(digests: Sequence[Digest]) -> Said:
    """Whether Redis's p99 with our lateness is below that of the others without it by enough, round by round."""
    where = f" at {RATE_PER_S:,}/s with a promise that survives {RUNGS[RUNG]}"
    usual = [one for one in _at(digests) if one.settings["profile"] != JAVA]
    found = every(usual, "broker", BROKERS, where)
    p99s = {broker: p99s_ms(one, BROKER_NAMES[broker]) for broker, one in found.items()}
    redis, *others = (p99s[broker] for broker in BROKERS)
    pairs = [(one[1], min(other[0] for other in rest)) for one, *rest in rounds(redis, *others)]
    told = enumerated([f"{BROKER_NAMES[broker]}'s {_middle(ends)}" for broker, ends in p99s.items()])
    text = f"At {RATE_PER_S:,}/s the p99s are {told}. {_ratio(found['redis'], redis, pairs)}"
    text += "".join(_range(f"{BROKER_NAMES[broker]}'s", ends) for broker, ends in p99s.items())
    if passes(pairs, lambda pair: LOWER(100 - 100 * pair[0] / pair[1]), text):
        return "holds with conditions", f"{text} That is latency: no measurement can say that it is perfect."
    raise Undecided(text)


def _ratio(one: Digest, redis: Sequence[Ends], pairs: Sequence[tuple[float, float]]) -> str:
    """How far below the others Redis is, where the figure is Redis's and not our harness's."""
    floor = one.floor_ms.get("p99")
    if floor is None or mostly_floor(min(ends[1] for ends in redis), floor):
        alone = "was not measured" if floor is None else f"takes {floor:.2f}{NBSP}ms, more than half of Redis's"
        return f"Our harness alone {alone}, so no ratio is quoted."
    shares = [mine / least for mine, least in pairs if math.isfinite(mine)]
    if not shares:
        return "Some of Redis's messages never came."
    return f"Round by round Redis's is at most {max(shares) * 100:.0f}{NBSP}% of the least that the others can be."


RULES = (c48, c58)
