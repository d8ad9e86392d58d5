"""L3.5b Spot the trick: charts as those of `how-benchmarks-lie`, and the reader says what was done to each."""

from __future__ import annotations

from dataclasses import replace

from labs.experiments import how_benchmarks_lie
from labs.experiments.base import Control, Option, Settings
from labs.experiments.how_benchmarks_lie import REPEATS, compared
from labs.model.digest import Digest
from labs.model.figures import Chosen
from labs.model.observer import Observer
from labs.model.tricks import trick
from labs.show.looks import SPOT_GUESS, SPOT_LOOK

NAME = "spot-the-trick"
CASES = {
    "a": ("batch", "rabbitmq"),
    "b": ("stamps", "redis"),
    "c": ("durability", "kafka"),
    "d": ("warm-up", "redis"),
    "e": ("payload", "rabbitmq"),
    "f": ("omission", "kafka"),
    "g": ("lane", "redis"),
    "h": ("ack", "kafka"),
}
"""Chart -> what was done to it. The guess is which."""


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One chart whose trick the reader has to find: nothing that names it is in the settings that a panel shows."""
    case = settings["case"]
    name, winner = CASES[case]
    found = compared(trick(name), [winner], settings, observer)[winner]
    named: Chosen = {**found.settings, "case": case, "label": f"Chart {case.upper()}"}
    return [replace(found, lab=NAME, settings=named)]


def grid() -> list[Settings]:
    """Each chart."""
    return [{"case": case, "repeats": REPEATS} for case in CASES]


LAB = replace(
    how_benchmarks_lie.LAB,
    name=NAME,
    number="L3.5b",
    title="Spot the trick",
    question="What did whoever drew this chart do?",
    short=None,
    controls=(
        Control("case", "The chart", "choice", "a", tuple(Option(case, f"Chart {case.upper()}") for case in CASES)),
    ),
    grid=grid,
    run=run,
    look=SPOT_LOOK,
    guess=SPOT_GUESS,
)
