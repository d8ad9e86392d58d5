"""A worker process that writes down every message it has worked off, and can be killed, frozen and replaced.

What it wrote outlives it: records are appended to a file by single writes, which SIGKILL cannot tear.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from labs.model.endpoint import Endpoint
from labs.model.kernel import die_with_parent
from labs.record.spawning import WORKERS
from labs.scenarios.promises.stage import Stage, TroubleError, wait_for

RECORD = struct.Struct("<qq")
READY = -1
QUIET_S = 0.8
START_S = 30.0
MARK = -2
"""What a worker notes in the moment at which it may be killed best."""
Note = Callable[..., None]
Work = Callable[..., None]
"""A function of a module, called in the worker with (endpoint, name, note) and the crew's arguments."""


def _begin(number: int, parent: int, path: str, work: Work, rest: tuple[Endpoint, str, dict[str, Any]]) -> None:
    """The life of worker `number`: it dies with its parent, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    die_with_parent()
    if os.getppid() != parent:
        os._exit(1)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    endpoint, name, arguments = rest

    def note(sequence: int, again: bool = False) -> None:
        os.write(handle, RECORD.pack(sequence, number if sequence == READY else again))

    work(endpoint, name, note, **arguments)


class Crew:
    """One worker at a time, all of them writing into one file."""

    def __init__(self, stage: Stage, folder: Path, work: Work, arguments: dict[str, Any]) -> None:
        self._file = folder / "noted"
        self._file.touch()
        self._order = (os.getpid(), str(self._file), work, (stage.endpoint, stage.name, arguments))
        self._process: BaseProcess | None = None
        self._begun = 0

    def launch(self) -> None:
        """A new worker begins to start."""
        self._begun += 1
        self._process = WORKERS.Process(target=_begin, args=(self._begun, *self._order), daemon=True)
        # A Ctrl-C in the middle would leave a process that nobody knows, or one that complains while it starts.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def await_ready(self) -> None:
        """Until the newest worker says that it is connected."""
        wait_for(lambda: self.ready or not self.alive, "a worker to connect", START_S)
        if not self.ready:
            raise TroubleError(f"a worker ended before it was connected (exit code {self._living.exitcode})")

    def start(self) -> None:
        """A new worker, connected."""
        self.launch()
        self.await_ready()

    @property
    def _living(self) -> BaseProcess:
        if self._process is None:
            raise TroubleError("no worker was started")
        return self._process

    @property
    def alive(self) -> bool:
        """The newest worker still runs."""
        return self._living.is_alive()

    def _records(self) -> list[tuple[int, int]]:
        content = self._file.read_bytes()
        return list(RECORD.iter_unpack(content[: len(content) // RECORD.size * RECORD.size]))

    @property
    def ready(self) -> bool:
        """The newest worker has said that it is connected."""
        return (READY, self._begun) in self._records()

    def noted(self) -> list[int]:
        """The messages worked off, in order, by all workers."""
        return [sequence for sequence, _ in self._records() if sequence >= 0]

    def again(self) -> int:
        """How many of them the broker had marked as delivered before."""
        return sum(again for sequence, again in self._records() if sequence >= 0)

    def kill(self) -> str:
        """End the worker by SIGKILL; the evidence is what waitpid says. TroubleError if it was gone already."""
        process, began_s = self._living, time.monotonic()
        if not process.is_alive():
            raise TroubleError(f"the worker ended by itself, exit code {process.exitcode}")
        process.kill()
        process.join(10)
        if process.exitcode != -signal.SIGKILL:
            raise TroubleError(f"worker {process.pid} was sent SIGKILL and waitpid says {process.exitcode}")
        return f"pid {process.pid} died of SIGKILL {time.monotonic() - began_s:.3f} s after it was sent"

    def freeze(self) -> str:
        """Stop the worker by SIGSTOP; the evidence is its state."""
        process = psutil.Process(self._living.pid)
        process.suspend()
        wait_for(lambda: process.status() == psutil.STATUS_STOPPED, "the worker to stop", 5)
        return f"pid {process.pid} is in state stopped"

    def thaw(self) -> None:
        """Let the frozen worker go on."""
        psutil.Process(self._living.pid).resume()

    def await_noted(self, count: int, within_s: float = 30.0) -> None:
        """Until `count` messages have been worked off."""
        wait_for(
            lambda: len(self.noted()) >= count or not self.alive, f"message {count} to be worked off", within_s, 0.001
        )
        if len(self.noted()) < count:
            raise TroubleError(f"the worker ended by itself, exit code {self._living.exitcode}")

    def await_mark(self) -> None:
        """Until the worker has made its mark once more."""
        before = self._marks()
        wait_for(lambda: self._marks() > before or not self.alive, "the worker's mark", every_s=0.001)

    def _marks(self) -> int:
        return sum(sequence == MARK for sequence, _ in self._records())

    def await_quiet(self, quiet_s: float = QUIET_S, within_s: float = 60.0) -> None:
        """Until nothing has been noted for `quiet_s`."""
        seen, since_s, give_up_s = -1, time.monotonic(), time.monotonic() + within_s
        while time.monotonic() - since_s < quiet_s:
            if time.monotonic() > give_up_s:
                raise TroubleError(f"messages still came after {within_s:g} s")
            if (now := len(self.noted())) != seen:
                seen, since_s = now, time.monotonic()
            time.sleep(0.02)

    def drain(self, left: Callable[[], int]) -> None:
        """Work off all that is there; TroubleError unless the broker says, also afterwards, that nothing is left."""
        self.await_quiet()
        if not self.alive:
            raise TroubleError(f"the worker ended by itself, exit code {self._living.exitcode}")
        wait_for(lambda: left() == 0, "the broker to have nothing left", 10)
        self.kill()
        time.sleep(0.3)  # what an unacknowledged message needs to be queued again
        if still := left():
            raise TroubleError(f"{still} messages were left after the drain")

    def end(self) -> None:
        """Whatever happened, no worker stays."""
        if self._process is not None and self._process.is_alive():
            self._process.kill()
            self._process.join(10)


@contextlib.contextmanager
def crew(stage: Stage, work: Work, **arguments: Any) -> Iterator[Crew]:
    """A crew for the length of the block; its last worker and its file are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="labs-crew-"))
    members = Crew(stage, folder, work, arguments)
    try:
        yield members
    finally:
        members.end()
        shutil.rmtree(folder, ignore_errors=True)
