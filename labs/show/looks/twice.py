"""The look of the lab about a task that is run again: a point is a task on a broker, its runs on lanes."""

from __future__ import annotations

from collections.abc import Sequence

from labs.model.digest import Digest, Table
from labs.model.text import counted, enumerated, in_words, seconds, span
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import titled
from labs.show.pictures.items import State
from labs.show.quantities import Quantities, Quantity

FIRST, AGAIN = "first run", "repeated"
STATES = (State(FIRST, "holds", "pale", plain=True), State(AGAIN, "never", "striped", "diamond"))
OPTIONS = ("once", "twice", "three times", "more often")


def tasks(digest: Digest) -> list[Table]:
    """What each repeat saw of its task."""
    return [one["trials"]["task"] for one in digest.repeats]


def times(digest: Digest) -> list[int]:
    """How often each repeat's task was run; nothing where one repeat does not know."""
    found = [one.get("times") for one in tasks(digest)]
    return [] if None in found else [int(one) for one in found if one]


def often(number: int) -> str:
    """once, twice, three times, 13 times"""
    return OPTIONS[number - 1] if number <= 2 else f"{in_words(number)} times"


def _often(digest: Digest) -> str:
    """once; once to twice: of all repeats."""
    return span(times(digest), lambda number: often(int(number)), none="an unknown number of times")


def _starts(digest: Digest) -> list[float]:
    """When each run but the first began, in the last repeat."""
    return [one["at_s"] for one in tasks(digest)[-1]["runs"][1:]]


def _title(_digest: Digest) -> str:
    return "{label}: the task was run {often}"


def _again(digest: Digest) -> str:
    began = _starts(digest)
    if not began or not times(digest):
        return ""
    told = enumerated([seconds([at]) for at in began])
    who = len({one["worker"] for one in tasks(digest)[-1]["runs"]})
    where = "on both workers" if who > 1 else "on one worker"
    return f" In the last round it began again after {told}, {where}, while the first was still at it."


def _early(digest: Digest) -> str:
    return (
        "" if digest.setup.get("late", True) else " It was acknowledged before it was begun, so a kill would lose it."
    )


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Task"),
    Quantity("often", _often, head="Run"),
    Quantity("times", lambda digest: digest.number("times"), "{:g}".format),
    Quantity("task", lambda digest: [digest.setup["task_s"]], seconds, head="The task takes"),
    Quantity("lease", lambda digest: [one] if (one := digest.setup.get("lease_s")) else [], seconds, "Time-out"),
    Quantity("second", lambda digest: [t["runs"][1]["at_s"] for t in tasks(digest) if len(t["runs"]) > 1], seconds,
             "Second run began"),
    Quantity("together", lambda digest: [one.get("together") for one in tasks(digest)], span,
             "Begun before an earlier run ended"),
    Quantity("rounds", lambda digest: len(digest.repeats), str),
    Quantity("took", lambda digest: [one["took_s"] for one in digest.repeats], seconds),
))  # fmt: skip


def shapes(digest: Digest) -> View:
    """The lanes of the last repeat, under the title of all of them."""
    return {"pictures": titled(digest, TWICE_LOOK.quantities.said(_title, digest))}


def truth(digest: Digest) -> str:
    """How often the task was run; unknown, or mixed where repeats differ."""
    found = set(times(digest))
    if len(found) != 1:
        return "mixed" if found else "unknown"
    return OPTIONS[min(found.pop(), len(OPTIONS)) - 1]


def summary(digests: Sequence[Digest]) -> str:
    """All points in a sentence."""
    again = [str(one.settings["label"]) for one in digests if truth(one) in OPTIONS[1:]]
    known = [one for one in digests if truth(one) in OPTIONS]
    if not known:
        return "No run of the task was seen to end."
    tasks_of = counted(len(known), "task")
    return f"Of {tasks_of}, {in_words(len(again))} {'was' if len(again) == 1 else 'were'} run again." if again else (
        f"Of {tasks_of}, none was run again."
    )  # fmt: skip


TWICE_LOOK = Look(
    point=("way",),
    charts=(Chart("lanes", "Who ran the task, and when", "lanes"),),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, ".", _again, _early),
    part="{often}",
    event="how often the task was run",
    lead="the task was run:",
    shapes=shapes,
    several=summary,
)
TWICE_GUESS = Guess("{label}: two workers, free processes, nothing fails. How often is the one task run?",
                    OPTIONS, truth, summary)  # fmt: skip
