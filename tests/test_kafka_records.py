"""Kafka's record batches, held against kafka-python's own reader and writer; bytes from the network are not trusted."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from crc32c import crc32c
from hypothesis import given, settings
from hypothesis import strategies as some
from kafka.record import MemoryRecords
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.record.util import encode_varint

from labs.brokers.kafka.fast.publisher import joined
from labs.brokers.kafka.fast.reading import FormatError, Runs, behind, read
from labs.brokers.kafka.fast.records import CRC_AT, CRC_FROM, Bytes, Identity, record, seal, template, varint
from labs.model.message import STRANGER, decode, encode, filler

WRITER = Identity(77, 3, 2**31 - 2)


def stamped_batch(count: int, body_bytes: int) -> tuple[Bytes, list[bytes]]:
    """A batch from the template and the bodies that ought to be in it."""
    bodies = encode(5, np.arange(count, dtype=np.int64) * 3, filler(body_bytes))
    found = template(bodies.rest, 1 << 18)
    batch = np.empty(found.bytes_of(count), np.uint8)
    found.fill(batch, bodies.heads)
    seal(batch, count, WRITER)
    return batch, list(bodies)


def theirs(bodies: Sequence[bytes | None], *, codec: int = 0, spread_ms: int = 0, key: bytes | None = None) -> Bytes:
    """A batch as kafka-python writes it."""
    builder = MemoryRecordsBuilder(magic=2, compression_type=codec, batch_size=1 << 24)
    for number, body in enumerate(bodies):
        builder.append(1_000_000 + number * spread_ms, key, body, [])
    builder.close()
    return np.frombuffer(bytearray(builder.buffer()), np.uint8)


def put_base(batch: Bytes, base: int) -> Bytes:
    struct.pack_into(">q", batch.data, 0, base)
    return batch


@pytest.mark.parametrize("body_bytes", [16, 17, 50, 54, 55, 100, 127, 128, 1000, 1 << 20])
@pytest.mark.parametrize("count", [1, 64, 65, 2000, 8192, 9000])
def test_a_batch_from_the_template_is_what_kafkas_own_reader_reads(body_bytes: int, count: int) -> None:
    batch, bodies = stamped_batch(min(count, template(filler(body_bytes), 1 << 18).most), body_bytes)
    found = MemoryRecords(batch.tobytes()).next_batch()
    assert found.validate_crc()
    assert (found.producer_id, found.producer_epoch, found.base_sequence) == (77, 3, 2**31 - 2)
    assert [(one.offset, one.value, one.key, one.headers) for one in found] == [
        (number, body, None, []) for number, body in enumerate(bodies)
    ]


def test_a_full_batch_stays_within_its_size_and_wastes_little_of_it() -> None:
    full = template(filler(100), 1 << 18)
    assert 0.97 < full.bytes_of(full.most) / (1 << 18) <= 1


def test_a_sequence_number_begins_anew_where_it_does_not_fit() -> None:
    assert WRITER.after(5) == Identity(77, 3, 3)
    assert Identity().after(5) == Identity()


@given(some.integers(-(2**31), 2**31 - 1))
def test_numbers_of_variable_width_are_those_of_kafka_python(value: int) -> None:
    expected = bytearray()
    encode_varint(value, expected.append)
    assert varint(value) == bytes(expected)


@given(
    some.lists(some.lists(some.binary(max_size=70), min_size=1, max_size=80), max_size=4),
    some.sampled_from([0, 1, 9]),
    some.sampled_from([0, 0, 1]),
    some.integers(0, 60),
)
@settings(max_examples=150, deadline=None)
def test_what_others_wrote_is_read_from_any_offset_on(
    batches: list[list[bytes]], spread_ms: int, codec: int, start: int
) -> None:
    sent = [body for batch in batches for body in batch]
    parts, base = [np.empty(0, np.uint8)], 0
    for batch in batches:
        parts.append(put_base(theirs(batch, codec=codec, spread_ms=spread_ms), base))
        base += len(batch)
    raw = np.concatenate(parts)
    assert list(read(raw, start)) == sent[start:]
    assert behind(raw, start) == max(start, base)


@pytest.mark.parametrize("spread_ms", [0, 1, 100])
def test_a_batch_of_equal_bodies_is_read_without_looking_at_each(spread_ms: int) -> None:
    sent = list(encode(9, np.arange(3000, dtype=np.int64), filler(100)))
    found = read(theirs(sent, spread_ms=spread_ms), 0)
    assert isinstance(found, Runs)
    assert list(found) == sent
    assert found[-1] == sent[-1]
    assert found[10:13] == sent[10:13]
    assert decode(found)["sequence"].tolist() == list(range(9, 3009))
    with pytest.raises(IndexError):
        found[3000]


def test_bodies_too_short_for_a_head_are_strangers() -> None:
    found = read(theirs([b"", b"short", bytes(16)]), 0)
    assert decode(found)["sequence"].tolist() == [int(STRANGER), int(STRANGER), 0]


def test_records_with_keys_or_without_a_body_are_read_as_well() -> None:
    assert list(read(theirs([b"one", None, b"three"]), 0)) == [b"one", b"", b"three"]
    assert list(read(theirs([b"one", b"three"], key=b"key"), 0)) == [b"one", b"three"]


def test_a_batch_cut_off_at_the_end_is_left_for_the_next_fetch() -> None:
    first, second = theirs([b"a" * 20] * 3), put_base(theirs([b"b" * 20] * 3), 3)
    whole = np.concatenate([first, second])
    for cut in range(len(first), len(whole)):
        assert list(read(whole[:cut], 0)) == [b"a" * 20] * 3
        assert behind(whole[:cut], 0) == 3


def test_a_damaged_batch_is_named_and_not_delivered() -> None:
    batch, _ = stamped_batch(100, 60)
    for at in range(CRC_AT, len(batch), 7):
        damaged = batch.copy()
        damaged[at] ^= 0x10
        with pytest.raises(FormatError):
            read(damaged, 0)


@given(some.data())
@settings(max_examples=300, deadline=None)
def test_forged_bytes_raise_our_error_or_are_read_within_their_bounds(data: some.DataObject) -> None:
    sizes = [data.draw(some.integers(0, 200))] * 40 if data.draw(some.booleans()) else list(range(40))
    batch = theirs([random.Random(size).randbytes(size) for size in sizes], spread_ms=3)
    for _ in range(data.draw(some.integers(1, 6))):
        batch[data.draw(some.integers(8, len(batch) - 1))] = data.draw(some.integers(0, 255))
    struct.pack_into(">I", batch.data, CRC_AT, crc32c(batch[CRC_FROM:].data))
    batch = batch[: data.draw(some.integers(0, len(batch)))]
    try:
        found = read(batch, 0)
    except FormatError:
        return
    assert sum(map(len, found)) <= len(batch)


def test_a_record_alone_is_what_kafka_python_reads() -> None:
    joined_records = b"".join(record(number, bytes([number]) * number) for number in range(70))
    batch = np.concatenate([np.zeros(61, np.uint8), np.frombuffer(joined_records, np.uint8)])
    seal(batch, 70, Identity())
    assert [one.value for one in MemoryRecords(batch.tobytes()).next_batch()] == [bytes([n]) * n for n in range(70)]


def test_confirmed_numbers_are_one_range_unless_something_lies_between() -> None:
    assert joined([range(2, 4), range(4, 9)]) == range(2, 9)
    assert list(joined([range(2, 4), range(6, 8)])) == [2, 3, 6, 7]
    assert list(joined([])) == []
