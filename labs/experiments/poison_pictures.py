"""L4.4 as lanes: where each message was when. In the queue, in the worker's hands, before its retry, a dead letter."""

from __future__ import annotations

from collections.abc import Iterator

from labs.scenarios.poison import Plan
from labs.scenarios.poison.facts import PoisonRun
from labs.scenarios.poison.work import FAILED, STOPPED
from labs.show.pictures import Lanes
from labs.show.pictures.items import Item, State

QUEUE, WORKER, RETRY, DEAD, GIVEN_UP = (
    "in the queue",
    "with the worker",
    "before its retry",
    "dead letter",
    "stopped by us",
)
STATES = (
    State("good", "holds", "pale", plain=True),
    State("fails for a while", "conditions", "solid"),
    State("fails always", "never", "striped"),
)
KINDS = {"good": "good", "heals": "fails for a while", "poison": "fails always"}
Attempt = tuple[int, int, int, int]
"""Message, began, ended, how."""


def course(run: PoisonRun) -> Lanes:
    """The lanes of a run. Attempts that follow each other with no other message between are one bar."""
    plan, letters = Plan(run.share, run.seed), set(run["letters"].tolist())
    items = []
    seen: dict[int, int] = {}
    for number, began, ended, how in _together(run):
        state, name = KINDS[plan.kind(number)], f"message {number + 1}"
        since = seen.get(number, min(int(run["due_ns"][number]), began))
        items.append(Item(RETRY if number in seen else QUEUE, name, since, began, state))
        items.append(Item(WORKER, name, began, ended, state))
        if how == STOPPED:
            items.append(Item(GIVEN_UP, name, ended, None, state))
        seen[number] = ended
    items += [
        Item(DEAD, f"message {one + 1}", seen[one], None, KINDS[plan.kind(one)]) for one in letters if one in seen
    ]
    used = {item.lane for item in items}
    lanes = [QUEUE, WORKER, RETRY, DEAD, *([GIVEN_UP] if GIVEN_UP in used else [])]
    return Lanes(tuple(lanes), STATES, tuple(items), noun=("stay", "stays"))


def _together(run: PoisonRun) -> Iterator[Attempt]:
    """Attempts one by one, those at the same message that follow each other as one."""
    last: Attempt | None = None
    columns = (run[name].tolist() for name in ("tried_message", "began_ns", "ended_ns", "how"))
    for number, began, ended, how in zip(*columns, strict=True):
        if last and last[0] == number and last[3] == FAILED and began - last[2] < CLOSE_NS:
            last = (number, last[1], ended, how)
            continue
        if last:
            yield last
        last = (number, began, ended, how)
    if last:
        yield last


CLOSE_NS = 50_000_000
"""Less than the shortest delay of a retry: so soon after the last attempt nobody has delayed it."""
