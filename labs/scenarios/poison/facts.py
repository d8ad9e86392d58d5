"""What a run with bad messages left behind, written once and judged later.

Times are ns after the first message was due, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column

KIND = "poison"
SENT = ("due_ns", "there_ns")
"""One row a message: when it was due, and when the broker had it."""
ATTEMPTS = ("tried_message", "began_ns", "ended_ns", "how")
"""One row an attempt, in their order; `how` is FAILED, DONE or STOPPED of the worker."""
HEAD = {"way": str, "share": int, "seed": int, "trouble": str, "facts": dict}


@dataclass(frozen=True, repr=False)
class PoisonRun:
    """Everything one run left behind. `letters` among the columns are the dead letters that were read back."""

    way: str
    share: int
    seed: int
    columns: Mapping[str, Column]
    trouble: str = ""
    """Why not every message had an end; empty if each had."""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"PoisonRun({self.way}, {self.share} % bad, seed {self.seed})"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD)


def load(path: Path) -> PoisonRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    return PoisonRun(**read_rows(path, (SENT, ATTEMPTS, ("letters",)), HEAD)[1])
