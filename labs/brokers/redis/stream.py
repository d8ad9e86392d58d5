"""Redis stream with a consumer group: read, acknowledge, and take over what a dead member left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import redis

from labs.brokers.base import Deliveries
from labs.brokers.redis.admin import Broker
from labs.brokers.redis.client import LATE_S, TICK_S, Command, Member, RedisPublisher, said_of
from labs.model.endpoint import Address, RefusedError

__all__ = ["Broker", "Consumer", "Publisher"]
BATCH = 512
FIELD = b"body"
Entry = tuple[bytes, Sequence[bytes]]
"""Its id, and its fields and values in turn."""


class Publisher(RedisPublisher):
    """One XADD per message, all of a batch in one write."""

    def _commands(self, bodies: Sequence[bytes]) -> tuple[list[Command], int]:
        return [(b"XADD", self.key, b"*", FIELD, body) for body in bodies], 1


class Consumer(Member):
    """A member of a consumer group, which begins at the first entry that is still in the stream."""

    batch = BATCH

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group.encode()
        self._me = f"labs-{uuid4().hex}".encode()
        self._left: list[Entry] = []
        self._expected: deque[bool] = deque()
        """The answers to come, in order: True for a batch, False for an XACK."""

    def _begin(self) -> None:
        self.link.ask("CLIENT", "SETNAME", self._me)
        try:
            self.link.ask("XGROUP", "CREATE", self.key, self.group, "0", "MKSTREAM")
        except RefusedError as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._left = self._take_over()

    def _take_over(self) -> list[Entry]:
        """Entries delivered to members whose connection is gone, now ours."""
        alive = self.link.ask("CLIENT", "LIST")
        members = [row[1] for row in self.link.ask("XINFO", "CONSUMERS", self.key, self.group)]
        entries: list[Entry] = []
        for member in members:
            if b" name=" + member + b" " in alive:
                continue
            while pending := self.link.ask("XPENDING", self.key, self.group, "-", "+", BATCH, member):
                ids = [row[0] for row in pending]
                entries += self.link.ask("XCLAIM", self.key, self.group, self._me, 0, *ids)
        return sorted((entry for entry in entries if entry), key=_order)

    def receive(self, timeout_s: float) -> Deliveries:
        """What a dead member left first, then what is new."""
        if self._left:
            claimed, self._left = self._left[:BATCH], self._left[BATCH:]
            return _deliveries(claimed, redelivered=True)
        until_s = time.monotonic() + timeout_s
        while True:
            entries = self._read(until_s - time.monotonic())
            if entries or time.monotonic() >= until_s:
                return _deliveries(entries, redelivered=False)

    def _read(self, timeout_s: float) -> Sequence[Entry]:
        """The entries one XREADGROUP gives; nothing if its answer is late."""
        if True not in self._expected:
            wait = (b"BLOCK", round(timeout_s * 1000)) if timeout_s > TICK_S else ()  # BLOCK 0 would mean for ever
            who = (b"GROUP", self.group, self._me, b"COUNT", self.batch)
            self.link.send([(b"XREADGROUP", *who, *wait, b"STREAMS", self.key, b">")])
            self._expected.append(True)
        answer = self._answer(time.monotonic() + max(timeout_s, 0.0) + LATE_S)
        return answer[0][1] if answer else ()

    def _answer(self, until_s: float) -> Any:
        """The answer to XREADGROUP, past those to XACKs; None if it has not come in time."""
        while self.link.ready(max(until_s - time.monotonic(), 0.0)):
            answer = self.link.answers(1)[0]
            batch = self._expected.popleft()
            if isinstance(answer, redis.ResponseError):
                raise RefusedError(f"Redis refused to read or acknowledge: {said_of(answer)}.") from answer
            if batch:
                return answer
        return None

    def acknowledge(self, deliveries: Deliveries) -> None:
        """One XACK for the batch; its answer is read with the next batch."""
        ids = deliveries.token
        if isinstance(ids, list) and ids:
            self.link.send([(b"XACK", self.key, self.group, *ids)])
            self._expected.append(False)


def _order(entry: Entry) -> tuple[int, int]:
    millis, _, count = entry[0].partition(b"-")
    return int(millis), int(count)


def _deliveries(entries: Sequence[Entry], *, redelivered: bool) -> Deliveries:
    return Deliveries([entry[1][1] for entry in entries], [redelivered] * len(entries), [entry[0] for entry in entries])
