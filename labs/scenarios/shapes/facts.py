"""What a run left behind: what was sent, and who did which message when. Written once and judged later.

Times are ns after the first message was due, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.run import Column, read_columns, readable, same_length, typed, write_columns
from labs.model.shapes import Crew

FORMAT, KIND = 1, "shapes"
SENT = ("sent_ns", "accepted_ns")
"""One row a message."""
DONE = ("done_message", "done_consumer", "done_ns")
"""One row a message that a consumer was finished with, in the order of time; consumers by their number."""
ENDS = {"seed": int, "drained": bool, "trouble": str, "facts": dict}


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
        header = {name: getattr(self, name) for name in ("shape", *ENDS)}
        write_columns(path, header | {"format": FORMAT, "kind": KIND, "crew": asdict(self.crew)}, self.columns)


def load(path: Path) -> ShapeRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    header, columns = read_columns(path, (*SENT, *DONE))
    with readable(path):
        rest = {name: typed(header, name, kind) for name, kind in ENDS.items()}
        for group in (SENT, DONE):
            same_length(columns, group)
        crew = Crew(**typed(header, "crew", dict))
        return ShapeRun(shape=typed(header, "shape", str), crew=crew, columns=columns, **rest)
