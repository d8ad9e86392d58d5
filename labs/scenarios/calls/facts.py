"""What a run of calls left behind: columns of integers, written once and judged later.

Times are ns after the start, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.run import Column, read_columns, readable, same_length, typed, write_columns
from labs.scenarios.calls.board import WRITTEN
from labs.scenarios.calls.plan import Plan

FORMAT = 1
KIND = "calls"
COLUMNS = ("due_ns", *WRITTEN)
"""One row a call that was due or begun; its number modulo the number of callers says whose it was."""


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
        header = {name: getattr(self, name) for name in ("carrier", "over", "trouble", "facts")}
        write_columns(path, header | {"format": FORMAT, "kind": KIND, "plan": asdict(self.plan)}, self.columns)


def load(path: Path) -> CallRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    header, columns = read_columns(path, COLUMNS)
    with readable(path):
        rest = {name: typed(header, name, kind) for name, kind in (("over", bool), ("trouble", str), ("facts", dict))}
        same_length(columns, COLUMNS)
        return CallRun(typed(header, "carrier", str), Plan(**header["plan"]), columns, **rest)
