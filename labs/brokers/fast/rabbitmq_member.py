"""What the publisher and the consumer of the fast lane share: a connection with one channel."""

from __future__ import annotations

from types import TracebackType
from typing import Any, NoReturn, Self

from labs.brokers.base import Address, UnreachableError
from labs.brokers.fast.rabbitmq_frames import HEARTBEAT, METHOD, FrameError, frame_at
from labs.brokers.fast.rabbitmq_wire import Wire


class Member:
    """Enter it to connect."""

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

    def _strange(self, error: FrameError) -> NoReturn:
        self.wire.close()
        raise UnreachableError(f"{self.wire.where} sent {error}, which is not AMQP as it was agreed.") from error

    def _said(self, raw: bytes, at: int) -> tuple[int, Any] | None:
        """A frame that is no message: where the next one begins, and its method if it is one; None if not whole."""
        found = frame_at(raw, at, self.wire.frame_max)
        if found is None:
            return None
        method = self.wire.method(raw, found) if found.kind == METHOD else None
        if method is None and found.kind != HEARTBEAT:
            raise FrameError(f"a frame of kind {found.kind} where none was due")
        return found.end + 1, method
