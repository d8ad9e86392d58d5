"""What a run left behind: every try of every record, written once and judged later.

Times are ns after the records were published, on the one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column
from labs.scenarios.groups import Trial, trial_of

KIND = "groups"
TRIES = ("worker", "number", "partition", "offset", "attempt", "begun_ns", "ended_ns", "done")
"""A row is one try of one record by one consumer; `done` is 0 where it failed."""
HEAD = {"way": str, "size": str, "trouble": str, "kept": int, "said": str, "facts": dict}


@dataclass(frozen=True, repr=False)
class GroupRun:
    """Everything one run left behind."""

    way: str
    size: str
    trouble: str
    """Of the trial."""
    columns: Mapping[str, Column]
    kept: int = -1
    """Of the records that had all been done, how many could be read again from the beginning; -1: it was not tried."""
    said: str = ""
    """Why not every record was done; empty if all were."""
    facts: Facts = field(default_factory=dict)

    @property
    def trial(self) -> Trial:
        """What was run."""
        return trial_of(self.way, self.size, self.trouble)

    def __repr__(self) -> str:
        return f"GroupRun({self.trial.label}, {len(self.columns['worker'])} tries)"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD)


def load(path: Path) -> GroupRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    return GroupRun(**read_rows(path, (TRIES,), HEAD)[1])
