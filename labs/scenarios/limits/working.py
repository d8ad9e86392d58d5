"""The two worker processes of a run: a publisher at an even rate, and a reader that can be told to stop reading."""

from __future__ import annotations

import ctypes
import itertools
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import numpy as np

from labs.model.endpoint import Address, Endpoint
from labs.model.message import decode, encode, filler
from labs.model.profile import profile
from labs.model.run import one_line
from labs.model.workload import NS_PER_S
from labs.record.processes import Context
from labs.scenarios.limits import Mode
from labs.scenarios.shared_rows import SharedRows

STOP, READY, GO, COUNT = 0, 1, 2, 3
"""Cells of both boards. GO is the publisher's start, ns on the monotonic clock; to the reader it says PAUSED or not."""
PAUSED = 1
ROWS, WIDTH = 6000, 5
CELLS = COUNT + 1 + ROWS * WIDTH
BEGUN, CALLED, TOLD, READ, GONE, HEARD = range(6)
"""Kinds of row: (kind, message, at, until, what)."""
WORDS_BYTES = 400
LOOK_S = 0.002
TAKE_S = 0.05
ENDS_S = 2.0
"""How long a publisher that has been stopped waits for what it was not told yet."""
Words = ctypes.Array[ctypes.c_char]


@dataclass(frozen=True)
class Task:
    """All that a worker process needs: picklable."""

    mode: Mode
    endpoint: Endpoint
    name: str
    """Of the queue, list, topic or channel that belongs to this run."""

    @property
    def address(self) -> Address:
        """What a client of the labs is told."""
        return Address(self.endpoint, profile(self.mode.profile), self.name)


class GoneError(Exception):
    """The server has closed the reader's connection."""


class Sender(Protocol):
    """A publisher's side of a mode."""

    heard: str
    """What the broker said to it besides, that it takes no more for now; empty until it is heard."""

    def send(self, number: int, body: bytes) -> str:
        """Publish one message, as a service would; what the call itself said against it, empty if nothing."""

    def told(self) -> Sequence[tuple[int, int]]:
        """Of which messages it has heard since the last call, and whether YES, NO or NOBODY."""


class Reader(Protocol):
    """A reader's side of a mode."""

    def take(self) -> Sequence[bytes]:
        """What is there, none after TAKE_S. GoneError if the connection was closed; then it has a new one."""


class Way(Protocol):
    """The module of a mode."""

    def sender(self, task: Task) -> AbstractContextManager[Sender]: ...

    def reader(self, task: Task) -> AbstractContextManager[Reader]: ...

    def stage(self, task: Task) -> AbstractContextManager[tuple[Stage, Task]]:
        """The limit, and what the publisher is told of where to publish."""
        ...


class Stage(Protocol):
    """The limit, as the conductor has it."""

    def strike(self) -> None:
        """The reader has just stopped: what else goes wrong with it begins."""

    def release(self) -> None:
        """And ends."""

    def watch(self) -> str:
        """What the broker says of the limit now, in two or three words; empty of nothing."""

    def evidence(self) -> str:
        """What shows that the limit was there, by the broker's own word; empty where there is none."""


def way_of(mode: Mode) -> Way:
    """How a mode works on all sides."""
    return cast(Way, import_module(f"labs.scenarios.limits.{mode.module}"))


def publish(here: Context, task: Task, words: Words) -> None:
    """The whole life of the publisher: each message when it is due, or as soon as the call before it is over."""
    rows, board, mode = SharedRows(here.board, COUNT, WIDTH), here.board, task.mode
    rest, every_ns = filler(mode.body_bytes), NS_PER_S // mode.rate_per_s
    with way_of(mode).sender(task) as sender:
        board[READY] = 1
        while not board[GO]:
            time.sleep(LOOK_S)
        for number in itertools.count():
            due_ns = board[GO] + number * every_ns
            if not _wait(due_ns, sender, rows, here):
                break
            if sender.heard and not words.value:
                rows.add(HEARD, 0, time.monotonic_ns(), 0, 0)
                _note(sender.heard, words)
            body = encode(number, np.array([due_ns]), rest)[0]
            called_ns = time.monotonic_ns()
            rows.add(BEGUN, number, called_ns, 0, 0)
            said = sender.send(number, body)
            rows.add(CALLED, number, called_ns, time.monotonic_ns(), bool(said))
            _note(said, words)
        if mode.looks:
            _hear_out(sender, rows, number)


def _wait(due_ns: int, sender: Sender, rows: SharedRows, here: Context) -> bool:
    """Until the message is due, listening meanwhile; whether there is to be another one."""
    while True:
        _hear(sender, rows)
        if here.board[STOP]:
            return False
        left_s = (due_ns - time.monotonic_ns()) / NS_PER_S
        if left_s <= 0:
            return True
        time.sleep(min(left_s, LOOK_S))


def _hear(sender: Sender, rows: SharedRows) -> int:
    news = sender.told()
    for number, what in news:
        rows.add(TOLD, number, time.monotonic_ns(), 0, what)
    return len(news)


def _hear_out(sender: Sender, rows: SharedRows, sent: int) -> None:
    """Until every message has its answer, or ENDS_S."""
    until_s, left = time.monotonic() + ENDS_S, sent - int((rows.rows()[:, 0] == TOLD).sum())
    refused = int(((rows.rows()[:, 0] == CALLED) & (rows.rows()[:, 4] == 1)).sum())
    while left > refused and time.monotonic() < until_s:
        left -= _hear(sender, rows)
        time.sleep(LOOK_S)


def _note(said: str, words: Words) -> None:
    """The first refusal's words are kept."""
    if said and not words.value:
        words.value = one_line(said).encode()[: WORDS_BYTES - 1]


def read(here: Context, task: Task, _words: Words) -> None:
    """The whole life of the reader: it reads what is there, or, while it is paused, does nothing at all."""
    rows, board = SharedRows(here.board, COUNT, WIDTH), here.board
    with way_of(task.mode).reader(task) as reader:
        board[READY] = 1
        while not board[STOP]:
            if board[GO] == PAUSED:
                time.sleep(LOOK_S)
                continue
            try:
                bodies = reader.take()
            except GoneError:
                rows.add(GONE, 0, time.monotonic_ns(), 0, 0)
                continue
            at_ns = time.monotonic_ns()
            for number in decode(bodies)["sequence"].tolist() if bodies else ():
                rows.add(READ, number, at_ns, 0, 0)
