"""Redis list as a queue: pushed on the left, popped on the right; popped is gone."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from labs.brokers.base import Address, Deliveries, RefusedError
from labs.brokers.redis_broker import Broker
from labs.brokers.redis_link import Command, Member, RedisPublisher

__all__ = ["Broker", "Consumer", "Publisher"]
BATCH = 512
GRACE_S = 0.05
"""How much later than asked the server's "nothing came" may arrive before we stop waiting for it."""


class Publisher(RedisPublisher):
    """One LPUSH carries the whole batch, so Redis takes all of it or none."""

    def _commands(self, bodies: Sequence[bytes]) -> tuple[list[Command], int]:
        return [(b"LPUSH", self.key, *bodies)], len(bodies)


class Consumer(Member):
    """One of those who share the list; `group` means nothing, there is one list."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group
        self._asked = False

    def receive(self, timeout_s: float) -> Deliveries:
        """What BLMPOP gives; a stopped server's answer is taken by a later call."""
        if not self._asked:
            # The server waits for us, so that a message is on its way the moment it comes. 0 would mean for ever.
            self.link.send([(b"BLMPOP", max(timeout_s, 0.001), 1, self.key, b"RIGHT", b"COUNT", BATCH)])
            self._asked = True
        if not self.link.ready(timeout_s + GRACE_S):
            return Deliveries()
        self._asked = False
        answer = self.link.answers(1)[0]
        if isinstance(answer, redis.ResponseError):
            raise RefusedError(f"Redis refused BLMPOP: {answer}. It needs Redis 7.0 or newer.") from answer
        bodies = answer[1] if answer else []
        return Deliveries(bodies, [False] * len(bodies))

    def acknowledge(self, deliveries: Deliveries) -> None:
        """A popped message has left the list: nothing to acknowledge."""
