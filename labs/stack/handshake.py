"""Whether something on a port speaks the protocol that is expected there, and if not, what it speaks instead.

A published port of a container accepts connections before the broker inside does, so an open port proves nothing. And a
client library that meets a stranger raises what it likes, or waits for half a minute: so the first bytes are looked at
here, before one is asked.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from dataclasses import replace

from labs.brokers.connection import SecureError, Socket, connect, prove, tls_of, what_to_do
from labs.model.endpoint import Endpoint, UnreachableError
from labs.model.text import BROKER_NAMES

REPLY_S, GUESS_S = 1.0, 0.2
"""How long the first bytes are waited for; and those that only tell what a stranger is."""
ENOUGH = 64
_KAFKA_API_VERSIONS = struct.pack(">hhih4s", 18, 0, 7, 4, b"labs")
_HELLO = {
    "redis": b"PING\r\n",
    "rabbitmq": b"AMQP\x00\x00\x09\x01",
    "kafka": struct.pack(">i", len(_KAFKA_API_VERSIONS)) + _KAFKA_API_VERSIONS,
}
_STRANGERS = (
    (b"HTTP/", "an HTTP server"),
    (b"<", "an HTTP server"),
    (b"+PONG", "a Redis"),
    (b"-NOAUTH", "a Redis"),
    (b"-ERR", "a Redis"),
    (b"-DENIED", "a Redis"),
    (b"AMQP", "an AMQP broker"),
    (b"\x01\x00\x00", "an AMQP broker"),
    (b"\x15\x03", "a server that wants TLS"),
    (b"SSH-", "an SSH server"),
    (b"220", "a mail or FTP server"),
    (b"+OK", "a mail server"),
    (b"* OK", "a mail server"),
)


def answers(broker: str, port: int, host: str = "127.0.0.1", timeout_s: float = 1.0) -> bool:
    """True if the first bytes that come back are those of this kind of broker; needs no login."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as connection:
            return _speaks(broker, _reply(connection, _HELLO[broker], timeout_s))
    except OSError:
        return False


def greet(endpoint: Endpoint, timeout_s: float) -> None:
    """UnreachableError unless a broker of its kind answers at one of the endpoint's places; SecureError where TLS does
    not come about. Says what answers instead, if that can be told."""
    places = endpoint.servers or ((endpoint.host, endpoint.port),)
    failed: list[UnreachableError] = []
    everywhere = f"{BROKER_NAMES[endpoint.broker]} at {' or '.join(f'{host}:{port}' for host, port in places)}"
    for host, port in places:
        where = f"{BROKER_NAMES[endpoint.broker]} at {host}:{port}"
        try:
            with contextlib.closing(connect(endpoint, timeout_s, host=host, port=port)) as door:
                reply = _reply(door, _HELLO[endpoint.broker], REPLY_S)
            if not reply:  # a certificate of ours that it does not like, or none, is told after our first bytes
                prove(replace(endpoint, host=host, port=port), timeout_s, wholly=True)
        except SecureError as error:
            failed.append(error)
        except OSError as error:
            said = error.strerror or str(error)
            failed.append(UnreachableError(f"{everywhere} does not answer: {said}. {what_to_do(endpoint)}"))
        else:
            if _speaks(endpoint.broker, reply):
                return
            failed.append(UnreachableError(f"{where}: {_instead(endpoint, host, port, reply)} {what_to_do(endpoint)}"))
    raise next((error for error in failed if isinstance(error, SecureError)), failed[0])


def _reply(door: Socket | socket.socket, hello: bytes, within_s: float) -> bytes | None:
    """The first bytes of the answer; b"" if the other end closes, None if nothing comes."""
    door.setblocking(False)
    until_s, found = time.monotonic() + within_s, b""
    with contextlib.suppress(OSError):
        door.send(hello)
    while len(found) < ENOUGH:
        try:
            piece = door.recv(ENOUGH)
        except BlockingIOError:
            if time.monotonic() > until_s:
                return found or None
            time.sleep(0.005)
            continue
        except OSError:
            return found
        found += piece
        if not piece or b"\n" in found or len(found) >= 11:
            break
    return found


def _speaks(broker: str, reply: bytes | None) -> bool:
    if not reply:
        return False
    if broker == "redis":  # an error of Redis begins with a word in capitals
        return reply.startswith(b"+PONG") or (reply[:1] == b"-" and reply[1:4].isalpha() and reply[1:4].isupper())
    if broker == "rabbitmq":  # a frame of type method on channel 0: class 10, method 10
        return reply[:3] == b"\x01\x00\x00" and reply[7:11] in (b"", b"\x00\x0a\x00\x0a")
    return len(reply) >= 10 and reply[4:10] == struct.pack(">ih", 7, 0)  # our number, no error


def _instead(endpoint: Endpoint, host: str, port: int, reply: bytes | None) -> str:
    """What is there, in a sentence: by what it said, or by what it says to another greeting."""
    name = BROKER_NAMES[endpoint.broker]
    if endpoint.broker == "rabbitmq" and reply and reply[:4] == b"AMQP" and len(reply) >= 8:
        version = ".".join(str(number) for number in reply[5:8])
        return f"what answers there speaks AMQP {version} and not the AMQP 0.9.1 that is wanted."
    kind = _kind(reply) or _asked(endpoint, host, port)
    if kind:
        return f"what answers there is {kind}, not {name}."
    if reply is None:
        return f"something takes the connection and has said nothing for {REPLY_S:g} s; that is not {name}."
    if not reply:
        return f"something takes the connection and closes it at once; that is not {name}."
    return f"what answers there does not speak {name}'s protocol."


def _kind(reply: bytes | None) -> str:
    return next((kind for start, kind in _STRANGERS if reply and reply.startswith(start)), "")


def _asked(endpoint: Endpoint, host: str, port: int) -> str:
    """What something is that does not answer our greeting, by the others'; empty if that does not tell either."""
    with contextlib.suppress(OSError):
        for broker in (other for other in _HELLO if other != endpoint.broker):
            with contextlib.closing(connect(endpoint, GUESS_S, host=host, port=port)) as door:
                if _speaks(broker, _reply(door, _HELLO[broker], GUESS_S)):
                    return "a Kafka" if broker == "kafka" else "a Redis" if broker == "redis" else "an AMQP broker"
        with contextlib.closing(connect(endpoint, GUESS_S, host=host, port=port)) as door:
            if kind := _kind(_reply(door, b"GET / HTTP/1.0\r\n\r\n", GUESS_S)):
                return kind
        if tls_of(endpoint) is None and _wants_tls(host, port):
            return "a server that wants TLS"
    return ""


def _wants_tls(host: str, port: int) -> bool:
    """Only to say so: nothing is sent over such a connection."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), GUESS_S) as raw, anybody.wrap_socket(raw):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except OSError:
        return False
