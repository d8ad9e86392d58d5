"""What a run of shared work left behind: who did which job when, written once and judged later.

Times are ns after the jobs were handed in, on the one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column
from labs.scenarios.jobs.facts import EVENTS

KIND = "sharing"
HEAD = {"way": str, "seed": int, "slow": int, "jobs": int, "trouble": str, "facts": dict}


@dataclass(frozen=True, repr=False)
class ShareRun:
    """Everything one run left behind: the columns are EVENTS, a row an event of a worker, in their order."""

    way: str
    seed: int
    slow: int
    """The number of the worker that is slowed."""
    jobs: int
    columns: Mapping[str, Column]
    trouble: str = ""
    """Why not every job was done; empty if all were."""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"ShareRun({self.way}, {self.jobs} jobs, worker {self.slow} slow)"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def events(self, kind: int) -> list[tuple[int, int, int]]:
        """(job, worker, ns) of all events of a kind, in their order."""
        those = self["event_kind"] == kind
        columns = (self[name][those].tolist() for name in EVENTS[1:])
        return list(zip(*columns, strict=True))

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD)


def load(path: Path) -> ShareRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    return ShareRun(**read_rows(path, (EVENTS,), HEAD)[1])
