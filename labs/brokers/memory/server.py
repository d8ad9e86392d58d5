"""The memory broker: one process, one thread, queues in a dictionary. It is the floor under every measurement.

It confirms, waits for acknowledgements and redelivers, so that the harness pays for the same
conversation as with a real broker. It has no log in: it listens on loopback only.
"""

from __future__ import annotations

import argparse
import os
import selectors
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from labs.brokers.memory import wire

LIMIT_BYTES = wire.LIMIT_BYTES
"""The largest message accepted, as in RabbitMQ."""
BATCH = 4096
WINDOW_BYTES = 8 * 1024 * 1024
"""A member gets no more while this much, or more than BATCH messages, is delivered and not acknowledged."""
Message = tuple[bytes, bool]


@dataclass
class Queue:
    """What waits for a group, and the members in turn."""

    waiting: deque[Message] = field(default_factory=deque)
    members: deque[Client] = field(default_factory=deque)


@dataclass(eq=False)
class Client:
    """One connection."""

    socket: socket.socket
    frames: wire.Frames = field(default_factory=wire.Frames)
    out: bytearray = field(default_factory=bytearray)
    queue: Queue | None = None
    unacked: dict[int, list[Message]] = field(default_factory=dict)
    delivered: int = 0
    held: int = 0
    held_bytes: int = 0

    @property
    def room(self) -> bool:
        """Whether another batch may be delivered."""
        return self.held < BATCH and self.held_bytes < WINDOW_BYTES

    def hold(self, messages: list[Message]) -> int:
        """Remembers a batch until it is acknowledged, and gives it a number."""
        self.delivered += 1
        self.unacked[self.delivered] = messages
        self.held += len(messages)
        self.held_bytes += sum(len(body) for body, _ in messages)
        return self.delivered

    def release(self, number: int) -> None:
        """A batch is acknowledged."""
        messages = self.unacked.pop(number, [])
        self.held -= len(messages)
        self.held_bytes -= sum(len(body) for body, _ in messages)


class Server:
    """Queues by name and group; the first group of a name gets what came before it."""

    def __init__(self, port: int) -> None:
        self.queues: dict[str, dict[str, Queue]] = {}
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.parts: dict[int, Callable[[Client, bytes], None]] = {
            wire.SUBSCRIBE: self._subscribe,
            wire.PUBLISH: self._publish,
            wire.ACK: self._acknowledge,
            wire.DROP: self._drop,
            wire.PING: self._ping,
        }

    def step(self, timeout_s: float) -> None:
        """Serves whoever is ready."""
        for key, events in self.selector.select(timeout_s):
            if key.fileobj is self.listener:
                self._accept()
                continue
            try:
                if events & selectors.EVENT_WRITE:
                    self._flush(key.data)
                if events & selectors.EVENT_READ:
                    self._read(key.data)
            except OSError:
                self._forget(key.data)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(connection, selectors.EVENT_READ, Client(connection))

    def _read(self, client: Client) -> None:
        data = client.socket.recv(1 << 20)
        if not data:
            raise ConnectionResetError
        client.frames.feed(data)
        for kind, payload in client.frames.take():
            self.parts[kind](client, payload)

    def _send(self, client: Client, data: bytes) -> None:
        client.out += data
        self._flush(client)

    def _flush(self, client: Client) -> None:
        try:
            while client.out:
                sent = client.socket.send(memoryview(client.out)[: 1 << 20])
                del client.out[:sent]
        except BlockingIOError:
            pass
        except OSError:
            client.out.clear()  # its end of file will be read next, and then it is forgotten
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.out else 0)
        if self.selector.get_key(client.socket).events != wanted:
            self.selector.modify(client.socket, wanted, client)

    def _ping(self, client: Client, payload: bytes) -> None:
        self._send(client, wire.frame(wire.READY))

    def _queue(self, name: str, group: str) -> Queue:
        groups = self.queues.setdefault(name, {"": Queue()})
        if group not in groups:
            groups[group] = groups.pop("", Queue())
        return groups[group]

    def _subscribe(self, client: Client, payload: bytes) -> None:
        client.queue = self._queue(*payload.decode().split("\0"))
        client.queue.members.append(client)
        self._send(client, wire.frame(wire.READY))
        self._deliver(client.queue)

    def _publish(self, client: Client, payload: bytes) -> None:
        end = payload.index(b"\0")
        name, bodies = payload[:end].decode(), wire.bodies_of(payload, end + 1)
        refused = [at for at, body in enumerate(bodies) if len(body) > LIMIT_BYTES]
        accepted = [(body, False) for body in bodies if len(body) <= LIMIT_BYTES]
        groups = self.queues.setdefault(name, {"": Queue()})
        for queue in groups.values():
            queue.waiting.extend(accepted)
        for queue in groups.values():
            self._deliver(queue)
        # Last, for it wakes the producer, who would then take a processor from the consumer.
        self._send(client, wire.frame(wire.CONFIRM, b"".join(map(wire.u64, (len(bodies), *refused)))))

    def _deliver(self, queue: Queue) -> None:
        """Batches to members in turn, to each as much as its window takes."""
        for _ in range(len(queue.members)):
            queue.members.rotate(-1)
            client = queue.members[0]
            while queue.waiting and client.room:
                self._hand_over(client, queue)

    def _hand_over(self, client: Client, queue: Queue) -> None:
        size, count = 0, 0
        for body, _ in islice(queue.waiting, BATCH):
            size, count = size + len(body), count + 1
            if size >= WINDOW_BYTES:
                break
        messages = [queue.waiting.popleft() for _ in range(count)]
        number = wire.u64(client.hold(messages))
        flags = bytes(again for _, again in messages)
        bodies = wire.batch([body for body, _ in messages])
        self._send(client, wire.frame(wire.DELIVER, number + bodies + flags))

    def _acknowledge(self, client: Client, payload: bytes) -> None:
        client.release(wire.take_u64(payload))
        if client.queue:
            self._deliver(client.queue)

    def _drop(self, client: Client, payload: bytes) -> None:
        self.queues.pop(payload.decode(), None)
        self._send(client, wire.frame(wire.READY))

    def _forget(self, client: Client) -> None:
        """A connection is gone: what it had not acknowledged goes to the front of the queue again."""
        self.selector.unregister(client.socket)
        client.socket.close()
        if client.queue is None:
            return
        client.queue.members.remove(client)
        again = [(body, True) for batch in client.unacked.values() for body, _ in batch]
        client.queue.waiting.extendleft(reversed(again))
        self._deliver(client.queue)


def main() -> None:
    """Serves until it is told to end, or until its parent is gone."""
    parser = argparse.ArgumentParser(
        prog="python -m labs.brokers.memory.queue", description="The memory broker, on loopback only."
    )
    parser.add_argument("--port", type=int, required=True, help="listen on this port of 127.0.0.1")
    parser.add_argument("--watch-parent", action="store_true", help="end when the process that started this one ends")
    options = parser.parse_args()
    parent = os.getppid()
    server = Server(options.port)
    while not options.watch_parent or os.getppid() == parent:
        server.step(0.5)
