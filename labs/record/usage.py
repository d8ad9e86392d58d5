"""What processes used while a run was measured: processor time, and the bytes that a broker caused to go to disk.

The kernel counts such bytes when a process makes a clean page of a file dirty, and then the whole page ("io-accounting:
write accounting", commit 55e829af0668). So it counts what the broker caused, not what the disk was told: a hundred
bytes alone in a page are a page, the same page written again before it is flushed is free, and after each flush it
counts anew. What stays in the broker's memory, or goes to a socket or a tmpfs, is not in it. Bytes that were counted
and then removed with their file before they were written stand apart as cancelled (proc_pid_io(5)). Whatever else the
broker wrote meanwhile, its log for one, is in it too.

The file of another user's process is for root alone, and other systems do not have it: then the figure is unknown.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from labs.model.columns import Rows
from labs.model.run import NEVER, Run
from labs.model.workload import NS_PER_S
from labs.record.threads import Threads

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
    fact = run.facts.get("broker_disk_bytes")
    sent = int((run["sent_ns"] != NEVER).sum())
    return float(fact["caused"]) / sent if fact and sent else None


CENSUS_EVERY_S = 2.5
"""Looking at every process takes some milliseconds, so it must stay rarer than one message in a hundred."""


@dataclass
class Cpu:
    """CPU time of the broker, both workers and, now and then, of the whole machine, ns, sampled."""

    start_ns: int
    pids: dict[str, list[psutil.Process]]
    rows: Rows
    """Where the samples go, one column of len(CPU) integers each."""
    others: Sequence[tuple[list[psutil.Process], Rows]] = ()
    """Further consumers, and where each one's samples go: the same but for the consumer."""
    threads: Threads | None = None
    _next_census_s: float = 0.0

    def sample(self, *, last: bool = False) -> None:
        """Look at all; the threads now and then, and the `last` time."""
        at_ns = time.monotonic_ns() - self.start_ns
        broker, producer, consumer = (_cpu_ns(self.pids[role]) for role in ("broker", "producer", "consumer"))
        machine = NEVER
        if at_ns >= 0 and time.monotonic() >= self._next_census_s:
            self._next_census_s = time.monotonic() + CENSUS_EVERY_S
            machine = _machine_ns()
        for used, rows in [(consumer, self.rows), *((_cpu_ns(one), rows) for one, rows in self.others)]:
            rows.add(np.array([at_ns, broker, producer, used, machine], np.int64))
        if self.threads:
            numbered = {f"consumer {at}": one for at, (one, _) in enumerate(self.others, 2)}
            known = {role: [one.pid for one in some] for role, some in (self.pids | numbered).items()}
            self.threads.sample(known, now=last)

    def hand_over(self, pid: int) -> None:
        """Producing is over and a consumer begins, perhaps in the same process: its time counts once."""
        self.pids |= {"producer": [], "consumer": tree([pid])}


def _machine_ns() -> int:
    """CPU time of every process here, and what the host of a virtual machine took away.

    Summed over processes, because the machine's own counter is fed by the timer's ticks: work that is paced by a timer
    as well can hide between them, or be counted in full.
    """
    times = [p.info["cpu_times"] for p in psutil.process_iter(["cpu_times"])]
    busy = sum(t.user + t.system for t in times if t) + getattr(psutil.cpu_times(), "steal", 0.0)
    return int(busy * NS_PER_S)


def _cpu_ns(processes: list[psutil.Process]) -> int:
    """Of a root process and its children; NEVER where there is none, or the root has ended and its count with it."""
    total = 0.0
    for process in processes:
        try:
            used = process.cpu_times()
        except psutil.Error:
            if process is processes[0]:
                return NEVER
        else:
            total += used.user + used.system
    return int(total * NS_PER_S) if processes else NEVER


def tree(pids: Sequence[int]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            found += [root, *root.children(recursive=True)]
    return found
