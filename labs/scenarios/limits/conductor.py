"""Publish, stop the reader, reach the limit, let the reader go on, read out what is left: run(...) -> History.

This process watches; publisher and reader are processes of their own. Nothing is judged here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from labs.model.endpoint import BrokerError, Endpoint
from labs.model.observer import UNOBSERVED, Observer
from labs.model.run import Column
from labs.model.workload import NS_PER_S
from labs.record import spawning
from labs.record.monitor import waiting
from labs.record.processes import Board, Worker, await_ready, workers
from labs.record.watchdog import Watchdog
from labs.scenarios.limits import Mode
from labs.scenarios.limits import working as w
from labs.scenarios.limits.facts import History, empty
from labs.scenarios.shared_rows import SharedRows

LEAD_NS = 50_000_000
READY_WITHIN_S = 30.0
BEFORE_S, PAUSE_S, AFTER_S, SHORTLY_S = 1.0, 3.5, 1.5, 0.2
HOLD_S, MOST_S, OVER_WITHIN_S = 1.5, 10.0, 8.0
"""Where the broker's own mark is the limit, the reader goes on so long after it was seen, and at MOST_S in any case."""
LOOK_S, WATCH_S = 0.005, 0.05
QUIET_S, OUT_WITHIN_S = 2.0, 12.0
"""What is not read after so long a silence is lost; where every message has been read nobody waits."""


@dataclass
class _Scene:
    """A run under way."""

    mode: Mode
    stage: w.Stage
    publisher: Worker
    reader: Worker
    boards: tuple[Board, Board]
    observer: Observer
    start_ns: int = 0
    marks: list[tuple[int, str]] = field(default_factory=list)
    state: str = ""
    watched_s: float = 0.0

    def now_ns(self) -> int:
        return time.monotonic_ns() - self.start_ns

    def look(self, share: float, what: str) -> None:
        """One moment of watching: a cancel, a dead worker, what the broker says of the limit."""
        self.observer.check(f"while {what}")
        self.observer.progress(share, what)
        if time.monotonic() - self.watched_s >= WATCH_S:
            self.watched_s = time.monotonic()
            with contextlib.suppress(BrokerError):
                found = self.stage.watch()
                if found != self.state:
                    self.marks.append((self.now_ns(), found or f"{self.state} over"))
                    self.state = found
        time.sleep(LOOK_S)

    def until(self, at_s: float, share: float, what: str) -> None:
        """Watch until so long after the start; sooner if a worker has ended."""
        while self.now_ns() < at_s * NS_PER_S and not (self.publisher.done or self.reader.done):
            self.look(share, what)

    def pause(self) -> tuple[int, int]:
        """Stop the reader and let it go on again: when, ns."""
        self.boards[1][w.GO] = w.PAUSED
        paused_ns = self.now_ns()
        self.stage.strike()
        begun_s, waits = paused_ns / NS_PER_S, self.mode.own_mark
        if waits:
            while not self.state and self.now_ns() < (begun_s + MOST_S) * NS_PER_S:
                self.look(0.3, "the reader is paused")
            self.until(self.now_ns() / NS_PER_S + HOLD_S, 0.6, "the limit is reached")
        else:
            self.until(begun_s + PAUSE_S, 0.4, "the reader is paused")
        self.stage.release()
        self.boards[1][w.GO] = 0
        return paused_ns, self.now_ns()

    def aftermath(self) -> None:
        """The reader is back: until the limit is over, and some time more."""
        until_ns = self.now_ns() + OVER_WITHIN_S * NS_PER_S
        while self.state and self.mode.own_mark and self.now_ns() < until_ns:
            self.look(0.7, "the reader reads again")
        # Past a mark of the broker's own what was late is sent at once, and passes it again.
        more_s = SHORTLY_S if self.mode.own_mark else AFTER_S
        self.until(self.now_ns() / NS_PER_S + more_s, 0.8, "the reader reads again")

    def read_out(self) -> bool:
        """Whether nothing more came in the end: all that was taken has been read, or it is silent."""
        sent = SharedRows(self.boards[0], w.COUNT, w.WIDTH).rows()
        taken = int((sent[:, 0] == w.BEGUN).sum() - ((sent[:, 0] == w.CALLED) & (sent[:, 4] > 0)).sum())
        rows, until_s = SharedRows(self.boards[1], w.COUNT, w.WIDTH), time.monotonic() + OUT_WITHIN_S
        seen, since_s = -1, time.monotonic()
        while time.monotonic() < until_s:
            if (now := len(rows.rows())) != seen:
                seen, since_s = now, time.monotonic()
            if now >= taken or time.monotonic() - since_s > QUIET_S:
                return not self.reader.done
            self.look(0.9, "reading out what is left")
        return False


