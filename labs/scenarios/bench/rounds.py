"""Rows -> results: both sides take turns on one broker, warm-up first, disturbed rounds again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from labs import stack
from labs.judge.limit import FOREIGN_CORES
from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import UNOBSERVED, Observer
from labs.model.profile import BROKERS
from labs.model.workload import Length
from labs.scenarios.bench.base import Figure, Result, Row, Setting, VoidError, summary
from labs.stack import StackError

STEADY = 0.1
"""Two warm-up rounds that differ by less on both sides end the warm-up."""
TRIES = 3
"""A disturbed round is done again so often at most; then it counts, and the file says how disturbed it was."""
WARM_S, COUNTED_S = 1.5, 5.0
"""Of a round that is by time: seconds that do not count, and seconds that do."""
MOST = 2
"""Times as many rounds as asked for are begun at most, disturbed ones included."""


@dataclass(frozen=True)
class Plan:
    """How a benchmark is run: `rounds` that count, `scale` of each (1 is the real one)."""

    rounds: int = 5
    scale: float = 1.0
    backend: str = "auto"
    lift: bool = False
    """Look in each round for what lifts our own side's rate: it is measured up to four times."""


def run_rows(
    rows: Sequence[Row], plan: Plan, observer: Observer = UNOBSERVED, report: Callable[[str], None] = print
) -> Iterator[Result]:
    """One result a row, as JSON; a row that could not be run has `trouble` and no ratio.

    Rows of one broker share it; brokers come one after the other, so that none takes another's processor time.
    """
    done = 0
    for broker in (*BROKERS, "memory"):
        chosen = [row for row in rows if row.broker == broker]
        if not chosen:
            continue
        host = stack.kind_of(plan.backend) == "compose"
        with stack.session((broker,), plan.backend, report=report, own=True, host_network=host) as found:
            for row in chosen:
                yield _row(row, found[broker], plan, observer.part(done, len(rows), row.title))
                done += 1


def _row(row: Row, endpoint: Endpoint, plan: Plan, observer: Observer) -> Result:
    began_s = time.monotonic()
    counted: list[tuple[Figure, Figure]] = []
    again, trouble = 0, ""
    try:
        plain = Setting(endpoint, plan.scale, observer.silently())
        lengths = _lengths(row, plan, _warm(row, plain, observer))
        while len(counted) < plan.rounds:
            observer.progress(len(counted) / plan.rounds, f"round {len(counted) + 1} of {plan.rounds}")
            try:
                ours, theirs = (replace(plain, length=one) for one in lengths)
                ours = replace(ours, lift=f"{row.id} {len(counted) + 1}" if plan.lift else "")
                pair = _round(row, (ours, theirs), observer, turned=len(counted) % 2 == 1)
            except VoidError:
                again += 1
                if again > TRIES * plan.rounds:
                    raise
                continue
            disturbed = max(one.foreign for one in pair) > FOREIGN_CORES
            if disturbed and again < min(TRIES * plan.rounds, (MOST - 1) * plan.rounds):
                again += 1
                continue
            counted.append(pair)
    except (BrokerError, StackError, ValueError) as error:  # a lane that cannot, a profile that is not there
        trouble = str(error)
    found = summary(row, counted, again)
    foreign = max((one.foreign for pair in counted for one in pair), default=0.0)
    version: Result = {"server": endpoint.version, "backend": endpoint.backend, "date": time.strftime("%Y-%m-%d")}
    version |= {"about": endpoint.about} if endpoint.about else {}
    return found | version | {"foreign": round(foreign, 3), "trouble": trouble, "took_s": time.monotonic() - began_s}


def _warm(row: Row, here: Setting, observer: Observer) -> tuple[Figure, Figure] | None:
    """Rounds that do not count, until two in a row are alike; the last of them."""
    before: tuple[Figure, Figure] | None = None
    for number in range(row.warm_rounds):
        observer.progress(0, f"warm-up {number + 1}")
        now = _round(row, (here, here), observer, turned=False)
        if before and all(abs(a.value / b.value - 1) < STEADY for a, b in zip(before, now, strict=True) if b.value):
            return now
        before = now
    return before


def _lengths(row: Row, plan: Plan, warm: tuple[Figure, Figure] | None) -> tuple[Length | None, Length | None]:
    """How long each side's rounds are where they are by time, by what it reached in the warm-up."""
    if row.most is None or warm is None:
        return None, None
    seconds = WARM_S * plan.scale, COUNTED_S * plan.scale
    ours, theirs = (Length(*seconds, one.value, row.most) for one in warm)
    return ours, theirs


def _round(row: Row, here: tuple[Setting, Setting], observer: Observer, *, turned: bool) -> tuple[Figure, Figure]:
    """Both sides once, the other way round every other time (ABBA), so that a drift hits both alike."""
    found: list[Figure] = []
    for at in (1, 0) if turned else (0, 1):
        observer.check(f"in {row.id}")
        found.append(row.sides[at](here[at]))
    ours, theirs = reversed(found) if turned else found
    return ours, theirs
