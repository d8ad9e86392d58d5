"""L2.5 as lanes: who did which job in one run, against the moment at which an ideal hand would have been through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labs.scenarios.sharing import SLOWED, WORKERS
from labs.show.pictures.base import About, Mark
from labs.show.pictures.items import Item, State
from labs.show.pictures.lanes import Lanes

if TYPE_CHECKING:
    from labs.scenarios.sharing.facts import ShareRun
    from labs.scenarios.sharing.judge import Share

NS_PER_MS = 1_000_000
OTHERS, SLOW = "by the others", "by the slow worker"
STATES = (State(OTHERS, "ink-soft", "solid", plain=True), State(SLOW, "conditions", "striped", plain=True))


def lane(worker: int, slow: int) -> str:
    """worker 2 (5 times slower)"""
    return f"worker {worker}" + (f" ({SLOWED} times slower)" if worker == slow else "")


def lanes(run: ShareRun, share: Share, about: About) -> Lanes:
    """A lane a worker, a bar a job; times after the first job was begun."""
    from labs.scenarios.jobs.event_log import Kind

    begun = run.events(Kind.BEGUN)
    first_ns = min((ns for *_, ns in begun), default=0)
    ends = {(job, worker): ns for job, worker, ns in run.events(Kind.DONE)}
    items = [
        Item(
            lane(worker, run.slow),
            f"job {job}",
            ns - first_ns,
            None if (end := ends.get((job, worker))) is None else end - first_ns,
            SLOW if worker == run.slow else OTHERS,
        )
        for job, worker, ns in begun
    ]
    marks = (Mark(share.ideal_ms * NS_PER_MS, "ideal"),)
    names = tuple(lane(number, run.slow) for number in range(1, WORKERS + 1))
    return Lanes(names, STATES, tuple(items), marks, ("job", "jobs"), "did", about)
