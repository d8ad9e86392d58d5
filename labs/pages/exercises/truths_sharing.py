"""What is right where work is shared: the ideal time, the largest prefetch near it, what a mode cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

from labs.pages.exercises.truths import Digests, NoTruth, answer, number, point
from labs.show.looks.seeing import LOOKED, POLICE, states


@answer
def ideal_makespan(digests: Digests, mode: str) -> float:
    """The ideal time that a point was held against, s."""
    return number(point(digests, mode=mode), "ideal_s")


@answer
def largest_prefetch(digests: Digests, within: float, among: Sequence[int]) -> str:
    """The largest of these whose jobs were done within so many times the ideal. NoTruth where rounds lie on both
    sides."""
    near = []
    for many in among:
        found = point(digests, mode=f"rabbitmq-prefetch-{many}").each("ratio")
        sides = {one <= within for one in found}
        if len(sides) != 1:
            raise NoTruth(f"In this run a prefetch of {many} lay on both sides of the bound. Run it again.")
        near += [many] if sides == {True} else []
    return str(max(near)) if near else "none"


@answer
def impossible_for(digests: Digests, mode: str) -> str:
    """`all`, where the broker could answer none of the three questions and yet refused a publish."""
    found = point(digests, mode=mode)
    if any(set(states(found, name)) != {"no"} for name in LOOKED) or set(states(found, POLICE)) != {"yes"}:
        raise NoTruth("In this run the channel told something, or nothing was refused. Run it again.")
    return "all"
