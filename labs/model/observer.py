"""The observer of a run: it is told the progress, and asked whether to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

Progress = Callable[[float, str], None]


class CancelledError(Exception):
    """The reader asked for the run to stop."""


def do_not_wait() -> None:
    """A run that begins as soon as it can."""


def say_nothing(_fraction: float, _text: str) -> None:
    """Progress that is not shown."""


def rising(progress: Progress) -> Progress:
    """The same, but what was reached stays reached: work that has to be begun again only changes the words."""
    reached = 0.0

    def told(share: float, text: str) -> None:
        nonlocal reached
        reached = max(reached, share)
        progress(reached, text)

    return told


@dataclass(frozen=True)
class Observer:
    """It is told the progress (0 to 1, a few words; it never falls), asked whether to stop, and told when all workers
    are connected and the first message could leave, which it does when this returns."""

    progress: Progress = say_nothing
    cancelled: Callable[[], bool] = lambda: False
    connected: Callable[[], None] = do_not_wait

    def __post_init__(self) -> None:
        """Whatever part of a run tells the progress, and however often it begins again, the whole does not fall."""
        if self.progress is not say_nothing:
            object.__setattr__(self, "progress", rising(self.progress))

    def part(self, at: int, parts: int, label: str = "") -> Observer:
        """The observer of part `at` (from 0) of `parts` equal ones: its 0 to 1 is that share of the whole, and `label`
        stands before its words. A part that says more than 1 has ended, no more."""
        return self.slice(at / parts, (at + 1) / parts, label)

    def slice(self, begin: float, end: float = 1.0, label: str = "") -> Observer:
        """The observer of what happens between two shares of the whole (0 to 1)."""

        def progress(share: float, text: str) -> None:
            self.progress(begin + (end - begin) * min(share, 1.0), f"{label}: {text}" if label else text)

        return replace(self, progress=progress)

    def check(self, when: str) -> None:
        """CancelledError, with the words when that was, if the run is to stop."""
        if self.cancelled():
            raise CancelledError(f"cancelled {when}")

    def silently(self) -> Observer:
        """One that is not told, and can still stop the run."""
        return Observer(cancelled=self.cancelled)


UNOBSERVED = Observer()


Part = Literal["both", "produce", "consume"]
"""What of a run is timed: producing and consuming at once, producing alone, or reading what lies there."""
