"""Run -> who was the bottleneck. A point that the client bounds says nothing about the broker.

Rules of measuring.md 8.8. Lateness is compared with the larger of the period and the median
latency: below that it can move neither the schedule nor the result by more than a tenth.
"""

from __future__ import annotations

import os
from typing import Literal

import numpy as np

from labs.latency import NS_PER_MS, end_to_end_ns, lateness_ns, percentile
from labs.runs import NEVER, Column, Run
from labs.workload import NS_PER_S

Stamp = Literal["valid", "client-bound", "broker-bound"]
BUSY = 0.85
LATE_SHARE = 0.1
FOREIGN_CORES = 0.15
ONE_THREAD = ("redis", "memory")
"""Brokers that run commands on one thread: one busy core is all they have."""


def cpu_cores(run: Run) -> dict[str, float | None]:
    """Mean cores used while messages were sent, by role; `foreign` is what others on the machine used.

    None where it could not be seen (a broker inside a virtual machine, too few samples).
    """
    roles = {role: run[f"cpu_{role}_ns"] for role in ("broker", "producer", "consumer", "machine")}
    at, last = run["cpu_at_ns"], int(run["due_ns"][-1])
    window = np.flatnonzero((at >= 0) & (at <= last))
    if len(window) < 2:
        return dict.fromkeys((*roles, "foreign"), None)
    first, end = int(window[0]), int(window[-1])
    cores = {role: _cores(column, at, first, end) for role, column in roles.items()}
    ours = [cores[role] for role in ("broker", "producer", "consumer")]
    whole = cores["machine"]
    known = whole is not None and None not in ours
    return cores | {"foreign": max((whole or 0) - sum(x or 0 for x in ours), 0) if known else None}


def _cores(column: Column, at: Column, first: int, end: int) -> float | None:
    if NEVER in (column[first], column[end]):
        return None
    return float(column[end] - column[first]) / float(at[end] - at[first])


def bottleneck(run: Run, broker: str) -> tuple[Stamp, str]:
    """The stamp of a run and the reason for it, in words with the figures."""
    cores = cpu_cores(run)
    for role in ("producer", "consumer"):
        used = cores[role]
        if used is not None and used > BUSY:
            return "client-bound", f"the {role} used {used:.2f} of a core"
    late, median = percentile(lateness_ns(run), 0.99), percentile(end_to_end_ns(run), 0.5)
    allowed = LATE_SHARE * max(NS_PER_S / run.workload.rate_per_s, median or 0)
    if late is not None and late > allowed:
        return (
            "client-bound",
            f"the producer was {late / NS_PER_MS:.2f} ms late (p99), {allowed / NS_PER_MS:.2f} allowed",
        )
    limit = BUSY * (1 if broker in ONE_THREAD else os.cpu_count() or 1)
    used = cores["broker"]
    if used is not None and used > limit:
        return "broker-bound", f"the broker used {used:.2f} cores"
    if _backlog_grew(run):
        return "broker-bound", "the backlog grew while messages were sent"
    return "valid", "neither the clients nor the broker were saturated"


def _backlog_grew(run: Run) -> bool:
    """Whether the last quarter waited four times as long as the first, and 100 ms more: steady growth makes seven."""
    latency = end_to_end_ns(run)
    if len(latency) < 40:
        return False
    quarters = np.array_split(latency, 4)
    before, after = float(np.median(quarters[0])), float(np.median(quarters[3]))
    return after > 4 * before and after > before + 100 * NS_PER_MS
