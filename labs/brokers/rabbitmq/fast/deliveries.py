"""Deliveries of one size read as one array, the others one by one. What arrives is checked before it is read."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labs.brokers.rabbitmq.fast.frames import OVERHEAD_BYTES, Content, Frame, FrameError
from labs.model.message import HEADER_BYTES, Frames

_FEW = 4
"""Below so many deliveries in a row an array costs more than it saves."""


class Run(NamedTuple):
    """Deliveries: bodies, whether each came before, the first and the last delivery tag, where the next one begins."""

    bodies: Frames | list[bytes]
    redelivered: list[bool]
    first_tag: int
    last_tag: int
    next: int


def delivery(raw: bytes, one: Content) -> Run:
    """One delivery as a run of its own."""
    tag_at = _tag_at(raw, one.method)
    (tag,) = struct.unpack_from(">Q", raw, tag_at)
    return Run([one.body(raw)], [bool(raw[tag_at + 8] & 1)], tag, tag, one.next)


def _tag_at(raw: bytes, method: Frame) -> int:
    """Where the delivery tag lies, behind the consumer's tag."""
    tag_at = method.start + 5 + raw[method.start + 4] if method.end - method.start > 5 else method.end
    if tag_at + 9 > method.end:
        raise FrameError("a delivery without its tag")
    return tag_at


def alike(raw: bytes, one: Content, at: int) -> Run | None:
    """The deliveries from `at` on whose frames are as long as those of the first, `one`; None where they are few.

    Frames of equal kind and size begin where the last ones ended: comparing what frames a message is parsing it.
    """
    size = one.next - at
    count = (len(raw) - at) // size
    contiguous = one.header.start - one.method.end == OVERHEAD_BYTES
    if count < _FEW or not contiguous or len(one.parts) != 1 or one.parts[0][0] - one.header.end != OVERHEAD_BYTES:
        return None
    body, end = one.parts[0]
    tag_at = _tag_at(raw, one.method)
    if end - body < HEADER_BYTES:
        return None
    rows = np.frombuffer(raw, np.uint8, count * size, at).reshape(count, size)
    fixed = _fixed(one, tag_at - at, at)
    same = (rows[:, fixed] == rows[0, fixed]).all(axis=1)
    if not same.all():
        count = int(same.argmin())
    if count < _FEW:
        return None
    tags = np.ndarray((count,), ">u8", raw, tag_at, (size,))
    if int(tags[-1]) - int(tags[0]) != count - 1:
        raise FrameError("delivery tags that do not follow each other")
    again = (rows[:count, tag_at - at + 8] & 1).astype(np.bool_).tolist()
    return Run(Frames(raw, body, size, count, end - body), again, int(tags[0]), int(tags[-1]), at + count * size)


def _fixed(one: Content, tag_at: int, at: int) -> npt.NDArray[np.intp]:
    """The columns that must be equal: all but the tag, the redelivery flag, the properties' values and the body."""
    body, end = (place - at for place in one.parts[0])
    properties, header_end = one.header.start - at + 14, one.header.end - at
    return np.array([*range(tag_at), *range(tag_at + 9, properties), *range(header_end, body), end], np.intp)
