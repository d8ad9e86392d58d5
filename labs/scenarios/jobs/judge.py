"""JobRun -> tally: what became of every job. Pure arithmetic on the facts; three verdicts, as for messages.

A job is lost when it was handed in, never done, and nothing is left that could do it. `told` are those among the lost
of which the sender knows: it got an error, or the answer that nobody heard. A duplicate breaks no promise.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labs.judge.loss import Verdict
from labs.judge.soundness import stood_still
from labs.model.run import NEVER, REFUSAL
from labs.model.workload import NS_PER_S
from labs.scenarios.jobs.event_log import Kind
from labs.scenarios.jobs.facts import JobRun
from labs.scenarios.jobs.producer import Plan


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
    aimed: bool
    """And in the half of it that the seed wanted: before the effect, or after it."""
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
    times = np.bincount(run.events(Kind.DONE)[0], minlength=len(sent))[: len(sent)]
    in_work, held, waiting = _in_work(run), _held(run), _waiting(run)
    judgeable = run.drained and in_work is not None
    missing = sent & (times == 0)
    proven = missing & (accepted | refused) & judgeable
    counts = {"lost": int(proven.sum()), "told": int((proven & refused).sum())}
    unknown = int((missing & ~proven).sum())
    done = in_work in run.events(Kind.DONE, 1)[0]
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
        hit=in_work is not None,
        aimed=in_work is not None and done == Plan(run.seed).after,
        verdict=_verdict(counts, unknown, judgeable=judgeable),
    )


def void(run: JobRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    return stood_still(run.facts.get("pauses", ()), [run[name] for name in ("sent_ns", "accepted_ns", "event_ns")])


def refused_unasked(run: JobRun) -> tuple[int, int, str]:
    """How many jobs the broker turned down with a reason, of how many, and the first reason. That nobody listens to a
    channel is no reason: it is what a channel is like."""
    said = str(run.facts.get(REFUSAL, ""))
    refused = int((run["refused_ns"] != NEVER).sum()) if said else 0
    return refused, int((run["sent_ns"] != NEVER).sum()), said


def _waiting(run: JobRun) -> npt.NDArray[np.bool_]:
    """Which jobs had been accepted and not done when the worker was killed; none if it was not."""
    accepted_ns, killed_ns = run["accepted_ns"], run.death.asked_ns if run.death else NEVER
    done, done_ns = run.events(Kind.DONE)
    before = np.isin(np.arange(len(accepted_ns)), done[done_ns <= killed_ns])
    waiting: npt.NDArray[np.bool_] = (accepted_ns != NEVER) & (accepted_ns <= killed_ns) & ~before
    return waiting


def _verdict(counts: dict[str, int], unknown: int, *, judgeable: bool) -> Verdict:
    """Broken when an accepted job is lost: of the others the sender knows, and can hand them in again."""
    if not judgeable:
        return "unknown"
    if counts["lost"] > counts["told"]:
        return "broken"
    return "unknown" if unknown else "kept"


def _held(run: JobRun) -> set[int]:
    return set(run.events(Kind.TAKEN, 1)[0].tolist()) - set(run.events(Kind.RELEASED, 1)[0].tolist())


def _in_work(run: JobRun) -> int | None:
    """The job that the worker had begun last and not released when it died of SIGKILL; None if that is not so."""
    begun = run.events(Kind.BEGUN, 1)[0].tolist()
    if not begun or begun[-1] in run.events(Kind.RELEASED, 1)[0] or run.death is None:
        return None
    return int(begun[-1]) if run.death.exit_code == -signal.SIGKILL else None


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
