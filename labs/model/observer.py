"""Who follows a run: told of its progress, asked whether to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Progress = Callable[[float, str], None]


class CancelledError(Exception):
    """The reader asked for the run to stop."""


def wait_for_nobody() -> None:
    """A run that begins as soon as it can."""


def say_nothing(_fraction: float, _text: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Watch:
    """Who follows a run: told the progress (0 to 1, a few words), asked whether to stop, and told when all are
    connected and the first message could leave, which it does when this returns."""

    progress: Progress = say_nothing
    cancelled: Callable[[], bool] = lambda: False
    connected: Callable[[], None] = wait_for_nobody


NOBODY = Watch()


Part = Literal["both", "produce", "consume"]
"""What of a run is timed: producing and consuming at once, producing alone, or reading what lies there."""
