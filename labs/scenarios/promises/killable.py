"""Workers that write down every message they have worked off, and can be killed, frozen and replaced, one at a time."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator

import psutil

from labs.model.endpoint import Endpoint
from labs.model.observer import UNOBSERVED
from labs.record.processes import Context, Worker, Workers, await_ready, workers
from labs.scenarios.promises.stage import Stage, TroubleError, wait_for
from labs.scenarios.shared_rows import SharedRows

ROWS = 1 << 15
COUNT, WIDTH = 0, 2
"""The cell that counts the rows, and a row: the message's number or a word below, and whether it had come before (of
READY the worker's number)."""
READY = -1
QUIET_S = 0.8
START_S = 30.0
MARK = -2
"""What a worker notes in the moment at which it may be killed best."""
Note = Callable[..., None]
Work = Callable[..., None]
"""A function of a module, called in the worker with (endpoint, name, note) and what `killable` was given."""


def _begin(here: Context, number: int, work: Work, stage: tuple[Endpoint, str], arguments: dict[str, object]) -> None:
    """The life of worker `number`."""
    rows = SharedRows(here.board, COUNT, WIDTH)

    def note(sequence: int, again: bool = False) -> None:
        rows.add(sequence, number if sequence == READY else again)

    work(*stage, note, **arguments)


class KillableWorker:
    """One worker at a time, all of them writing on one board."""

    def __init__(self, stage: Stage, started: Workers, work: Work, arguments: dict[str, object]) -> None:
        self._started, self._rows = started, SharedRows(started.board, COUNT, WIDTH)
        self._order = (work, (stage.endpoint, stage.name), arguments)
        self._newest: Worker | None = None
        self._begun = 0

    def launch(self) -> None:
        """A new worker begins to start."""
        self._begun += 1
        self._newest = self._started.start("worker", _begin, self._begun, *self._order, ready=lambda: self.ready)

    def await_ready(self) -> None:
        """Until the newest worker says that it is connected. UnreachableError if it does not."""
        await_ready([self._living], START_S, UNOBSERVED, "it was connected")

    def start(self) -> None:
        """A new worker, connected."""
        self.launch()
        self.await_ready()

    @property
    def _living(self) -> Worker:
        if self._newest is None:
            raise TroubleError("no worker was started")
        return self._newest

    @property
    def alive(self) -> bool:
        """The newest worker still runs."""
        return not self._living.done

    def _ended(self) -> TroubleError:
        """The newest worker is gone, and it was not we who ended it."""
        worker = self._living
        return TroubleError(f"the worker ended by itself, exit code {worker.exit_code} {worker.said()}".rstrip())

    @property
    def ready(self) -> bool:
        """The newest worker has said that it is connected."""
        return [READY, self._begun] in self._rows.rows().tolist()

    def noted(self) -> list[int]:
        """The messages worked off, in order, by all workers."""
        return [sequence for sequence, _ in self._rows.rows().tolist() if sequence >= 0]

    def again(self) -> int:
        """How many of them the broker had marked as delivered before."""
        return sum(again for sequence, again in self._rows.rows().tolist() if sequence >= 0)

    def kill(self) -> str:
        """End the worker by SIGKILL; the evidence is what waitpid says. TroubleError if it was gone already."""
        worker, began_s = self._living, time.monotonic()
        if worker.done:
            raise self._ended()
        worker.kill()
        if worker.exit_code != -signal.SIGKILL:
            raise TroubleError(f"worker {worker.pid} was sent SIGKILL and waitpid says {worker.exit_code}")
        return f"pid {worker.pid} died of SIGKILL {time.monotonic() - began_s:.3f} s after it was sent"

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
            raise self._ended()

    def await_mark(self) -> None:
        """Until the worker has made its mark once more."""
        before = self._marks()
        wait_for(lambda: self._marks() > before or not self.alive, "the worker's mark", every_s=0.001)

    def _marks(self) -> int:
        return int((self._rows.rows()[:, 0] == MARK).sum())

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
            raise self._ended()
        wait_for(lambda: left() == 0, "the broker to have nothing left", 10)
        self.kill()
        time.sleep(0.3)  # what an unacknowledged message needs to be queued again
        if still := left():
            raise TroubleError(f"{still} messages were left after the drain")


@contextlib.contextmanager
def killable(stage: Stage, work: Work, **arguments: object) -> Iterator[KillableWorker]:
    """A worker that can be replaced, for the length of the block; the last one is gone afterwards."""
    with workers(1 + ROWS * WIDTH) as started:
        yield KillableWorker(stage, started, work, arguments)
