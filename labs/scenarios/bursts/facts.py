"""What a run left behind: when each job was due, how its call ended, when the queue's workers had it, and the counts
that the broker gave. Written once and judged later.

Times are ns after the first moment of the plan on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column

KIND = "bursts"
CALLS = ("due_ns", "asked_ns", "ended_ns", "end")
"""A row a job: the pool's side. `end` is one of pool.End."""
QUEUED = ("sent_ns", "accepted_ns", "refused_ns")
"""A row a job: the sender's side of the queue."""
POOL_ROWS = ("pool_kind", "pool_job", "pool_worker", "pool_ns")
QUEUE_ROWS = ("work_kind", "work_job", "work_worker", "work_ns")
"""A row an event of a worker."""
COUNTS = ("counted_ns", "counted")
"""A row a tenth of a second: how many the broker says there are."""
HEAD = {"broker": str, "seed": int, "load": float, "burst": int, "workers": int, "accepts": int, "seconds": float}
HEAD |= {"drained": bool, "trouble": str, "facts": dict}


@dataclass(frozen=True, repr=False)
class BurstRun:
    """Everything one run left behind."""

    broker: str
    seed: int
    load: float
    burst: int
    workers: int
    accepts: int
    seconds: float
    columns: Mapping[str, Column]
    drained: bool
    """Whether every job that the broker took was done when the run ended, and the broker said that none is left."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"BurstRun({self})"

    def __str__(self) -> str:
        return f"{self.broker}, load {self.load:g}, burst {self.burst}, seed {self.seed}, {len(self['due_ns'])} jobs"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def events(self, side: str, kind: int) -> tuple[Column, Column]:
        """Jobs and times of all events of a kind, of the `pool` or of the queue's `work`."""
        those = self[f"{side}_kind"] == kind
        return self[f"{side}_job"][those], self[f"{side}_ns"][those]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD)


def load(path: Path) -> BurstRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    return BurstRun(**read_rows(path, ((*CALLS, *QUEUED), POOL_ROWS, QUEUE_ROWS, COUNTS), HEAD)[1])
