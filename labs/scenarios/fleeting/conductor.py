"""Send what is soon worthless, let the consumer stand still or die, write down what came: run(...) -> FleetingRun.

This process watches; sender and consumers are processes of their own. Nothing is judged here.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from dataclasses import dataclass, field

import numpy as np

from labs.brokers import open_broker
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.facts import Facts
from labs.model.observer import UNOBSERVED, Observer
from labs.model.profile import profile
from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S
from labs.record.monitor import waiting
from labs.record.processes import Worker, Workers, await_ready, workers
from labs.record.watchdog import Watchdog, is_stopped
from labs.scenarios.fleeting import GAP_AT_S, GAP_S, MESSAGES, PER_S, SECONDS, Way
from labs.scenarios.fleeting.at_work import Task, consume, send
from labs.scenarios.fleeting.board import CELLS, Log, Slot, now_ns
from labs.scenarios.fleeting.facts import CAME, FleetingRun

LEAD_NS = 100_000_000
READY_WITHIN_S = 30.0
SETTLE_WITHIN_S = 10.0
"""After the last message was due."""
STOPS_WITHIN_S = 0.5
EMPTY_TIMES = 4
"""How often a consumer must have asked and got nothing after the last message had left the sender."""
LOOK_S = 0.005


@dataclass
class _Gap:
    """When nobody read, on the clock, and what shows it."""

    from_ns: int = 0
    to_ns: int = 0
    evidence: str = ""


@dataclass
class _Stage:
    """The processes of a run, their board, and who watches."""

    started: Workers
    task: Task
    observer: Observer
    consumers: list[Worker] = field(default_factory=list)
    gap: _Gap = field(default_factory=_Gap)

    def open(self, number: int) -> None:
        """Another consumer may connect; until it has."""
        board = self.started.board
        board[Slot.OPEN] = number
        await_ready([self.consumers[number - 1]], READY_WITHIN_S, self.observer, "its first message")

    def start(self) -> None:
        """The sender, a consumer, and one that waits until it may connect."""
        board = self.started.board
        sender = self.started.start("sender", send, self.task, ready=lambda: bool(board[Slot.UP]))
        try:
            await_ready([sender], READY_WITHIN_S, self.observer, "the first message")
            for number in (1, 2):
                self.consumers.append(self._consumer(number))
            self.open(1)
        except UnreachableError as error:
            raise UnreachableError(self.started.said() or str(error)) from error
        board[Slot.START_NS] = now_ns() + LEAD_NS

    def _consumer(self, number: int) -> Worker:
        board = self.started.board
        name, ready = f"consumer {number}", lambda: board[Slot.READY] >= number
        return self.started.start(name, consume, self.task, number, ready=ready)

    def stand_still(self) -> None:
        """The consumer's process is stopped for a while."""
        pid = self.consumers[0].pid
        try:
            os.kill(pid, signal.SIGSTOP)
            until_s = time.monotonic() + STOPS_WITHIN_S
            while not (stopped := is_stopped(pid)) and time.monotonic() < until_s:
                time.sleep(0.001)
            self.gap.from_ns = now_ns()
            self.gap.evidence = f"pid {pid} was {'in state stopped' if stopped else 'not seen to stop'}"
            self.until_s(GAP_AT_S + GAP_S)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.gap.to_ns = now_ns()

    def crash(self) -> None:
        """The consumer's process is killed, and after a while another one connects."""
        first = self.consumers[0]
        first.kill()
        self.gap.from_ns = now_ns()
        self.gap.evidence = f"pid {first.pid} ended with exit code {first.exit_code}"
        self.until_s(GAP_AT_S + GAP_S)
        self.open(2)
        self.gap.to_ns = now_ns()

    def until_s(self, after_s: float) -> None:
        """Until so long after the first message was due, or until something went wrong."""
        board = self.started.board
        at_ns = board[Slot.START_NS] + round(after_s * NS_PER_S)
        while (left_ns := at_ns - now_ns()) > 0 and not self.started.said():
            self.observer.check(f"at message {board[Slot.SENT]}")
            self.observer.progress(board[Slot.SENT] / MESSAGES, f"{board[Slot.SENT]:,} messages sent")
            time.sleep(min(left_ns / NS_PER_S, 0.05))

    def settle(self) -> str:
        """Until all is sent and a consumer found nothing more; empty then, else why that cannot be shown."""
        board = self.started.board
        self.until_s(SECONDS)
        until_s, empty = time.monotonic() + SETTLE_WITHIN_S, -1
        while time.monotonic() < until_s:
            self.observer.check("after the last message")
            if why := self.started.said():
                return why
            if board[Slot.FINISHED]:
                empty = board[Slot.EMPTY] if empty < 0 else empty
                if board[Slot.EMPTY] - empty >= EMPTY_TIMES:
                    return ""
            time.sleep(LOOK_S)
        return f"{SETTLE_WITHIN_S:g} s after the last message was due something was still to be sent or read"

    def columns(self) -> dict[str, Column]:
        """All that was written down."""
        board, start_ns = self.started.board, self.started.board[Slot.START_NS]
        stamps = np.array(board[Slot.STAMPS : Slot.STAMPS + MESSAGES], np.int64)
        due = np.round(np.arange(MESSAGES) * (NS_PER_S / PER_S)).astype(np.int64)
        rows = Log(board).rows()
        rows[:, 2] -= start_ns
        found = {"due_ns": due, "sent_ns": np.where(stamps > 0, stamps - start_ns, NEVER)}
        return found | {name: rows[:, at].copy() for at, name in enumerate(CAME)}


def run(way: Way, endpoint: Endpoint, gap: str, observer: Observer = UNOBSERVED) -> FleetingRun:
    """One run. Raises UnreachableError if a process does not come up, CancelledError on a cancel.

    What breaks later is data: it stands in `trouble`.
    """
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    with (
        waiting(observer),
        open_broker(endpoint, profile(way.profile), name) as broker,
        workers(CELLS, Slot.STOP) as started,
        Watchdog() as watchdog,
    ):
        facts: Facts = {"server": broker.version(), "durability": broker.durability()}
        stage = _Stage(started, Task(way, endpoint, name), observer)
        stage.start()
        if gap != "none":
            stage.until_s(GAP_AT_S)
            stage.stand_still() if gap == "pause" else stage.crash()
        trouble = stage.settle()
        start_ns, times = started.board[Slot.START_NS], stage.gap
        facts |= {"pauses": pauses} if (pauses := watchdog.facts(start_ns)) else {}
        columns = stage.columns()
    between = {"gap_from_ns": times.from_ns - start_ns, "gap_to_ns": times.to_ns - start_ns} if times.to_ns else {}
    facts |= {"date": time.strftime("%Y-%m-%d")}
    return FleetingRun(
        way.name, gap, columns, not trouble, evidence=times.evidence, trouble=trouble, facts=facts, **between
    )
