"""What is right about a Celery application on three brokers: which rows of the checklist pass where."""

from __future__ import annotations

from labs.pages.exercises.truths import Digests, NoTruth, answer, point
from labs.show.looks.stack_tasks import CHECKLIST, word

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
