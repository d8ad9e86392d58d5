"""What a run against a backlog left behind: a row a phase, what the broker held before and after, who was the limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labs.model.facts import Facts
from labs.model.run import NEVER, Column, write_columns
from labs.scenarios.backlog import Kind

FORMAT, KIND = 1, "backlog"


class Phase(NamedTuple):
    """One phase. Times are ns on the monotonic clock; NEVER is what is not known or did not happen."""

    kind: Kind
    readers: int
    before: int
    """Messages in the place before it began."""
    messages: int
    """Published and confirmed in it; of reading alone, what there was to read."""
    took_ns: int
    """From the first handed over to the last confirmed; of reading alone, from the reader's first to its last."""
    had: int
    """Of the messages what the reader who had least got, each once and in their order."""
    caused: int
    """Bytes that the broker caused to go to disk meanwhile."""
    limit: str
    """Who had no processor left, in words; empty where nobody looked."""
    stamp: str


@dataclass(frozen=True, repr=False)
class BacklogRun:
    """Everything one run left behind. `weights` are the broker's before and after the backlog was made."""

    way: str
    load: str
    phases: tuple[Phase, ...]
    weights: tuple[Mapping[str, int | None], Mapping[str, int | None]]
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"BacklogRun({self.way}, {self.load}, {len(self.phases)} phases)"

    def of(self, kind: Kind, readers: int | None = None) -> Iterator[Phase]:
        """Its phases of a kind, with so many readers."""
        return (one for one in self.phases if one.kind == kind and readers in (None, one.readers))

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        numbers = [name for name in Phase._fields if name not in ("kind", "limit", "stamp")]
        columns: dict[str, Column] = {
            name: np.array([getattr(one, name) for one in self.phases], np.int64) for name in numbers
        }
        words = [[str(one.kind), one.limit, one.stamp] for one in self.phases]
        header = {"format": FORMAT, "kind": KIND, "way": self.way, "load": self.load, "phases": words}
        write_columns(path, header | {"weights": list(self.weights), "facts": self.facts}, columns)


__all__ = ["FORMAT", "KIND", "NEVER", "BacklogRun", "Phase"]
