"""Who produces and who consumes: a process for each, the board that all share, and what is said of one that died."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal

from labs import workers
from labs.outbox import Board, Slot

STOP_WITHIN_S = 6.0
Role = Literal["producer", "consumer"]
Job = Future[str]
"""A worker at work; in the end it says what broke, or nothing."""


@dataclass(frozen=True)
class Crew:
    """An executor for each role, so that one who dies does not take the other along."""

    board: Board
    executors: dict[Role, Executor]

    def hire(self, role: Role, work: Callable[..., str], *what: object) -> Job:
        """Set a worker to work."""
        return self.executors[role].submit(work, *what)


@contextlib.contextmanager
def crew() -> Iterator[Crew]:
    """Two worker processes and the board they share; whatever happens, they are gone afterwards."""
    context = multiprocessing.get_context("spawn")
    board: Board = context.RawArray("q", len(Slot))
    before = {child.pid for child in multiprocessing.active_children()}
    pools = [ProcessPoolExecutor(1, context, workers.enlist, (board, os.getpid())) for _ in range(2)]
    try:
        yield Crew(board, {"producer": pools[0], "consumer": pools[1]})
    finally:
        board[Slot.STOP] = 1
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        # Not the executor's own list: a Ctrl-C while it starts a worker keeps that one out of it, and the interpreter
        # would wait for it at its end, for ever.
        _end([child for child in multiprocessing.active_children() if child.pid not in before])


def _end(children: Sequence[multiprocessing.process.BaseProcess]) -> None:
    """Wait for them, then kill. By their own methods: a child that another library has waited for counts as alive to
    multiprocessing for ever, and the executor's thread would turn in a loop until it is not."""
    deadline_s = time.monotonic() + STOP_WITHIN_S
    for child in children:
        child.join(max(deadline_s - time.monotonic(), 0.01))
    for child in children:
        if child.is_alive():
            child.kill()
            child.join(2)


def trouble_of(job: Job, role: Role) -> str:
    """What broke for a worker who has ended, or shall end by now; nothing if it went well."""
    wait([job], STOP_WITHIN_S)
    try:
        return job.result(timeout=0)
    except BrokenExecutor:
        return f"{role}: its process was killed in the middle; what it had not yet written down is unknown"
    except TimeoutError:
        return f"{role}: it hung and was killed; what it had not yet written down is unknown"
