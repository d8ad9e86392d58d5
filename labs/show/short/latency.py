"""The latency ladder in short: who is first at the median, what the disk does to it, whether latency decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from labs.model.digest import Digest
from labs.model.profile import BROKERS, RUNGS
from labs.model.text import BROKER_NAMES, NBSP, enumerated
from labs.show.looks.latency import QUANTITIES
from labs.show.short import CLOSE, NOT_RECORDED, Short, absent, named

RATE_PER_S, BODY_BYTES, KILLED, CUT = 1000, 100, 2, 3
"""The point that the page begins with, and the rung at which the disk has to be waited for."""
BUDGET_MS = 10.0
"""The limit of claim C48."""


def latency_ladder(digests: Sequence[Digest]) -> Short:
    """Medians at one rate and one promise, fastest first; the p99s where a power cut must be survived."""
    here, cut = _at(digests, KILLED), _at(digests, CUT)
    if not here:
        return Short(NOT_RECORDED, "", "Write down your latency budget before you look for a broker that meets it.")
    where = f"At {RATE_PER_S:,} messages a second, each to survive {RUNGS[KILLED]},"
    answer = f"{where} {_first(here)}.{absent(named(one for one in BROKERS if one not in here))}"
    condition = f"Where a message must survive {RUNGS[CUT]} the disk decides: p99 is then {_listed(cut, 'p99')}."
    if not cut:
        condition = f"What {RUNGS[CUT]} adds, where the disk has to be waited for, is not recorded yet."
    return Short(answer, condition, _monday(here))


def _at(digests: Sequence[Digest], rung: int) -> dict[str, Digest]:
    """Broker -> its point, the lowest median first; arrivals at random where both kinds were recorded."""
    found: dict[str, Digest] = {}
    for one in digests:
        said = one.settings
        asked = (said["rung"], said["rate_per_s"], said["body_bytes"]) == (rung, RATE_PER_S, BODY_BYTES)
        if asked and said.get("linger", "default") == "default" and one.number("latency_ms", "p50") is not None:
            usual = said.get("arrivals", "poisson") == "poisson"
            found = found | {said["broker"]: one} if usual else {said["broker"]: one} | found
    return dict(sorted(found.items(), key=lambda pair: pair[1].number("latency_ms", "p50") or 0))


def _first(found: Mapping[str, Digest]) -> str:
    order = list(found)
    said = {broker: QUANTITIES["p50"].text(one) for broker, one in found.items()}
    if len(order) == 1:
        return f"half of {BROKER_NAMES[order[0]]}’s arrive within {said[order[0]]}"
    low, next_ms = (found[broker].number("latency_ms", "p50") or 0 for broker in order[:2])
    level = not math.isfinite(next_ms) or next_ms < CLOSE * low
    first, rest = (order[:2], order[2:]) if level else (order[:1], order[1:])
    then = f", before {enumerated([f'{BROKER_NAMES[one]} ({said[one]})' for one in rest])}" if rest else ""
    if level:
        return f"{enumerated(named(first))} are level at the median ({said[first[0]]} and {said[first[1]]}){then}"
    return f"{BROKER_NAMES[first[0]]} is first at the median ({said[first[0]]}){then}"


def _listed(found: Mapping[str, Digest], step: str) -> str:
    told = [f"{QUANTITIES[step].text(one)} for {BROKER_NAMES[broker]}" for broker, one in found.items()]
    return enumerated(told) if told else ""


def _monday(found: Mapping[str, Digest]) -> str:
    slow = [one for one, digest in found.items() if (digest.number("latency_ms", "p99") or 0) > BUDGET_MS]
    budget = f"If your budget at p99 is {BUDGET_MS:g}{NBSP}ms"
    if not slow:
        return f"{budget}, latency is not your reason to choose: look at replay, routing and who will run the broker."
    return f"{budget}, measure {enumerated(named(slow))} on your machine first: here it was over that."
