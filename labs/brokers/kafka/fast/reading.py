"""Kafka's record batches read by strides: whole runs of records at once, no Python per record. All of it is checked."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from crc32c import crc32c
from kafka.record import MemoryRecords

from labs.brokers.kafka.fast.records import BATCH, BATCH_BYTES, CRC_AT, CRC_FROM, LENGTH_FROM, WIDER_AT, Bytes, Run
from labs.model.endpoint import BrokerError
from labs.model.message import HEADER, HEADER_BYTES, Frames

_COMPRESSED, _CONTROL = 0x07, 0x20
_MOVING, _FIXED = 0x80, 0xFF


class FormatError(BrokerError):
    """Bytes from the network that are no record batch of format 2."""


class Runs(Frames):
    """The bodies of several runs in one buffer; their heads are copied together, a body when it is asked for."""

    def __init__(self, raw: Bytes, runs: Sequence[Run]) -> None:
        self._raw, self._runs, self.body_bytes = raw, runs, runs[0].body_bytes
        places = (np.ndarray((run.records,), f"V{HEADER_BYTES}", raw.data, run.first, (run.stride,)) for run in runs)
        self.heads = np.concatenate(list(places)).view(HEADER)
        self._ends = np.cumsum([run.records for run in runs])

    def _body(self, at: int) -> bytes:
        which = int(np.searchsorted(self._ends, at, "right"))
        run = self._runs[which]
        start = run.first + run.stride * (at - int(self._ends[which]) + run.records)
        return bytes(self._raw[start : start + run.body_bytes].data)


class Batch(NamedTuple):
    """A whole batch in a buffer, from `at` to below `end`; its records have the offsets `base` to `last`."""

    at: int
    end: int
    base: int
    last: int
    attributes: int
    records: int


def batches(raw: Bytes) -> Iterator[Batch]:
    """The batches in a buffer; one cut off at the end is left out. Raises FormatError for bytes that are none."""
    at = 0
    while len(raw) - at >= BATCH_BYTES:
        base, length, _, magic, _, attributes, last, *_, count = BATCH.unpack_from(raw.data, at)
        if magic != 2 or length < BATCH_BYTES - LENGTH_FROM or not 0 <= count <= last + 1 or base < 0:
            raise FormatError(f"The batch at offset {base} has an impossible header.")
        end = at + LENGTH_FROM + length
        if end > len(raw):
            return
        yield Batch(at, end, base, base + last, attributes, count)
        at = end


def behind(raw: Bytes, offset: int) -> int:
    """The offset behind the last whole batch in the buffer; `offset` if there is none."""
    return max([offset, *(batch.last + 1 for batch in batches(raw))])


def read(raw: Bytes, offset: int) -> Sequence[bytes]:
    """The bodies of the records from `offset` on. Raises FormatError for bytes that are no batch or do not match
    their checksum."""
    runs: list[Run] = []
    slow: list[bytes] = []
    for batch in batches(raw):
        if (
            crc32c(raw[batch.at + CRC_FROM : batch.end].data)
            != struct.unpack_from(">I", raw.data, batch.at + CRC_AT)[0]
        ):
            raise FormatError(f"The batch at offset {batch.base} does not match its checksum.")
        if batch.attributes & _CONTROL or batch.last < offset:
            continue
        found = None if slow else _runs(raw, batch)
        if found is None:
            slow += _bodies(raw, runs) + _slowly(raw[batch.at : batch.end], offset)
            runs = []
        else:
            runs += _without(found, max(offset - batch.base, 0))
    sizes = {run.body_bytes for run in runs}
    if slow or len(sizes) > 1 or any(size < HEADER_BYTES for size in sizes):
        return slow + _bodies(raw, runs)
    return Runs(raw, runs) if runs else []


def _bodies(raw: Bytes, runs: Sequence[Run]) -> list[bytes]:
    whole = raw.data
    return [
        bytes(whole[at : at + run.body_bytes])
        for run in runs
        for at in range(run.first, run.first + run.stride * run.records, run.stride)
    ]


def _without(runs: Sequence[Run], done: int) -> Iterator[Run]:
    """The runs without their first `done` records, which lie before the place where reading began."""
    for run in runs:
        cut = min(done, run.records)
        done -= cut
        if cut < run.records:
            yield run._replace(first=run.first + cut * run.stride, records=run.records - cut)


def _slowly(batch: Bytes, offset: int) -> list[bytes]:
    """By kafka-python's own reader: compressed batches, and those whose records differ in size or have keys."""
    try:
        found = MemoryRecords(batch.tobytes()).next_batch()
        return [one.value or b"" for one in found if one.offset >= offset]
    except Exception as error:  # whatever a codec or an index out of range raises
        raise FormatError(f"A batch cannot be read: {error!r}.") from error


