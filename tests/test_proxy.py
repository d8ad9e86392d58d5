"""The network that can be broken: what passes, what is dropped, what arrives late."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from labs.model.endpoint import Endpoint
from labs.stack.proxy import Proxy


def echo(listener: socket.socket) -> None:
    """Answers every client with what it sends."""

    def serve(link: socket.socket) -> None:
        try:
            while data := link.recv(65536):
                link.sendall(data)
        except OSError:
            pass
        link.close()

    while True:
        try:
            link = listener.accept()[0]
        except OSError:
            return
        threading.Thread(target=serve, args=(link,), daemon=True).start()


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=echo, args=(listener,), daemon=True).start()
        yield Endpoint("echo", "127.0.0.1", listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def client(proxy: Proxy) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
    link.settimeout(5)
    return link


def ask(link: socket.socket, text: bytes, within_s: float = 5.0) -> bytes:
    """The answer, or b"" if none comes in time."""
    link.sendall(text)
    link.settimeout(within_s)
    found = b""
    try:
        while len(found) < len(text):
            if not (data := link.recv(65536)):
                break
            found += data
    except TimeoutError:
        pass
    return found


def test_what_is_sent_comes_back_complete_through_many_connections(server: Endpoint) -> None:
    with Proxy(server) as proxy:
        links = [client(proxy) for _ in range(5)]
        for number, link in enumerate(links):
            body = bytes([number]) * 300_000
            assert ask(link, body) == body
            link.close()
        assert proxy.dropped_bytes == 0


def test_dropped_answers_are_counted_and_their_connection_stays_deaf_after_the_healing(server: Endpoint) -> None:
    with Proxy(server) as proxy, client(proxy) as old, client(proxy) as idle:
        assert ask(old, b"before") == b"before"
        assert ask(idle, b"idle") == b"idle"
        proxy.drop_answers()
        assert ask(old, b"12345678", 0.2) == b""
        assert proxy.dropped_bytes == 8
        proxy.heal()
        assert ask(old, b"1234", 0.2) == b""
        assert proxy.dropped_bytes == 12
        with client(proxy) as new:
            assert ask(new, b"after") == b"after"
        assert ask(idle, b"nothing was lost here") == b"nothing was lost here"


def test_silence_loses_nothing_and_what_was_under_way_arrives_afterwards(server: Endpoint) -> None:
    with Proxy(server) as proxy, client(proxy) as link:
        proxy.silence()
        assert ask(link, b"under way", 0.3) == b""
        proxy.heal()
        link.settimeout(5)
        assert link.recv(100) == b"under way"
        assert proxy.dropped_bytes == 0


def test_a_cut_resets_what_is_open_and_lets_new_connections_through(server: Endpoint) -> None:
    with Proxy(server) as proxy, client(proxy) as link:
        assert ask(link, b"before") == b"before"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            link.recv(1)
        with client(proxy) as new:
            assert ask(new, b"after") == b"after"


def test_an_answer_that_names_the_broker_names_the_proxy_even_if_it_comes_in_two_parts(server: Endpoint) -> None:
    def frame(port: int) -> bytes:
        body = b"\0\1\x0a127.0.0.1" + struct.pack(">i", port) + b"rest"
        return struct.pack(">i", len(body)) + body

    with Proxy(server, names=True) as proxy, client(proxy) as link:
        sent = frame(server.port)
        link.sendall(sent[:15])
        time.sleep(0.1)
        assert ask(link, sent[15:] + sent) == frame(proxy.port) * 2


def test_leaving_the_proxy_ends_every_connection_and_frees_the_port(server: Endpoint) -> None:
    with Proxy(server) as proxy:
        link = client(proxy)
        assert ask(link, b"x") == b"x"
        proxy.silence()
        link.sendall(b"held")
    link.settimeout(5)
    assert link.recv(10) in (b"", b"held")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", proxy.port), timeout=1)
    give_up_s = time.monotonic() + 5
    while (left := [t.name for t in threading.enumerate() if "_a" in t.name or "_r" in t.name]) and (
        time.monotonic() < give_up_s
    ):
        time.sleep(0.02)
    assert not left
