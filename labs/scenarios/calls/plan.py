"""What is called in one run: how many callers, how often, with what, and whether anybody is there to answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labs.model.carriers import CONFIRMS
from labs.model.message import HEADER_BYTES
from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S

WINDOW = 100
"""How many messages may be unconfirmed before a caller with a window waits."""
_LIMITS = {
    "callers": (1, 64),
    "calls": (1, 20_000),
    "duration_s": (0.1, 60),
    "rate_per_s": (0, 5_000),
    "body_bytes": (HEADER_BYTES, 1_000_000),
    "service_ms": (0, 1_000),
    "patience_s": (0.05, 30),
    "hasty_s": (0.05, 30),
    "returns_s": (0, 10),
}


@dataclass(frozen=True)
class Plan:
    """A closed loop (`rate_per_s` 0) calls again as soon as the last call is back; an open one when a call is due."""

    callers: int = 1
    calls: int = 2000
    """At most; a closed loop may end before, when `duration_s` is over and there are enough for a median."""
    duration_s: float = 1.0
    rate_per_s: float = 0
    body_bytes: int = 100
    service_ms: float = 0
    """How long the service waits before it answers: what it would do instead is not our subject."""
    confirm: str = "each"
    patience_s: float = 5.0
    hasty_s: float = 0.5
    """The patience of every second caller, while the service is away."""
    returns_s: float = 0
    """When the service comes back, after the first call was due; 0 if it is there all the time."""

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            if not low <= (value := getattr(self, name)) <= high:
                raise ValueError(f"{name} must be {low:g} to {high:,g}, got {value!r}")
        if self.confirm not in CONFIRMS:
            raise ValueError(f"confirm must be one of {', '.join(CONFIRMS)}, got {self.confirm!r}")

    @property
    def open(self) -> bool:
        """Whether calls have due times."""
        return self.rate_per_s > 0

    @property
    def due_ns(self) -> Column:
        """When each call is due, ns after the start; NEVER in a closed loop. Shape (calls,)."""
        if not self.open:
            return np.full(self.calls, NEVER, np.int64)
        return (np.arange(self.calls) * NS_PER_S / self.rate_per_s).astype(np.int64)

    def patience_of(self, caller: int) -> float:
        """How long this caller waits for an answer, s."""
        return self.hasty_s if self.returns_s and caller % 2 else self.patience_s
