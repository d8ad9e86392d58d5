"""Where a service works: what its client is told, and the names that are its own. Nothing but Python's own library."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Protocol

CHANNELS = ("orders", "paid")
Send = Callable[[str, str, bytes], None]
"""Channel, key, body."""
Handle = Callable[[bytes, Send], None]
"""What a worker does with a body; raises LaterError to be asked again, and anything else if it failed."""


@dataclass(frozen=True)
class Place:
    """Address and login of the broker, and what every name there begins with."""

    host: str
    port: int
    username: str
    password: str
    prefix: str

    def name(self, channel: str) -> str:
        """The queue, stream or topic of a channel."""
        return f"{self.prefix}-{channel}"

    def to_text(self) -> str:
        """For an environment variable: no password stands on a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Place:
        """What `to_text` gave."""
        return cls(**json.loads(text))


class Works(Protocol):
    """What every service's file has as its class Service."""

    def __init__(self, place: Place) -> None: ...

    def prepare(self) -> None:
        """Make what has to be there before anybody sends or reads."""

    def send(self, channel: str, key: str, body: bytes) -> None:
        """Hand a message over; the broker has it when this returns."""

    def work(self, channel: str, handle: Handle) -> None:
        """Handle one message of the channel after the other, for ever."""

    def read_again(self, channel: str) -> Iterator[bytes]:
        """All that was ever sent to it, from the first, for a service that is new."""

    def parked(self, channel: str) -> Iterator[bytes]:
        """What was given up."""