def run(mode: Mode, endpoint: Endpoint, observer: Observer = UNOBSERVED) -> History:
    """One run. What breaks on the way is data: it stands in `trouble`. CancelledError on a cancel."""
    task = w.Task(mode, endpoint, f"labs-{os.getpid()}-{secrets.token_hex(4)}")
    prepared = w.way_of(mode).stage(task)
    with waiting(observer), Watchdog() as watchdog, prepared as there, _begun(task, there, observer) as (scene, words):
        stage = there[0]
        paused_ns, resumed_ns = _carried_out(scene)
        evidence = stage.evidence()
        scene.boards[0][w.STOP] = 1
        scene.publisher.wait(w.ENDS_S * 3)
        drained = scene.read_out()
        trouble = "; ".join(filter(None, (scene.publisher.said(), scene.reader.said())))
        pauses = watchdog.facts(scene.start_ns)
        columns, heard = _columns(scene)
        facts = {"date": time.strftime("%Y-%m-%d"), **heard, **({"pauses": pauses} if pauses else {})}
    return History(
        mode.name, columns, paused_ns, resumed_ns, tuple(scene.marks), words.value.decode(errors="replace"), evidence,
        drained, trouble, facts,
    )  # fmt: skip


@contextlib.contextmanager
def _begun(task: w.Task, there: tuple[w.Stage, w.Task], observer: Observer) -> Iterator[tuple[_Scene, w.Words]]:
    """Both workers at work, connected; the publisher begins in a moment."""
    words = spawning.text(w.WORDS_BYTES)
    with workers(w.CELLS, w.STOP) as publishers, workers(w.CELLS, w.STOP) as readers:
        reader = readers.start("reader", w.read, task, words, ready=lambda: bool(readers.board[w.READY]))
        publisher = publishers.start(
            "publisher", w.publish, there[1], words, ready=lambda: bool(publishers.board[w.READY])
        )
        await_ready([reader, publisher], READY_WITHIN_S, observer, "the first message")
        scene = _Scene(task.mode, there[0], publisher, reader, (publishers.board, readers.board), observer)
        scene.start_ns = publishers.board[w.GO] = time.monotonic_ns() + LEAD_NS
        yield scene, words


def _carried_out(scene: _Scene) -> tuple[int, int]:
    scene.until(BEFORE_S, 0.1, "the reader reads")
    found = scene.pause()
    scene.aftermath()
    return found


def _columns(scene: _Scene) -> tuple[dict[str, Column], dict[str, list[int]]]:
    """The rows of both boards as columns, when the reader found its connection closed, and when the publisher heard."""
    sent, got = (SharedRows(board, w.COUNT, w.WIDTH).rows() for board in scene.boards)
    columns = empty(int((sent[:, 0] == w.BEGUN).sum()))
    columns["due_ns"] = np.arange(len(columns["due_ns"]), dtype=np.int64) * (NS_PER_S // scene.mode.rate_per_s)
    for kind, number, at_ns, until_ns, what in sent.tolist():
        if kind == w.BEGUN:
            columns["called_ns"][number] = at_ns - scene.start_ns
        elif kind == w.HEARD:
            continue
        elif kind == w.CALLED:
            columns["returned_ns"][number], columns["refused"][number] = until_ns - scene.start_ns, what
        else:
            columns["told_ns"][number], columns["told"][number] = at_ns - scene.start_ns, what
    for kind, number, at_ns, _, _ in got[::-1].tolist():
        if kind == w.READ and number < len(columns["read_ns"]):
            columns["read_ns"][number] = at_ns - scene.start_ns
    return columns, {"gone_ns": _when(got, w.GONE, scene), "heard_ns": _when(sent, w.HEARD, scene)}


def _when(rows: Column, kind: int, scene: _Scene) -> list[int]:
    return [int(at) - scene.start_ns for at in rows[rows[:, 0] == kind][:, 2]]
