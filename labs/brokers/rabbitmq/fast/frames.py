"""AMQP 0-9-1 in bulk: the frames of a batch as one array, and arrays from the frames that arrive.

A frame is kind, channel, size, payload, end mark. A message is three: its method, its header, its body, which is split
where it is larger than a frame. Source: the AMQP 0-9-1 specification, 2.3.5, 4.2.3 and 4.2.6.
What arrives is not trusted: sizes and end marks are checked before anything is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labs.model.message import HEADER_BYTES

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
END = 0xCE
CHANNEL = 1
OVERHEAD_BYTES = 8
ACK, NACK, RETURN, DELIVER = (60, 80), (60, 120), (60, 50), (60, 60)
_FRAME = struct.Struct(">BHI")
_MODE, _MESSAGE_ID = 0x1000, 0x0080
_CONFIRM = np.dtype([("start", "V11"), ("tag", ">u8"), ("multiple", "u1"), ("end", "u1")])
_PIECE_BYTES = 1024 * 1024


class FrameError(ValueError):
    """What arrived is not AMQP as it was agreed."""


class Frame(NamedTuple):
    """One frame inside a buffer: the payload is `raw[start:end]`, the next frame begins one after `end`."""

    kind: int
    channel: int
    start: int
    end: int


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    """The frame as it is sent."""
    return _FRAME.pack(kind, channel, len(payload)) + payload + bytes([END])


def frame_at(raw: bytes, at: int, frame_max: int) -> Frame | None:
    """The frame that begins at `at`; None where it has not arrived whole. FrameError if it cannot be one."""
    if len(raw) - at < _FRAME.size:
        return None
    kind, channel, size = _FRAME.unpack_from(raw, at)
    if kind not in (METHOD, HEADER, BODY, HEARTBEAT) or size > frame_max:
        raise FrameError(f"a frame of kind {kind} and {size} bytes")
    end = at + _FRAME.size + size
    if len(raw) <= end:
        return None
    if raw[end] != END:
        raise FrameError("a frame without its end mark")
    return Frame(kind, channel, at + _FRAME.size, end)


def method_of(raw: bytes, found: Frame) -> tuple[int, int]:
    """Class and method number of a method frame; FrameError where it is none."""
    if found.kind != METHOD or found.end - found.start < 4:
        raise FrameError(f"a frame of kind {found.kind} where a method was due")
    numbers: tuple[int, int] = struct.unpack_from(">HH", raw, found.start)
    return numbers


class Envelope:
    """What is the same for every message of a publisher: to the default exchange, or another with a key, mandatory."""

    def __init__(self, key: str, mode: int, frame_max: int, exchange: str = "") -> None:
        to = b"".join(bytes([len(name)]) + name for name in (exchange.encode(), key.encode()))
        publish = struct.pack(">HHH", 60, 40, 0) + to + b"\x01"
        self._method = frame(METHOD, CHANNEL, publish)
        self._mode, self._most = mode, frame_max - OVERHEAD_BYTES

    def pieces(self, body: bytes, message_id: str = "") -> Iterator[bytes]:
        """The frames of one message. With `message_id` the server can say which message it returned."""
        flags, values = _MODE, bytes([self._mode])
        if message_id:
            flags, values = flags | _MESSAGE_ID, values + bytes([len(message_id)]) + message_id.encode()
        yield self._method
        yield frame(HEADER, CHANNEL, struct.pack(">HHQH", 60, 0, len(body), flags) + values)
        for at in range(0, len(body), self._most):
            yield frame(BODY, CHANNEL, body[at : at + self._most])

    def body_at(self) -> int:
        """How far into the frames of a message without an id its body begins."""
        return len(self._method) + (_FRAME.size + 15 + 1) + _FRAME.size


class Press:
    """Prints batches: the frames of one message, repeated, into which the heads are written."""

    def __init__(self, envelope: Envelope, rest: bytes) -> None:
        self.rest = rest
        self._one = b"".join(envelope.pieces(bytes(HEADER_BYTES) + rest))
        self._row = np.dtype(
            {"names": ["head"], "formats": [f"V{HEADER_BYTES}"], "offsets": [envelope.body_at()], "itemsize": self.size}
        )
        self._sheet = bytearray()
        self._heads: npt.NDArray[np.void] = np.empty(0, f"V{HEADER_BYTES}")

    @property
    def size(self) -> int:
        """Bytes of a message with its frames."""
        return len(self._one)

    def printed(self, heads: npt.NDArray[np.void]) -> Iterator[memoryview]:
        """The batch in pieces of about a megabyte; each is valid until the next one is asked for."""
        plain = np.ascontiguousarray(heads).view(f"V{HEADER_BYTES}")
        rows = max(1, min(len(plain), _PIECE_BYTES // self.size))
        if len(self._heads) < rows:
            self._sheet = bytearray(self._one * rows)
            self._heads = np.frombuffer(self._sheet, self._row)["head"]
        for at in range(0, len(plain), rows):
            some = plain[at : at + rows]
            self._heads[: len(some)] = some
            yield memoryview(self._sheet)[: len(some) * self.size]


class Confirms(NamedTuple):
    """Confirmations or refusals that follow each other: `tags[i]`, and all before it if `multiple[i]`."""

    tags: npt.NDArray[np.uint64]
    multiple: npt.NDArray[np.bool_]
    next: int


def confirms_at(raw: bytes, at: int, kind: tuple[int, int] = ACK) -> Confirms:
    """The Basic.Ack (or Basic.Nack) frames that follow each other from `at` on; none is a fine answer."""
    start = _FRAME.pack(METHOD, CHANNEL, 13) + struct.pack(">HH", *kind)
    count = 0
    if raw.startswith(start, at):
        rows = np.frombuffer(raw, np.uint8, (len(raw) - at) // _CONFIRM.itemsize * _CONFIRM.itemsize, at)
        rows = rows.reshape(-1, _CONFIRM.itemsize)
        same = (rows[:, :11] == np.frombuffer(start, np.uint8)).all(axis=1) & (rows[:, -1] == END)
        count = len(same) if same.all() else int(same.argmin())
    found = np.frombuffer(raw, _CONFIRM, count, at)
    return Confirms(
        found["tag"].astype(np.uint64), (found["multiple"] & 1).astype(np.bool_), at + count * _CONFIRM.itemsize
    )


@dataclass(frozen=True)
class Content:
    """A returned or delivered message inside a buffer. `parts` are the places of its body, one per frame."""

    method: Frame
    header: Frame
    parts: tuple[tuple[int, int], ...]
    next: int

    def body(self, raw: bytes) -> bytes:
        """The whole body, copied."""
        return b"".join(raw[start:end] for start, end in self.parts)

    def message_id(self, raw: bytes) -> str:
        """What the publisher of this module gave it, if anything."""
        (flags,) = struct.unpack_from(">H", raw, self.header.start + 12)
        if flags != _MODE | _MESSAGE_ID:
            return ""
        return raw[self.header.start + 16 : self.header.end].decode("ascii", "replace")


class Missing(NamedTuple):
    """A message that has not arrived whole: it will not before there are so many bytes from its beginning on."""

    bytes_needed: int


def content_at(raw: bytes, at: int, frame_max: int) -> Content | Missing:
    """The message whose method frame begins at `at`. FrameError where its frames do not belong together."""
    frames = _own_frames(raw, at, frame_max)
    method, header = next(frames, None), next(frames, None)
    if method is None or header is None:
        return Missing(len(raw) - at + 1)
    if header.kind != HEADER or header.end - header.start < 14:
        raise FrameError("no header after a message's method")
    (size,) = struct.unpack_from(">Q", raw, header.start + 4)
    parts: list[tuple[int, int]] = []
    left, following = size, header.end + 1
    while left > 0:
        part = next(frames, None)
        if part is None:
            return Missing(following - at + left + OVERHEAD_BYTES)
        if part.kind != BODY or not 0 < part.end - part.start <= left:
            raise FrameError("a body that does not fit its header")
        parts.append((part.start, part.end))
        left, following = left - (part.end - part.start), part.end + 1
    return Content(method, header, tuple(parts), following)


def _own_frames(raw: bytes, at: int, frame_max: int) -> Iterator[Frame]:
    """The frames of our channel that are there; the server may say something about the connection in between."""
    while found := frame_at(raw, at, frame_max):
        if found.channel == CHANNEL:
            yield found
        at = found.end + 1
