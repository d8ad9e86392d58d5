"""JobRun -> tally: what became of every job. Pure arithmetic on the facts; three verdicts, as for messages.

A job is lost when it was handed in, never done, and nothing is left that could do it. `told` are those among the lost
of which the sender knows: it got an error, or the answer that nobody heard. A duplicate breaks no promise.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

import numpy as np

from labs.jobs.facts import JobRun
from labs.jobs.logbook import Kind
from labs.loss import Verdict
from labs.runs import NEVER
from labs.workload import NS_PER_S


@dataclass(frozen=True)
class Tally:
    """Counts of jobs: once + twice + lost + unknown = jobs."""

    jobs: int
    once: int
    twice: int
    """Done more than once."""
    lost: int
    told: int
    unknown: int
    """Not done, in a run that cannot show that they never will be; or never answered at all."""
    waiting: int
    """Accepted and not done when the worker died."""
    waiting_lost: int
    held: int
    """Taken by the worker that died, and not released."""
    redelivery_s: float | None
    """From the kill to the first of them that another worker finished; None if there was none."""
    restart_s: float | None
    """From the kill until the new worker's process ran: Python's own start, the same for every mode."""
    hit: bool
    """The worker died of SIGKILL in the middle of a job."""
    verdict: Verdict

    @property
    def outcome(self) -> str:
        """none lost, some lost, all lost, or unknown."""
        if self.verdict == "unknown":
            return "unknown"
        return "none lost" if not self.lost else "all lost" if self.lost == self.jobs else "some lost"


def judge(run: JobRun) -> Tally:
    """The tally of a run."""
    sent, accepted, refused = (run[name] != NEVER for name in ("sent_ns", "accepted_ns", "refused_ns"))
    done, done_ns = run.events(Kind.DONE)
    times = np.bincount(done, minlength=len(sent))[: len(sent)]
    missing = sent & (times == 0)
    hit, killed_ns = _hit(run), run.death.asked_ns if run.death else 0
    proven = missing & (accepted | refused) if run.drained and hit else np.zeros(len(sent), bool)
    before = np.isin(np.arange(len(sent)), done[done_ns <= killed_ns])
    waiting = accepted & (run["accepted_ns"] <= killed_ns) & ~before
    held = _held(run)
    counts = {"lost": int(proven.sum()), "told": int((proven & refused).sum())}
    unknown = int((missing & ~proven).sum())
    return Tally(
        jobs=int(sent.sum()),
        once=int((sent & (times == 1)).sum()),
        twice=int((sent & (times > 1)).sum()),
        **counts,
        unknown=unknown,
        waiting=int(waiting.sum()),
        waiting_lost=int((waiting & proven).sum()),
        held=len(held),
        redelivery_s=_first_after(run, (Kind.DONE, Kind.KNOWN), held),
        restart_s=_first_after(run, (Kind.UP,), None),
        hit=hit,
        verdict=_verdict(counts, unknown, judgeable=run.drained and hit),
    )


def _verdict(counts: dict[str, int], unknown: int, *, judgeable: bool) -> Verdict:
    """Broken when an accepted job is lost: of the others the sender knows, and can hand them in again."""
    if not judgeable:
        return "unknown"
    if counts["lost"] > counts["told"]:
        return "broken"
    return "unknown" if unknown else "kept"


def _held(run: JobRun) -> set[int]:
    return set(run.events(Kind.TAKEN, 1)[0].tolist()) - set(run.events(Kind.RELEASED, 1)[0].tolist())


def _hit(run: JobRun) -> bool:
    """The death is a SIGKILL's, and a job was begun and not released."""
    begun = set(run.events(Kind.BEGUN, 1)[0].tolist()) - set(run.events(Kind.RELEASED, 1)[0].tolist())
    return bool(run.death and run.death.exit_code == -signal.SIGKILL and begun)


def _first_after(run: JobRun, kinds: tuple[Kind, ...], among: set[int] | None) -> float | None:
    """Seconds from the kill to the second worker's first event of these kinds, about these jobs."""
    if run.death is None:
        return None
    found = [
        at_ns
        for kind in kinds
        for job, at_ns in zip(*(column.tolist() for column in run.events(kind, 2)), strict=True)
        if among is None or job in among
    ]
    return (min(found) - run.death.asked_ns) / NS_PER_S if found else None
