"""When the machine, or our own processes on it, stood still during a run: then nothing was measured.

A broker that alone stands still is what is measured. So a pause counts only where our own processes stood still too:
this one, which looks ten times a second whatever the broker does, and the workers, who stamped nothing meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labs.model.run import PAUSE_NS, STOOD, STOPPED, SUSPENDED, Pause

TICK_S = 0.1


class Watchdog(threading.Thread):
    """Notes the pauses of this process, of the machine, and of workers that somebody has stopped, while inside."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="labs-watchdog")
        self.found: list[Pause] = []
        self._over = threading.Event()
        self._workers: dict[str, int] = {}
        self._stopped_ns: dict[str, int] = {}
        self._last_ns, self._missing_ns = time.monotonic_ns(), missing_ns()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.join()

    def watch(self, workers: Mapping[str, int]) -> None:
        """From now on these processes too, by what they are called; number 0 is nobody."""
        self._workers = {name: pid for name, pid in workers.items() if pid}

    def run(self) -> None:
        """Until the block is left, and once more then."""
        while not self._over.wait(TICK_S):
            self._look()
        self._look()
        for name in list(self._stopped_ns):
            self._note_stopped(name, time.monotonic_ns())

    def _look(self) -> None:
        now_ns, missing = time.monotonic_ns(), missing_ns()
        if now_ns - self._last_ns > PAUSE_NS:
            self.found.append((self._last_ns, now_ns, STOOD))
        if missing - self._missing_ns > PAUSE_NS:
            self.found.append((now_ns, now_ns + missing - self._missing_ns, SUSPENDED))
        self._last_ns, self._missing_ns = now_ns, missing
        for name, pid in self._workers.items():
            if is_stopped(pid):
                self._stopped_ns.setdefault(name, now_ns)
            elif name in self._stopped_ns:
                self._note_stopped(name, now_ns)

    def _note_stopped(self, name: str, now_ns: int) -> None:
        began_ns = self._stopped_ns.pop(name)
        self.found.append((began_ns, max(now_ns, began_ns + 1), f"{STOPPED} {name}"))

    def facts(self, start_ns: int) -> list[list[Any]]:
        """What a run keeps of it: the pauses, ns after its start."""
        return [[began - start_ns, ended - start_ns, what] for began, ended, what in self.found]


def missing_ns() -> int:
    """What the monotonic clock is behind the one that goes on while a machine is suspended; 0 where there is none."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    # The clock that is read twice brackets the other: a process that is held up between two readings adds nothing.
    tries = []
    for _ in range(3):
        before, boot, after = time.monotonic_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.monotonic_ns()
        tries.append((after - before, boot - before))
    return min(tries)[1]


def is_stopped(pid: int) -> bool:
    """Whether a process is held by a signal or a debugger."""
    try:
        said = (Path("/proc") / str(pid) / "stat").read_text("ascii", "replace")
    except OSError:
        return False
    return said.rpartition(")")[2].split()[0] in ("T", "t")
