"""How a connection to a broker is made: plain, or TLS with the certificate and the host name always verified.

A TLS socket here behaves as a plain one does: what would block raises BlockingIOError, whatever TLS waits for.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from labs.model.endpoint import Endpoint, UnreachableError

SLICE = 64 * 1024
"""OpenSSL wants a write that would have blocked again with the same length: so much is offered it at a time."""
HANDSHAKE_S = 3.0
"""Java takes more than a second for its first one on a busy machine."""
ADMITTED_S = 0.5
"""In TLS 1.3 our side of the handshake is over before the other has read our certificate. What it says of that, or a
ticket for the next time, comes a round trip later; RabbitMQ gives no tickets, so that a yes is silence."""
_PLAIN = "Is it the plain port? Use the TLS port, or an address without TLS: redis://, amqp://, kafka://."


class Socket(Protocol):
    """What a socket.socket and a TlsSocket have in common."""

    def send(self, data: bytes | memoryview, /) -> int: ...

    def recv(self, most: int, /) -> bytes: ...

    def recv_into(self, place: bytearray | memoryview, /) -> int: ...

    def setsockopt(self, level: int, name: int, value: int, /) -> None: ...

    def setblocking(self, flag: bool, /) -> None: ...

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class SecureError(UnreachableError):
    """No secure connection: the certificate, the host's name, our own certificate, or no TLS at that port."""


@dataclass(frozen=True)
class Tls:
    """Files, as paths: the authority that is trusted ("": those of this machine), and our own certificate, if any."""

    authority: str = ""
    certificate: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext:
        """The settings of a client that verifies. SecureError, naming the variable, for files that cannot be read."""
        with _readable("LABS_TLS_CA", self.authority):
            found = ssl.create_default_context(cafile=self.authority or None)
        if self.certificate:
            named = "LABS_TLS_CERT" if self.key else "LABS_TLS_KEY is not set, and LABS_TLS_CERT"
            with _readable(named, f"{self.certificate}{f' with LABS_TLS_KEY {self.key}' if self.key else ''}"):
                # Without a password of its own OpenSSL would ask for one on the terminal.
                found.load_cert_chain(self.certificate, self.key or None, password="")
        return found


