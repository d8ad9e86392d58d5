"""Runs and points of burst-or-overload that nobody measured: planted histories for its judge and its rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from labs.experiments.burst_or_overload import sum_up
from labs.model.digest import Digest
from labs.model.run import NEVER
from labs.scenarios.bursts.facts import BurstRun
from labs.scenarios.bursts.pool import End
from labs.scenarios.bursts.rows import Kind

MS, S = 1_000_000, 1_000_000_000
Rows = Sequence[tuple[int, int, int, int]]
"""kind, job, worker, ns"""


def done_at(*times: tuple[int, int, int]) -> Rows:
    """Rows of jobs begun and done: job, ms, ms."""
    return [
        row
        for job, began, ended in times
        for row in ((Kind.BEGUN, job, 0, began * MS), (Kind.DONE, job, 0, ended * MS))
    ]


def burst_run(
    due_ms: list[float], work: Rows, *, pool: Rows = (), ends: list[End] | None = None, **more: Any
) -> BurstRun:
    """A run in which jobs were due then and the queue's workers wrote these rows; every call was answered at once."""
    due = np.array([round(ms * MS) for ms in due_ms], np.int64)
    given = np.array([End.ANSWERED] * len(due) if ends is None else ends, np.int64)
    columns = {"due_ns": due, "asked_ns": due.copy(), "ended_ns": due + 90 * MS, "end": given}
    columns |= {"sent_ns": due.copy(), "accepted_ns": due + MS, "refused_ns": np.full(len(due), NEVER, np.int64)}
    for side, rows in (("pool", pool), ("work", work)):
        table = np.array(rows, np.int64).reshape(-1, 4)
        columns |= {f"{side}_{name}": table[:, at].copy() for at, name in enumerate(("kind", "job", "worker", "ns"))}
    counted = np.array(more.pop("counted", [(0, 0), (100 * MS, 0), (200 * MS, 0)]), np.int64)
    columns |= {"counted_ns": counted[:, 0].copy(), "counted": counted[:, 1].copy()} | more.pop("columns", {})
    named = {"broker": "rabbitmq", "seed": 1, "load": 0.7, "burst": 1, "workers": 16, "accepts": 20, "seconds": 8.0}
    return BurstRun(columns=columns, **{**named, "drained": True, **more})


def overloaded(slope: float = 40.0, came: int = 240, done: int = 200) -> BurstRun:
    """Eight seconds in which `came` jobs a second came and `done` were done, evenly, and the broker's own count of what
    waits rose by `slope` a second; then the workers did the rest."""
    due = [1000 * at / came for at in range(8 * came)]
    rows = [(job, round(1000 * job / done), round(1000 * (job + 1) / done)) for job in range(len(due))]
    end_ms = round(1000 * len(due) / done)
    counts = [(at * MS, round(slope * at / 1000) if at <= 8000 else 0) for at in range(0, end_ms + 200, 100)]
    return burst_run(due, done_at(*rows), counted=counts, load=1.2)


def point(
    broker: str,
    at_load: float,
    /,
    *,
    rounds: int = 5,
    verdict: str = "kept",
    odd: dict[str, float] | None = None,
    **figures: float,
) -> Digest:
    """A point whose rounds have these figures; `odd` is what the last of them has instead."""
    usual = {"queue_share": 1.0, "pool_share": 0.5, "load": 0.72, "late_share": 0.5, "queue_p50_ms": 900.0}
    usual |= {
        "slope_per_s": 50.0,
        "arrival_per_s": 240.0,
        "service_per_s": 190.0,
        "backlog_most": 400.0,
        "for_nobody": 0.0,
    }
    ends = {"calls": 1000, "answered": 500, "refused": 500, "timed_out": 0, "failed": 0, "unknown": 0}
    jobs = {"jobs": 1000, "once": 1000, "twice": 0, "lost": 0, "refused": 0, "unknown": 0}
    repeats: Any = [
        {
            "figures": usual | figures | ((odd or {}) if at == rounds - 1 else {}),
            "ends": ends,
            "jobs": jobs,
            "verdict": verdict,
        }
        for at in range(rounds)
    ]
    named: Any = {
        "broker": broker,
        "label": broker,
        "load": at_load,
        "burst": 4 if at_load < 1 else 1,
        "workers": 16,
        "accepts": 20,
    }
    return Digest(lab="burst-or-overload", settings=named, repeats=repeats, card={}, **sum_up(repeats))


def grid(**more: Any) -> list[Digest]:
    """All brokers in bursts and overloaded."""
    return [point(broker, load, **more) for load in (0.7, 1.2) for broker in ("redis", "rabbitmq", "kafka")]
