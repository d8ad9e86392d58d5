"""What a run left behind: when each message was due and sent, what came to consumers and when. Judged later.

Times are ns after the first message was due, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column

KIND = "fleeting"
SENT = ("due_ns", "sent_ns")
"""A row a message."""
CAME = ("number", "fate", "came_ns")
"""A row each time that a message came to a consumer; `fate` is one of board.Fate."""
HEAD = {
    "way": str, "gap": str, "gap_from_ns": int, "gap_to_ns": int, "evidence": str, "settled": bool, "trouble": str,
    "facts": dict,
}  # fmt: skip


@dataclass(frozen=True)
class FleetingRun:
    """Everything one run left behind."""

    way: str
    gap: str
    columns: Mapping[str, Column]
    settled: bool
    """Whether all was sent, and a consumer asked afterwards and got nothing more."""
    gap_from_ns: int = 0
    gap_to_ns: int = 0
    """When nobody read; to when a consumer was there again. Both 0 where somebody read all the time."""
    evidence: str = ""
    """That the consumer stood still, or died."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD)


def load(path: Path) -> FleetingRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    return FleetingRun(**read_rows(path, (SENT, CAME), HEAD)[1])
