"""What is right about a backlog: what a further reader puts on disk, and when one that was away has caught up."""

from __future__ import annotations

from labs.experiments import experiment
from labs.pages.exercises.truths import Digests, NoTruth, answer, number, point
from labs.show.looks.backlog import COPY, NOTHING, PART, truth

NAMES = {NOTHING: "nothing", PART: "part", COPY: "copy"}


@answer
def further_reader(digests: Digests, backlog: str) -> dict[str, str]:
    """Way -> what each further reader puts on disk for a message."""
    ways = {one.value: one.label for one in experiment("big-backlog").controls[0].options}
    words = {way: truth(point(digests, way=way, backlog=backlog)) for way in ways}
    if unseen := [ways[way] for way, word in words.items() if word not in NAMES]:
        raise NoTruth(f"What went to disk could not be seen in this run: {'; '.join(unseen)}.")
    return {way: NAMES[word] for way, word in words.items()}


@answer
def caught_up_after(digests: Digests, way: str, backlog: str, behind: float, coming_per_s: float) -> float:
    """Seconds until a reader that is so far behind has read all, while more comes in."""
    out_per_s = number(point(digests, way=way, backlog=backlog), "figures.catch_up_per_s")
    if out_per_s <= coming_per_s:
        raise NoTruth("In this run the reader is no faster than what comes in: it never catches up. Run it again.")
    return behind / (out_per_s - coming_per_s)
