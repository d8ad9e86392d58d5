"""A message: a sequence number and the time it was due, in front of incompressible filler.

Both are little-endian 64-bit integers. The due time travels in the payload, so that the
consumer can charge every delay, whoever caused it, without asking the producer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt

HEADER = np.dtype([("sequence", "<u8"), ("due_ns", "<i8")])
HEADER_BYTES = HEADER.itemsize
STRANGER = np.uint64(2**64 - 1)
"""The sequence given to a body too short to carry one: it is counted as unexpected."""


def filler(body_bytes: int, seed: int = 1) -> bytes:
    """The same incompressible bytes for every message of a run, shape (body_bytes - 16,)."""
    return np.random.default_rng(seed).bytes(max(body_bytes - HEADER_BYTES, 0))


class Stamped(Sequence[bytes]):
    """The bodies of a batch to send, which differ in their heads alone. A body is built when it is asked for; who
    builds frames of its own takes `heads`, shape (n,), and `rest`."""

    def __init__(self, heads: npt.NDArray[np.void], rest: bytes) -> None:
        self.heads, self.rest = heads, rest
        self.body_bytes = HEADER_BYTES + len(rest)

    @cached_property
    def _bodies(self) -> list[bytes]:
        raw, rest = self.heads.tobytes(), self.rest
        return [raw[at : at + HEADER_BYTES] + rest for at in range(0, len(raw), HEADER_BYTES)]

    def __len__(self) -> int:
        return len(self.heads)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._bodies)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Stamped: ...
    def __getitem__(self, at: int | slice) -> bytes | Stamped:
        return self._bodies[at] if isinstance(at, int) else Stamped(self.heads[at], self.rest)


class Frames(Sequence[bytes]):
    """The bodies of a batch that arrived and lie in one buffer, `stride` bytes from one to the next; none is copied
    before it is asked for. They are at least HEADER_BYTES long."""

    def __init__(self, raw: bytes, first: int, stride: int, count: int, body_bytes: int) -> None:
        self.raw, self.first, self.stride, self.body_bytes = raw, first, stride, body_bytes
        self.heads = np.ndarray((count,), HEADER, raw, first, (stride,))

    def __len__(self) -> int:
        return len(self.heads)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._body(at % len(self))

    def _body(self, at: int) -> bytes:
        start = self.first + self.stride * at
        return bytes(self.raw[start : start + self.body_bytes])


def encode(first_sequence: int, due_ns: npt.NDArray[np.int64], rest: bytes) -> Stamped:
    """Bodies of a batch: sequences `first_sequence`, +1, ...; due times in ns on the monotonic clock."""
    heads = np.empty(len(due_ns), HEADER)
    heads["sequence"] = np.arange(first_sequence, first_sequence + len(due_ns), dtype=np.uint64)
    heads["due_ns"] = due_ns
    return Stamped(heads, rest)


def decode(bodies: Sequence[bytes]) -> npt.NDArray[np.void]:
    """The headers of a batch as an array of dtype HEADER; a body that is too short becomes a STRANGER."""
    if isinstance(bodies, Stamped | Frames):
        return bodies.heads
    stranger = np.array([(STRANGER, 0)], HEADER).tobytes()
    raw = b"".join(body[:HEADER_BYTES] if len(body) >= HEADER_BYTES else stranger for body in bodies)
    return np.frombuffer(raw, HEADER)
