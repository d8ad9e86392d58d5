"""Publish, let another reader join, publish on, write down what came to each: run(...) -> JoinRun.

This process watches; sender and readers are processes of their own. Nothing is judged here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from typing import Any

import psutil

from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import Column
from labs.record.monitor import waiting
from labs.record.processes import Worker, Workers, await_ready, workers
from labs.scenarios.joining import ALL, BEFORE, EARLY, LATE, READERS, Mode, at_work
from labs.scenarios.joining.at_work import Task
from labs.scenarios.joining.board import CELLS, Log, Slot
from labs.scenarios.joining.facts import COLUMNS, JoinRun, Seen
from labs.scenarios.joining.site import made

READY_WITHIN_S, SENT_WITHIN_S = 60.0, 20.0
"""The first group of a Kafka waits until its topic of offsets is there."""
SETTLE_WITHIN_S = 10.0
"""After the last message was acknowledged. Who waits so long for what never comes says so, and is not judged."""
EMPTY_TIMES = 3
"""How often a reader that has the last message must find nothing more."""
LOOK_S = 0.005


class _Run:
    """The processes of a run, and their board."""

    def __init__(self, started: Workers, task: Task, observer: Observer) -> None:
        self._started, self.task, self.observer, self.board = started, task, observer, started.board
        self.logs = {who: Log(self.board, who) for who in READERS}
        self.readers: list[Worker] = []
        self.sender = started.start("sender", at_work.send, task, ready=lambda: bool(self.board[Slot.UP]))

    def join(self, who: str) -> None:
        """Another reader, ready when what is sent from now on reaches it."""
        log, name = self.logs[who], f"{who} reader"
        self.readers.append(self._started.start(name, at_work.read, self.task, who, ready=lambda: log.ready))
        self._await_ready([self.sender, self.readers[-1]], f"the {who} reader's first message")

    def _await_ready(self, those: list[Worker], before: str) -> None:
        """UnreachableError if one does not come up, with what went wrong in whichever process it did."""
        try:
            await_ready(those, READY_WITHIN_S, self.observer, before)
        except UnreachableError as error:
            raise UnreachableError(self._started.said() or str(error)) from error

    def publish(self, number: int) -> str:
        """Until so many messages are acknowledged; empty then, else why they are not."""
        self.board[Slot.GO], until_s = number, time.monotonic() + SENT_WITHIN_S
        while (sent := self.board[Slot.SENT]) < number:
            self.observer.check(f"at message {sent}")
            if why := self._started.said():
                return why
            if self.sender.done or time.monotonic() > until_s:
                return f"the sender stopped at message {sent} of {number}"
            time.sleep(LOOK_S)
        return ""

    def settle(self) -> str:
        """Until both readers have the last message and get nothing more; empty then, else who does not."""
        until_s, found = time.monotonic() + SETTLE_WITHIN_S, dict[str, int]()
        while time.monotonic() < until_s:
            self.observer.check("after the last message")
            if why := self._started.said():
                return why
            for who, log in self.logs.items():
                if who not in found and (log.rows()[:, 0] == ALL - 1).any():
                    found[who] = log.empty
            if len(found) == len(READERS) and all(self.logs[w].empty >= found[w] + EMPTY_TIMES for w in READERS):
                return ""
            time.sleep(LOOK_S)
        late = [who for who in READERS if who not in found]
        return f"{SETTLE_WITHIN_S:g} s after the last message the {' and the '.join(late or READERS)} reader lacked it"

    def seen(self) -> Seen:
        """The sender, as it is now."""
        file = hashlib.sha256(self.task.mode.file.read_bytes()).hexdigest()
        return Seen(self.sender.pid, not self.sender.done, file, self.board[Slot.TOLD], self._direct())

    def _direct(self) -> int | None:
        """How many connections of the sender end at a socket of a reader."""
        try:
            ends = {one.raddr for one in _connections(self.sender) if one.raddr}
            readers = {one.laddr for reader in self.readers for one in _connections(reader)}
        except psutil.Error:
            return None
        return len(ends & readers)


def _connections(worker: Worker) -> list[Any]:
    return list(psutil.Process(worker.pid).net_connections("tcp"))


def run(mode: Mode, endpoint: Endpoint | None, change: str, observer: Observer = UNOBSERVED) -> JoinRun:
    """One run. Raises UnreachableError if a process does not come up, CancelledError on a cancel.

    What breaks later is data: it stands in `trouble`.
    """
    name = f"labs-{os.getpid()}-{secrets.token_hex(4)}"
    task, began_ns, seen = Task(mode, endpoint, name, change), time.monotonic_ns(), list[Seen]()
    with (
        waiting(observer),
        made(mode, endpoint, name) as facts,
        contextlib.ExitStack() as stack,
    ):
        at = _Run(stack.enter_context(workers(CELLS, Slot.STOP)), task, observer)
        at.join(EARLY)
        observer.progress(0.4, f"{BEFORE} messages, then another reader")
        trouble = at.publish(BEFORE)
        if not trouble:
            seen.append(at.seen())
            at.join(LATE)
            observer.progress(0.7, f"{ALL - BEFORE} more messages")
            trouble = at.publish(ALL) or at.settle()
            seen.append(at.seen())
        columns = {key: column for who, log in at.logs.items() for key, column in _columns(who, log, began_ns).items()}
    facts = {**facts, "date": time.strftime("%Y-%m-%d")}
    return JoinRun(mode.name, change, columns, tuple(seen), not trouble, trouble, facts)


def _columns(who: str, log: Log, began_ns: int) -> dict[str, Column]:
    rows = log.rows()
    rows[:, 2] -= began_ns
    return {name: rows[:, at].copy() for at, name in enumerate(COLUMNS[who])}
