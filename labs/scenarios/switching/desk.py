"""The desk of a service: a process that makes what has to be there, sends orders, and reads what lies somewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from labs.scenarios.switching.place import Place
from labs.scenarios.switching.processes import Process

UP_WITHIN_S, SLOW_S = 60.0, 3.0


class Desk:
    """A process that answers one order after the other; one that is late is replaced."""

    def __init__(self, start: Callable[[], Process]) -> None:
        self._start, self.process = start, start()

    def ask(self, place: Place, within_s: float, **order: Any) -> Any:
        """TimeoutError where it does not answer in time."""
        self.process.tell(order | {"place": asdict(place)})
        return self.process.hear(within_s)

    def numbers(self, place: Place, do: str, count: int) -> list[int]:
        """Which orders it reads; none where it waits for more than are there."""
        try:
            return [one["number"] for one in self.ask(place, SLOW_S, do=do, count=count)]
        except TimeoutError:
            self.process.kill()
            self.process.end()
            self.process = self._start()
            self.process.hear(UP_WITHIN_S)
            return []
