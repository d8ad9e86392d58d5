"""What a run left behind: what was sent, and who did which message when. Written once and judged later.

Times are ns after the first message was due, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column, readable, typed
from labs.model.shapes import Crew

KIND = "shapes"
SENT = ("sent_ns", "accepted_ns")
"""One row a message."""
DONE = ("done_message", "done_consumer", "done_ns")
"""One row a message that a consumer was finished with, in the order of time; consumers by their number."""
HEAD = {"shape": str, "seed": int, "drained": bool, "trouble": str, "facts": dict}


@dataclass(frozen=True, repr=False)
class ShapeRun:
    """Everything one run left behind."""

    shape: str
    crew: Crew
    seed: int
    columns: Mapping[str, Column]
    drained: bool
    """Whether the broker held nothing more for anybody, and every consumer asked and got nothing."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"ShapeRun({self.shape}, {self.crew.groups} by {self.crew.members}, seed {self.seed})"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD, crew=asdict(self.crew))


def load(path: Path) -> ShapeRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    header, found = read_rows(path, (SENT, DONE), HEAD)
    with readable(path):
        crew = Crew(**typed(header, "crew", dict))
    return ShapeRun(crew=crew, **found)
