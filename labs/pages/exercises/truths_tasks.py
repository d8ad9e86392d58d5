"""What is right about a Celery application on three brokers: which rows of the checklist pass where."""

from __future__ import annotations

from collections.abc import Sequence

from labs.pages.exercises.truths import Digests, NoTruth, answer, point
from labs.show.looks.stack_tasks import CHECKLIST, word
from labs.show.looks.twice import times

SURE = ("yes", "no", "partly")


def _sure(said: str, label: object) -> str:
    if said not in SURE:
        raise NoTruth(f"{label}: this run does not say what became of it. Run it again.")
    return said


@answer
def rows_failing(digests: Digests, way: str) -> frozenset[str]:
    """The rows of the checklist that do not say yes there, in every repeat."""
    one = point(digests, way=way)
    return frozenset(name for name in CHECKLIST if _sure(word(one, name), one.settings["label"]) != "yes")


@answer
def row_by_way(digests: Digests, row: str) -> dict[str, str]:
    """Way -> the word of that row. NoTruth where a way is not measured or its repeats differ."""
    found = {str(one.settings["way"]): _sure(word(one, row), one.settings["label"]) for one in digests}
    if len(found) < 2:
        raise NoTruth("This run has one broker only: run the lab with all of them.")
    return found


RUNS = {1: "once", 2: "twice", 3: "three"}


@answer
def runs_of_way(digests: Digests, way: str) -> str:
    """How often the task of that way was run, in every repeat."""
    one = point(digests, way=way)
    found = set(times(one))
    if len(found) != 1 or not found <= set(RUNS):
        raise NoTruth(f"{one.settings['label']}: this run does not say how often the task was run. Run it again.")
    return RUNS[found.pop()]


@answer
def runs_by_way(digests: Digests, ways: Sequence[str]) -> dict[str, str]:
    """The same of these ways."""
    return {way: runs_of_way(digests, way) for way in ways}
