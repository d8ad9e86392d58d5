"""Worker processes: started by name, with a board of integers that all share, and gone afterwards whatever happens.

The one rule for Ctrl-C: a terminal sends it to the whole group, and the parent alone decides. A worker is deaf to it
from before its first line; the parent hears it between two starts and never in the middle of one; while the parent
waits for workers to stop, it ends the patience. A worker dies with the thread that started it (Linux), so none outlives
a killed parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from multiprocessing.process import BaseProcess
from typing import Protocol

from labs.model import kernel
from labs.model.endpoint import BrokerError, UnreachableError
from labs.model.errors import StackError
from labs.model.observer import Observer
from labs.record import spawning

Board = MutableSequence[int]
Words = ctypes.Array[ctypes.c_char]
STOP_WITHIN_S, DIES_WITHIN_S = 6.0, 2.0
LOOK_S = 0.005
WORDS_BYTES = 2000
OWN_WORDS = (BrokerError, StackError, OSError)
"""Errors whose text says what went wrong; of any other the name of its type is needed too."""


class Job(Protocol):
    """A worker at work, on this machine or on another one."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    @property
    def ready(self) -> bool:
        """What comes from now on reaches it."""

    @property
    def done(self) -> bool:
        """It has ended."""

    def said(self) -> str:
        """What it says went wrong; nothing so far."""

    def wait(self, within_s: float) -> bool:
        """Whether it has ended by then."""

    def trouble(self, within_s: float = STOP_WITHIN_S) -> str:
        """What broke for a worker that has ended, or shall end by then; nothing if it went well."""


@dataclass(frozen=True)
class Context:
    """What a worker process has from its parent: its name, the board, and where it writes what went wrong."""

    name: str
    board: Board
    parent: int
    words: Words

    def tell(self, error: BaseException, who: str = "") -> None:
        """Write down what went wrong for the parent to read; the first one to write is the one who knows."""
        if not self.words.value:
            text = str(error) if isinstance(error, OWN_WORDS) else f"{type(error).__name__}: {error}"
            told = f"{time.monotonic_ns()} {who or self.name}: {text or type(error).__name__}"
            self.words.value = told.encode()[: WORDS_BYTES - 1]

    def told(self) -> tuple[int, str]:
        """When that was, ns on the monotonic clock, and the text; (0, "") if all went well."""
        at_ns, _, text = self.words.value.decode(errors="replace").partition(" ")
        return int(at_ns or 0), text

    def carry_out(self, work: Callable[..., object], *arguments: object) -> None:
        """The whole life of a worker process: `work(context, *arguments)`, then it ends."""
        _leave_to(self.parent)
        try:
            work(self, *arguments)
        except Exception as error:  # the parent is the only one who can tell the reader
            self.tell(error)


