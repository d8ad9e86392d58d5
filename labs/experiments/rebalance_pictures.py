"""L5.2b as pictures: which member did which partition's records when, and a run of it message by message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labs.scenarios.rebalance import EVENTS, PARTITIONS, RATE_PER_S, way_of
from labs.show.pictures.base import About, Mark
from labs.show.pictures.items import Item, State
from labs.show.pictures.lanes import Lanes
from labs.show.pictures.messages import Message, Scene

if TYPE_CHECKING:
    from labs.scenarios.rebalance.facts import RebalanceRun

STILL = "in which nothing was done"
STATES = {
    1: State("by member 1", "kafka", "solid", plain=True),
    2: State("by member 2", "sync", "solid", plain=True),
    3: State("by member 3", "kafka", "striped", plain=True),
    4: State("by member 4", "sync", "striped", plain=True),
}
STOOD = State(STILL, "never", "hollow", "x")
SAID = {one.name: one.said for one in EVENTS}
EACH = 4
"""One round of the partitions in so many is a dot of the moving picture."""


def lanes(run: RebalanceRun) -> Lanes:
    """A lane a partition; a bar is a stretch in which one member did its records, or in which nobody did."""
    names = [f"partition {part}" for part in range(PARTITIONS)]
    items = [item for part, name in enumerate(names) for item in _stretches(run, part, name)]
    used = {item.state for item in items}
    states = [one for one in (*STATES.values(), STOOD) if one.name in used or one.plain]
    under = (
        f"{run.how.label}: a bar is a stretch of one member’s records, or one in which none was done and some waited."
    )
    about = About(under=under, command=f"labs run what-a-rebalance-costs --set ways={run.way}")
    noun, marks = ("stretch", "stretches"), tuple(_marks(run))
    return Lanes(tuple(names), tuple(states), tuple(items), marks, noun, "had", about)


def _marks(run: RebalanceRun) -> list[Mark]:
    return [Mark(at_ns, SAID[name]) for name, at_ns, _ in run.events]


def _stretches(run: RebalanceRun, partition: int, lane: str) -> list[Item]:
    from labs.scenarios.rebalance.judge import STILL_NS, pauses, steps

    stood = [one for one in pauses(run, partition) if one.ended_ns - one.begun_ns >= STILL_NS]
    found = [Item(lane, STILL, one.begun_ns, one.ended_ns, STILL) for one in stood]
    ends = {one.ended_ns for one in stood}
    begun_ns = last_ns = member = 0
    for one in steps(run, partition):
        if member and (one.member != member or one.at_ns in ends):
            found.append(Item(lane, f"member {member}", begun_ns, last_ns, STATES[member].name))
            ends.discard(one.at_ns)
            member = 0
        if not member:
            begun_ns, member = one.at_ns, one.member
        last_ns = one.at_ns
    if member:
        found.append(Item(lane, f"member {member}", begun_ns, last_ns, STATES[member].name))
    return found


def film(run: RebalanceRun, name: str, ink: str, card: Mapping[str, Any]) -> Scene:
    """Records published and done, one round of the partitions in EACH."""
    from labs.scenarios.rebalance.judge import steps

    done = {(part, one.offset): one.at_ns for part in range(PARTITIONS) for one in steps(run, part)}
    rows = zip(*(run[column].tolist() for column in ("partition", "offset", "there_ns")), strict=True)
    found, first = list[Message](), dict[int, int]()
    for part, offset, there_ns in rows:
        turn = offset - first.setdefault(part, offset)
        if turn % EACH == 0 and there_ns <= run.ended_ns:
            at_ns = done.get((part, offset))
            sent_ns = max(0, there_ns if at_ns is None else min(there_ns, at_ns))
            found.append(Message((sent_ns, at_ns if at_ns is not None and at_ns <= run.ended_ns else None)))
    counts = {"published": len(run["offset"]), "done": len(done), "shown": len(found), "rate": RATE_PER_S * PARTITIONS}
    return Scene(name, ink, tuple(found), run.ended_ns, tuple(_marks(run)), {**card, "ledger": counts})


def scene(way: str, name: str, ink: str = "kafka") -> Scene:
    """One run on a Kafka of ours."""
    from labs import stack
    from labs.experiments.what_a_rebalance_costs import on_card
    from labs.model.observer import UNOBSERVED
    from labs.model.paths import new_run_file
    from labs.scenarios.rebalance.conductor import run as run_way

    with stack.session(("kafka",), "native", report=lambda _text: None) as found:
        run = run_way(way_of(way), found["kafka"], UNOBSERVED)
        run.save(new_run_file("rebalance", way))
        return film(run, name, ink, on_card(way_of(way), found["kafka"], [run]))
