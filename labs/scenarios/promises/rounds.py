"""Load, work, kill, and again, then a full drain: how the rows about killed workers go."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labs.scenarios.promises.killable import KillableWorker, Work, killable
from labs.scenarios.promises.stage import Stage
from labs.scenarios.promises.tally import tally

JITTER_S = 0.01
"""So that the kill does not always hit the moment behind a message that was just worked off."""


@dataclass(frozen=True)
class Plan:
    """So many messages a round, so many rounds that end with a kill; `aimed`, the kill waits for the worker's mark."""

    each: int
    kills: int
    aimed: bool = False

    @property
    def messages(self) -> int:
        """In all: the last round is not disturbed."""
        return self.each * (self.kills + 1)

    def tally(self, delivered: Sequence[int]) -> dict[str, int]:
        """The ledger's counts where these have come of all that were confirmed."""
        return tally(self.messages, range(self.messages), delivered)


def _rounds(stage: Stage, worker: KillableWorker, load: Callable[[int, int], None], plan: Plan) -> str:
    """Load messages round by round and kill the worker in the middle of them.

    Gives the evidence of the kills. The control works off the same messages with one worker.
    """
    chance, evidence = stage.chance(), []
    for number in range(plan.kills if stage.fault else 0):
        load(number * plan.each, plan.each)
        done = len(worker.noted())
        worker.start()
        worker.await_noted(done + chance.randint(plan.each // 10, plan.each // 2))
        worker.await_mark() if plan.aimed else time.sleep(chance.uniform(0, JITTER_S))
        evidence.append(worker.kill())
    first = len(evidence) * plan.each
    load(first, plan.messages - first)
    worker.start()
    return "; ".join(evidence) if stage.fault else "nothing, as the control asks"


def work_and_kill(
    stage: Stage, work: Work, load: Callable[[int, int], None], left: Callable[[], int], plan: Plan, **arguments: object
) -> tuple[KillableWorker, str]:
    """All rounds and the drain: what the workers have noted, and the evidence of the kills.

    `load(first, count)` puts messages there; `left()` is how many the broker still holds, waiting or given out.
    """
    with killable(stage, work, **arguments) as worker:
        happened = _rounds(stage, worker, load, plan)
        worker.drain(left)
    return worker, happened
