"""A network between a client and a broker that can be broken: answers dropped, silence, connections reset.

It forwards TCP on loopback with two threads a connection. Silence keeps what is under way and delivers it afterwards,
as TCP does; a connection that has lost one byte loses all that follows, for a stream with a hole in it cannot exist.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Self

from labs.model.endpoint import Endpoint

CHUNK = 65536
CONNECT_S = 5.0
NO_LINGER = struct.pack("ii", 1, 0)
"""Closing then sends RST instead of FIN."""


class _Pair:
    """One client's connection and ours to the broker."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.ends = self.near, self.far = near, far
        self.deaf = self.reset = False
        self._lock = threading.Lock()
        self._threads = 2

    def stop(self) -> None:
        """Wake both threads; they close the ends."""
        for end in self.ends:
            with contextlib.suppress(OSError):
                if self.reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                end.shutdown(socket.SHUT_RD if self.reset else socket.SHUT_RDWR)

    def leave(self) -> None:
        """Called by each thread when it ends."""
        self.stop()
        with self._lock:
            self._threads -= 1
            last = not self._threads
        if last:
            for end in self.ends:
                end.close()


class Proxy:
    """Enter it and connect to `port`. `dropped_bytes` counts what the broker answered and the client never got,
    `held_bytes` what either side sent into a silence.

    With `names`, answers that name the broker's own address name this one instead: Kafka's clients are told where to
    connect, and would go past us.
    """

    def __init__(self, to: Endpoint, *, names: bool = False) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.dropped_bytes = self.held_bytes = 0
        self._names = names
        self._real, self._ours = (b"127.0.0.1" + struct.pack(">i", port) for port in (to.port, self.port))
        self._lock = threading.Lock()
        self._pairs: set[_Pair] = set()
        self._dropping = False
        self._open = threading.Event()
        self._open.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._stop_all(reset=False)
        self._open.set()

    def drop_answers(self) -> None:
        """From now on requests reach the broker and what it answers is dropped."""
        self._dropping = True

    def silence(self) -> None:
        """Nothing passes in either direction and nobody is told, as when a cable is pulled."""
        self._open.clear()

    def cut(self) -> None:
        """Reset every connection, at both ends; new ones are accepted."""
        self._stop_all(reset=True)

    def heal(self) -> None:
        """What was under way arrives; connections that have lost an answer stay deaf until their client leaves."""
        self._dropping = False
        self._open.set()

    def _stop_all(self, reset: bool) -> None:
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.reset = reset
            pair.stop()

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            try:
                far = socket.create_connection((self._to.host, self._to.port), timeout=CONNECT_S)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            pair = _Pair(near, far)
            for end in pair.ends:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pairs.add(pair)
            for work in (self._requests, self._answers):
                threading.Thread(target=work, args=(pair,), daemon=True).start()

    def _requests(self, pair: _Pair) -> None:
        with contextlib.suppress(OSError):
            while data := pair.near.recv(CHUNK):
                self._pass(data)
                pair.far.sendall(data)
        self._forget(pair)

    def _answers(self, pair: _Pair) -> None:
        part = b""
        with contextlib.suppress(OSError):
            while data := pair.far.recv(CHUNK):
                self._pass(data)
                pair.deaf |= self._dropping
                if pair.deaf:
                    with self._lock:
                        self.dropped_bytes += len(data)
                    continue
                data, part = self._renamed(part + data)
                pair.near.sendall(data)
        self._forget(pair)

    def _pass(self, data: bytes) -> None:
        """Wait while there is silence."""
        if not self._open.is_set():
            with self._lock:
                self.held_bytes += len(data)
            self._open.wait()

    def _renamed(self, data: bytes) -> tuple[bytes, bytes]:
        """The whole answers of Kafka with our address in them, and the part of one that has not come to its end."""
        if not self._names:
            return data, b""
        whole = b""
        while len(data) >= 4 and len(data) >= (size := 4 + int.from_bytes(data[:4], "big")):
            whole, data = whole + data[:size].replace(self._real, self._ours), data[size:]
        return whole, data

    def _forget(self, pair: _Pair) -> None:
        pair.leave()
        with self._lock:
            self._pairs.discard(pair)
