"""What a run of keeping left behind: what each reader got and when, and what the broker held meanwhile; judged later.

Times are ns after the run began, on the one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import NEVER, Column
from labs.scenarios.keeping import READERS, Begin, Held
from labs.scenarios.keeping.bookings import Booking

KIND = "keeping"
SENT = ("sent_ns", "confirmed_ns")
"""A row a message that was published, in its order: when it was handed over, and when the broker had it."""
LOOKS = ("look_ns", "look_first", "look_records", "look_bytes")
"""A row whenever the broker was asked; NEVER where it did not say."""
GOT = {who: tuple(f"{who}_{name}" for name in (*Booking._fields, "ns")) for who in READERS}
"""Of each reader a row a message, as it came."""
HEAD = {"way": str, "acknowledged_ns": int, "asked_ns": int, "at_end": int, "settled": bool, "trouble": str,
        "facts": dict}  # fmt: skip


@dataclass(frozen=True)
class History:
    """Everything one run left behind."""

    way: str
    columns: Mapping[str, Column]
    acknowledged_ns: int
    """When the live reader had acknowledged the last message."""
    asked_ns: int
    """The time from which one reader wanted to read."""
    at_end: int
    """How many messages there were when the last reader came."""
    settled: bool
    """Whether every reader has read to the end of what there was for it."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def got(self, who: Begin) -> list[Booking]:
        """What came to a reader, in its order."""
        rows = zip(*(self.columns[name].tolist() for name in GOT[who][:-1]), strict=True)
        return [Booking(*row) for row in rows]

    def when(self, who: Begin) -> Column:
        """When each of them came."""
        return self.columns[GOT[who][-1]]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD)


def load(path: Path) -> History:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    return History(**read_rows(path, (SENT, LOOKS, *GOT.values()), HEAD)[1])


def columns_of(
    sent: Sequence[tuple[int, int]],
    looks: Sequence[tuple[int, Held]],
    got: Mapping[Begin, Sequence[tuple[Booking, int]]],
) -> dict[str, Column]:
    """The columns of what was written down as it happened."""
    rows = [(at, *(NEVER if one is None else one for one in (h.first, h.records, h.kept_bytes))) for at, h in looks]
    found = _table(SENT, sent) | _table(LOOKS, rows)
    for who, names in GOT.items():
        found |= _table(names, [(*booking, at) for booking, at in got.get(who, ())])
    return found


def _table(names: Sequence[str], rows: Sequence[tuple[int, ...]]) -> dict[str, Column]:
    table = np.array(rows, np.int64).reshape(len(rows), len(names))
    return {name: table[:, at].copy() for at, name in enumerate(names)}
