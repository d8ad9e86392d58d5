"""RabbitMQ: a stream keeps by bytes or by age, and a reader says where it begins; a queue keeps what is not done."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic

from labs.brokers import journal, open_publisher
from labs.brokers.rabbitmq.admin import undo
from labs.brokers.rabbitmq.client import ANSWER_S, blocking_channel, typed
from labs.model.endpoint import Address, Endpoint, RefusedError
from labs.model.facts import Facts
from labs.model.profile import profile
from labs.scenarios.keeping import KEEP_BYTES, KEEP_S, LOOK_S, SEGMENT_BYTES, Append, Begin, Held, Reader, Way
from labs.scenarios.keeping.bookings import read
from labs.scenarios.keeping.files import file_bytes

STREAM: dict[str, Any] = {"x-queue-type": "stream", "x-stream-max-segment-size-bytes": SEGMENT_BYTES}
BY_LIMIT: dict[str, dict[str, Any]] = {
    "none": STREAM,
    "bytes": STREAM | {"x-max-length-bytes": KEEP_BYTES},
    "age": STREAM | {"x-max-age": f"{KEEP_S}s"},
}
QUEUE = {"x-queue-type": "quorum"}
CONFIRMED = profile("rabbitmq-confirms")
PREFETCH = 2000
"""A stream gives nothing to a consumer without a limit."""
FIRST_WITHIN_S = 2.0


def begins(begin: Begin, at_ms: int) -> dict[str, Any]:
    """Where a consumer of a stream begins; without a word of it, at the next message."""
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
    offsets = {"live": "first", "first": "first", "time": at, "end": "next"}
    return {"x-stream-offset": offsets[begin]}


class _Reader:
    """A consumer: what is pushed to it."""

    def __init__(self, channel: BlockingChannel, prefetch: int = PREFETCH) -> None:
        self._channel, self._come, self._last_tag = channel, list[bytes](), 0
        channel.basic_qos(prefetch_count=prefetch)

    def begin(self, queue: str, arguments: dict[str, Any]) -> None:
        """From now on it is pushed to."""
        self._channel.basic_consume(queue, self._on_message, arguments=arguments)

    def _on_message(self, _channel: object, method: Basic.Deliver, _properties: object, body: bytes) -> None:
        self._come.append(body)
        self._last_tag = method.delivery_tag

    def take(self) -> Sequence[bytes]:
        until_s, turn = time.monotonic() + LOOK_S, self._channel.connection.process_data_events
        turn(time_limit=0)
        while not self._come and (left_s := until_s - time.monotonic()) > 0:
            turn(time_limit=left_s)
        taken, self._come = self._come, []
        return taken

    def acknowledge(self) -> None:
        """All up to the last one. Of a stream it only makes room for more: nothing is taken away."""
        if self._last_tag:
            self._channel.basic_ack(self._last_tag, multiple=True)


class _Stream:
    """The stream, or the queue, of one run."""

    def __init__(self, way: Way, endpoint: Endpoint, name: str, channel: BlockingChannel) -> None:
        self._way, self._endpoint, self._name, self._channel = way, endpoint, name, channel
        version = str(channel.connection._impl.server_properties["version"])
        self.facts: Facts = {"server": version, "settings": arguments_of(way)}

    @contextmanager
    def writer(self) -> Iterator[Append]:
        with open_publisher(Address(self._endpoint, CONFIRMED, self._name)) as publisher:

            def append(bodies: Sequence[bytes]) -> None:
                publisher.publish(bodies)
                confirmed, give_up_s = 0, time.monotonic() + ANSWER_S
                while confirmed < len(bodies):
                    told = publisher.poll(LOOK_S)
                    confirmed += len(told.confirmed)
                    if told.refused or time.monotonic() > give_up_s:
                        raise RefusedError(f"{self._endpoint.where} did not confirm a message: {told.why or 'nothing'}")

            yield append

    @contextmanager
    def reader(self, begin: Begin, at_ms: int = 0) -> Iterator[Reader]:
        with typed(self._endpoint), blocking_channel(self._endpoint, heartbeat=0) as channel:
            reader = _Reader(channel)
            reader.begin(self._name, begins(begin, at_ms) if self._way.log else {})
            yield reader

    def held(self) -> Held:
        """Of a queue how many there are. Of a stream the message that a new consumer is given first, and the bytes of
        its files: the number that the broker tells of a stream is seconds old."""
        with typed(self._endpoint):
            if self._way.log:
                return Held(self._first(), None, file_bytes(self._endpoint, self._name))
            told = self._channel.queue_declare(self._name, passive=True)
        return Held(None, int(told.method.message_count), None)

    def _first(self) -> int | None:
        # On a connection of its own: what pika was pushed and nobody took it gives back at the end. A stream takes
        # nothing back, and RabbitMQ closes the connection for it. 3.10 pushes more than a prefetch of 1 allows.
        with blocking_channel(self._endpoint, heartbeat=0) as channel:
            reader, until_s = _Reader(channel, prefetch=1), time.monotonic() + FIRST_WITHIN_S
            reader.begin(self._name, begins("first", 0))
            while time.monotonic() < until_s:
                if found := reader.take():
                    return read(found[0]).number
        return None


def arguments_of(way: Way) -> dict[str, Any]:
    """What it is declared with."""
    return BY_LIMIT[way.limit] if way.log else QUEUE


@contextmanager
def site(way: Way, endpoint: Endpoint, name: str) -> Iterator[_Stream]:
    """The stream or the queue, for the length of the block."""
    made = journal.note(endpoint, [name])
    try:
        with typed(endpoint), blocking_channel(endpoint, heartbeat=0) as channel:
            channel.queue_declare(name, durable=True, arguments=arguments_of(way))
            yield _Stream(way, endpoint, name, channel)
    finally:
        journal.settle(made, lambda entry: undo(endpoint, entry))
