"""When jobs arrive: at random around a mean rate, evenly or in bursts. Arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from labs.model.run import Column
from labs.model.workload import NS_PER_S
from labs.scenarios.bursts import ACCEPTS, PERIOD_S, SECONDS, SERVICE_S, WORKERS
from labs.scenarios.jobs.producer import Plan

FIRST = 0.125
"""How far into each period its burst begins, as a share of it."""


@dataclass(frozen=True)
class Arrivals(Plan):
    """Jobs of a mean load: the share of what WORKERS workers can do. With a burst of 4 all jobs of a PERIOD_S come
    within a quarter of it, four times as fast."""

    load: float = 0.7
    burst: int = 1
    workers: int = WORKERS
    accepts: int = ACCEPTS
    seconds: float = SECONDS
    due: Column = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Draws the moments: those of a Poisson stream of which it is known how many came."""
        object.__setattr__(self, "jobs", round(self.per_s * self.seconds))
        at_s = np.sort(np.random.default_rng(self.seed).uniform(0, self.seconds, self.jobs))
        if self.burst > 1:
            period, within = np.divmod(at_s, PERIOD_S)
            at_s = (period + FIRST) * PERIOD_S + within / self.burst
        object.__setattr__(self, "due", np.round(at_s * NS_PER_S).astype(np.int64))

    @property
    def per_s(self) -> float:
        """Mean arrivals a second."""
        return self.load * WORKERS / SERVICE_S

    @property
    def due_ns(self) -> Column:
        """When each job is handed in, ns after the start."""
        return self.due

    @property
    def bursts_ns(self) -> list[tuple[int, int]]:
        """From when to when each burst lasts; none where jobs come at random throughout."""
        if self.burst == 1:
            return []
        begins = np.arange(0, self.seconds, PERIOD_S) + FIRST * PERIOD_S
        return [(round(at * NS_PER_S), round((at + PERIOD_S / self.burst) * NS_PER_S)) for at in begins]
