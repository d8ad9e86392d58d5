"""A balancer: callers call it, and it passes each call on to one of the workers by round robin or least connections.

It is as small as one can be and as real: a process of its own, a connection to a worker for each call. It says by
HTTP what it knows of its calls.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from enum import IntEnum

from labs.record.processes import Board, Context
from labs.scenarios.sharing.worker import HOST

LOOK_S = 0.05
ROUND_ROBIN, LEAST_CONNECTIONS = "round-robin", "least-connections"


class Slot(IntEnum):
    """What stands where on its board."""

    STOP, PORT = range(2)


class Balancer:
    """Chooses a worker for each call and relays request and answer."""

    def __init__(self, policy: str, ports: Sequence[int]) -> None:
        self._policy, self._ports = policy, ports
        self._last = len(ports) - 1
        self.open = [0] * len(ports)
        """Calls under way at each worker."""

    def choose(self) -> int:
        """The place of the next worker: the one after the last, or the first after it that has the fewest calls."""
        turn = [(self._last + step) % len(self._ports) for step in range(1, len(self._ports) + 1)]
        self._last = turn[0] if self._policy == ROUND_ROBIN else min(turn, key=lambda at: self.open[at])
        return self._last

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call, or a question about the calls."""
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            if request.startswith(b"GET "):
                said = json.dumps({"under_way": self.open}).encode()
                writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
            else:
                writer.write(await self._passed_on(request))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # a caller or a worker that has gone away: the caller has no answer, which says it
        finally:
            writer.close()

    async def _passed_on(self, request: bytes) -> bytes:
        at = self.choose()
        self.open[at] += 1
        try:
            reader, writer = await asyncio.open_connection(HOST, self._ports[at])
            try:
                writer.write(request)
                return await reader.read()
            finally:
                writer.close()
        finally:
            self.open[at] -= 1


def main(here: Context, policy: str, ports: Sequence[int]) -> None:
    """The whole life of a balancer's process."""
    asyncio.run(_serve(here.board, Balancer(policy, ports)))


async def _serve(board: Board, balancer: Balancer) -> None:
    async with await asyncio.start_server(balancer.relay, HOST, 0, backlog=512) as server:
        board[Slot.PORT] = server.sockets[0].getsockname()[1]
        while not board[Slot.STOP]:
            await asyncio.sleep(LOOK_S)
