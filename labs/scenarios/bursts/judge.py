"""BurstRun -> what became of calls and jobs, how the backlog went, and whether Little's law holds. Pure arithmetic.

A job of the queue is lost when the broker took it, no worker did it, and nothing is left that could. A call that ended
in anything but an answer is no loss: its caller was told. Three witnesses are held against each other: the callers'
and sender's times, the workers' rows, and the broker's own count of what waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from labs.judge.loss import Verdict
from labs.judge.soundness import stood_still
from labs.model.figures import BEYOND, Repeat
from labs.model.run import NEVER, REFUSAL, Column
from labs.model.workload import NS_PER_S
from labs.scenarios.bursts import PATIENCE_S, queue_of
from labs.scenarios.bursts.facts import BurstRun
from labs.scenarios.bursts.pool import End
from labs.scenarios.bursts.rows import Kind

NS_PER_MS = 1_000_000
SETTLING_S = 1.0
"""The line through the backlog begins here: before, the workers are not all taken up yet."""
ENOUGH_S = 1.0
"""So long a backlog must have been there for what the workers can do to be seen."""
Figures = Mapping[str, float | None]


def judge(run: BurstRun) -> Repeat:
    """One repeat of a point."""
    ends, jobs = _ends(run), _jobs(run)
    figures = _completed(run, ends, jobs) | _times(run) | _backlog(run) | _little(run)
    return {
        "seed": run.seed,
        "ends": ends,
        "jobs": jobs,
        "verdict": _verdict(jobs, run),
        "figures": {name: None if value is None else round(float(value), 4) for name, value in figures.items()},
        "trouble": run.trouble,
    }


def void(run: BurstRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    names = ("asked_ns", "ended_ns", "accepted_ns", "pool_ns", "work_ns", "counted_ns")
    return stood_still(run.facts.get("pauses", ()), [run[name] for name in names])


def refused_unasked(run: BurstRun) -> tuple[int, int, str]:
    """How many jobs the broker turned down with a reason, of how many, and the first reason."""
    said = str(run.facts.get(REFUSAL, ""))
    return int((run["refused_ns"] != NEVER).sum()) if said else 0, int((run["sent_ns"] != NEVER).sum()), said


def first_done(run: BurstRun) -> Column:
    """When a worker of the queue was first done with each job; NEVER of those that none did."""
    return _first(run, "work", Kind.DONE)


def _first(run: BurstRun, side: str, kind: Kind) -> Column:
    found = np.full(len(run["due_ns"]), NEVER, np.int64)
    jobs, at_ns = run.events(side, kind)
    order = np.argsort(at_ns, kind="stable")[::-1]
    found[jobs[order]] = at_ns[order]
    return found


def _ends(run: BurstRun) -> dict[str, int]:
    """How the calls ended: answered + refused + timed out + failed + unknown = calls."""
    count = {end: int((run["end"] == end).sum()) for end in End}
    return {
        "calls": len(run["due_ns"]),
        "answered": count[End.ANSWERED],
        "refused": count[End.REJECTED],
        "timed_out": count[End.GAVE_UP],
        "failed": count[End.FAILED],
        "unknown": count[End.NONE],
    }


def _jobs(run: BurstRun) -> dict[str, int]:
    """What became of the queue's jobs: once + twice + lost + refused + unknown = jobs."""
    times = np.bincount(run.events("work", Kind.DONE)[0], minlength=len(run["due_ns"]))
    accepted, refused = (run[name] != NEVER for name in ("accepted_ns", "refused_ns"))
    missing = times == 0
    lost = missing & accepted & run.drained
    told = missing & refused & ~accepted
    return {
        "jobs": len(times),
        "once": int((times == 1).sum()),
        "twice": int((times > 1).sum()),
        "lost": int(lost.sum()),
        "refused": int(told.sum()),
        "unknown": int((missing & ~lost & ~told).sum()),
    }


def _verdict(jobs: Mapping[str, int], run: BurstRun) -> Verdict:
    if jobs["lost"]:
        return "broken"
    return "unknown" if jobs["unknown"] or not run.drained else "kept"


def _completed(run: BurstRun, ends: Mapping[str, int], jobs: Mapping[str, int]) -> dict[str, float | None]:
    """Shares of all that arrived; of the queue's also those that took longer than a caller of the pool would wait; and
    how many the pool did for callers who had gone."""
    done_ns = first_done(run)
    late = (done_ns != NEVER) & (done_ns - run["due_ns"] > PATIENCE_S * NS_PER_S)
    whole, in_pool = len(done_ns), _first(run, "pool", Kind.DONE) != NEVER
    return {
        "pool_share": ends["answered"] / whole,
        "queue_share": (jobs["once"] + jobs["twice"]) / whole,
        "late_share": float(late.sum()) / whole,
        "for_nobody": float((in_pool & (run["end"] != End.ANSWERED)).sum()),
    }


