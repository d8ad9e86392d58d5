"""A worker of the group, a process: it claims what another one has held for too long, reads what is new, works, and
acknowledges. The first worker dies over what it has in its hands.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import redis

from labs.brokers.redis.admin import Client, client
from labs.brokers.redis.client import typed
from labs.model.endpoint import Endpoint
from labs.record.processes import Board, Context
from labs.scenarios.pending import FIELD, GROUP, HOLDS, LOOK_MS, SLOW, SLOW_S, WORK_S, Way
from labs.scenarios.pending.board import Event, Log, Slot

Entry = tuple[bytes, Mapping[bytes, bytes]]
IDLE_S = 0.002
DOOMED = 0


@dataclass(frozen=True)
class Task:
    """All that a process needs: picklable."""

    way: Way
    endpoint: Endpoint
    key: str


class Member:
    """One worker's side of the stream."""

    def __init__(self, link: Client, task: Task, me: int, board: Board) -> None:
        self._link, self._way, self._key = link, task.way, task.key
        self._me, self._log, self._alone = f"worker-{me + 1}", Log(board, me), False

    def note(self, event: Event, entry: bytes = b"0-0") -> None:
        """Write down what happened to an entry, now."""
        first, second = map(int, entry.split(b"-"))
        self._log.add(event, first, second, time.monotonic_ns())

    def claimed(self, idle_ms: int) -> Sequence[Entry]:
        """One that another worker has held for so long; and the server's word on what is gone."""
        _, entries, gone = self._link.xautoclaim(self._key, GROUP, self._me, min_idle_time=idle_ms, count=1)
        for entry in gone:
            self.note(Event.TOLD_GONE, entry)
        for entry, _ in entries:
            self.note(Event.CLAIMED, entry)
        return list(entries)

    def read(self) -> Sequence[Entry]:
        """One that nobody of the group has had."""
        found = self._link.xreadgroup(GROUP, self._me, {self._key: ">"}, count=1, block=LOOK_MS)
        entries = found[0][1] if found else []
        for entry, _ in entries:
            self.note(Event.READ, entry)
        return list(entries)

    def take(self) -> Sequence[Entry]:
        """What is claimed first, and else what is new. A server without the group is written down once."""
        try:
            claimed = self.claimed(self._way.claim_ms) if self._way.claim_ms is not None else []
            return claimed or self.read()
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            if not self._alone:
                self.note(Event.NO_GROUP)
            self._alone = True
            return []

    def handle(self, entry: bytes, fields: Mapping[bytes, bytes]) -> None:
        """Do the work, and only then acknowledge. XACK answers 0 where somebody else was quicker."""
        number = int(fields[FIELD])
        time.sleep(SLOW_S if number in SLOW else WORK_S)
        self.note(Event.DONE, entry)
        if self._link.xack(self._key, GROUP, entry):
            self.note(Event.ACKED, entry)
        if self._way.deletes:
            self._link.xdel(self._key, entry)


def work(here: Context, task: Task, me: int) -> None:
    """The whole life of a worker."""
    board = here.board
    with typed(task.endpoint), closing(client(task.endpoint, text=False)) as link:
        link.ping()
        member = Member(link, task, me, board)
        board[Slot.READY + me] = 1
        while not board[Slot.STOP]:
            if me == DOOMED and board[Slot.DIE]:
                _hold(member, board)
            elif board[Slot.AWAY]:
                time.sleep(IDLE_S)
            elif entries := member.take():
                for entry in entries:
                    member.handle(*entry)
            else:
                board[Slot.EMPTY + me] += 1
                time.sleep(IDLE_S)


def _hold(member: Member, board: Board) -> None:
    """Read until its hands are full, and be in the middle of the first when it is killed."""
    while board[Slot.HELD] < HOLDS and not board[Slot.STOP]:
        board[Slot.HELD] += len(member.read())
    while not board[Slot.STOP]:
        time.sleep(IDLE_S)
