"""One task on two Celery workers, until nobody is at it any more: how often it was run, by whom, and when. The judge
is pure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labs.model.endpoint import Endpoint
from labs.model.observer import Observer
from labs.model.profile import UnknownNameError
from labs.scenarios.stack_tasks import Way
from labs.scenarios.stack_tasks.going import going

Table = dict[str, Any]
Event = dict[str, Any]
WORKERS = ("worker 1", "worker 2")
PROCESSES = 2
"""Of each worker: with two workers there is a free process for as many repeats as a run here can have."""
TASK = 1
QUIET_S = 2.5
"""So long after its last end a task that is to come again would have come: a time-out of 2 s and some looks."""
WITHIN_S = 25.0
NS_PER_S = 1e9


@dataclass(frozen=True)
class Twice(Way):
    """A broker with a visibility time-out, and the task that is sent to it."""

    looks_s: float = 0.2
    prefetch: int = 1
    task_s: float = 5.0
    late: bool = True


WAYS = {
    one.name: one
    for one in (
        Twice("short", "Redis, time-out 2 s, task 1 s", "redis", lease_s=2, task_s=1.0),
        Twice("two", "Redis, time-out 2 s, task 5 s", "redis", lease_s=2),
        Twice("four", "Redis, time-out 4 s, task 5 s", "redis", lease_s=4),
        Twice("own-looks", "Redis, time-out 2 s, task 5 s, kombu’s own looks", "redis", lease_s=2, looks_s=0),
        Twice("early", "Redis, time-out 2 s, task 5 s, early acknowledgement", "redis", lease_s=2, late=False),
        Twice("no-lease", "RabbitMQ, task 5 s", "rabbitmq"),
    )
}


def way_of(name: str) -> Twice:
    """The way of that name, or UnknownNameError with the nearest ones."""
    if name not in WAYS:
        raise UnknownNameError("way", name, list(WAYS))
    return WAYS[name]


def run(way: Twice, endpoint: Endpoint, observer: Observer) -> list[Event]:
    """The log of all workers. BrokerError where client or workers do not come up."""
    with going(way, endpoint, observer) as at:
        observer.progress(0.0, "two workers come up")
        for name in WORKERS:
            at.start(name, concurrency=PROCESSES)
        for name in WORKERS:
            at.await_ready(name)
        observer.progress(0.3, "the task is sent")
        at.ask("send", task="work_late" if way.late else "work", number=TASK, more=[way.task_s])
        at.until(lambda: settled(at.events(), time.monotonic_ns()), WITHIN_S)
        return at.events()


def settled(events: Sequence[Event], now_ns: int) -> bool:
    """Whether the task was run, nobody is at it, and it has not come again for a while."""
    begun, done = (_times(events, what) for what in ("begun", "done"))
    return bool(done) and len(begun) == len(done) and now_ns - max(done) > QUIET_S * NS_PER_S


def _times(events: Sequence[Event], what: str) -> list[int]:
    return [one["ns"] for one in events if (one["what"], one["number"]) == (what, TASK)]


def judged(events: Sequence[Event]) -> Table:
    """How often the task was run: its runs in the order of their beginning, in seconds after the first. Unknown where
    it was not run, or one that was begun was not seen to end."""
    mine = [one for one in events if one["number"] == TASK]
    runs = _runs(mine)
    if not runs or any(one["end_s"] is None for one in runs):
        return {"outcome": "unknown", "runs": runs}
    together = sum(one["at_s"] < max(before["end_s"] for before in runs[:at]) for at, one in enumerate(runs) if at)
    return {"outcome": "once" if len(runs) == 1 else "again", "times": len(runs), "together": together, "runs": runs}


def _runs(events: Sequence[Event]) -> list[Table]:
    """From when to when each process was at it. A process does one thing after the other."""
    first_ns = min((one["ns"] for one in events), default=0)
    ends = [one for one in events if one["what"] == "done"]
    found = []
    for one in sorted((one for one in events if one["what"] == "begun"), key=lambda each: each["ns"]):
        end = next((e for e in ends if e["process"] == one["process"] and e["ns"] >= one["ns"]), None)
        last_s = None if end is None else round((end["ns"] - first_ns) / NS_PER_S, 2)
        found.append({"worker": one["worker"], "at_s": round((one["ns"] - first_ns) / NS_PER_S, 2), "end_s": last_s})
    return found
