"""What every publisher and consumer of the fast lane is: a connection that is open inside its context."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self


class Connection(Protocol):
    """What is opened and closed. Closing what is not open does nothing."""

    def open(self) -> None: ...

    def close(self) -> None: ...


class Connected:
    """Enter it to connect. `wire` is set by the subclass."""

    wire: Connection

    def __enter__(self) -> Self:
        try:
            self.wire.open()
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
        """Called once connected."""
