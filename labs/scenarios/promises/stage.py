"""What an experiment is handed: a broker, an address of its own, a seed, and whether the fault shall happen."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from labs.judge.promises import Trial
from labs.model.endpoint import Endpoint


class TroubleError(Exception):
    """The experiment could not be carried through; its row is unknown, and this says why."""


@dataclass(frozen=True)
class Stage:
    """One trial of one row. `fault` is false in the control, which does the same without the fault."""

    endpoint: Endpoint
    name: str
    seed: int
    fault: bool
    started_s: float = 0.0
    """When the broker was ready, on the monotonic clock."""

    def chance(self) -> random.Random:
        """The same numbers for the same seed."""
        return random.Random(self.seed)


Experiment = Callable[..., Trial]
"""Called with the stage and the row's arguments."""


def wait_for(done: Callable[[], bool], what: str, within_s: float = 20.0, every_s: float = 0.02) -> None:
    """Until `done`, or TroubleError that says what did not come."""
    give_up_s = time.monotonic() + within_s
    while not done():
        if time.monotonic() > give_up_s:
            raise TroubleError(f"waited {within_s:g} s in vain for {what}")
        time.sleep(every_s)
