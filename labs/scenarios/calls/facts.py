"""What a run of calls left behind: columns of integers, written once and judged later.

Times are ns after the start, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column, readable
from labs.scenarios.calls.board import WRITTEN
from labs.scenarios.calls.plan import Plan

KIND = "calls"
COLUMNS = ("due_ns", *WRITTEN)
"""One row a call that was due or begun; its number modulo the number of callers says whose it was."""
HEAD = {"carrier": str, "over": bool, "trouble": str, "facts": dict}


@dataclass(frozen=True, repr=False)
class CallRun:
    """Everything one run left behind. `facts` has the cores used by role, and when the service came back."""

    carrier: str
    plan: Plan
    columns: Mapping[str, Column]
    over: bool
    """Whether every caller was through when the run ended."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"CallRun({self})"

    def __str__(self) -> str:
        return f"{self.carrier}, {len(self['start_ns'])} calls by {self.plan.callers} callers"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD, plan=asdict(self.plan))


def load(path: Path) -> CallRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    header, found = read_rows(path, (COLUMNS,), HEAD)
    with readable(path):
        plan = Plan(**header["plan"])
    return CallRun(plan=plan, **found)
