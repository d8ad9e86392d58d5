"""What a run against a limit left behind: columns of integers, the marks, and what was said; written once.

Times are ns after the first message was due, on the one monotonic clock; NEVER means that it did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from labs.model.facts import Facts
from labs.model.rows import write_rows
from labs.model.run import NEVER, Column

KIND = "limits"
COLUMNS = ("due_ns", "called_ns", "returned_ns", "refused", "told_ns", "told", "read_ns")
"""One row a message that the publisher began to publish. `refused`: the call itself said no. `told`: YES, NO, NOBODY
where the broker or the client said so later or at once, else 0. `read_ns`: when a reader had it first."""
YES, NO, NOBODY = 1, -1, -2


@dataclass(frozen=True, repr=False)
class History:
    """Everything one run left behind. `marks` are what whoever watched the broker saw, and when."""

    mode: str
    columns: Mapping[str, Column]
    paused_ns: int
    resumed_ns: int
    marks: tuple[tuple[int, str], ...] = ()
    words: str = ""
    """The first refusal in the words of whoever refused; data, never markup."""
    evidence: str = ""
    """What shows that the limit was there and was reached; empty if nothing does."""
    drained: bool = True
    """Whether the reader found nothing more when it was read out in the end."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"History({self.mode}, {len(self['due_ns'])} messages)"

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, [name for name in self.__dataclass_fields__ if name != "columns"])


def empty(count: int) -> dict[str, Column]:
    """Columns for so many messages of which nothing is known yet."""
    found = {name: np.full(count, NEVER, np.int64) for name in COLUMNS}
    return found | {name: np.zeros(count, np.int64) for name in ("refused", "told")}
