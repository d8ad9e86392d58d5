"""Kafka: a reader of a topic of its own, and one that reads a topic with everything and keeps what is for it.

The broker does not route: who wants one kind in ten reads ten, and throws nine away.
"""

from __future__ import annotations

import secrets
import time

from labs.brokers import on_lane, open_broker
from labs.brokers.kafka.fast.consumer import Consumer
from labs.model.endpoint import Address
from labs.model.message import decode
from labs.model.profile import Profile, profile
from labs.scenarios.bench.base import Figure, Setting, Side
from labs.scenarios.bench.sides import filled
from labs.scenarios.routed.turns import PLAIN, ROUTED, all_there, in_turns

PROFILE = "kafka-acks-all"
KINDS = 10
"""Of messages, as many of each; a reader wants one."""
MESSAGES, BODY_BYTES = 300_000, 100
PATIENCE_S = 5.0


class _Reader:
    """Reads a topic from its beginning, and counts what it wanted of it; by each turn as another group."""

    def __init__(self, here: Setting, using: Profile, name: str, kinds: int) -> None:
        self._address, self._kinds = Address(here.endpoint, using, name), kinds
        self.read = self.wanted = 0

    def go(self, messages: int) -> float:
        """Until so many have been read: those that were wanted, a second."""
        read = wanted = 0
        with Consumer(self._address, f"reader-{secrets.token_hex(3)}") as consumer:
            began_s = 0.0
            while read < messages:
                bodies = consumer.receive(PATIENCE_S).bodies
                if not len(bodies):
                    break
                began_s = began_s or time.monotonic()
                kinds = decode(bodies)["sequence"] % self._kinds
                wanted += int((kinds == 0).sum())
                read += len(kinds)
            took_s = time.monotonic() - began_s
        all_there(read, messages, self._address.name)
        self.read, self.wanted = self.read + read, self.wanted + wanted
        return wanted / took_s


def filter_side() -> Side:
    """A topic with everything, in turns with a topic of one's own."""

    def side(here: Setting) -> Figure:
        using, name = on_lane(profile(PROFILE), "fast"), f"labs-route-{secrets.token_hex(4)}"
        with open_broker(here.endpoint, using, name):
            filled(here.endpoint, using, name, MESSAGES)
            own, shared = (_Reader(here, using, name, kinds) for kinds in (1, KINDS))
            each = min(round(MESSAGES * here.scale), MESSAGES)
            figure = in_turns(here, {PLAIN: own.go, ROUTED: shared.go}, each, f"{using.label}; one reader")
            figure.more["figures"]["wasted"] = 1 - shared.wanted / shared.read
            return figure

    return side