def _leave_to(parent: int) -> None:
    """This process dies with its parent, leaves Ctrl-C to it, and sleeps exactly."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.die_with_parent()
    kernel.sleep_exactly()
    if os.getppid() != parent:
        os._exit(1)


def killed(name: str) -> str:
    """What is said of a worker that ended without its own doing."""
    return f"{name}: its process was killed in the middle; what it had not yet written down is unknown"


def hung(name: str) -> str:
    """What is said of a worker that did not stop when asked to."""
    return f"{name}: it hung and was killed; what it had not yet written down is unknown"


class Worker:
    """A worker process as its parent sees it."""

    def __init__(self, context: Context, process: BaseProcess, ready: Callable[[], bool]) -> None:
        self._context, self._process, self._ready = context, process, ready
        self.name = context.name

    @property
    def pid(self) -> int:
        """Its number; 0 if it never came up."""
        return self._process.pid or 0

    @property
    def ready(self) -> bool:
        """What comes from now on reaches it."""
        return self._ready()

    @property
    def done(self) -> bool:
        """It has ended, or never came up."""
        return self.wait(0)

    @property
    def exit_code(self) -> int | None:
        """Minus the signal that ended it; None while it lives, and where another library has waited for it."""
        return self._process.exitcode

    def wait(self, within_s: float) -> bool:
        """Whether it has ended by then."""
        if not self.pid:
            return True
        # By the pipe that it alone holds: one that another library has waited for counts as alive for ever else.
        if ended := bool(connection.wait([self._process.sentinel], max(within_s, 0))):
            self._process.join(DIES_WITHIN_S)
        return ended

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if not self.done:
            self._process.kill()
            self.wait(DIES_WITHIN_S)

    def said(self) -> str:
        """What it says went wrong; nothing so far."""
        return self._context.told()[1]

    def told_ns(self) -> int:
        """When it said so, ns on the monotonic clock; 0 if it did not."""
        return self._context.told()[0]

    def trouble(self, within_s: float = STOP_WITHIN_S) -> str:
        """What broke for a worker that has ended, or shall end by then; nothing if it went well."""
        if not self.wait(within_s):
            return self.said() or hung(self.name)
        return self.said() or (killed(self.name) if self.exit_code else "")


class Workers:
    """Worker processes that share a board of integers."""

    def __init__(self, cells: int) -> None:
        self.board: Board = spawning.integers(cells)
        self._all: list[Worker] = []

    def start(
        self, name: str, work: Callable[..., object], *arguments: object, ready: Callable[[], bool] = lambda: True
    ) -> Worker:
        """Start a process for `work(context, *arguments)`, a function of a module; `ready` tells it from the board."""
        context = Context(name, self.board, os.getpid(), spawning.text(WORDS_BYTES))
        process = spawning.Process(target=context.carry_out, args=(work, *arguments), name=f"labs-{name}", daemon=True)
        worker = Worker(context, process, ready)
        self._all.append(worker)  # before it runs, so that nothing comes between
        with ctrl_c_waits():
            process.start()
        return worker

    def said(self) -> str:
        """What the first of them to say so says went wrong."""
        told = [worker for worker in self._all if worker.told_ns()]
        return min(told, key=Worker.told_ns).said() if told else ""

    def end(self, stop: int | None) -> None:
        """Ask all to stop by that cell of the board, wait STOP_WITHIN_S, kill who is left; without a cell at once."""
        try:
            if stop is not None:
                self.board[stop] = 1
                deadline_s = time.monotonic() + STOP_WITHIN_S
                for worker in self._all:
                    worker.wait(deadline_s - time.monotonic())
        finally:
            with ctrl_c_waits():
                for worker in self._all:
                    worker.kill()


@contextlib.contextmanager
def workers(cells: int, stop: int | None = None) -> Iterator[Workers]:
    """Workers with a board of so many integers; however the block ends, they are gone afterwards."""
    group = Workers(cells)
    try:
        yield group
    finally:
        group.end(stop)


@contextlib.contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C is heard at the end. A process that starts inside is deaf to it from its first moment."""
    resource_tracker.ensure_running()  # or starting the first process starts it, and that lets the signal through again
    heard: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    # The mask is this thread's, and any other thread may take the signal: Python then interrupts the main one.
    here = threading.current_thread() is threading.main_thread() and callable(handler)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        if here:
            signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
        yield
    finally:
        if here:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if heard and callable(handler):
            handler(heard[0], None)


def await_ready(jobs: Sequence[Job], within_s: float, observer: Observer, before: str) -> None:
    """Until all are ready. UnreachableError with the words of one for which it went wrong, or the names of those who
    are late; CancelledError on a cancel. `before` is what they have to be ready for."""
    deadline_s = time.monotonic() + within_s
    while late := [job for job in jobs if not job.ready]:
        observer.check(f"before {before}")
        for job in late:
            if (job.said() or job.done) and not job.ready:
                raise UnreachableError(job.trouble(0) or f"the {job.name} ended before {before}")
        if time.monotonic() > deadline_s:
            names = " and the ".join(job.name for job in late) + (" were" if len(late) > 1 else " was")
            raise UnreachableError(f"the {names} not ready after {within_s:.0f} s")
        time.sleep(LOOK_S)
