"""An AMQP connection without a client library's loop: bytes go out and come in, frames are the caller's business.

The methods of the handshake are written and read with pika's own tables. Heartbeats are agreed to be off: nobody is
here to send them while the owner does something else. A silent network is then noticed by who waits, not by us.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from typing import NoReturn, TypeVar

from pika import spec
from pika.amqp_object import Method as AmqpMethod
from pika.exceptions import AMQPError
from pika.frame import Method, decode_frame

from labs.brokers.connection import Socket, connect, what_to_do
from labs.brokers.lifetime import Connected
from labs.brokers.rabbitmq.client import ANSWER_S, BLOCKED, CONNECT_S, vhost_refused
from labs.brokers.rabbitmq.fast.frames import CHANNEL, METHOD, Frame, FrameError, frame_at
from labs.model.endpoint import Address, Endpoint, RefusedError, UnreachableError

GREETING = b"AMQP\x00\x00\x09\x01"
FRAME_MAX = 131_072
_CHUNK = 1024 * 1024
_ABILITIES = {
    "authentication_failure_close": True,
    "basic.nack": True,
    "connection.blocked": True,
    "consumer_cancel_notify": True,
    "publisher_confirms": True,
}
T = TypeVar("T")


class Wire:
    """One connection with one channel. Every method raises UnreachableError once the connection is gone."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.where = endpoint.where
        self.frame_max = FRAME_MAX
        self.unread = b""
        """What came behind the last answer, for the caller to read first."""
        self._socket: Socket | None = None
        self._chunk = bytearray(_CHUNK)
        self._unsent: list[memoryview] = []
        self._gone = ""
        self.held = ""
        """Why the server takes nothing from publishers, while it says so: short of memory or disk."""

    def open(self) -> None:
        """Connects, logs in and opens the channel, within seconds or with a typed error."""
        try:
            self._socket = connect(self._endpoint, CONNECT_S)
        except OSError as error:
            self._break(error)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        try:
            self._log_in()
            self.call(spec.Channel.Open(), spec.Channel.OpenOk, "open a channel")
        except BaseException:
            self._let_go()
            raise

    def _log_in(self) -> None:
        self.send(GREETING)
        self._wait_for(spec.Connection.Start, 0, "open a connection")
        login = f"\0{self._endpoint.username}\0{self._endpoint.password}"
        about = {"product": "labs, fast lane", "capabilities": _ABILITIES}
        self._say(0, spec.Connection.StartOk(about, "PLAIN", login, "en_US"))
        tune = self._wait_for(spec.Connection.Tune, 0, "open a connection")
        self.frame_max = min(tune.frame_max or FRAME_MAX, FRAME_MAX)
        self._say(0, spec.Connection.TuneOk(tune.channel_max, self.frame_max, 0))
        self._say(0, spec.Connection.Open(self._endpoint.vhost))
        self._wait_for(spec.Connection.OpenOk, 0, "open a connection")

    def _say(self, channel: int, method: AmqpMethod) -> None:
        self.send(Method(channel, method).marshal())

    def call(self, method: AmqpMethod, answer: type[T], what: str) -> T:
        """Does `method` on the channel and waits for its answer; RefusedError if the server closes the channel."""
        self._say(CHANNEL, method)
        return self._wait_for(answer, CHANNEL, what)

    def _wait_for(self, answer: type[T], channel: int, what: str, within_s: float = ANSWER_S) -> T:
        """The answer; what the server says besides it, before it, is dealt with or of no interest."""
        give_up = time.monotonic() + within_s
        while True:
            found = self._frame()
            if found is None:
                left_s = give_up - time.monotonic()
                if left_s <= 0:
                    said = f"{self.where} was asked to {what} and gave no answer for {within_s:g} s."
                    raise UnreachableError(f"{said} {what_to_do(self._endpoint)}")
                self.unread += self.read(left_s)
                continue
            method, self.unread = self.method(self.unread, found), self.unread[found.end + 1 :]
            if isinstance(method, answer) and found.channel == channel:
                return method
            if reason := self.notice(method):
                raise RefusedError(f"{self.where} refused to {what}: {reason}.")

    def _frame(self) -> Frame | None:
        try:
            return frame_at(self.unread, 0, self.frame_max)
        except FrameError as error:
            self.give_up(error)

    def method(self, raw: bytes, found: Frame) -> AmqpMethod:
        """The method in a frame, as pika's object; None where the frame holds something else."""
        if found.kind != METHOD:
            return None
        try:
            _, whole = decode_frame(raw[found.start - 7 : found.end + 1])
        except (AMQPError, KeyError, ValueError, IndexError, TypeError, struct.error) as error:
            self._break(f"it sent a method we cannot read: {error!r}")
        return whole.method if isinstance(whole, Method) else None

    def notice(self, method: AmqpMethod) -> str:
        """Deals with what the server says unasked. Gives the reason if it closed the channel, raises if it closed
        the connection; that it is short of memory or disk only makes it slow."""
        if isinstance(method, spec.Connection.Close):
            with contextlib.suppress(UnreachableError):
                self._say(0, spec.Connection.CloseOk())
            self._let_go()
            reason = f"{method.reply_code} {method.reply_text}"
            if method.reply_code == spec.ACCESS_REFUSED:
                raise RefusedError(f"{self.where} refused the login of {self._endpoint.username!r}: {reason}.")
            if method.reply_code == spec.NOT_ALLOWED:
                raise vhost_refused(self._endpoint, reason)
            self._break(f"it closed the connection: {reason}")
        if isinstance(method, spec.Channel.Close):
            self._say(CHANNEL, spec.Channel.CloseOk())
            return f"{method.reply_code} {method.reply_text}"
        if isinstance(method, spec.Connection.Blocked):
            self.held = BLOCKED.format(method.reason)
        elif isinstance(method, spec.Connection.Unblocked):
            self.held = ""
        return ""

    def send(self, data: bytes | memoryview) -> None:
        """Gives it to the operating system; what that does not take now goes out with the next reads and sends."""
        if self._unsent:
            self._unsent.append(memoryview(bytes(data)))
            self._flush()
            return
        taken = self._give(data)
        if taken < len(data):
            self._unsent.append(memoryview(bytes(data[taken:])))

    def _give(self, data: bytes | memoryview) -> int:
        try:
            return self._open_socket().send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._break(error)

    def _flush(self) -> None:
        while self._unsent:
            taken = self._give(self._unsent[0])
            if taken < len(self._unsent[0]):
                self._unsent[0] = self._unsent[0][taken:]
                return
            del self._unsent[0]

    @property
    def unsent_bytes(self) -> int:
        """What the operating system has not taken yet."""
        return sum(map(len, self._unsent))

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at most a megabyte; waits at most `timeout_s` for the first byte, or until all is sent."""
        self._flush()
        raw = self._take()
        give_up = time.monotonic() + timeout_s
        while not raw and (left_s := give_up - time.monotonic()) > 0:
            sending = bool(self._unsent)
            poll = select.poll()
            poll.register(self._open_socket(), select.POLLIN | (select.POLLOUT if sending else 0))
            poll.poll(left_s * 1000)
            self._flush()
            raw = self._take()
            if sending and not self._unsent:
                break
        return raw

    def _take(self) -> bytes:
        try:
            count = self._open_socket().recv_into(self._chunk)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._break(error)
        if not count:
            self._break("it ended the connection")
        return bytes(memoryview(self._chunk)[:count])

    def _open_socket(self) -> Socket:
        if self._socket is None:
            reason = f"closed: {self._gone}" if self._gone else "closed. Enter the context first"
            raise UnreachableError(f"The connection to {self.where} is {reason}.")
        return self._socket

    def give_up(self, error: FrameError) -> NoReturn:
        """Ends a connection on which something else than AMQP has come."""
        self._break(f"it sent {error}, which is not AMQP")

    def _break(self, reason: object) -> NoReturn:
        self._gone = str(reason)
        self._let_go()
        cause = reason if isinstance(reason, BaseException) else None
        raise UnreachableError(f"{self.where} does not answer: {reason}. {what_to_do(self._endpoint)}") from cause

    def close(self) -> None:
        """Says goodbye, so that all that was sent arrives, and lets go."""
        if self._socket is None:
            return
        farewell, last = Method(0, spec.Connection.CloseOk()).marshal(), b""
        give_up = time.monotonic() + CONNECT_S
        with contextlib.suppress(UnreachableError):
            self._say(0, spec.Connection.Close(200, "", 0, 0))
            # What was under way comes first and is of no interest; nothing comes after the answer.
            while not last.endswith(farewell) and (left_s := give_up - time.monotonic()) > 0:
                last = (last + self.read(left_s))[-len(farewell) :]
        self._let_go()

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._unsent.clear()


class Member(Connected[Wire]):
    """A queue, its settings, a connection."""

    def __init__(self, address: Address) -> None:
        self.queue = address.name
        self.settings = address.profile.settings
        self.link = Wire(address.endpoint)
