"""What a run of late joining left behind: what came to each reader and what is known of the sender, judged later.

Times are ns after the run began, on the one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labs.model.facts import Facts
from labs.model.rows import read_rows, write_rows
from labs.model.run import Column, readable
from labs.scenarios.joining import READERS

KIND = "joining"
COLUMNS = {who: (f"{who}_number", f"{who}_broken", f"{who}_ns") for who in READERS}
"""Of each reader a row a message: its number, which handlers could not read it, when it came."""
HEAD = {"mode": str, "change": str, "settled": bool, "trouble": str, "facts": dict}


@dataclass(frozen=True)
class Seen:
    """The sender at one moment: its process, its file, and whom it speaks to."""

    pid: int
    alive: bool
    file: str
    """SHA-256 of the file that publishes."""
    told: int
    """Addresses of readers that it has been told."""
    direct: int | None
    """Its connections that end at a reader's process; None where the system does not say."""


@dataclass(frozen=True)
class JoinRun:
    """Everything one run left behind. `seen` is the sender before the late one joined, and at the end."""

    mode: str
    change: str
    columns: Mapping[str, Column]
    seen: tuple[Seen, ...]
    settled: bool
    """Whether both readers have the last message, and got nothing more when they asked."""
    trouble: str = ""
    facts: Facts = field(default_factory=dict)

    def of(self, who: str) -> tuple[Column, Column]:
        """The numbers of the messages that came to a reader, in their order, and which handlers could not read them."""
        number, broken, _ = COLUMNS[who]
        return self.columns[number], self.columns[broken]

    def save(self, path: Path) -> None:
        """Write the run to one file, all or nothing."""
        write_rows(path, self, KIND, HEAD, seen=[asdict(one) for one in self.seen])


def load(path: Path) -> JoinRun:
    """The run in a file that `save` wrote. Raises RunFileError with what is wrong and what to do about it."""
    header, found = read_rows(path, tuple(COLUMNS.values()), HEAD)
    with readable(path):
        seen = tuple(Seen(**one) for one in header["seen"])
    return JoinRun(seen=seen, **found)
