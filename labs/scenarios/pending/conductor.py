"""Add messages, let a worker die and the others stand still, fill the memory; write down what came of it:
run(...) -> PendingRun.

This process adds and looks; the workers are processes of their own. Nothing is judged here.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.facts import Facts
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S
from labs.record.monitor import waiting
from labs.record.processes import Board, Worker, Workers, await_ready, workers
from labs.record.watchdog import Watchdog
from labs.scenarios.pending import (
    AWAY_FROM_S,
    AWAY_TO_S,
    DIES_AT_S,
    HOLDS,
    MESSAGES,
    PER_S,
    QUIET_S,
    WATCHED_S,
    WORKERS,
    Way,
)
from labs.scenarios.pending.board import CELLS, Event, Log, Slot
from labs.scenarios.pending.facts import HAPPENED, LOOKS, PendingRun
from labs.scenarios.pending.stage import Stream, now_ns, stream
from labs.scenarios.pending.work import DOOMED, Task, work

READY_WITHIN_S, HELD_WITHIN_S, SETTLE_WITHIN_S = 30.0, 20.0, 20.0
EMPTY_TIMES = 4
"""How often each living worker must have asked in the end and got nothing."""
MOST_SETS = 400
LOOK_NS = 20_000_000
STEP_S = 0.002
LIVING = range(1, WORKERS)
LASTS_S = 4.0
"""About so long a run takes, for its progress."""


@dataclass
class _Scene:
    """A run under way."""

    way: Way
    stream: Stream
    started: Workers
    observer: Observer
    crew: list[Worker] = field(default_factory=list)
    start_ns: int = 0
    ids: list[bytes] = field(default_factory=list)
    added_ns: list[int] = field(default_factory=list)
    looks: list[tuple[int, ...]] = field(default_factory=list)
    looking: bool = True
    times: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("gone_ns", "trimmed_ns"), NEVER))
    evidence: str = ""

    def now_ns(self) -> int:
        return now_ns() - self.start_ns

    def start(self, task: Task) -> None:
        """All workers, connected."""
        board = self.started.board
        for me in range(WORKERS):
            ready = partial(bool_at, board, Slot.READY + me)
            self.crew.append(self.started.start(f"worker {me + 1}", work, task, me, ready=ready))
        try:
            await_ready(self.crew, READY_WITHIN_S, self.observer, "the first message")
        except UnreachableError as error:
            raise UnreachableError(self.started.said() or str(error)) from error
        self.start_ns = now_ns()

    def look(self) -> None:
        """Ask the server, and write down when."""
        self.looks.append((self.now_ns(), *self.stream.look()))

    def step(self) -> None:
        """One moment: what is due is added, the server is asked from time to time."""
        self.observer.check(f"at message {len(self.ids)}")
        at_ns = self.now_ns()
        while len(self.ids) < MESSAGES and at_ns >= len(self.ids) * NS_PER_S // PER_S:
            self.ids.append(self.stream.add(len(self.ids)))
            self.added_ns.append(self.now_ns())
        if self.looking and (not self.looks or at_ns - self.looks[-1][0] >= LOOK_NS):
            self.look()
            self.observer.progress(min(at_ns / NS_PER_S / LASTS_S, 0.95), f"{len(self.ids)} messages added")
        time.sleep(STEP_S)

    def until(self, over: Callable[[], bool], within_s: float = SETTLE_WITHIN_S) -> bool:
        """Whether that came before the time was over; nothing is waited for once a worker has said what went wrong."""
        give_up_ns = self.now_ns() + round(within_s * NS_PER_S)
        while not over():
            if self.now_ns() > give_up_ns or self.started.said():
                return False
            self.step()
        return True

    def until_s(self, after_s: float) -> bool:
        """Until so long after the start."""
        return self.until(lambda: self.now_ns() >= after_s * NS_PER_S)

    def kill(self) -> None:
        """The first worker fills its hands while the others wait, and is killed."""
        board, first = self.started.board, self.crew[DOOMED]
        board[Slot.AWAY] = board[Slot.DIE] = 1
        full = self.until(lambda: board[Slot.HELD] >= HOLDS, HELD_WITHIN_S)
        first.kill()
        self.times["killed_ns"], board[Slot.AWAY] = self.now_ns(), 0
        self.evidence = f"pid {first.pid} ended with exit code {first.exit_code}, {board[Slot.HELD]} in its hands"
        if not full:
            self.evidence = f"not seen to have {HOLDS} in its hands; {self.evidence}"

    def away(self) -> None:
        """The others stand still for a while; where memory is to be full, until the stream is gone."""
        self.until_s(AWAY_FROM_S)
        self.started.board[Slot.AWAY] = 1
        self.times["away_from_ns"] = self.now_ns()
        self.until_s(AWAY_TO_S)
        if self.way.evicts:
            self.evict()
        self.started.board[Slot.AWAY] = 0
        self.times["away_to_ns"] = self.now_ns()

    def evict(self) -> None:
        """All is added, nobody touches the stream for a while, and a cache grows on the same server."""
        self.until(lambda: len(self.ids) == MESSAGES)
        self.look()
        self.looking = False  # each look would count as a use
        quiet_ns, before = self.now_ns() + round(QUIET_S * NS_PER_S), self.stream.evicted()
        self.until(lambda: self.now_ns() >= quiet_ns)
        for turn in range(MOST_SETS):
            self.observer.check("while a cache grows")
            self.stream.cache(turn)
            if not self.stream.there():
                self.times["gone_ns"] = self.now_ns()
                self.looks.append((self.times["gone_ns"], 0, 0, 0, 0, NEVER))
                break
        self.looking = self.times["gone_ns"] == NEVER
        self.evidence += f"; the server counted {self.stream.evicted() - before} evicted keys"

    def settle(self) -> str:
        """Until nothing more happens; empty then, else why that cannot be shown."""
        board = self.started.board
        self.until(lambda: len(self.ids) == MESSAGES)
        before = [board[Slot.EMPTY + me] for me in LIVING]

        def over() -> bool:
            asked = all(board[Slot.EMPTY + me] - was >= EMPTY_TIMES for me, was in zip(LIVING, before, strict=True))
            if self.way.claim_ms is None:
                return asked and self.now_ns() >= WATCHED_S * NS_PER_S
            return asked and not self.looks[-1][2]

        if self.until(over):
            return ""
        return self.started.said() or f"{SETTLE_WITHIN_S:g} s after the last message something was still to be done"

    def close(self) -> tuple[set[bytes], set[bytes]]:
        """What is left in the end, entries and pending ids. Then everything is trimmed, to see what that frees; of a
        stream that is gone one more message is sent instead."""
        if not self.stream.there():
            found = self.stream.ends()
            self.ids.append(self.stream.add(MESSAGES))
            self.added_ns.append(self.now_ns())
            return found
        self.look()
        found = self.stream.ends()
        if found[0]:
            self.times["trimmed_ns"] = self.now_ns()
            self.stream.trim()
            self.look()
        return found


def run(way: Way, endpoint: Endpoint, observer: Observer = UNOBSERVED) -> PendingRun:
    """One run. Raises UnreachableError if a worker does not come up, CancelledError on a cancel.

    What breaks later is data: it stands in `trouble`.
    """
    key = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    with (
        waiting(observer),
        stream(way, endpoint, key) as made,
        workers(CELLS, Slot.STOP) as started,
        Watchdog() as watchdog,
    ):
        facts: Facts = made.facts()
        scene = _Scene(way, made, started, observer)
        scene.start(Task(way, endpoint, key))
        scene.until_s(DIES_AT_S)
        scene.kill()
        scene.away()
        trouble = scene.settle()
        entries, pending = scene.close()
        facts |= {"sent_after": len(scene.ids) - MESSAGES, "has_group": made.has_group()}
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(scene.start_ns)) else {}
        columns = _columns(scene, entries, pending)
    facts |= {"date": time.strftime("%Y-%m-%d")}
    return PendingRun(
        way.name, columns, settled=not trouble, evidence=scene.evidence, trouble=trouble, facts=facts, **scene.times
    )


def bool_at(board: Board, cell: int) -> bool:
    """A worker's own word."""
    return bool(board[cell])


def _columns(scene: _Scene, entries: set[bytes], pending: set[bytes]) -> dict[str, Column]:
    """All that was written down, entries by the numbers of their messages."""
    ids, number = scene.ids[:MESSAGES], {name: at for at, name in enumerate(scene.ids)}
    found = {"added_ns": np.array(scene.added_ns[:MESSAGES], np.int64)}
    found |= {
        name: np.array([one in those for one in ids], np.int64)
        for name, those in (("kept", entries), ("pending", pending))
    }
    rows = []
    for me in range(WORKERS):
        for event, first, second, at_ns in Log(scene.started.board, me).rows().tolist():
            message = NEVER if event == Event.NO_GROUP else number[b"%d-%d" % (first, second)]
            rows.append((event, message, me, at_ns - scene.start_ns))
    table = np.array(sorted(rows, key=lambda row: row[3]), np.int64).reshape(-1, len(HAPPENED))
    looks = np.array(scene.looks, np.int64).reshape(-1, len(LOOKS))
    found |= {name: table[:, at].copy() for at, name in enumerate(HAPPENED)}
    return found | {name: looks[:, at].copy() for at, name in enumerate(LOOKS)}
