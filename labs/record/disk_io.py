"""Bytes that a broker caused to go to disk, as Linux counts them for its processes.

The kernel counts when a process makes a clean page of a file dirty, and then the whole page ("io-accounting: write
accounting", commit 55e829af0668). So it counts what the broker caused, not what the disk was told: a hundred bytes
alone in a page are a page, the same page written again before it is flushed is free, and after each flush it counts
anew. What stays in the broker's memory, or goes to a socket or a tmpfs, is not in it. Bytes that were counted and then
removed with their file before they were written stand apart as cancelled (proc_pid_io(5)). Whatever else the broker
wrote meanwhile, its log for one, is in it too.

The file of another user's process is for root alone, and other systems do not have it: then the figure is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs.model.run import NEVER, Run
from labs.record.cpu_time import tree

PROC = Path("/proc")


@dataclass(frozen=True)
class Written:
    """Bytes since its processes began, and how many of them were never written because their file was removed."""

    caused: int
    cancelled: int

    def since(self, before: Written) -> Written | None:
        """What was added; None if a process of the count is gone and took its part along."""
        caused, cancelled = self.caused - before.caused, self.cancelled - before.cancelled
        return None if caused < 0 or cancelled < 0 else Written(caused, cancelled)


def counted(text: str) -> Written:
    """The two figures out of a process's `io` file. ValueError or KeyError if it is none."""
    found = {name: int(value) for name, _, value in (line.partition(": ") for line in text.splitlines())}
    return Written(found["write_bytes"], found["cancelled_write_bytes"])


def written(pids: Sequence[int]) -> Written | None:
    """Of these processes and their children together; None where one may not be seen, or there is none.

    A child that has ended meanwhile and was waited for is in its parent's figures.
    """
    found = []
    for process in tree(pids):
        try:
            found.append(counted((PROC / str(process.pid) / "io").read_text("ascii")))
        except (FileNotFoundError, ProcessLookupError):
            if process.pid in pids:
                return None
        except (OSError, ValueError, KeyError):
            return None
    return Written(sum(one.caused for one in found), sum(one.cancelled for one in found)) if found else None


def as_fact(before: Written | None, after: Written | None) -> dict[str, int] | None:
    """What a run keeps of it: the bytes caused and cancelled between the two looks; None where that is unknown."""
    added = after.since(before) if before and after else None
    return {"caused": added.caused, "cancelled": added.cancelled} if added else None


def per_message(run: Run) -> float | None:
    """Bytes that the broker caused to go to disk for each message handed over; None where that is unknown."""
    fact: Any = run.facts.get("broker_disk_bytes")
    sent = int((run["sent_ns"] != NEVER).sum())
    return float(fact["caused"]) / sent if fact and sent else None
