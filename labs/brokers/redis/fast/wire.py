"""Redis' own protocol on a socket: frames out in one write, answers taken as bytes, parsed by who knows them."""

from __future__ import annotations

import select
import socket
import time
from typing import Any

import hiredis
import numpy as np
import numpy.typing as npt

from labs.brokers.connection import Socket, connect, is_waiting
from labs.brokers.redis.client import ANSWER_S, CONNECT_S, Word, typed
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.message import HEADER_BYTES

CHUNK = 1 << 20
PATIENCE_S = ANSWER_S
"""A write that makes no progress for so long means that the server is gone."""


class Template:
    """Frames that differ in the message's head alone: built once, stamped in place, as many as a batch has."""

    def __init__(self, before: bytes, rest: bytes, after: bytes = b"\r\n") -> None:
        self._frame = np.frombuffer(before + bytes(HEADER_BYTES) + rest + after, np.uint8)
        self._head = slice(len(before), len(before) + HEADER_BYTES)
        self._table = np.empty((0, len(self._frame)), np.uint8)

    def stamped(self, heads: npt.NDArray[np.void]) -> npt.NDArray[np.uint8]:
        """The frames of a batch, one after the other; good until the next call."""
        count = len(heads)
        if count > len(self._table):
            self._table = np.tile(self._frame, (count, 1))
        table = self._table[:count]
        table[:, self._head] = np.ascontiguousarray(heads).view(np.uint8).reshape(count, HEADER_BYTES)
        return table.reshape(-1)


class Wire:
    """One connection. Nothing waits for ever: a write that would block takes answers in meanwhile."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._socket: Socket | None = None
        self._broken: OSError | None = None
        self.arrived = b""
        """Bytes that have come and that nobody has taken yet."""

    def open(self) -> None:
        """Connects and logs in, within seconds or with UnreachableError; RefusedError for a wrong login."""
        with typed(self._endpoint):
            self._socket = connect(self._endpoint, CONNECT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setblocking(False)
        if self._endpoint.password:
            self.ask("AUTH", self._endpoint.username or "default", self._endpoint.password, quiet=True)

    def close(self) -> None:
        """Drops the connection; answers on their way are lost."""
        if self._socket is not None:
            self._socket.close()

    @property
    def _open(self) -> Socket:
        assert self._socket is not None, "open it first"
        return self._socket

    def write(self, data: bytes | memoryview) -> None:
        """Sends all of it. While the server takes nothing, what it answers is taken in, or both would wait for ever."""
        with typed(self._endpoint):
            self._whole()
            rest, moved_s = memoryview(data).cast("B"), time.monotonic()
            while len(rest):
                try:
                    rest = rest[self._open.send(rest) :]
                    moved_s = time.monotonic()
                except BlockingIOError:
                    readable = select.select([self._open], [self._open], [], 1.0)[0]
                    if readable:
                        self._take()
                        self._whole()
                    elif time.monotonic() - moved_s > PATIENCE_S:
                        raise TimeoutError(f"it has taken nothing for {PATIENCE_S:g} s") from None

    def fill(self, timeout_s: float) -> bool:
        """Take in what has come, waiting at most `timeout_s` for anything; whether something came.

        A connection that breaks says so when everything that came before has been asked for.
        """
        with typed(self._endpoint):
            self._whole()
            if not is_waiting(self._open) and not select.select([self._open], [], [], max(timeout_s, 0.0))[0]:
                return False
            before = len(self.arrived)
            self._take()
            if len(self.arrived) == before:
                self._whole()
        return True

    def _take(self) -> None:
        parts = [self.arrived]
        try:
            while data := self._open.recv(CHUNK):
                parts.append(data)
                if len(data) < CHUNK // 2:
                    break
            else:
                self._broken = ConnectionResetError("the server closed the connection")
        except BlockingIOError:
            pass
        except OSError as error:
            self._broken = error
        self.arrived = b"".join(parts)

    def _whole(self) -> None:
        if self._broken is not None:
            raise self._broken

    def ask(self, verb: str, *words: Word, quiet: bool = False) -> Any:
        """The answer to one command, waited for; nothing else may be on its way. RefusedError if it is an error."""
        self.write(command(verb.encode(), *map(_plain, words)))
        reader, until_s = hiredis.Reader(), time.monotonic() + ANSWER_S
        answer: Any = False
        while answer is False:
            if not self.arrived:
                self.fill(until_s - time.monotonic())
            if time.monotonic() > until_s:
                with typed(self._endpoint):
                    raise TimeoutError(f"no answer to {verb} for {ANSWER_S:g} s")
            reader.feed(self.arrived)
            self.arrived = b""
            answer = reader.gets()
        if isinstance(answer, hiredis.ReplyError):
            said = verb if quiet else " ".join(map(str, (verb, *words[:1])))
            raise RefusedError(f"Redis refused {said}: {answer}.")
        return answer


def _plain(part: Word) -> bytes:
    return part if isinstance(part, bytes) else str(part).encode()


def bulk(data: bytes) -> bytes:
    """A string as the protocol writes it."""
    return b"$%d\r\n%s\r\n" % (len(data), data)


def command(*parts: bytes) -> bytes:
    """A command as the protocol writes it."""
    return b"*%d\r\n" % len(parts) + b"".join(map(bulk, parts))


def lines(data: bytes, each: int) -> tuple[int, int]:
    """(answers, bytes) of the whole answers at the front of `data`, where each answer has `each` lines."""
    count = data.count(b"\n")
    whole = count - count % each
    end = data.rfind(b"\n") + 1
    for _ in range(count - whole):
        end = data.rfind(b"\n", 0, end - 1) + 1
    return whole // each, end


def has_error(data: bytes) -> bool:
    """Whether any line begins like an error answer."""
    return data[:1] == b"-" or b"\n-" in data
