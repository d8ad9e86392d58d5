"""What begins and ends with a context: a client's connection, and what a broker's adapter has made of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from labs.brokers import journal
from labs.brokers.journal import Made
from labs.model.endpoint import Endpoint


class Link(Protocol):
    """What is opened and closed. Closing what is not open does nothing."""

    def open(self) -> object: ...

    def close(self) -> None: ...


L = TypeVar("L", bound=Link)


class Connected(Generic[L]):
    """A publisher or consumer: enter it to connect. `link` is set by the subclass."""

    link: L

    def __enter__(self) -> Self:
        try:
            self.link.open()
            self._begin()
        except BaseException:
            self.link.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.link.close()

    def _begin(self) -> None:
        """Called once connected."""


class Owned(ABC):
    """A broker with an address of our own, `name`, and further names that go with it. What is made is in the journal
    first; what cannot be undone, as on a server that is gone, the next command undoes."""

    def __init__(self, endpoint: Endpoint, name: str, more: Sequence[str] = ()) -> None:
        self._endpoint, self._name, self._names = endpoint, name, (name, *more)
        self._made: Made | None = None

    @abstractmethod
    def _make(self) -> None:
        """Make the address anew, and note in `_made` beforehand what will be there."""

    @abstractmethod
    def _undo(self, made: Made) -> None:
        """Remove what is noted; BrokerError leaves the entry as it is."""

    def __enter__(self) -> Self:
        try:
            self._make()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        made, self._made = self._made, None
        journal.settle(made, self._undo)

    def _note(self) -> None:
        """Of a broker that does not let us in nothing is noted: call this when it has."""
        self._made = journal.note(self._endpoint, self._names)
