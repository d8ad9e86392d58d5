"""A message: a sequence number and the time it was due, in front of incompressible filler.

Both are little-endian 64-bit integers. The due time travels in the payload, so that the
consumer can charge every delay, whoever caused it, without asking the producer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

HEADER = np.dtype([("sequence", "<u8"), ("due_ns", "<i8")])
HEADER_BYTES = HEADER.itemsize
STRANGER = np.uint64(2**64 - 1)
"""The sequence given to a body too short to carry one: it is counted as unexpected."""


def filler(body_bytes: int, seed: int = 1) -> bytes:
    """The same incompressible bytes for every message of a run, shape (body_bytes - 16,)."""
    return np.random.default_rng(seed).bytes(max(body_bytes - HEADER_BYTES, 0))


def encode(first_sequence: int, due_ns: npt.NDArray[np.int64], rest: bytes) -> list[bytes]:
    """Bodies of a batch: sequences `first_sequence`, +1, ...; due times in ns on the monotonic clock."""
    head = np.empty(len(due_ns), HEADER)
    head["sequence"] = np.arange(first_sequence, first_sequence + len(due_ns), dtype=np.uint64)
    head["due_ns"] = due_ns
    raw = head.tobytes()
    return [raw[at : at + HEADER_BYTES] + rest for at in range(0, len(raw), HEADER_BYTES)]


def decode(bodies: Sequence[bytes]) -> npt.NDArray[np.void]:
    """The headers of a batch as an array of dtype HEADER; a body that is too short becomes a STRANGER."""
    stranger = np.array([(STRANGER, 0)], HEADER).tobytes()
    raw = b"".join(body[:HEADER_BYTES] if len(body) >= HEADER_BYTES else stranger for body in bodies)
    return np.frombuffer(raw, HEADER)
