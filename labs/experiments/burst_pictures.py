"""A run of L2.2 over time: what came and what was done a second, and what waited; of the pool and of the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labs.model.run import NEVER, Column
from labs.model.text import BROKER_NAMES
from labs.model.workload import NS_PER_S
from labs.show.pictures.base import About, Span
from labs.show.pictures.panels import Line, Point
from labs.show.pictures.timeline import Quantity, Timeline, timeline

if TYPE_CHECKING:
    from labs.scenarios.bursts.facts import BurstRun

STEP_NS = 250_000_000
"""Over which what came and was done is counted; the backlog is asked for every tenth of a second."""
POOL = "HTTP pool"


def _times(run: BurstRun, side: str, kind: int) -> Column:
    return np.sort(run.events(side, kind)[1])


def _per_s(times: Column, end_ns: int) -> tuple[Point, ...]:
    """How many a second in each step, at its middle."""
    edges = np.arange(0, end_ns + STEP_NS, STEP_NS)
    counts = np.histogram(times, edges)[0] * (NS_PER_S / STEP_NS)
    return tuple((int(at), float(one)) for at, one in zip(edges[:-1] + STEP_NS // 2, counts, strict=True))


def flow(run: BurstRun) -> Sequence[Line]:
    """Arrivals, answers of the pool and jobs done by the queue's workers, a second."""
    from labs.scenarios.bursts.pool import End
    from labs.scenarios.bursts.rows import Kind

    done, answered = _times(run, "work", Kind.DONE), np.sort(run["ended_ns"][run["end"] == End.ANSWERED])
    end_ns = int(max(one[-1] for one in (run["due_ns"], done, answered) if len(one)))
    name = f"{BROKER_NAMES[run.broker]} queue"
    return (
        Line("arrivals", _per_s(run["due_ns"], end_ns), "ink-soft", "dash"),
        Line(f"done, {name}", _per_s(done, end_ns), run.broker),
        Line(f"answered, {POOL}", _per_s(answered, end_ns), "sync"),
    )


def backlog(run: BurstRun) -> Sequence[Line]:
    """What waits by the broker's count, and callers of the pool who wait for a worker at the same moments."""
    from labs.scenarios.bursts.rows import Kind

    asked = np.sort(run["asked_ns"][run["asked_ns"] != NEVER])
    jobs, begun = run.events("pool", Kind.BEGUN)
    gone = run["ended_ns"].copy()
    gone[jobs] = np.where(gone[jobs] == NEVER, begun, np.minimum(gone[jobs], begun))
    left = np.sort(gone[gone != NEVER])
    counted = [(int(at), float(one)) for at, one in zip(run["counted_ns"], run["counted"], strict=True)]
    came, went = (np.searchsorted(times, run["counted_ns"], "right") for times in (asked, left))
    waiting = np.maximum(came - went, 0)
    callers = [(at, float(one)) for (at, _), one in zip(counted, waiting, strict=True)]
    return (
        Line(f"{BROKER_NAMES[run.broker]} queue", tuple(counted), run.broker),
        Line(POOL, tuple(callers), "sync"),
    )


QUANTITIES = (Quantity("jobs waiting", "", backlog), Quantity("jobs a second", "", flow))


def course(run: BurstRun, about: About, bursts_ns: Sequence[tuple[int, int]]) -> Timeline:
    """The run in two panels with one axis, the bursts marked."""
    return timeline(QUANTITIES, run, spans=[Span(begin, end, "burst") for begin, end in bursts_ns], about=about)
