"""What a run left behind: when each message was added, what happened to it, and what the server told meanwhile.

Times are ns after the run began, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column

KIND = "pending"
SENT = ("added_ns", "kept", "pending")
"""A row a message: when XADD had answered, and whether its entry was there and pending in the end, 1 or 0."""
HAPPENED = ("event", "message", "worker", "at_ns")
"""A row whatever happened to a message (board.Event), in the order of time; NO_GROUP is about message NEVER."""
LOOKS = ("look_ns", "look_entries", "look_pending", "look_ghosts", "look_bytes", "look_lag")
"""A row whenever the server was asked: entries in the stream, pending ids, those of them whose entry is gone, memory of
the stream, and the lag of the group, NEVER where the server does not say."""
HEAD = {
    "way": str, "killed_ns": int, "away_from_ns": int, "away_to_ns": int, "gone_ns": int, "trimmed_ns": int,
    "settled": bool, "evidence": str, "trouble": str, "facts": dict,
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class PendingRun:
    """Everything one run left behind."""

    way: str
    columns: Mapping[str, Column]
    killed_ns: int
    away_from_ns: int
    away_to_ns: int
    """When nobody read."""
    gone_ns: int
    """When the stream was seen to be gone; NEVER where it was not."""
    trimmed_ns: int
    """When all that was left in it was trimmed, after everything; NEVER where nothing was left to trim."""
    settled: bool
    """Whether all was added, and the workers found nothing more to do."""
    evidence: str = ""
    """That the worker died, and of an eviction what the server counted."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"PendingRun({self.way})"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD)


def load(path: Path) -> PendingRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    return PendingRun(**read_rows(path, (SENT, HAPPENED, LOOKS), HEAD)[1])
