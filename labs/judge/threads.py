"""Samples of threads -> the busiest one of each role, and what it is called in words. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from labs.model.run import THREADS, Column, Run

BESIDE = ("C1 Comp", "C2 Comp")
"""Threads that work beside those who carry messages: a full one holds nobody up. Java's compilers are such."""
WORDS = {
    "redis-serv": "Redis's main thread",
    "valkey-serv": "Valkey's main thread",
    "io_thd": "an I/O thread of Redis",
    "erts_sched": "an Erlang scheduler",
    "erts_dcpus": "a dirty Erlang scheduler",
    "erts_dios": "a dirty I/O scheduler of Erlang",
    "data-plane-kafk": "a Kafka request handler or network thread",
    "kafka-log-clean": "Kafka's log cleaner",
    "GC Thread": "Java's garbage collector",
    "G1 ": "Java's garbage collector",
    "kafka-producer-": "the Kafka producer's sender thread",
    "perf-test": "a PerfTest thread",
    "redis-benchmark": "redis-benchmark's thread",
    "python": "a Python thread",
}
"""How the kernel's name of a thread begins, which is cut off after 15 characters -> what it is called."""


class Busiest(NamedTuple):
    """A thread and the cores that it used on the mean, at most about 1."""

    name: str
    cores: float

    @property
    def words(self) -> str:
        """Redis's main thread."""
        return next((said for begin, said in WORDS.items() if self.name.startswith(begin)), f"the thread {self.name}")


def busiest(run: Run, between_ns: tuple[int, int]) -> dict[str, Busiest]:
    """Role -> its busiest thread between two times; empty where threads were not sampled twice meanwhile."""
    at, thread, used = (run.columns.get(name, np.empty(0, np.int64)) for name in THREADS)
    return of_samples(at, thread, used, run.facts.get("threads", {}), between_ns)


def of_samples(
    at: Column, thread: Column, used: Column, names: Mapping[str, list[str]], between_ns: tuple[int, int]
) -> dict[str, Busiest]:
    """The same of columns: when, which thread, and what it had used by then, a row whenever that has changed, ns."""
    times = np.unique(at[(at >= between_ns[0]) & (at <= between_ns[1])])
    if len(times) < 2:
        return {}
    began, ended = int(times[0]), int(times[-1])
    found: dict[str, Busiest] = {}
    for tid in np.unique(thread):
        role, name = names.get(str(tid), ["", ""])
        mine = thread == tid
        spent = _at(at[mine], used[mine], ended) - _at(at[mine], used[mine], began)
        one = Busiest(name, spent / (ended - began))
        if role and not name.startswith(BESIDE) and (role not in found or one.cores > found[role].cores):
            found[role] = one
    return found


def _at(at: Column, used: Column, time_ns: int) -> int:
    """What it had used by then: the last row that is not later, or the first one there is."""
    return int(used[max(int(np.searchsorted(at, time_ns, "right")) - 1, 0)])


def cores_of(found: Mapping[str, Busiest], role: str) -> float:
    """What the busiest thread of a role used; 0 where nobody looked."""
    return found[role].cores if role in found else 0.0
