"""ShareRun -> share: who had how many jobs, and how long all took against the ideal. Pure arithmetic on the facts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from labs.judge.soundness import stood_still
from labs.model.run import NEVER
from labs.scenarios.jobs.event_log import Kind
from labs.scenarios.sharing import WORKERS, ideal_ms, work_ms
from labs.scenarios.sharing.facts import ShareRun

NS_PER_MS = 1_000_000


@dataclass(frozen=True)
class Share:
    """Of one run. Without a makespan, and so without a ratio, where not every job was seen done."""

    had: dict[int, int]
    """Worker -> how many jobs it did."""
    undone: int
    twice: int
    """Jobs that were done more than once."""
    ideal_ms: int
    makespan_ms: float | None

    @property
    def ratio(self) -> float | None:
        """The makespan over the ideal."""
        return None if self.makespan_ms is None else self.makespan_ms / self.ideal_ms


def judge(run: ShareRun) -> Share:
    """The share of a run. The makespan is from the first job that was begun to the last that was done."""
    begun, done = run.events(Kind.BEGUN), run.events(Kind.DONE)
    times = Counter(job for job, _, _ in done if 0 <= job < run.jobs)
    undone = run.jobs - len(times)
    took = None if undone or not begun else (max(ns for *_, ns in done) - min(ns for *_, ns in begun)) / NS_PER_MS
    had = Counter(worker for _, worker, _ in done)
    return Share(
        had={number: had[number] for number in range(1, WORKERS + 1)},
        undone=undone,
        twice=sum(number > 1 for number in times.values()),
        ideal_ms=ideal_ms(run.jobs, work_ms(run.slow)),
        makespan_ms=took,
    )


def void(run: ShareRun) -> str:
    """Why nothing is known from a run, because the machine stood still; empty if something is."""
    stamps = run["event_ns"]
    return stood_still(run.facts.get("pauses", ()), [stamps[stamps != NEVER]])
