"""The latency ladder in short: who is first at the median, what the disk does to it, whether latency decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from labs.model.digest import Digest
from labs.model.profile import BROKERS, RUNGS
from labs.model.text import BROKER_NAMES, NBSP, enumerated, ms_text
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
    condition = f"Where a message must survive {RUNGS[CUT]}, p99 is {_listed(cut, 'p99')}."
    if not cut:
        condition = f"What {RUNGS[CUT]} adds, where the disk has to be waited for, is not recorded yet."
    return Short(answer, condition, _monday({KILLED: here} | ({CUT: cut} if cut else {})))


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


def _monday(found: Mapping[int, Mapping[str, Digest]]) -> str:
    """Who stayed within the budget at which promise, by the slowest repeat: a median hides the one that did not."""
    budget = f"If your budget at p99 is {BUDGET_MS:g}{NBSP}ms"
    slowest = {rung: {broker: _slowest_ms(one) for broker, one in here.items()} for rung, here in found.items()}
    over: dict[str, float] = {}
    for broker, ms in (pair for here in slowest.values() for pair in here.items() if pair[1] > BUDGET_MS):
        over[broker] = max(ms, over.get(broker, 0))
    if not over:
        return f"{budget}, latency is not your reason to choose: look at replay, routing and who will run the broker."
    kept = {rung: [broker for broker, ms in here.items() if ms <= BUDGET_MS] for rung, here in slowest.items()}
    begun = ("Where a message must survive {}, that is ", "where it must survive {}, ")  # a power cut stands second
    held = [
        begun[at].format(RUNGS[rung]) + (enumerated(named(those)) if those else "none")
        for at, (rung, those) in enumerate(kept.items())
    ]
    took = enumerated([ms_text(ms) if math.isfinite(ms) else "more than can be told" for ms in over.values()])
    return (
        f"{budget}, start from what stayed within it in every repeat at {RATE_PER_S:,}/s. {'; '.join(held)}. "
        f"Measure {enumerated(named(over))} on your machine first: here p99 was up to {took}."
    )


def _slowest_ms(one: Digest) -> float:
    """The p99 of the slowest repeat; infinite where one of them cannot say."""
    known = [*one.each("latency_ms", "p99"), one.number("latency_ms", "p99")]
    return max(math.inf if ms is None else ms for ms in known) if len(known) > len(one.repeats) else math.inf
