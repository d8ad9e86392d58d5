"""The memory broker's client: the harness without a broker worth the name, measured beside every run.

`python -m labs.brokers.memory.queue --port N` is the server.
"""

from __future__ import annotations

import contextlib
import platform
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from labs.brokers.base import Confirmations, Deliveries
from labs.brokers.lifetime import Connected
from labs.brokers.memory import wire
from labs.model.endpoint import Address, BrokerError, Endpoint, UnreachableError
from labs.model.profile import Profile

CONNECT_S = 2.0
ANSWER_S = 30.0


def _timeval(seconds: float) -> bytes:
    """As a socket's own time-outs want it."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))


class Link:
    """One connection to the server."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._frames = wire.Frames()
        self._socket: socket.socket | None = None
        self._patience_s = 0.0

    @contextlib.contextmanager
    def _typed(self) -> Iterator[None]:
        where = f"{self._endpoint.host}:{self._endpoint.port}"
        try:
            yield
        except OSError as error:
            raise UnreachableError(f"The memory broker at {where} does not answer: {error}. Is it running?") from error

    def open(self) -> None:
        """Connects and waits for a sign of life."""
        with self._typed():
            where = (self._endpoint.host, self._endpoint.port)
            self._socket = socket.create_connection(where, timeout=CONNECT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.settimeout(None)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(ANSWER_S))
        self.ask(wire.PING)

    def close(self) -> None:
        """Drops the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise UnreachableError("This connection to the memory broker is closed. Enter the context first.")
        return self._socket

    def send(self, kind: int, payload: bytes) -> None:
        """One frame on its way."""
        with self._typed():
            self._open_socket().sendall(wire.frame(kind, payload))

    def frames(self, timeout_s: float) -> list[tuple[int, bytes]]:
        """The frames that have arrived; waits up to `timeout_s` for one to be complete."""
        until_s = time.monotonic() + timeout_s
        while True:
            if (data := self._receive(timeout_s)) is None:
                return []
            self._frames.feed(data)
            if found := list(self._frames.take()):
                return found
            timeout_s = max(until_s - time.monotonic(), 0.0)

    def _receive(self, timeout_s: float) -> bytes | None:
        """What has arrived, by one system call that waits in the kernel: what wakes the reader is the message itself.
        None if nothing came. Python's own time-out would ask whether there is something before it reads."""
        connection = self._open_socket()
        with self._typed():
            if timeout_s not in (0, self._patience_s):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(max(timeout_s, 1e-6)))
                self._patience_s = timeout_s
            try:
                data = connection.recv(1 << 20, 0 if timeout_s else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
            if not data:
                raise ConnectionResetError("it closed the connection")
            return data

    def ask(self, kind: int, payload: bytes = b"") -> list[tuple[int, bytes]]:
        """Sends a frame and waits for READY; gives what came behind it."""
        self.send(kind, payload)
        if not (found := self.frames(CONNECT_S * 2)):
            raise UnreachableError("The memory broker took the connection and gives no answer. Is it stopped?")
        return found[1:]


class _Member(Connected[Link]):
    def __init__(self, address: Address) -> None:
        self.name = address.name
        self.link = Link(address.endpoint)


class Publisher(_Member):
    """One frame per batch, one confirmation per frame."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._next = 0
        self._waiting: deque[int] = deque()

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Sends the batch."""
        if bodies:
            self._waiting.append(self._next)
            self._next += len(bodies)
            self.link.send(wire.PUBLISH, self.name.encode() + b"\0" + wire.batch(bodies))

    def poll(self, timeout_s: float) -> Confirmations:
        """What has been confirmed or refused."""
        confirmed: list[int] = []
        refused: list[int] = []
        for _, payload in self.link.frames(timeout_s) if self._waiting else ():
            first = self._waiting.popleft()
            count, *bad = (wire.take_u64(payload, at) for at in range(0, len(payload), 8))
            refused += [first + at for at in bad]
            known_bad = set(bad)
            confirmed += (
                [first + at for at in range(count) if at not in known_bad] if bad else range(first, first + count)
            )
        return Confirmations(confirmed, refused, wire.TOO_LARGE if refused else "")


class Consumer(_Member):
    """A member of a group; the server pushes batches."""

    def __init__(self, address: Address, group: str) -> None:
        super().__init__(address)
        self._group = group
        self._arrived: deque[bytes] = deque()

    def _begin(self) -> None:
        found = self.link.ask(wire.SUBSCRIBE, f"{self.name}\0{self._group}".encode())
        self._arrived.extend(payload for _, payload in found)

    def receive(self, timeout_s: float) -> Deliveries:
        """The next batch of the server's."""
        if not self._arrived:
            self._arrived.extend(payload for _, payload in self.link.frames(timeout_s))
        if not self._arrived:
            return Deliveries()
        payload = self._arrived.popleft()
        bodies = wire.bodies_of(payload, 8)
        flags = payload[len(payload) - len(bodies) :]
        return Deliveries(bodies, [bool(flag) for flag in flags], wire.take_u64(payload))

    def acknowledge(self, deliveries: Deliveries) -> None:
        """Tells the server that the batch is done."""
        if isinstance(deliveries.token, int):
            self.link.send(wire.ACK, wire.u64(deliveries.token))


class Broker:
    """One name on the memory server."""

    def __init__(self, endpoint: Endpoint, profile: Profile, name: str, more: Sequence[str] = ()) -> None:
        self._name = name
        self._link = Link(endpoint)

    def __enter__(self) -> Self:
        """Connects and clears the name."""
        self._link.open()
        self._link.ask(wire.DROP, self._name.encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forgets the name and what is queued there."""
        with contextlib.suppress(BrokerError):
            self._link.ask(wire.DROP, self._name.encode())
        self._link.close()

    def version(self) -> str:
        """It is a Python program."""
        return f"Python {platform.python_version()}"

    def durability(self) -> dict[str, str]:
        """It has none."""
        return {"storage": "memory"}

    def backlog(self) -> int | None:
        """It does not say."""
        return None


if __name__ == "__main__":
    from labs.brokers.memory.server import main

    main()
