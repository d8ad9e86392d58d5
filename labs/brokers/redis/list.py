"""Redis list as a queue: pushed on the left, popped on the right; popped is gone."""

from __future__ import annotations

import time
from collections.abc import Sequence

import redis

from labs.brokers.base import Deliveries
from labs.brokers.redis.admin import Broker
from labs.brokers.redis.client import LATE_S, TICK_S, Command, Member, RedisPublisher, said_of
from labs.model.endpoint import Address, RefusedError

__all__ = ["Broker", "Consumer", "Publisher"]
BATCH = 512


class Publisher(RedisPublisher):
    """One LPUSH carries the whole batch, so Redis takes all of it or none.

    With the setting `waitaof` (Redis 7.2) a batch counts as confirmed when the server has flushed it.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._flushes = bool(address.profile.settings.get("waitaof"))

    def _commands(self, bodies: Sequence[bytes]) -> tuple[list[Command], int]:
        flushed: list[Command] = [(b"WAITAOF", 1, 0, 0)] if self._flushes else []
        return [(b"LPUSH", self.key, *bodies), *flushed], len(bodies)

    def _shares(self, shares: list[Sequence[int]]) -> list[Sequence[int]]:
        return [(), *shares] if self._flushes else shares


class Consumer(Member):
    """One of those who share the list; `group` means nothing, there is one list."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._asked = False

    def receive(self, timeout_s: float) -> Deliveries:
        """What has been popped; a stopped server's answer is taken by a later call."""
        until_s = time.monotonic() + timeout_s
        while True:
            bodies = self._pop(until_s - time.monotonic())
            if bodies or time.monotonic() >= until_s:
                return Deliveries(bodies, [False] * len(bodies))

    def _pop(self, timeout_s: float) -> Sequence[bytes]:
        """The answer to one command; nothing if it is late."""
        if not self._asked:
            pop = (1, self.key, b"RIGHT", b"COUNT", BATCH)
            # The server waits for us, so that a message is on its way the moment it comes. 0 would mean for ever.
            self.link.send([(b"BLMPOP", timeout_s, *pop) if timeout_s > TICK_S else (b"LMPOP", *pop)])
            self._asked = True
        if not self.link.ready(max(timeout_s, 0.0) + LATE_S):
            return ()
        self._asked = False
        answer = self.link.answers(1)[0]
        if isinstance(answer, redis.ResponseError):
            raise RefusedError(f"Redis refused BLMPOP: {said_of(answer)}. It needs Redis 7.0 or newer.") from answer
        return answer[1] if answer else ()

    def acknowledge(self, deliveries: Deliveries) -> None:
        """A popped message has left the list: nothing to acknowledge."""
