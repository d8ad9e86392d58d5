"""What is right about the upgrade trap: what made a worker start, and what a second one of its name met."""

from __future__ import annotations

from collections.abc import Mapping

from labs.pages.exercises.truths import Digests, NoTruth, answer, point


@answer
def ways_out(digests: Digests, ways: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """Those of the ways, each a point, whose worker starts in every repeat. NoTruth where repeats differ."""
    found = set()
    for way, of_point in ways.items():
        ends = {one["outcome"] == "ready" for one in point(digests, **of_point).repeats}
        if len(ends) != 1:
            raise NoTruth(f"{way}: the rounds of this run differ. Run it again.")
        found |= {way} if ends.pop() else set()
    return frozenset(found)


@answer
def met_by_a_second(digests: Digests, point_of: Mapping[str, str], words: Mapping[str, str]) -> str:
    """What a second worker of the same name met, by the broker's code, as the exercise calls it."""
    cells = [one["cells"]["Second of its name"] for one in point(digests, **point_of).repeats]
    codes = {"starts" if one["state"] == "yes" else str(one["figure"])[:3] for one in cells}
    if len(codes) != 1 or not codes <= set(words):
        raise NoTruth("This run does not say what a second worker met. Run the lab again.")
    return words[codes.pop()]
