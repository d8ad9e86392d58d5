"""The look of L8.4: a point is a move from one broker to another; a grid of the contract, and the lines as bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from labs.model.digest import Digest
from labs.model.text import NBSP, count_of, counted, in_words, span
from labs.show import Json
from labs.show.looks.base import Chart, Guess, View
from labs.show.looks.picture import grid_look
from labs.show.pictures.grid import Capability, Cell, Quantity, Setup
from labs.show.quantities import Quantity as Said
from labs.show.quantities import Rows

NONE, ONE, MORE = "none", "one", "two or more"
FATES = {"once": "lines that stay", "gone": "lines that go", "twice": "new lines"}
BY = {"raw": "", "kombu": " by kombu", "faststream": " by FastStream"}
HEADS = ["Move", "Lines of the service’s file", "New file"]


def word(digest: Digest, row: str, name: str = "outcome") -> str:
    """What all repeats agree on; mixed where they do not."""
    found = {str(one["trials"][row][name]) for one in digest.repeats}
    return found.pop() if len(found) == 1 else "mixed"


def cell(row: str) -> Callable[[Digest], Cell]:
    """How the new service keeps a row of the contract: by its broker, by code of its own, or not."""

    def get(digest: Digest) -> Cell:
        now, was = word(digest, row), word(digest, row, "was")
        if now == "own code":
            lines = counted(digest.setup["own"][row], "own line")
            return Cell("partly", figure=lines, reason="" if was != "by itself" else "the old broker did it by itself")
        if now == "no":
            return Cell("no", reason="" if was == "no" else "the old service kept it")
        if now == "by itself":
            return Cell("yes")
        return Cell("unknown" if now == "unknown" else "mixed")

    return get


def built(digest: Digest) -> list[float]:
    """How many features have to be reimplemented or are lost, in each repeat."""
    return [(one["figures"]["built"] or 0) + (one["figures"]["lost"] or 0) for one in digest.repeats]


TABLE = (
    Quantity(Capability("Paid, mailed once"), cell("done")),
    Quantity(Capability("In order"), cell("order")),
    Quantity(Capability("Worker killed", "survives a killed worker", "survive a killed worker"), cell("redelivery")),
    Quantity(Capability("Slow worker"), cell("pressure")),
    Quantity(Capability("Tried later", "tries again later by itself", "try again later by themselves"), cell("retry")),
    Quantity(Capability("Parked", "parks what fails by itself", "park what fails by themselves"), cell("parked")),
    Quantity(Capability("Read again"), cell("replay")),
)  # fmt: skip
GRID = Chart("grid", "What the service keeps after the move", "grid", rows="porting")
STRIPS = Chart("strips", "What becomes of the lines", "strips", rows="porting")


def row(digest: Digest) -> Setup:
    """What the row of a point is called."""
    name = f"{digest.settings['label']}{BY[str(digest.settings['framework'])]}"
    return Setup(name, "", str(digest.settings["broker"]))


def feature_words(found: Sequence[float]) -> str:
    """one feature; no features; two to four features; none to two features."""
    ends = dict.fromkeys(in_words(round(end)) for end in (min(found), max(found)))
    if len(ends) > 1 and not round(min(found)):
        ends = {"none": None, in_words(round(max(found))): None}
    return f"{' to '.join(ends)} {'feature' if list(ends) == ['one'] else 'features'}"


def again_words(found: Sequence[float]) -> str:
    """What becomes of so many features: have to be reimplemented or are lost; of one: has to be."""
    one = set(found) == {1.0}
    return "has to be reimplemented or is lost" if one else "have to be reimplemented or are lost"


def _percent(name: str) -> Said[float]:
    return Said(name, lambda digest: digest.number(name), lambda value: f"{value:.0f}{NBSP}%")


def _lines(name: str) -> Said[int]:
    return Said(name, lambda digest: int(digest.setup[name]), "{:,}".format)


def _own(name: str) -> Said[int]:
    return Said(f"own_{name}", lambda digest: int(digest.setup["own"].get(name, 0)), "{:,}".format)


MORE_ASKED: Rows = (
    _percent("gone_pct"), _percent("whole_pct"), _lines("old"), _lines("gone"), _lines("new"), _lines("business"),
    *(_own(name) for name in ("redelivery", "retry", "parked")),
    Said("built", lambda digest: [one["figures"]["built"] for one in digest.repeats], span),
    Said("lost", lambda digest: [one["figures"]["lost"] for one in digest.repeats], span),
    Said("features", built, span),
    Said("told_features", built, lambda found: f"{feature_words(found)} {'is' if set(found) == {1.0} else 'are'}"),
    Said("took_s", lambda digest: digest.number("took_s"), lambda value: f"{value:g}{NBSP}s"),
)  # fmt: skip
BASE = grid_look(("framework", "porting"), GRID, TABLE, row, noun=("move", "moves"), more=MORE_ASKED)


def shapes(digest: Digest) -> View:
    """The row of the grid, and the bar: what stays and what goes of the old file, and what is new."""
    setup = digest.setup
    parts = {"once": setup["old"] - setup["gone"], "gone": setup["gone"], "twice": setup["new"]}
    whole = sum(parts.values())
    strip = [
        {"fate": fate, "share": round(number / whole, 4), "text": f"{counted(number, 'line')} {NAMES[fate]}"}
        for fate, number in parts.items()
    ]
    return BASE.shapes(digest) | {"strip": strip, "aside": counted(parts["once"] + parts["twice"], "line")}


NAMES = {"once": "stay", "gone": "go", "twice": "new"}


def layouts(digests: Sequence[Digest]) -> dict[str, Any]:
    """Columns of the grid, and heads and parts of the bars."""
    bars: Json = {"heads": HEADS, "fates": [list(one) for one in FATES.items()]}
    return {**BASE.layouts(digests), STRIPS.name: bars}


SWITCHING_LOOK = replace(
    BASE,
    charts=(GRID, STRIPS),
    shapes=shapes,
    layouts=layouts,
    title="{label}: {gone_pct} of the file’s lines are removed, and {told_features} reimplemented or lost",
    sentence=(
        "{label}: of {old} lines that know the broker {gone} go, and {new} are new; the {business} lines of the "
        "business stay. ",
        "{told}",
    ),
)


def truth(digest: Digest) -> str:
    """How many features the team has to reimplement or does without."""
    found = set(built(digest))
    if len(found) != 1:
        return "mixed"
    number = found.pop()
    return NONE if number == 0 else ONE if number == 1 else MORE


def summary(digests: Sequence[Digest]) -> str:
    """All moves in a sentence."""
    costly = sum(truth(one) == MORE for one in digests)
    said = count_of([costly], [len(digests)], "move")
    return f"{said[0].upper()}{said[1:]} cost two features or more."


SWITCHING_GUESS = Guess(
    "{label}: how many features have to be reimplemented, or are lost?", (NONE, ONE, MORE), truth, summary
)
