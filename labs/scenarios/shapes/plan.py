"""What is sent and how long each message takes: all of it from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from labs.model.shapes import IN_A_ROW

KEYS = tuple(f"account-{number:02}" for number in range(12))
"""With these Kafka's own partitioner leaves no partition of 1 to 6 without a key, which a test holds."""


@dataclass(frozen=True)
class Plan:
    """Five messages of a key follow each other, as the events of an order do: that is when an order can be broken."""

    seed: int
    every_s: float = 0.003
    quick_s: float = 0.002
    slow_s: float = 0.060
    slow: float = 0.25
    """The share of messages that take long: whoever has one is overtaken by others."""

    @property
    def messages(self) -> int:
        """How many are sent."""
        return len(KEYS) * IN_A_ROW

    def key(self, number: int) -> str:
        """The key of a message."""
        return KEYS[number // IN_A_ROW]

    def takes_s(self, number: int) -> float:
        """How long a consumer is at work with a message; waiting, as for a service, not computing."""
        chance = random.Random(self.seed * self.messages + number).random()
        return self.slow_s if chance < self.slow else self.quick_s
