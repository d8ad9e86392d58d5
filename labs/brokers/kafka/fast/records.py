"""Kafka's record batches (format 2), built from one template, with no Python per record.

A batch is a header of 61 bytes and records, each behind its length. All numbers inside a record are of variable width,
so records of one size lie at equal distances until their number needs another byte: after 64 and after 8192. Source:
Kafka's documentation, "Message Format".
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from crc32c import crc32c

from labs.model.message import HEADER_BYTES

Bytes = npt.NDArray[np.uint8]
BATCH = struct.Struct(">qiibIhiqqqhii")
BATCH_BYTES = BATCH.size
"""Base offset, length, leader epoch, magic, checksum, attributes, last number, first and last time in ms, producer's
id, epoch and sequence, count. The length counts from the leader epoch, the checksum covers from the attributes."""
LENGTH_FROM, CRC_AT, CRC_FROM = 12, 17, 21
WIDER_AT = (64, 8192, 1 << 20, 1 << 27)


def varint(value: int) -> bytes:
    """A signed number in Kafka's variable width: zigzag, seven bits a byte, lowest first."""
    left, out = (value << 1) ^ (value >> 63), bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*out, left])


def record(number: int, body: bytes) -> bytes:
    """The record with that number in its batch: no attributes, no time of its own, no key, no headers."""
    inner = b"\0\0" + varint(number) + varint(-1) + varint(len(body)) + body + b"\0"
    return varint(len(inner)) + inner


@dataclass(frozen=True)
class Identity:
    """Who writes, so that a broker can see a repeated or missing batch; the default is nobody."""

    producer: int = -1
    epoch: int = -1
    sequence: int = -1

    def after(self, count: int) -> Identity:
        """The same writer, `count` records later."""
        return self if self.producer < 0 else Identity(self.producer, self.epoch, (self.sequence + count) % (1 << 31))


def seal(batch: Bytes, count: int, writer: Identity) -> None:
    """Writes the header in front of the `count` records of the batch, in place."""
    now_ms = time.time_ns() // 1_000_000
    length = len(batch) - LENGTH_FROM
    who = (writer.producer, writer.epoch, writer.sequence)
    BATCH.pack_into(batch.data, 0, 0, length, -1, 2, 0, 0, count - 1, now_ms, now_ms, *who, count)
    struct.pack_into(">I", batch.data, CRC_AT, crc32c(batch[CRC_FROM:].data))


class Run(NamedTuple):
    """Records of one size at equal distances: `first` is where the first body begins."""

    first: int
    stride: int
    records: int
    body_bytes: int


class Template:
    """As many records as a batch of that size may have, complete but for the heads of the bodies.

    Shorter batches are its beginning, for no record knows how many follow.
    """

    def __init__(self, rest: bytes, batch_bytes: int) -> None:
        largest = len(record(WIDER_AT[2] - 1, bytes(HEADER_BYTES) + rest))
        self.most = max((batch_bytes - BATCH_BYTES) // largest, 1)
        parts, self._runs, at, number = [], [], BATCH_BYTES, 0
        for wider in (*(number for number in WIDER_AT if number < self.most), self.most):
            rows = _rows(number, wider, rest)
            body = rows.shape[1] - 1 - len(rest) - HEADER_BYTES
            self._runs.append(Run(at + body, rows.shape[1], wider - number, HEADER_BYTES + len(rest)))
            parts.append(rows.reshape(-1))
            at, number = at + rows.size, wider
        self._bytes = np.concatenate([np.zeros(BATCH_BYTES, np.uint8), *parts])

    def bytes_of(self, count: int) -> int:
        """The size of a batch of `count` records."""
        return BATCH_BYTES + sum(run.stride * part for run, part in self._parts(count))

    def _parts(self, count: int) -> Iterator[tuple[Run, int]]:
        for run in self._runs:
            if part := min(run.records, count):
                yield run, part
            count -= part

    def fill(self, batch: Bytes, heads: npt.NDArray[np.void]) -> None:
        """Makes `batch` the records with those heads; its length is `bytes_of(len(heads))`."""
        batch[BATCH_BYTES:] = self._bytes[BATCH_BYTES : len(batch)]
        plain, done = heads.view(f"V{HEADER_BYTES}"), 0  # as plain bytes they are copied three times faster
        for run, count in self._parts(len(heads)):
            place = np.ndarray((count,), plain.dtype, batch.data, run.first, (run.stride,))
            place[:] = plain[done : done + count]
            done += count


def _rows(start: int, stop: int, rest: bytes) -> Bytes:
    """The records numbered from `start` to below `stop`, whose numbers have one width; shape (n, record)."""
    one = np.frombuffer(record(start, bytes(HEADER_BYTES) + rest), np.uint8)
    rows = np.tile(one, (stop - start, 1))
    width = len(varint(start))
    at = len(one) - 1 - len(rest) - HEADER_BYTES - len(varint(HEADER_BYTES + len(rest))) - 1 - width
    zigzag = np.arange(start, stop) * 2
    for byte in range(width):
        rows[:, at + byte] = zigzag >> 7 * byte & 0x7F | (0x80 if byte < width - 1 else 0)
    return rows


template = lru_cache(4)(Template)
