"""Servers that are not the broker that an address promises: real sockets, each with manners of its own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.conftest import free_port
from tests.secured import authority

Talk = Callable[[socket.socket], None]
KAFKA_VERSIONS = struct.pack(">ih", 7, 0) + struct.pack(">i", 1) + struct.pack(">hhh", 18, 0, 3)
AMQP_START = b"\x01\x00\x00"


@contextlib.contextmanager
def talking(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on loopback that does `talk` with each connection; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            server.settimeout(0.1)
            while not done.is_set():
                with contextlib.suppress(OSError):
                    threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()

        def one(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                connection.settimeout(20)
                talk(context.wrap_socket(connection, server_side=True) if context else connection)

        accepting = threading.Thread(target=serve, daemon=True)
        accepting.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            accepting.join()


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def closing(connection: socket.socket) -> None:
    connection.close()


def closing_after_a_word(connection: socket.socket) -> None:
    connection.recv(4096)


def garbage(connection: socket.socket) -> None:
    for _ in range(20_000):
        connection.sendall(b"\x7f\x00\xfe" * 1000)


def lines(connection: socket.socket) -> None:
    for _ in range(20_000):
        connection.sendall(b"la la la\r\n" * 100)


def mail(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")
    while connection.recv(4096):
        connection.sendall(b"500 unrecognised\r\n")


def shell(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    silent(connection)


def half(hello: bytes) -> Talk:
    """The beginning of a right answer, and then nothing."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(hello)
        silent(connection)

    return talk


def babbling(hello: bytes) -> Talk:
    """The right answer first, and rubbish to all that follows."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(hello)
        while connection.recv(4096):
            connection.sendall(b"\x00\x01rubbish\r\n" * 3)

    return talk


RIGHT = {
    "redis": b"+PONG\r\n",
    "rabbitmq": AMQP_START + struct.pack(">ihh", 20, 10, 10) + b"\x00\x09" + struct.pack(">i", 0) * 3 + b"\xce",
    "kafka": struct.pack(">i", len(KAFKA_VERSIONS)) + KAFKA_VERSIONS,
}
WRONG_VERSION = {
    "redis": b"-ERR Protocol version is not one of the supported protocols\r\n",
    "rabbitmq": b"AMQP\x00\x01\x00\x00",
    "kafka": struct.pack(">iih", 10, 7, 35) + struct.pack(">i", 0),
}


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def http() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@contextlib.contextmanager
def full() -> Iterator[int]:
    """Takes no connection: its backlog is full and nobody accepts."""
    with socket.socket() as server, contextlib.ExitStack() as held:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            one = held.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(server.getsockname())
        yield server.getsockname()[1]


@contextlib.contextmanager
def nobody() -> Iterator[int]:
    yield free_port()


@contextlib.contextmanager
def in_tls(folder: Path) -> Iterator[int]:
    certificate = authority(folder, "stranger")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    with talking(silent, context) as port:
        yield port
