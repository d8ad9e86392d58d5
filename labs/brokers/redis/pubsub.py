"""Redis Pub/Sub: who is subscribed gets a copy, who is not never will."""

from __future__ import annotations

from collections.abc import Sequence

import redis

from labs.brokers.base import Deliveries
from labs.brokers.redis.admin import Broker
from labs.brokers.redis.client import Command, Member, RedisPublisher
from labs.model.endpoint import Address, RefusedError

__all__ = ["Broker", "Consumer", "Publisher"]
BATCH = 4096


class Publisher(RedisPublisher):
    """One PUBLISH per message; the answer counts receivers and promises nothing about them."""

    def _commands(self, bodies: Sequence[bytes]) -> tuple[list[Command], int]:
        return [(b"PUBLISH", self.key, body) for body in bodies], 1


class Consumer(Member):
    """A subscriber; every one gets everything, so `group` means nothing here."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self.group = group

    def _begin(self) -> None:
        self.link.ask("SUBSCRIBE", self.key)

    def receive(self, timeout_s: float) -> Deliveries:
        """The messages that have arrived."""
        if not self.link.ready(timeout_s):
            return Deliveries()
        answers = self.link.answers(BATCH)
        if no := next((one for one in answers if isinstance(one, redis.ResponseError)), None):
            raise RefusedError(f"Redis refused the subscription: {no}.") from no
        bodies = [answer[2] for answer in answers]
        return Deliveries(bodies, [False] * len(bodies))

    def acknowledge(self, deliveries: Deliveries) -> None:
        """Pub/Sub knows no acknowledgement."""
