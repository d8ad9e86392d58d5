"""A RabbitMQ connection that is pumped by its owner: pika's SelectConnection without its endless loop.

pika's BlockingConnection waits for every confirmation; its loop, driven step by step as
BlockingConnection itself does, lets a batch go out and the confirmations come when they come.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.select_connection import IOLoop, SelectConnection
from pika.channel import Channel
from pika.exceptions import AMQPError, AuthenticationError, ProbableAccessDeniedError, ProbableAuthenticationError
from pika.frame import Method

from labs.brokers.connection import prove, tls_of, what_to_do
from labs.model.endpoint import Endpoint, RefusedError, UnreachableError
from labs.model.facts import Facts

CONNECT_S = 2.0
ANSWER_S = 4.0
NACKED = "basic.nack: its queue did not take the message (full by its overflow policy, or it failed)"
BLOCKED = "connection.blocked: {0}"
# What goes wrong is raised; without a handler of its own pika's log would be printed as well.
logging.getLogger("pika").addHandler(logging.NullHandler())


def place_of(endpoint: Endpoint) -> Facts:
    """Where and as whom, as pika's ConnectionParameters want it; TLS is verified, the host's name too."""
    tls = tls_of(endpoint)
    return {
        "host": endpoint.host,
        "port": endpoint.port,
        "virtual_host": endpoint.vhost,
        "credentials": pika.PlainCredentials(endpoint.username, endpoint.password),
        "ssl_options": pika.SSLOptions(tls.context(), endpoint.host) if tls else None,
    }


def vhost_refused(endpoint: Endpoint, said: object) -> RefusedError:
    """The error for a virtual host that is not there, or not for this user."""
    return RefusedError(
        f"{endpoint.where} refused the virtual host {endpoint.vhost!r} to "
        f"{endpoint.username!r}: {said}. It stands at the end of the address, a slash in its name as %2F."
    )


class Connection(SelectConnection):  # type: ignore[misc]  # pika ships no types
    """Puts the frames of a batch into one write: pika would make three system calls per message."""

    held: list[bytes] | None = None

    def _adapter_emit_data(self, data: bytes) -> None:
        if self.held is None:
            super()._adapter_emit_data(data)
        else:
            self.held.append(data)

    def hold(self) -> None:
        """From now on frames are collected."""
        self.held = []

    def release(self) -> None:
        """Hands what was collected to the socket in one piece."""
        frames, self.held = self.held, None
        if frames:
            super()._adapter_emit_data(b"".join(frames))

    @property
    def unsent_bytes(self) -> int:
        """What the operating system has not taken yet."""
        return int(self._get_write_buffer_size())


class Link:
    """One connection with at most one channel."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._where = endpoint.where
        self._loop = IOLoop()
        self._opened = False
        self._gone: BaseException | None = None
        self._connection: Connection | None = None
        self.held = ""
        """Why the server takes nothing from publishers, while it says so: short of memory or disk."""

    @property
    def connection(self) -> Connection:
        """The open connection."""
        if self._connection is None:
            raise UnreachableError(f"The connection to {self._where} is closed. Enter the context first.")
        return self._connection

    def open(self) -> None:
        """Connects and logs in, within seconds or with a typed error."""
        prove(self._endpoint, CONNECT_S)
        times = {"socket_timeout": CONNECT_S, "stack_timeout": ANSWER_S, "connection_attempts": 1}
        parameters = pika.ConnectionParameters(**place_of(self._endpoint), **times)
        self._loop.activate_poller()
        self._connection = Connection(parameters, self._on_open, self._on_gone, self._on_gone, self._loop)
        try:
            self.until(lambda: self._opened, "open a connection")
        except BaseException:
            self.close()
            raise

    def _on_open(self, connection: object) -> None:
        self._opened = True
        self.connection.add_on_connection_blocked_callback(self._on_blocked)
        self.connection.add_on_connection_unblocked_callback(self._on_unblocked)

    def _on_blocked(self, _connection: object, frame: Method) -> None:
        self.held = BLOCKED.format(frame.method.reason)

    def _on_unblocked(self, _connection: object, _frame: object) -> None:
        self.held = ""

    def _on_gone(self, connection: object, reason: BaseException) -> None:
        self._gone = reason

    def channel(self, on_close: Callable[[Channel, Exception], None] | None = None) -> Channel:
        """A new channel, open."""
        opened: list[Channel] = []
        channel = self.connection.channel(on_open_callback=opened.append)
        refused: list[Exception] = []
        channel.add_on_close_callback(lambda _, reason: refused.append(reason))
        if on_close:
            channel.add_on_close_callback(on_close)
        self.until(lambda: bool(opened or refused), "open a channel")
        return channel

    def call(self, channel: Channel, what: str, send: Callable[[Callable[[Method], None]], object]) -> Method:
        """Does `send(callback)` on the channel and waits for its answer; RefusedError if the channel is closed."""
        answers: list[Method] = []
        refused: list[Exception] = []
        channel.add_on_close_callback(lambda _, reason: refused.append(reason))
        send(answers.append)
        self.until(lambda: bool(answers or refused), what)
        if not answers:
            raise RefusedError(f"{self._where} refused to {what}: {refused[0]}.")
        return answers[0]

    def pump(self, timeout_s: float) -> None:
        """Reads and writes what can be, waiting at most `timeout_s` for the first event."""
        timer = self._loop.call_later(max(timeout_s, 0.0), _nothing)
        self._loop.poll()
        self._loop.process_timeouts()
        self._loop.remove_timeout(timer)
        if self._gone is not None:
            raise self._error()

    def _error(self) -> Exception:
        reason = self._gone
        code, _, said = str(reason).partition(f"({pika.spec.NOT_ALLOWED}) ")
        if isinstance(reason, ProbableAccessDeniedError) and code != str(reason):
            return vhost_refused(self._endpoint, said.strip("'"))
        if isinstance(reason, AuthenticationError | ProbableAuthenticationError):
            return RefusedError(f"{self._where} refused the login of {self._endpoint.username!r}: {root(reason)}.")
        return UnreachableError(f"{self._where} does not answer: {root(reason)}. {what_to_do(self._endpoint)}")

    def until(self, done: Callable[[], bool], what: str, within_s: float = ANSWER_S) -> None:
        """Pumps until `done`, or raises after `within_s`."""
        give_up = time.monotonic() + within_s
        while not done():
            left_s = give_up - time.monotonic()
            if left_s <= 0:
                said = f"{self._where} was asked to {what} and gave no answer for {within_s:g} s."
                raise UnreachableError(f"{said} {what_to_do(self._endpoint)}")
            self.pump(left_s)

    def close(self) -> None:
        """Says goodbye, so that all acknowledgements sent arrive, and lets go."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if connection.is_open and self._gone is None:
                connection.close()
                self.until(lambda: self._gone is not None, "close the connection", CONNECT_S)
        except (UnreachableError, RefusedError):
            pass  # it is closed now, by whomever
        finally:
            self._loop.deactivate_poller()
            self._loop.close()


@contextlib.contextmanager
def typed(endpoint: Endpoint) -> Iterator[None]:
    """Turns the errors of pika's blocking client into ours."""
    try:
        yield
    except AMQPError as error:
        where = endpoint.where
        raise UnreachableError(f"{where} does not answer: {root(error)}. {what_to_do(endpoint)}") from error


@contextlib.contextmanager
def blocking_channel(endpoint: Endpoint, **more: object) -> Iterator[BlockingChannel]:
    """A channel on a connection of its own of pika's blocking kind; `more` are further parameters of the connection."""
    times = {"socket_timeout": CONNECT_S, "stack_timeout": ANSWER_S}
    connection = pika.BlockingConnection(pika.ConnectionParameters(**place_of(endpoint), **times | more))
    try:
        yield connection.channel()
    finally:
        with contextlib.suppress(AMQPError):  # it is closed, by whomever
            connection.close()


def _nothing() -> None:
    """A timer must call something."""


def said_of(reason: object) -> str:
    """The server's own words in a reason that pika gives for a closed channel."""
    code, text = getattr(reason, "reply_code", None), getattr(reason, "reply_text", None)
    return f"{code} {text}" if text else str(reason)


def root(error: object) -> str:
    """What went wrong underneath: pika wraps the error of a socket up to four times."""
    while isinstance(error, BaseException):
        inner = [part for part in (*getattr(error, "exceptions", ()), *error.args) if isinstance(part, BaseException)]
        if not inner:
            break
        error = inner[-1]
    return str(error) or repr(error)
