"""L5.2 as pictures: which consumer was at which record when, and when each record was done, by its place in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labs.scenarios.groups import KEYS, SLOW_KEY
from labs.show.pictures.base import About
from labs.show.pictures.items import Item, State
from labs.show.pictures.lanes import Lanes

if TYPE_CHECKING:
    from labs.scenarios.groups.facts import GroupRun
    from labs.scenarios.groups.judge import Try

DONE, SLOW, FAILED = "done", "done, of the slow key", "failed"
STATES = {
    DONE: State(DONE, "ink-soft", "solid", plain=True),
    SLOW: State(SLOW, "conditions", "striped", plain=True),
    FAILED: State(FAILED, "never", "solid", "x"),
}
MS = 1_000_000


def _state(run: GroupRun, one: Try) -> str:
    if not one.done:
        return FAILED
    return SLOW if run.trouble == "slow" and one.number % KEYS == SLOW_KEY else DONE


def lanes(run: GroupRun) -> Lanes:
    """A lane a consumer, a bar a try; times after the first was begun."""
    from labs.scenarios.groups.judge import tries

    trial, found = run.trial, tries(run)
    first_ns = min((one.begun_ns for one in found), default=0)
    items = [
        Item(
            f"consumer {one.worker}",
            f"record {one.number}, try {one.attempt}" if one.attempt > 1 or not one.done else f"record {one.number}",
            one.begun_ns - first_ns,
            one.ended_ns - first_ns,
            _state(run, one),
        )
        for one in found
    ]
    used = {item.state for item in items} | {DONE}
    names = tuple(f"consumer {who}" for who in range(1, trial.size.consumers + 1))
    command = f"labs run log-group-share --set ways={run.way} --set size={run.size} --set trouble={run.trouble}"
    about = About(under=f"{trial.label}: a bar is a try of a record.", command=command)
    states = tuple(state for name, state in STATES.items() if name in used)
    return Lanes(names, states, tuple(items), (), ("try", "tries"), "made", about)


def completion(run: GroupRun) -> list[list[float]]:
    """Record by record, in the order of publishing: its number, and ms from the first begun until it was done."""
    from labs.scenarios.groups.judge import tries

    found = tries(run)
    first_ns = min((one.begun_ns for one in found), default=0)
    done: dict[int, int] = {}
    for one in found:
        if one.done:
            done.setdefault(one.number, one.ended_ns - first_ns)
    return [[number, round(done[number] / MS)] for number in sorted(done)]
