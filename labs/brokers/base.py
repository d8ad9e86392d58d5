"""The verbs every broker answers to, the errors they raise, and where a broker is.

The unit is a batch. A publisher counts the messages handed to it 0, 1, 2, ... and later
reports confirmations by that number; it never keeps time, counts results or prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self


@dataclass(frozen=True)
class Confirmations:
    """Numbers of the published messages that the broker has confirmed or refused since last asked."""

    confirmed: Sequence[int] = ()
    refused: Sequence[int] = ()
    why: str = ""
    """What was said to the first refusal since last asked, in the words of whoever refused; data, never markup."""
    held: str = ""
    """Why the broker takes no more for now, where it says so: an alarm, a quota. What waits for that is not refused."""


@dataclass(frozen=True)
class Deliveries:
    """A batch as it arrived: `bodies[i]` was seen before if `redelivered[i]`; `token` is the adapter's own."""

    bodies: Sequence[bytes] = ()
    redelivered: Sequence[bool] = ()
    token: object = None


class Publisher(Protocol):
    """Hands over batches. Leaving the context flushes nothing: call `poll` until all is settled."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def publish(self, bodies: Sequence[bytes]) -> None:
        """Hand a batch to the client in one go; do not wait for confirmations.

        A message that the client or broker turns down is reported as refused by `poll`, not raised.
        Raises UnreachableError when the connection is gone.
        """

    def poll(self, timeout_s: float) -> Confirmations:
        """Confirmations since the last call; waits at most `timeout_s`, and only if something is outstanding.

        Where the profile promises no acknowledgement, a message counts as confirmed when the call returned.
        """


class Consumer(Protocol):
    """Receives batches as one member of a group. Entering means: subscribed, nothing published later is missed."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def receive(self, timeout_s: float) -> Deliveries:
        """What has arrived, in one batch; an empty one after `timeout_s`."""

    def acknowledge(self, deliveries: Deliveries) -> None:
        """Tell the broker that a batch is done, in one go."""


class Broker(Protocol):
    """One broker under one profile, with one address (queue, topic, stream, channel) of our own."""

    def __enter__(self) -> Self:
        """Set the persistence, create the address, prove that the broker answers (< 5 s or a typed error)."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the address and set the persistence back to what it was."""

    def version(self) -> str:
        """The running server's own version."""

    def durability(self) -> dict[str, str]:
        """The persistence settings in force, read back from the server, for the run card."""

    def backlog(self) -> int | None:
        """Messages held that the group `labs` has not acknowledged, as the server says; None if it does not say."""