@contextlib.contextmanager
def _readable(variable: str, path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise SecureError(
            f"{variable} names {path}, which cannot be used: {error}. It wants PEM, unencrypted."
        ) from error


def tls_of(endpoint: Endpoint) -> Tls | None:
    """How the endpoint's connections are secured; None for plain ones."""
    return Tls(*endpoint.tls) if endpoint.tls is not None else None


def what_to_do(endpoint: Endpoint) -> str:
    """The end of a message about a broker that does not answer."""
    if not endpoint.is_given:
        return "Is it running? Start it with: labs up"
    secure = {"redis": "rediss", "rabbitmq": "amqps", "kafka": "kafka+ssl"}.get(endpoint.broker, "")
    hint = "" if endpoint.tls is not None else f" If it wants TLS, begin its address with {secure}://"
    return f"It is a broker of yours: does it run, and is its address right?{hint}"


def connect(endpoint: Endpoint, timeout_s: float, *, host: str = "", port: int = 0) -> Socket:
    """A connected socket, still blocking, to the endpoint's client port or another of its places.

    Raises OSError where nothing listens and SecureError where TLS does not come about.
    """
    host, port = host or endpoint.host, port or endpoint.port
    raw = socket.create_connection((host, port), timeout_s)
    tls = tls_of(endpoint)
    if tls is None:
        return raw
    raw.settimeout(HANDSHAKE_S)
    try:
        return TlsSocket(tls.context().wrap_socket(raw, server_hostname=host))
    except OSError as error:
        raw.close()
        raise SecureError(_explained(endpoint, f"{host}:{port}", host, error)) from error
    except BaseException:
        raw.close()
        raise


def prove(endpoint: Endpoint, timeout_s: float, *, wholly: bool = False) -> None:
    """Before a client library connects: TLS comes about. Their own errors do not say what was wrong.

    `wholly` waits until the broker has had its say on our certificate, or on there being none.
    """
    if endpoint.tls is None:
        return
    try:
        door = connect(endpoint, timeout_s)
    except OSError as error:
        where = f"{endpoint.broker} at {endpoint.host}:{endpoint.port}"
        raise UnreachableError(f"{where} does not answer: {error}. {what_to_do(endpoint)}") from error
    with contextlib.closing(door):
        if wholly:
            _await_admission(endpoint, door)


def _await_admission(endpoint: Endpoint, door: Socket) -> None:
    door.setblocking(False)
    try:
        if select.select([door], [], [], ADMITTED_S)[0]:
            door.recv(1)
    except BlockingIOError:
        pass  # it was a ticket
    except OSError as error:
        where = f"{endpoint.host}:{endpoint.port}"
        raise SecureError(_explained(endpoint, where, endpoint.host, error)) from error


def _explained(endpoint: Endpoint, where: str, host: str, error: OSError) -> str:
    """What went wrong with TLS at that place, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in (62, 64):  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH
            return (
                f"The certificate at {where} is not for {host}: {error.verify_message.rstrip('.')}. "
                "Use a name that stands in it."
            )
        return (
            f"The certificate at {where} is not trusted: {error.verify_message}. "
            "Set LABS_TLS_CA to the PEM file of the authority that signed it."
        )
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        own = tls_of(endpoint)
        cure = (
            f"It was shown {own.certificate}: let LABS_TLS_CERT name one whose authority it trusts."
            if own and own.certificate
            else "If it asks for a certificate, set LABS_TLS_CERT and LABS_TLS_KEY."
        )
        return f"The broker at {where} turned our TLS down: {error.reason}. {cure}"
    if isinstance(error, TimeoutError):
        return f"What listens at {where} has not answered in TLS for {HANDSHAKE_S:g} s. {_PLAIN}"
    said = getattr(error, "reason", None) or str(error) or type(error).__name__
    return f"What listens at {where} does not answer in TLS ({said}). {_PLAIN}"


class TlsSocket:
    """A TLS connection with the manners of a plain socket that does not block."""

    def __init__(self, secure: ssl.SSLSocket) -> None:
        self._secure = secure

    def setsockopt(self, level: int, name: int, value: int, /) -> None:
        """As of a socket."""
        self._secure.setsockopt(level, name, value)

    def setblocking(self, flag: bool, /) -> None:
        """As of a socket."""
        self._secure.setblocking(flag)

    def fileno(self) -> int:
        """As of a socket."""
        return self._secure.fileno()

    def close(self) -> None:
        """As of a socket."""
        self._secure.close()

    def pending(self) -> int:
        """Bytes that TLS has opened and nobody has taken."""
        return self._secure.pending()

    def send(self, data: bytes | memoryview, /) -> int:
        """How many bytes were taken. The caller offers the rest again, unchanged, as TLS demands."""
        view, sent = memoryview(data).cast("B"), 0
        while sent < len(view):
            try:
                sent += self._secure.send(view[sent : sent + SLICE])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                if sent:
                    break
                raise BlockingIOError(str(error)) from None
        return sent

    def recv(self, most: int, /) -> bytes:
        """All that has come, record after record, up to `most`; b"" at the end of the connection."""
        place = memoryview(bytearray(most))
        return bytes(place[: self.recv_into(place)])

    def recv_into(self, place: bytearray | memoryview, /) -> int:
        """The same into a buffer; how many bytes."""
        view, have = memoryview(place), 0
        while have < len(view):
            try:
                found = self._secure.recv_into(view[have:])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                if have:
                    break
                raise BlockingIOError(str(error)) from None
            except OSError:
                if have:
                    break  # told the next time: what came before it counts
                raise
            if not found:
                break
            have += found
        return have


def is_waiting(connection: Socket) -> bool:
    """Whether bytes lie in the TLS layer already: select sees only those that are still in the kernel."""
    return isinstance(connection, TlsSocket) and connection.pending() > 0
