"""RabbitMQ's stream protocol on a socket. Source: rabbitmq-server, deps/rabbitmq_stream/docs/PROTOCOL.adoc.

A frame is size, key, version and, where an answer is wanted, a number that the answer repeats. Strings have a length of
two bytes, byte sequences and lists one of four. What arrives is not trusted: sizes are checked before anything is read.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Any, NoReturn

from labs.brokers.connection import Socket, connect, is_waiting, what_to_do
from labs.brokers.rabbitmq.client import ANSWER_S, CONNECT_S, vhost_refused
from labs.model.endpoint import Endpoint, RefusedError, UnreachableError

DECLARE_PUBLISHER, PUBLISH, CONFIRM, ERROR = 1, 2, 3, 4
SUBSCRIBE, DELIVER, CREDIT, STORE_OFFSET, QUERY_OFFSET = 7, 8, 9, 10, 11
UNSUBSCRIBE, CREATE, DELETE, METADATA_UPDATE = 12, 13, 14, 16
PEER_PROPERTIES, HANDSHAKE, AUTHENTICATE, TUNE, OPEN, CLOSE, HEARTBEAT = 17, 18, 19, 20, 21, 22, 23
ANSWER = 0x8000
OK, NO_STREAM, EXISTS, NO_VHOST, NO_OFFSET = 1, 2, 5, 12, 19
REASONS = {2: "there is no such stream", 5: "the stream exists", 6: "the stream is not available", 8: "wrong login",
           12: "not there, or not for you", 16: "no access", 17: "other settings", 18: "no publisher"}  # fmt: skip
FRAME_MAX = 4 * 1024 * 1024
DELIVERED_MAX = 1024 * 1024 * 1024
"""A chunk is written as it comes, thousands of messages at once, and sent whole: no frame size was agreed for it."""
CHUNK = 1024 * 1024
PATIENCE_S = 30.0
_HEAD = struct.Struct(">IHH")


def reason(code: int) -> str:
    """What an answer's code means."""
    return REASONS.get(code, f"code {code}")


def text(word: str) -> bytes:
    """A string as the protocol writes it."""
    raw = word.encode()
    return struct.pack(">H", len(raw)) + raw


def pairs(entries: dict[str, str]) -> bytes:
    """A map as the protocol writes it."""
    return struct.pack(">I", len(entries)) + b"".join(text(name) + text(value) for name, value in entries.items())


def frame(key: int, content: bytes) -> bytes:
    """A frame of version 1."""
    return _HEAD.pack(4 + len(content), key, 1) + content


