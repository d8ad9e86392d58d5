"""What a run left behind: every record published and done, and every word that a member was told. Judged later.

Times are ns after the first record was due, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column
from labs.scenarios.rebalance import Way, way_of

KIND = "rebalance"
PUBLISHED = ("partition", "offset", "due_ns", "there_ns")
"""A row a record that Kafka has: when it was due, and when its producer heard that it was there."""
DONE = ("done_member", "done_partition", "done_offset", "done_ns")
"""A row whenever a member was done with a record."""
TOLD = ("told_member", "told_what", "told_partition", "told_ns")
"""A row a partition that a member was given or that was taken from it: WORDS says by which number."""
WORDS = ("got", "gave", "lost")
HEAD = {"way": str, "events": list, "ended_ns": int, "said": str, "facts": dict}


@dataclass(frozen=True, repr=False)
class RebalanceRun:
    """Everything one run left behind."""

    way: str
    columns: Mapping[str, Column]
    events: Sequence[Sequence[Any]]
    """What happened to the group, in the order of time: name, ns, member."""
    ended_ns: int
    """Until when it was watched."""
    said: str = ""
    """What broke; empty if nothing did."""
    facts: Facts = field(default_factory=dict)

    @property
    def how(self) -> Way:
        """The way in which it was run."""
        return way_of(self.way)

    def __repr__(self) -> str:
        return f"RebalanceRun({self.way}, {len(self.columns['done_ns'])} done)"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD)


def load(path: Path) -> RebalanceRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    return RebalanceRun(**read_rows(path, (PUBLISHED, DONE, TOLD), HEAD)[1])
