"""Rows that hold our own instrument against the truth: an analytic percentile, the clock."""

from __future__ import annotations

from labs.model.workload import Workload
from labs.scenarios.bench.base import Goal, Row
from labs.scenarios.bench.sides import frozen_p99, lateness

STALLS = {"20": 0.02, "100": 0.1, "500": 0.5}
"""ms -> s. A hundredth of the messages must fall into a stall, or the p99 would not see it: 20 ms in a second do."""
PACED = Workload(rate_per_s=1000, duration_s=10, warmup_s=1)
LATE = {1000: 0.1, 10_000: 0.3, 50_000: 1.0}

STALLED = tuple(
    Row(
        f"p99-under-{name}-ms",
        "redis",
        "fast",
        f"p99 with Redis frozen {name} ms in each second",
        "reported p99",
        "analytic p99",
        frozen_p99("redis-pubsub", frozen_s, PACED),
        Goal(0.95, 1.05),
        "ms",
        warm_rounds=0,
    )
    for name, frozen_s in STALLS.items()
)
PUNCTUAL = tuple(
    Row(
        f"lateness-{rate}",
        "redis",
        "fast",
        f"lateness p99 at {rate:,}/s",
        "lateness p99",
        "period",
        lateness("redis-pubsub", "fast", Workload(rate_per_s=rate, duration_s=4, warmup_s=1, spin=True)),
        Goal(high=goal),
        "µs",
        warm_rounds=1,
    )
    for rate, goal in LATE.items()
)
TRUTH = (*STALLED, *PUNCTUAL)
