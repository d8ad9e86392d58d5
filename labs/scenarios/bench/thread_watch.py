"""The busiest threads of a broker and of the programs that we start beside it, sampled while one side has its turn."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import numpy as np
import psutil

from labs.judge.threads import Busiest, of_samples
from labs.record.threads import EVERY_S, name_of, used
from labs.record.usage import tree

Samples = list[tuple[int, int, int]]
"""(when, thread, what it had used by then), ns."""


class ThreadWatch:
    """Inside, a thread of ours looks at theirs; afterwards `busiest` says which was the busiest of each role."""

    def __init__(self, broker: Sequence[int]) -> None:
        self._broker = [process.pid for process in tree(broker)]
        self._samples: dict[tuple[str, int], Samples] = defaultdict(list)
        self._names: dict[str, list[str]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="labs-threads")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The last look has been taken."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            for role, pid in self._who():
                self._look(role, pid)
            if self._over.wait(EVERY_S):
                return

    def _who(self) -> Iterator[tuple[str, int]]:
        """The broker's processes, and those that we have started beside it and their children."""
        yield from (("broker", pid) for pid in self._broker)
        for child in psutil.Process(os.getpid()).children(recursive=True):
            if child.pid not in self._broker:
                yield "client", child.pid

    def _look(self, role: str, pid: int) -> None:
        now_ns = time.monotonic_ns()
        for tid, used_ns in used(pid).items():
            if str(tid) not in self._names:
                self._names[str(tid)] = [role, name_of(pid, tid)]
            self._samples[role, pid].append((now_ns, tid, used_ns))

    def busiest(self) -> dict[str, Busiest]:
        """Role -> its busiest thread: of the broker on the mean of the turn, of a client in the second half of its
        process's life, since Java begins cold."""
        found: dict[str, Busiest] = {}
        for (role, _), rows in self._samples.items():
            at, tid, spent = (np.array(column, np.int64) for column in zip(*rows, strict=True))
            began = int(at[0]) if role == "broker" else (int(at[0]) + int(at[-1])) // 2
            one = of_samples(at, tid, spent, self._names, (began, int(at[-1]))).get(role)
            if one and (role not in found or one.cores > found[role].cores):
                found[role] = one
        return found
