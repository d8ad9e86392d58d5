"""What is right where work is shared: the ideal time, the largest prefetch near it, who is spared, what is not told."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.figures import Repeat
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
def spares_the_slow(digests: Digests, among: Sequence[str]) -> frozenset[str]:
    """The ways in which the slow worker did at most half as many jobs as each of the others. NoTruth where rounds
    differ."""
    spared = set[str]()
    for mode in among:
        found = point(digests, mode=mode)
        sides = {_spared(one) for one in found.repeats}
        if len(sides) != 1:
            raise NoTruth(f"{found.settings['label']}: the rounds differ. Run it again.")
        spared |= {mode} if sides == {True} else set()
    return frozenset(spared)


def _spared(repeat: Repeat) -> bool:
    others = [jobs for who, jobs in repeat["had"].items() if int(who) != repeat["slow"]]
    return 2 * int(repeat["had"][str(repeat["slow"])]) <= min(others)


@answer
def impossible_for(digests: Digests, mode: str) -> str:
    """`all`, where the broker could answer none of the three questions and yet refused a publish."""
    found = point(digests, mode=mode)
    if any(set(states(found, name)) != {"no"} for name in LOOKED) or set(states(found, POLICE)) != {"yes"}:
        raise NoTruth("In this run the channel told something, or nothing was refused. Run it again.")
    return "all"
