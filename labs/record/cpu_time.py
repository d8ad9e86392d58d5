"""Who used the processor, and when: the broker, the two workers, and everybody."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psutil

from labs.model.columns import Rows
from labs.model.run import NEVER
from labs.model.workload import NS_PER_S

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
    _next_census_s: float = 0.0

    def sample(self) -> None:
        at_ns = time.monotonic_ns() - self.start_ns
        broker, producer, consumer = (_cpu_ns(self.pids[role]) for role in ("broker", "producer", "consumer"))
        machine = NEVER
        if at_ns >= 0 and time.monotonic() >= self._next_census_s:
            self._next_census_s = time.monotonic() + CENSUS_EVERY_S
            machine = _machine_ns()
        for used, rows in [(consumer, self.rows), *((_cpu_ns(one), rows) for one, rows in self.others)]:
            rows.add(np.array([at_ns, broker, producer, used, machine], np.int64))

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