def _runs(raw: Bytes, batch: Batch) -> list[Run] | None:
    """The records of a batch as runs; None where they are compressed or too different for that."""
    if batch.attributes & _COMPRESSED or batch.records != batch.last - batch.base + 1:
        return None
    runs: list[Run] = []
    raw, at, number = raw[: batch.end], batch.at + BATCH_BYTES, 0
    while number < batch.records:
        if len(runs) > 4 + batch.records // 32 or (shape := _shape(raw, at)) is None:
            return None
        stride, mask, body_bytes = shape
        wider = next((wider for wider in WIDER_AT if wider > number), batch.records)
        fitting = min(batch.records - number, wider - number, (len(raw) - at) // stride)
        if fitting < 1:
            raise FormatError("A record is longer than its batch.")
        alike = _alike(raw[at:], stride, mask, fitting)
        runs.append(Run(at + len(mask), stride, alike, body_bytes))
        number, at = number + alike, at + alike * stride
    if at != len(raw):
        raise FormatError("There are bytes behind the last record of a batch.")
    return runs


def _alike(raw: Bytes, stride: int, mask: bytes, most: int) -> int:
    """How many of the next `most` records have the shape of the first.

    A record of the same length has the next one where it was expected, and so on: none is looked for elsewhere.
    """
    word = 8 if (most - 1) * stride + len(mask) + 7 <= len(raw) else 1
    wanted = np.frombuffer(mask + bytes(-len(mask) % word), f"<u{word}")
    different = np.zeros(most, wanted.dtype)
    for at, part in enumerate(wanted):
        words = np.ndarray((most,), wanted.dtype, raw.data, at * word, (stride,))
        different |= (words ^ words[0]) & part
    return int((different != 0).argmax()) or most


def _shape(raw: Bytes, at: int) -> tuple[int, bytes, int] | None:
    """Of the record at `at`: its length in bytes, what its head shares with others of its shape, its body's length.

    None if it has a key. In the head, times and numbers may differ but not in width; lengths may not differ.
    """
    length, place = _varint(raw, at)
    stride = place - at + length
    mask = [_FIXED] * (place - at + 1)
    _, after_time = _varint(raw, place + 1)
    _, after_number = _varint(raw, after_time)
    mask += [_MOVING] * (after_number - place - 1)
    key, after_key = _varint(raw, after_number)
    if key != -1:
        return None
    body_bytes, body = _varint(raw, after_key)
    mask += [_FIXED] * (body - after_number)
    if length < 1 or body + max(body_bytes, 0) + 1 > at + stride:
        raise FormatError("A body is longer than its record.")
    return stride, bytes(mask), max(body_bytes, 0)


def _varint(raw: Bytes, at: int) -> tuple[int, int]:
    """The number at `at` and the place behind it."""
    found = 0
    for byte in range(10):
        if at + byte >= len(raw):
            break
        part = int(raw[at + byte])
        found |= (part & 0x7F) << 7 * byte
        if part < 0x80:
            return (found >> 1) ^ -(found & 1), at + byte + 1
    raise FormatError("A number in a record does not end.")
