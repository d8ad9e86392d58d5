"""`python -m tests.limited_server --port N`: the memory broker with a limit set on purpose.

--queue-rate: each queue is worked off by one thread that manages so many messages a second. --client-rate: each
connection brings no more than so many. --delay: every answer takes so many seconds to come back. It sleeps instead of
computing, so that the limit is the same on a machine that is busy with other things.
"""

from __future__ import annotations

import argparse
import heapq
import os
import time
from collections import defaultdict
from itertools import count

from labs.brokers.memory import wire
from labs.brokers.memory.server import Client, Server


class Limited(Server):
    """Answers a batch when its queue, its client and the way back would have got there."""

    def __init__(self, port: int, queue_rate: float, client_rate: float, delay_s: float) -> None:
        super().__init__(port)
        self.queue_rate, self.client_rate, self.delay_s = queue_rate, client_rate, delay_s
        self.free_s: dict[object, float] = defaultdict(float)
        self.later: list[tuple[float, int, Client, bytes]] = []
        self.number = count()

    def _publish(self, client: Client, payload: bytes) -> None:
        end = payload.index(b"\0")
        messages, due_s = len(wire.bodies_of(payload, end + 1)), time.monotonic()
        for who, rate in ((id(client), self.client_rate), (payload[:end], self.queue_rate)):
            if rate:
                due_s = self.free_s[who] = max(due_s, self.free_s[who]) + messages / rate
        heapq.heappush(self.later, (due_s + self.delay_s, next(self.number), client, payload))

    def step(self, timeout_s: float) -> None:
        """Serves whoever is ready, and answers what is due."""
        if self.later:
            timeout_s = min(timeout_s, max(self.later[0][0] - time.monotonic(), 0.0))
        super().step(timeout_s)
        while self.later and self.later[0][0] <= time.monotonic():
            _, _, client, payload = heapq.heappop(self.later)
            super()._publish(client, payload)


def main() -> None:
    """Serves until its parent is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    for name in ("--queue-rate", "--client-rate", "--delay"):
        parser.add_argument(name, type=float, default=0.0)
    options, parent = parser.parse_args(), os.getppid()
    server = Limited(options.port, options.queue_rate, options.client_rate, options.delay)
    while os.getppid() == parent:
        server.step(0.5)


if __name__ == "__main__":
    main()