class Wire:
    """One connection. Every method raises UnreachableError once it is gone."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.where = f"RabbitMQ's streams at {endpoint.host}:{endpoint.stream_port}"
        self.frame_max = FRAME_MAX
        self.version = ""
        self._socket: Socket | None = None
        self._arrived = bytearray()
        self._number = 0
        self._gone: BaseException | None = None
        self.passed = b""
        """The last chunk that came while an answer was waited for."""

    def open(self) -> None:
        """Connects and logs in, within seconds or with a typed error."""
        if not self._endpoint.stream_port:
            raise RefusedError(
                f"{self._endpoint.where} has no port for streams. If it has one, say so: amqps://HOST/?stream=5551"
            )
        try:
            self._socket = connect(self._endpoint, CONNECT_S, port=self._endpoint.stream_port)
        except OSError as error:
            self._break(error)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        try:
            self._log_in()
        except BaseException:
            self.close()
            raise

    def _log_in(self) -> None:
        about = self.call(PEER_PROPERTIES, pairs({"product": "labs, fast lane"}), "say hello")
        self.version = _version_in(self, about)
        self.call(HANDSHAKE, b"", "say how to log in")
        login = f"\0{self._endpoint.username}\0{self._endpoint.password}".encode()
        what = f"log in {self._endpoint.username!r}"
        self.call(AUTHENTICATE, text("PLAIN") + struct.pack(">I", len(login)) + login, what)
        tune = self._await(TUNE, 0, "agree on sizes")
        frame_max, _ = self.unpack(">II", tune)
        self.frame_max = min(frame_max or FRAME_MAX, FRAME_MAX)
        # No heartbeats: nobody is here to send them while the owner does something else.
        self.send(frame(TUNE, struct.pack(">II", self.frame_max, 0)))
        answer = self.call(OPEN, text(self._endpoint.vhost), "open the virtual host", (OK, NO_VHOST))
        if self.unpack(">H", answer) == (NO_VHOST,):
            raise vhost_refused(self._endpoint, REASONS[NO_VHOST])

    def close(self) -> None:
        """Lets go; what was sent before arrives."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def call(self, key: int, content: bytes, what: str, fine: tuple[int, ...] = (OK,)) -> bytes:
        """Asks and waits for the answer; its content begins with the code. RefusedError unless that is `fine`."""
        self._number += 1
        self.send(frame(key, struct.pack(">I", self._number) + content))
        answer = self._await(key | ANSWER, self._number, what)
        (code,) = self.unpack(">H", answer)
        if code not in fine:
            raise RefusedError(f"{self.where} refused to {what}: {reason(code)}.")
        return answer

    def unpack(self, layout: str, raw: bytes, at: int = 0) -> tuple[Any, ...]:
        """Numbers of an answer; RefusedError if it ends before them."""
        try:
            return struct.unpack_from(layout, raw, at)
        except struct.error as error:
            raise RefusedError(f"{self.where} sent an answer that is cut off.") from error

    def _await(self, key: int, number: int, what: str) -> bytes:
        """The content of the frame with that key, behind its number. What comes before it is passed over."""
        give_up = time.monotonic() + ANSWER_S
        while True:
            found = self.next(max(give_up - time.monotonic(), 0.0))
            if found is None:
                said = f"{self.where} was asked to {what} and gave no answer for {ANSWER_S:g} s."
                raise UnreachableError(f"{said} {what_to_do(self._endpoint)}")
            if found[0] == key and (not number or self.unpack(">I", found[1])[0] == number):
                return found[1][4:] if number else found[1]
            if found[0] == DELIVER:
                self.passed = found[1]

    def next(self, timeout_s: float) -> tuple[int, bytes] | None:
        """The next frame as (key, content), waiting at most `timeout_s`; None if there is none."""
        give_up = time.monotonic() + timeout_s
        while True:
            found = self._whole()
            if found is not None:
                if found[0] == CLOSE:
                    self._break("it closed the connection")
                if found[0] != HEARTBEAT:
                    return found
                continue
            left_s = give_up - time.monotonic()
            if not self._fill(max(left_s, 0.0)) and left_s <= 0:
                return None

    def _whole(self) -> tuple[int, bytes] | None:
        data = self._arrived
        if len(data) < 8:
            return None
        size, key, _ = _HEAD.unpack_from(data)
        if not 4 <= size <= (DELIVERED_MAX if key == DELIVER else FRAME_MAX):
            self._break(f"it sent a frame of {size} bytes, which is not the stream protocol")
        if len(data) < 4 + size:
            return None
        content = bytes(memoryview(data)[8 : 4 + size])
        del data[: 4 + size]
        return key, content

    def _fill(self, timeout_s: float) -> bool:
        """Take in what has come; whether anything has. What came before a break is given first."""
        if self._gone is not None:
            self._break(self._gone)
        if not is_waiting(self._here) and not select.select([self._here], [], [], timeout_s)[0]:
            return False
        return self._take()

    def _take(self) -> bool:
        try:
            data = self._here.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError as error:
            self._gone = error
            return False
        if not data:
            self._gone = ConnectionResetError("it ended the connection")
        self._arrived += data
        return bool(data)

    def send(self, data: bytes | memoryview) -> None:
        """Gives it to the operating system; while that takes nothing, what the server says is taken in."""
        if self._gone is not None:
            self._break(self._gone)
        rest, moved_s = memoryview(data), time.monotonic()
        while len(rest):
            try:
                rest = rest[self._here.send(rest) :]
                moved_s = time.monotonic()
            except BlockingIOError:
                if select.select([self._here], [self._here], [], 1.0)[0]:
                    self._take()
                if self._gone is not None or time.monotonic() - moved_s > PATIENCE_S:
                    self._break(self._gone or f"it has taken nothing for {PATIENCE_S:g} s")
            except OSError as error:
                self._break(error)

    @property
    def _here(self) -> Socket:
        if self._socket is None:
            raise UnreachableError(f"The connection to {self.where} is closed. Enter the context first.")
        return self._socket

    def _break(self, reason: object) -> NoReturn:
        self.close()
        cause = reason if isinstance(reason, BaseException) else None
        raise UnreachableError(f"{self.where} does not answer: {reason}. {what_to_do(self._endpoint)}") from cause


def _version_in(wire: Wire, answer: bytes) -> str:
    """The server's version among its properties."""
    (count,), at = wire.unpack(">I", answer, 2), 6
    words: list[str] = []
    for _ in range(2 * min(count, 100)):
        (length,) = wire.unpack(">H", answer, at)
        words.append(answer[at + 2 : at + 2 + length].decode(errors="replace"))
        at += 2 + length
    return dict(zip(words[::2], words[1::2], strict=False)).get("version", "")
