"""What publisher and consumer of the fast lane have in common: a queue, its settings, a connection."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from labs.brokers.base import Address
from labs.brokers.fast.rabbitmq_wire import Wire


class Member:
    def __init__(self, address: Address) -> None:
        self.queue = address.name
        self.settings = address.profile.settings
        self.wire = Wire(address.endpoint)

    def __enter__(self) -> Self:
        self.wire.open()
        try:
            self._begin()
        except BaseException:
            self.wire.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wire.close()

    def _begin(self) -> None:
        """Called once the channel is open."""
