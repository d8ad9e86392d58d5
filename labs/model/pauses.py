"""Pauses of the machine, or of our own processes on it, as facts of a run."""

from __future__ import annotations

from labs.model.workload import NS_PER_S

PAUSE_S = 0.5
"""Five ticks that did not come. On a busy machine a tick is late too, but not by so much while no worker got anything
done either."""


PAUSE_NS = int(PAUSE_S * NS_PER_S)


STOOD, SUSPENDED, STOPPED = "stood still", "suspended", "stopped"


Pause = tuple[int, int, str]
"""(from, until, what), ns on the monotonic clock or after a run's start. A suspended machine's monotonic clock stands:
its pause is as long as the time that is missing on it."""
