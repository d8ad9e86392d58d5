"""RabbitMQ's streams by their own protocol: a log on the same node as the queues, many messages a frame."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator, Sequence

from labs.brokers.journal import Made
from labs.brokers.lifetime import Owned
from labs.brokers.rabbitmq.fast import stream_wire as wires
from labs.brokers.rabbitmq.fast.stream_consumer import Consumer
from labs.brokers.rabbitmq.fast.stream_member import end_of, stored_offset
from labs.brokers.rabbitmq.fast.stream_publisher import Publisher
from labs.brokers.rabbitmq.fast.stream_wire import Wire, text
from labs.model.endpoint import Endpoint
from labs.model.profile import Profile

__all__ = ["Broker", "Consumer", "Publisher", "why_not"]


def why_not(_profile: Profile) -> str | None:
    """Streams have this lane alone."""
    return None


class Broker(Owned):
    """One stream; `name` is its name. It connects when asked."""

    def __init__(self, endpoint: Endpoint, _profile: Profile, name: str, more: Sequence[str] = ()) -> None:
        super().__init__(endpoint, name, more)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Wire]:
        wire = Wire(self._endpoint)
        wire.open()
        try:
            yield wire
        finally:
            wire.close()

    def _make(self) -> None:
        """Creates the stream anew."""
        with self._connected() as wire:
            self._note()
            self._delete(wire)
            wire.call(wires.CREATE, text(self._name) + struct.pack(">I", 0), "create the stream")

    def _undo(self, made: Made) -> None:
        with self._connected() as wire:
            self._delete(wire)
            made.undone()

    def _delete(self, wire: Wire) -> None:
        wire.call(wires.DELETE, text(self._name), "delete the stream", (wires.OK, wires.NO_STREAM))

    def version(self) -> str:
        """As the server says when greeting."""
        with self._connected() as wire:
            return wire.version

    def backlog(self) -> int | None:
        """Offsets between what the group has stored and the last message; those that were stored have one as well."""
        with self._connected() as wire:
            return max(end_of(wire, self._name) - stored_offset(wire, "labs", self._name), 0)

    def durability(self) -> dict[str, str]:
        """What a stream is, in words: its protocol has nothing to ask for."""
        return {"queue": "stream", "messages": "confirmed when written, flushed by the system", "confirms": "on"}
