"""Who produces and who consumes: a process for each, the board that all share, and what is said of one that died."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, Literal, Protocol

from labs.record import workers
from labs.record.load_generator import Board, Slot
from labs.record.spawning import Worker, Workers, pool

LEAD_NS = 100_000_000
STOP_WITHIN_S = 6.0
Role = Literal["producer", "consumer"]
Job = Future[str]
"""A worker at work; in the end it says what broke, or nothing."""


class Crew(Protocol):
    """Who can be set to work, and the board that all share."""

    board: Board
    lead_ns: int
    """How long before the first message the workers have to be told when that is."""
    patience_s: float
    """How long a worker may take to stop and to hand over what it has."""

    def hire(self, role: Role, work: Callable[..., str], *what: object) -> Job:
        """Set a worker to work."""

    def facts(self, *, ended: bool) -> dict[str, Any]:
        """What a run card has to say of them, before the run and when it has ended."""

    def beside(self, processors: dict[str, Any], pauses: list[list[Any]]) -> dict[str, Any]:
        """What of this machine touched them during the run: the processors there were, and when it stood still."""


class _Here:
    """An executor for each role, so that one who dies does not take the other along."""

    lead_ns, patience_s = LEAD_NS, STOP_WITHIN_S

    def __init__(self, board: Board, executors: dict[Role, Executor]) -> None:
        self.board, self.executors = board, executors

    def facts(self, *, ended: bool) -> dict[str, Any]:
        """Nothing: they are here."""
        return {}

    def beside(self, processors: dict[str, Any], pauses: list[list[Any]]) -> dict[str, Any]:
        """All of it: they are here."""
        return {"processors": processors} | ({"pauses": pauses} if pauses else {})

    def hire(self, role: Role, work: Callable[..., str], *what: object) -> Job:
        """Set a worker to work."""
        return self.executors[role].submit(work, *what)


@contextlib.contextmanager
def crew() -> Iterator[Crew]:
    """Two worker processes and the board they share; whatever happens, they are gone afterwards."""
    made: list[Worker] = []
    context = _noting(made)
    board: Board = context.RawArray("q", len(Slot))
    pools = [pool(context, workers.enlist, board, os.getpid()) for _ in range(2)]
    try:
        yield _Here(board, {"producer": pools[0], "consumer": pools[1]})
    finally:
        board[Slot.STOP] = 1
        for one in pools:
            one.shutdown(wait=False, cancel_futures=True)
        # Not the executor's own list: a Ctrl-C while it starts a worker keeps that one out of it, and the interpreter
        # would wait for it at its end, for ever. Nor all children of this process: other crews work at the same time.
        _end([child for child in made if child.pid])


def _noting(made: list[Worker]) -> Workers:
    """A context that writes down each process it makes, before it is started."""
    context = Workers()

    def process(*what: Any, **named: Any) -> Worker:
        made.append(Worker(*what, **named))
        return made[-1]

    context.Process = process  # type: ignore[assignment,misc]  # an executor asks its context for processes by this name
    return context


def _end(children: Sequence[Worker]) -> None:
    """Wait for them, then kill. By their own methods: a child that another library has waited for counts as alive to
    multiprocessing for ever, and the executor's thread would turn in a loop until it is not."""
    deadline_s = time.monotonic() + STOP_WITHIN_S
    for child in children:
        child.join(max(deadline_s - time.monotonic(), 0.01))
    for child in children:
        if child.is_alive():
            child.kill()
            child.join(2)


HIRE: ContextVar[Callable[[], AbstractContextManager[Crew]]] = ContextVar("HIRE", default=crew)
"""Where `record` gets its crew: here, or for the length of a command from elsewhere."""


def trouble_of(job: Job, role: Role, within_s: float = STOP_WITHIN_S) -> str:
    """What broke for a worker who has ended, or shall end by now; nothing if it went well."""
    wait([job], within_s)
    try:
        return job.result(timeout=0)
    except BrokenExecutor:
        return f"{role}: its process was killed in the middle; what it had not yet written down is unknown"
    except TimeoutError:
        return f"{role}: it hung and was killed; what it had not yet written down is unknown"
