"""The look of L2.5: a point is a way to share work among workers, one of them slow; makespan over the ideal."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from labs.model.digest import Digest
from labs.model.text import counted, seconds, span, times
from labs.show import Json
from labs.show.looks import dots
from labs.show.looks.base import Chart, Guess, Look, View
from labs.show.looks.picture import drawn
from labs.show.quantities import Quantities, Quantity

NEAR, BAD = 1.15, 1.5
"""The makespan over the ideal: up to here a way is as good as the ideal, and beyond it is far from it."""
SLOW, UNEVEN, IDEAL = "more than 1.5 times the ideal", "up to 1.5 times the ideal", "about the ideal time"
KEYS = {"at": "median", "repeat": "one round"}


def ratios(digest: Digest) -> list[float]:
    """The makespan over the ideal in each repeat in which all jobs were done."""
    return digest.each("ratio")


def ratio(digest: Digest) -> float | None:
    """Their median."""
    return statistics.median(found) if (found := ratios(digest)) else None


def truth(digest: Digest) -> str:
    """How the median lies to the ideal."""
    found = ratio(digest)
    return "unknown" if found is None else IDEAL if found <= NEAR else UNEVEN if found <= BAD else SLOW


def ratio_text(value: float) -> str:
    """1.04; 3.5: as far as it says something. Below 1 nothing can be but a clock's error."""
    return "under 1" if value < 0.995 else f"{value:.2f}" if value < BAD else times(value)


def had(digest: Digest, *, slow: bool) -> list[int]:
    """How many jobs the slow worker did, or the others together, in each repeat."""
    return [sum(n for who, n in one["had"].items() if (int(who) == one["slow"]) == slow) for one in digest.repeats]


def idle(digest: Digest) -> list[int]:
    """How many workers did nothing, in each repeat."""
    return [sum(not number for number in one["had"].values()) for one in digest.repeats]


def _time(name: str) -> Callable[[Digest], list[float]]:
    return lambda digest: digest.each(name)


QUANTITIES = Quantities((
    Quantity("label", lambda digest: str(digest.settings["label"]), head="Way"),
    Quantity("times", ratio, ratio_text, head="Times the ideal", none="unknown"),
    Quantity("range", ratios, lambda found: span(found, ratio_text), head="In all rounds", none="unknown"),
    Quantity("makespan", _time("makespan_s"), seconds, head="All jobs done after", none="unknown"),
    Quantity("ideal", _time("ideal_s"), seconds, head="Ideal"),
    Quantity("slow_had", lambda digest: had(digest, slow=True), span, head="Jobs of the slow worker"),
    Quantity("others_had", lambda digest: had(digest, slow=False), span, head="Of the two others"),
    Quantity("idle", idle, span, head="Workers without a job"),
    Quantity("jobs", lambda digest: [sum(one["jobs"].values()) for one in digest.repeats], span),
    Quantity("rounds", lambda digest: len(digest.repeats), str),
    Quantity("", lambda digest: "; ".join(dict.fromkeys(filter(None, (one["trouble"] for one in digest.repeats)))),
             card="What went wrong"),
))  # fmt: skip


def _title(digest: Digest) -> str:
    if ratio(digest) is None:
        return "{label}: not every job was seen done"
    return "{label}: the jobs took {times} times the ideal"


def _spread(digest: Digest) -> str:
    """The range, where the rounds differ by more than a reading of the median shows."""
    found = ratios(digest)
    return " From round to round it was {range}." if found and max(found) > min(found) * NEAR else ""


def _slow(digest: Digest) -> str:
    return " The slow worker did {slow_had} of {jobs} jobs."


def _idle(digest: Digest) -> str:
    some = sum(number > 0 for number in idle(digest))
    return f" A worker had no job in {some} of {counted(len(digest.repeats), 'round')}." if some else ""


def shapes(digest: Digest) -> View:
    """A row of dots, and who did which job in the last round."""
    middle = ratio(digest)
    row = dots.marks(middle, ratios(digest), "unknown" if middle is None else ratio_text(middle))
    return {"dots": row, "pictures": drawn(digest)}


def layouts(digests: Sequence[Digest]) -> dict[str, Json]:
    """The axis of the ratios, from the ideal on the left."""
    axis = dots.log_ticks([one for digest in digests for one in ratios(digest)], (1, 10), "")
    axis["ticks"] = [[at, text] for at, text in ((1, "1"), (1.5, "1.5"), (2, "2"), (3, "3"), (5, "5"), (10, "10"))]
    return {"dots": dots.layout(("Way", "All jobs done, times the ideal (log)"), axis, KEYS)}


SHARING_LOOK = Look(
    point=("mode",),
    charts=(
        Chart("lanes", "Who did which job", "lanes"),
        Chart("dots", "All ways against the ideal", "dots", rows="mode"),
    ),
    quantities=QUANTITIES,
    title=_title,
    sentence=(_title, ".", _spread, _slow, _idle),
    part="{times} times the ideal",
    event="how long all jobs take",
    lead="the jobs took",
    shapes=shapes,
    layouts=layouts,
    rank="times",
)
SHARING_GUESS = Guess(
    question="{label}: one of three workers is five times as slow. How long do all jobs take?",
    options=(IDEAL, UNEVEN, SLOW),
    truth=truth,
)