def _times(run: BurstRun) -> dict[str, float | None]:
    """From when a job was due to its answer, or to when a worker of the queue was done with it, ms."""
    answered, done_ns = run["end"] == End.ANSWERED, first_done(run)
    took = {
        "pool": (run["ended_ns"] - run["due_ns"])[answered] / NS_PER_MS,
        "queue": (done_ns - run["due_ns"])[done_ns != NEVER] / NS_PER_MS,
    }
    steps = {"p50": 0.5, "p99": 0.99}
    return {f"{who}_{step}_ms": _quantile(ms, q) for who, ms in took.items() for step, q in steps.items()}


def _quantile(values: np.ndarray[Any, Any], share: float) -> float | None:
    """The nearest rank; None with too few samples beyond it."""
    if len(values) * (1 - share) < BEYOND:
        return None
    return float(np.sort(values)[int(np.ceil(share * len(values))) - 1])


def _backlog(run: BurstRun) -> dict[str, float | None]:
    """The broker's own count: how high it was; what the workers can do, where it shows that they had all they could do,
    and the share of that which came."""
    at, count = run["counted_ns"], run["counted"]
    capacity = _capacity(at, count, np.sort(run.events("work", Kind.DONE)[1]), run.workers)
    load = len(run["due_ns"]) / run.seconds / capacity if capacity else None
    most = float(count.max()) if len(count) else None
    return {"backlog_most": most, "capacity_per_s": capacity, "load": load} | _lines(run)


def _lines(run: BurstRun) -> dict[str, float | None]:
    """The line through the broker's count while jobs arrive, 0 if it falls, beside the lines through all that had
    arrived and all that was done at the same moments. `straight` is R2 of the first. Bursts come and go: no line."""
    at, count, arrived = run["counted_ns"], run["counted"].astype(float), np.sort(run["due_ns"])
    inside = (at >= SETTLING_S * NS_PER_S) & (at <= arrived[-1])
    if run.burst > 1 or inside.sum() < 3:
        return dict.fromkeys(("slope_per_s", "arrival_per_s", "service_per_s", "straight"))
    moments, done = at[inside] / NS_PER_S, np.sort(run.events("work", Kind.DONE)[1])
    came, went = (np.searchsorted(times, at[inside], "right").astype(float) for times in (arrived, done))
    lines = {"slope_per_s": count[inside], "arrival_per_s": came, "service_per_s": went}
    slopes = {name: max(float(np.polyfit(moments, values, 1)[0]), 0.0) for name, values in lines.items()}
    varies = float(np.std(count[inside])) > 0
    return slopes | {"straight": float(np.corrcoef(moments, count[inside])[0, 1] ** 2) if varies else None}


def _capacity(at: Column, count: Column, done: Column, workers: int) -> float | None:
    """Jobs a second that the workers did while more waited than there are workers; None where that was too short."""
    full = (count[:-1] > workers) & (count[1:] > workers)
    seconds = float((at[1:] - at[:-1])[full].sum()) / NS_PER_S
    if seconds < ENOUGH_S:
        return None
    finished = np.searchsorted(done, at, "right")
    return float((finished[1:] - finished[:-1])[full].sum()) / seconds


def _little(run: BurstRun) -> dict[str, float | None]:
    """How many waited on average by the broker's count, how many came a second, how long each waited by the workers'
    rows; and the wait that the first two give. Over the whole run, which begins and ends empty."""
    names = ("waiting_mean", "came_per_s", "wait_s", "wait_by_law_s")
    at, count = run["counted_ns"] / NS_PER_S, run["counted"].astype(float)
    until = _first(run, "work", Kind.DONE if queue_of(run.broker).counts_held else Kind.BEGUN)
    known = (until != NEVER) & (run["accepted_ns"] != NEVER)
    if not run.drained or len(at) < 3 or not known.any():
        return dict.fromkeys(names)
    length_s = float(at[-1] - at[0])
    mean = float(np.sum((count[1:] + count[:-1]) / 2 * np.diff(at))) / length_s
    rate = float(known.sum()) / length_s
    waited = float(np.mean(np.maximum(until - run["sent_ns"], 0)[known])) / NS_PER_S
    return dict(zip(names, (mean, rate, waited, mean / rate), strict=True))
