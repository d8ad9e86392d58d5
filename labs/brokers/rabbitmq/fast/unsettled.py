"""Which of the published messages are not settled yet: one bit each, asked and answered many at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_ROOM = 4096


def listed(numbers: npt.NDArray[np.int64]) -> Sequence[int]:
    """Ascending numbers as a range where they are one, else as a list."""
    if len(numbers) and int(numbers[-1]) - int(numbers[0]) == len(numbers) - 1:
        return range(int(numbers[0]), int(numbers[-1]) + 1)
    found: list[int] = numbers.tolist()
    return found


class Unsettled:
    """Messages are numbered as they are added. A number that was never added or is settled already is ignored."""

    def __init__(self) -> None:
        self._open = np.zeros(_ROOM, np.bool_)
        self._first = 0
        """The number that the first bit stands for."""
        self._low = 0
        self._next = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def next(self) -> int:
        """The number that the next message gets."""
        return self._next

    @property
    def low(self) -> int:
        """No message before this one is unsettled."""
        return self._low

    def add(self, count: int) -> None:
        """The next `count` messages were sent."""
        if self._next - self._first + count > len(self._open):
            self._make_room(count)
        at = self._next - self._first
        self._open[at : at + count] = True
        self._next += count
        self._count += count

    def _make_room(self, count: int) -> None:
        kept = self._open[self._low - self._first : self._next - self._first]
        wanted = np.zeros(max(len(self._open), 2 * (len(kept) + count)), np.bool_)
        wanted[: len(kept)] = kept
        self._open, self._first = wanted, self._low

    def settle(self, numbers: npt.NDArray[np.int64], all_before: int = 0) -> Sequence[int]:
        """Settles those numbers and all below `all_before`; gives those that were unsettled until now, ascending."""
        window = self._open[self._low - self._first : self._next - self._first]
        was = window.copy()
        window[: max(all_before - self._low, 0)] = False
        window[numbers[(numbers >= self._low) & (numbers < self._next)] - self._low] = False
        gone = np.flatnonzero(was & ~window)
        self._count -= len(gone)
        found = listed(gone + self._low)
        self._low = self._next if not self._count else self._low + int(window.argmax())
        return found

    def settle_all(self) -> Sequence[int]:
        """Settles everything."""
        return self.settle(np.empty(0, np.int64), self._next)
