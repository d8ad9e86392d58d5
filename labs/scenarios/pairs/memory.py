"""What processes hold in memory: a row a process, and when it has come to rest.

What counts is RSS, resident memory. PSS, which divides a shared page among those who share it, is noted beside it: it
depends on who else on the machine runs the same program, so a busy machine makes a broker look small.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import psutil

from labs.model.figure_parts import Weight as Row
from labs.model.observer import Observer

EVERY_S, AT_MOST_S = 0.5, 4.0
CALM = 0.01
"""It has come to rest when it changed by less than this share from one look to the next, twice."""


def weigh(groups: Mapping[str, Sequence[int]]) -> list[Row]:
    """A row a process: `role` (the group), `name`, `rss` and `pss` in bytes (None where the system does not tell)."""
    return [row for role, pids in groups.items() for pid in pids if (row := _row(role, pid))]


def _row(role: str, pid: int) -> Row | None:
    try:
        process = psutil.Process(pid)
        row: Row = {"role": role, "name": process.name(), "rss": process.memory_info().rss, "pss": None}
    except psutil.Error:
        return None
    try:
        row["pss"] = getattr(process.memory_full_info(), "pss", None)
    except psutil.Error:
        return row
    return row


def total(rows: Sequence[Row]) -> int:
    """Resident bytes of all."""
    return sum(row["rss"] for row in rows)


def shared_out(rows: Sequence[Row]) -> int | None:
    """The same with shared pages divided; None unless every row has it."""
    known = [row["pss"] for row in rows if row["pss"] is not None]
    return sum(known) if len(known) == len(rows) else None


def settled(groups: Callable[[], Mapping[str, Sequence[int]]], observer: Observer) -> tuple[list[Row], bool]:
    """The rows once they have come to rest, and whether they did; after AT_MOST_S what there is."""
    until_s, before, calm = time.monotonic() + AT_MOST_S, 0, 0
    while True:
        rows = weigh(groups())
        now = total(rows)
        calm = calm + 1 if abs(now - before) < CALM * now else 0
        if calm >= 2 or time.monotonic() > until_s:
            return rows, calm >= 2
        observer.check("while the memory came to rest")
        before = now
        time.sleep(EVERY_S)
