"""The processor time of each thread of some processes, sampled: a thread that is full is full, whatever its process has
left. An Erlang scheduler, Kafka's request handlers, Java's garbage collector and Redis's threads are such threads.

Linux keeps the time that a thread was on a processor in ns (proc_pid_schedstat(5)). Where it does not, or on another
system, there are no rows. One pass over a Java of a hundred threads takes about 2 ms.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from labs.model.columns import Rows

EVERY_S = 0.2
FILE = "threads"
"""The spool's file: three integers a row, as model.run.THREADS names them."""
PROC = "/proc"


class Threads:
    """Writes down what each thread has used, whenever that has changed, ns; `names` has whose thread it is and the
    kernel's name of it (15 characters at most)."""

    def __init__(self, folder: Path) -> None:
        self.start_ns, self.names = 0, dict[str, list[str]]()
        self._rows = Rows(folder, [FILE])
        self._last: dict[int, int] = {}
        self._due_s = 0.0

    def sample(self, roles: Mapping[str, Iterable[int]], *, now: bool = False) -> None:
        """Look at the threads of these processes, if it is time or `now`."""
        if not now and time.monotonic() < self._due_s:
            return
        self._due_s = time.monotonic() + EVERY_S
        at_ns = time.monotonic_ns() - self.start_ns
        for role, pids in roles.items():
            for pid in pids:
                self._of(role, pid, at_ns)

    def _of(self, role: str, pid: int, at_ns: int) -> None:
        for tid, used_ns in used(pid).items():
            if self._last.get(tid) == used_ns:
                continue
            if tid not in self._last:
                self.names[str(tid)] = [role, name_of(pid, tid)]
            self._last[tid] = used_ns
            self._rows.add(np.array([at_ns, tid, used_ns], np.int64))

    def close(self) -> None:
        """The last of it, to the kernel."""
        self._rows.close()


def used(pid: int) -> dict[int, int]:
    """Thread -> the time that it has been on a processor, ns; of a process that is gone or cannot be seen, nothing."""
    found = {}
    try:
        tids = [one.name for one in Path(PROC, str(pid), "task").iterdir()]
    except OSError:
        return {}
    for tid in tids:
        try:
            handle = os.open(f"{PROC}/{pid}/task/{tid}/schedstat", os.O_RDONLY)
        except OSError:
            continue
        try:
            found[int(tid)] = int(os.read(handle, 64).split(None, 1)[0])
        except (OSError, ValueError, IndexError):
            continue  # it has just ended
        finally:
            os.close(handle)
    return found


def name_of(pid: int, tid: int) -> str:
    """What the kernel calls the thread."""
    try:
        return Path(PROC, str(pid), "task", str(tid), "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""
