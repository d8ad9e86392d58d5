"""Whether something on a port speaks the protocol that is expected there.

A published port of a container accepts connections before the broker inside does, so an open port proves nothing.
"""

from __future__ import annotations

import socket
import struct

_KAFKA_API_VERSIONS = struct.pack(">hhih4s", 18, 0, 7, 4, b"labs")
_HELLO = {
    "redis": b"PING\r\n",
    "rabbitmq": b"AMQP\x00\x00\x09\x01",
    "kafka": struct.pack(">i", len(_KAFKA_API_VERSIONS)) + _KAFKA_API_VERSIONS,
}


def answers(broker: str, port: int, host: str = "127.0.0.1", timeout_s: float = 1.0) -> bool:
    """True if the first bytes that come back are those of this kind of broker; needs no login."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as connection:
            connection.settimeout(timeout_s)
            connection.sendall(_HELLO[broker])
            reply = connection.recv(16)
    except OSError:
        return False
    if broker == "redis":
        return reply.startswith((b"-NOAUTH", b"+PONG"))
    if broker == "rabbitmq":  # a frame of type method on channel 0
        return reply.startswith(b"\x01\x00\x00")
    return len(reply) >= 10 and reply[4:10] == struct.pack(">ih", 7, 0)  # our number, no error
