"""The moving picture of chapter 2: a backlog that is worked off, and one that grows. Real times of two runs of L2.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labs.model.paths import new_run_file
from labs.model.workload import NS_PER_S
from labs.show.pictures.messages import Message, Scene

NEVER = 1 << 62
"""Later than any run."""

if TYPE_CHECKING:
    from labs.scenarios.bursts.facts import BurstRun

FEW = 2
"""Workers: few, so that there are few enough jobs to see each."""


def jobs_of(run: BurstRun, name: str, card: Mapping[str, Any]) -> Scene:
    """Each job of the queue handed in, begun and done while jobs came: what waits then is seen to wait. One that a
    worker did twice is there once, with its first times."""
    from labs.scenarios.bursts.rows import Kind

    begun, done = (_first(run, kind) for kind in (Kind.BEGUN, Kind.DONE))
    found, end_ns = [], round(run.seconds * NS_PER_S)
    for job, sent in enumerate(run["sent_ns"].tolist()):
        if 0 <= sent <= end_ns:
            reached = [max(at, sent) if at <= end_ns else None for at in (begun.get(job, NEVER), done.get(job, NEVER))]
            found.append(Message((sent, *reached)))
    counts = {"jobs": len(run["due_ns"]), "begun": len(begun), "done": len(done)}
    return Scene(name, run.broker, tuple(found), end_ns, (), {**card, "ledger": counts})


def _first(run: BurstRun, kind: int) -> dict[int, int]:
    """Job -> when that happened to it first."""
    jobs, at_ns = run.events("work", kind)
    pairs = sorted(zip(at_ns.tolist(), jobs.tolist(), strict=True), reverse=True)
    return {job: at for at, job in pairs}


def backlog(name: str, load: float, burst: int) -> Scene:
    """A run with a few workers on RabbitMQ; the load is theirs."""
    from labs import stack
    from labs.judge.card import card
    from labs.model.profile import profile
    from labs.scenarios.bursts import WORKERS, queue_of
    from labs.scenarios.bursts.conductor import run as run_both
    from labs.scenarios.bursts.plan import Arrivals

    queue, plan = queue_of("rabbitmq"), Arrivals(1, load=load * FEW / WORKERS, burst=burst, workers=FEW)
    with stack.session((queue.broker,), "native", report=lambda _text: None) as found:
        run = run_both(queue, found[queue.broker], plan)
        run.save(new_run_file("backlog", queue.broker))
        more = {"workers": FEW, "load": load, "burst": burst, "client": "pika"}
        lines = card(found[queue.broker], profile(queue.mode.profile), run.facts, more, repeats=1)
    return jobs_of(run, name, lines)
