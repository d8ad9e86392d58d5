"""An error that a reader is told in one line: what was tried, what happened, what to do."""

from __future__ import annotations


class StackError(Exception):
    """Brokers could not be started, found or stopped: what was tried, what happened, what to do, and which broker."""

    def __init__(self, tried: str, happened: str, to_do: str, *, broker: str = "") -> None:
        super().__init__(f"{tried}: {happened} {to_do}".rstrip())
        self.tried, self.happened, self.to_do, self.broker = tried, happened, to_do, broker
