"""The frames between the memory broker and its clients: a length, a kind, a payload.

A batch is one frame, so that a message costs as little as Python allows.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

SUBSCRIBE, PUBLISH, ACK, DROP, PING = range(1, 6)  # from clients
READY, CONFIRM, DELIVER = range(6, 9)  # from the server

LIMIT_BYTES = 128 * 1024 * 1024
TOO_LARGE = f"a message is larger than {LIMIT_BYTES:,} bytes"

_HEAD = struct.Struct("<IB")
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


def frame(kind: int, payload: bytes = b"") -> bytes:
    """One frame as it travels."""
    return _HEAD.pack(len(payload), kind) + payload


def u64(number: int) -> bytes:
    """A number as eight bytes."""
    return _U64.pack(number)


def take_u64(payload: bytes | memoryview, at: int = 0) -> int:
    """The number at `at`."""
    return int(_U64.unpack_from(payload, at)[0])


def batch(bodies: Sequence[bytes]) -> bytes:
    """Count, lengths, then all bodies in a row."""
    lengths = array("I", map(len, bodies))
    return b"".join((_U32.pack(len(bodies)), lengths.tobytes(), *bodies))


def bodies_of(payload: bytes, at: int = 0) -> list[bytes]:
    """The bodies that `batch` put together, found at `at`."""
    (count,) = _U32.unpack_from(payload, at)
    first = at + _U32.size + 4 * count
    lengths = array("I", payload[at + _U32.size : first])
    ends = list(accumulate(lengths, initial=first))
    return [payload[start:end] for start, end in pairwise(ends)]


class Frames:
    """Bytes in, whole frames out."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """More bytes from the socket."""
        self._buffer += data

    def take(self) -> Iterator[tuple[int, bytes]]:
        """The frames that are complete, as (kind, payload)."""
        while len(self._buffer) >= _HEAD.size:
            length, kind = _HEAD.unpack_from(self._buffer)
            end = _HEAD.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(memoryview(self._buffer)[_HEAD.size : end])
            del self._buffer[:end]
            yield kind, payload
