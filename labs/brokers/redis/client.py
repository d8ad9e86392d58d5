"""What the three Redis adapters share: a connection that does not wait, the broker, the publisher.

redis-py's `Connection` is used below its command methods, because those wait for the answer.
Here a batch is sent in one go and the answers are read when they are there.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from labs.brokers.base import Confirmations
from labs.brokers.connection import prove, tls_of, what_to_do
from labs.brokers.lifetime import Connected
from labs.model.endpoint import Address, Endpoint, RefusedError, UnreachableError
from labs.model.facts import Facts

Word = bytes | str | int | float
Command = tuple[Word, ...]
CONNECT_S = 2.0
ANSWER_S = 30.0
"""A stopped broker is waited for that long in the middle of an answer; a dead one is noticed at once."""
LATE_S = 0.15
"""Redis looks for blocked clients whose time is over ten times a second: "nothing came" may be that late."""
BREAKS = (redis.ConnectionError, redis.TimeoutError, OSError)
CODES: dict[type[Exception], str] = {
    redis.exceptions.OutOfMemoryError: "OOM",
    redis.exceptions.NoPermissionError: "NOPERM",
    redis.exceptions.ReadOnlyError: "READONLY",
    redis.exceptions.BusyLoadingError: "LOADING",
}
NOBODY_SAID = "no reason was given"
BULK_BYTES = 512 * 1024 * 1024
"""What Redis takes as one argument unless it is told otherwise (redis.conf, proto-max-bulk-len)."""
TICK_S = 0.002
"""Less than that is not worth a blocking command."""


@contextlib.contextmanager
def typed(endpoint: Endpoint) -> Iterator[None]:
    """Turns the errors of redis-py and of sockets into ours."""
    where = endpoint.where
    try:
        yield
    except redis.AuthenticationError as error:
        said = str(error).rstrip(".")
        raise RefusedError(f"{where} refused the login of user {endpoint.username or 'default'!r}: {said}.") from error
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        raise UnreachableError(f"{where} does not answer: {str(error).rstrip('.')}. {what_to_do(endpoint)}") from error
    except redis.ResponseError as error:
        raise RefusedError(f"{where} said no: {said_of(error)}.") from error
    except redis.RedisError as error:  # an answer that is none of its protocol
        raise UnreachableError(f"{where} does not answer as one does: {error}. {what_to_do(endpoint)}") from error


def secured(endpoint: Endpoint) -> Facts:
    """What redis-py is told about TLS besides that it is wanted: the certificate and the host's name are verified."""
    tls = tls_of(endpoint)
    if tls is None:
        return {}
    files = {"ssl_ca_certs": tls.authority, "ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True} | {k: path for k, path in files.items() if path}


def largest_argument(ask: Callable[..., Any]) -> int:
    """Bytes that the server takes as one argument; its own default where it does not let us ask."""
    # A larger argument is not an error answer: the server closes the connection and takes the whole batch with it.
    try:
        found = ask("CONFIG", "GET", "proto-max-bulk-len")
        return int(found[1]) if found else BULK_BYTES
    except RefusedError as error:
        if "NOAUTH" in str(error):
            raise
        return BULK_BYTES


def said_of(error: Exception) -> str:
    """An error answer as the server sent it: redis-py cuts off the codes that it knows."""
    code, text = CODES.get(type(error), ""), str(error).rstrip(".")
    return text if text.startswith(code) else f"{code} {text}"


def too_large(limit_bytes: int) -> str:
    """The words for a message that is not even sent: the server would close the connection over it."""
    return f"a message is larger than the {limit_bytes:,} bytes that it takes (proto-max-bulk-len)"


class Link:
    """One connection: commands go out without waiting, answers come back in the same order."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._broken: Exception | None = None
        connection: Any = redis.Connection if endpoint.tls is None else redis.SSLConnection  # untyped in redis-py
        self._connection = connection(
            host=endpoint.host,
            port=endpoint.port,
            username=endpoint.username or None,
            password=endpoint.password or None,
            protocol=2,  # pub/sub messages are then ordinary answers, and every server from 2.0 on agrees
            socket_connect_timeout=CONNECT_S,
            socket_timeout=ANSWER_S,
            socket_read_size=1 << 18,
            retry=Retry(NoBackoff(), 0),
            **secured(endpoint),
        )

    def open(self) -> None:
        """Connects and logs in, within seconds or with UnreachableError."""
        prove(self._endpoint, CONNECT_S)
        with typed(self._endpoint):
            self._connection.connect()

    def close(self) -> None:
        """Drops the connection; answers on their way are lost."""
        self._connection.disconnect()

    def send(self, commands: Sequence[Command]) -> None:
        """Sends all commands in one go."""
        with typed(self._endpoint):
            self._whole()
            self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)

    def ready(self, timeout_s: float = 0.0) -> bool:
        """Whether an answer has begun to arrive, waiting at most `timeout_s`."""
        if self._broken is not None:
            return True  # asking for it says what has broken
        with typed(self._endpoint):
            return bool(self._connection.can_read(timeout_s))

    def answers(self, most: int) -> list[Any]:
        """At least one answer and at most `most`, as many as are there; an error of one command is its answer.

        A connection that breaks behind an answer says so at the next call: what has arrived has arrived.
        """
        found: list[Any] = []
        with typed(self._endpoint):
            self._whole()
            while len(found) < most and (not found or self._readable()):
                try:
                    found.append(self._connection.read_response())
                except redis.ResponseError as error:
                    found.append(error)
                except BREAKS as error:
                    if not found:
                        raise
                    self._broken = error
                    break
        return found

    def _readable(self) -> bool:
        """Whether another answer is there; a broken connection has none."""
        try:
            return bool(self._connection.can_read(0))
        except BREAKS as error:
            self._broken = error
            return False

    def _whole(self) -> None:
        """Raise what broke the connection: redis-py would open a new one and forget what was asked on the old."""
        if self._broken is not None:
            raise self._broken

    def ask(self, *command: Word) -> Any:
        """The answer to one command, waited for; RefusedError if it is an error."""
        self.send([command])
        answer = self.answers(1)[0]
        if isinstance(answer, redis.ResponseError):
            raise RefusedError(f"Redis refused {' '.join(map(str, command[:2]))}: {said_of(answer)}.") from answer
        return answer


class Member(Connected[Link]):
    """The part of publishers and consumers that is a connection."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.key = address.name.encode()
        self.link = Link(address.endpoint)


class RedisPublisher(Member, ABC):
    """Sends a batch as commands in one write; `_commands` says how many messages each command carries."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._next = 0
        self._limit_bytes = 0
        self._waiting: deque[Sequence[int]] = deque()
        self._refused: list[int] = []
        self._why = ""
        self._spoiled = False
        """Whether the command was refused that the next answer is about."""

    def _begin(self) -> None:
        self._limit_bytes = largest_argument(self.link.ask)

    @abstractmethod
    def _commands(self, bodies: Sequence[bytes]) -> tuple[list[Command], int]:
        """The commands for a batch, and how many messages each of them carries."""

    def _shares(self, shares: list[Sequence[int]]) -> list[Sequence[int]]:
        """The messages that each command's answer settles; as many as there are commands."""
        return shares

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Sends the batch; what is larger than the server accepts is refused without being sent."""
        numbers: Sequence[int] = range(self._next, self._next + len(bodies))
        self._next += len(bodies)
        if any(len(body) > self._limit_bytes for body in bodies):
            self._refused += [at for at, body in zip(numbers, bodies, strict=True) if len(body) > self._limit_bytes]
            self._why = self._why or too_large(self._limit_bytes)
            numbers = [at for at, body in zip(numbers, bodies, strict=True) if len(body) <= self._limit_bytes]
            bodies = [body for body in bodies if len(body) <= self._limit_bytes]
        if not bodies:
            return
        commands, each = self._commands(bodies)
        self._waiting.extend(self._shares([numbers[at : at + each] for at in range(0, len(numbers), each)]))
        self.link.send(commands)

    def poll(self, timeout_s: float) -> Confirmations:
        """What the server has answered; at once if anything is known already."""
        confirmed: list[int] = []
        refused, self._refused = self._refused, []
        if self._waiting and self.link.ready(0.0 if refused else timeout_s):
            for answer in self.link.answers(len(self._waiting)):
                (confirmed if self._is_yes(answer) else refused).extend(self._waiting.popleft())
        why, self._why = self._why, ""
        return Confirmations(confirmed, refused, why)

    def _is_yes(self, answer: object) -> bool:
        """Whether what an answer settles was taken. A yes to a flush is none where what it flushes was refused."""
        if isinstance(answer, redis.ResponseError):
            self._why = self._why or said_of(answer) or NOBODY_SAID
            self._spoiled = not len(self._waiting[0])
            return False
        taken, self._spoiled = not self._spoiled, False
        return taken
