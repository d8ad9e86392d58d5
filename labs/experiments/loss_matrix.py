"""L3.2 The loss matrix: which setting of which broker survives which event?

Claims C02, C04, C29, C33, C43 (what persistence buys) and C45.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labs.experiments import loss_verdicts
from labs.experiments.base import Experiment, Settings, Verdict
from labs.experiments.fault_lab import (
    CHARTS,
    DISK_CONTROL,
    MATRIX,
    fault_control,
    judged,
    measured,
    points,
    profile_control,
)
from labs.judge.digest import Digest
from labs.model.faults import ENDING
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.show.looks import FAULT_LOOK, LOSS_GUESS

NAME = "loss-matrix"


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One cell of the matrix."""
    return measured(NAME, [profile(settings["profile"])], settings, observer)


def grid() -> list[Settings]:
    """Every cell."""
    return points(MATRIX, ENDING)


def verdict(digests: Sequence[Digest]) -> list[Verdict]:
    """Words on six claims from the cells that are there."""
    judges = loss_verdicts
    return [rule(digests) for rule in (judges.c02, judges.c04, judges.c29, judges.c33, judges.c43, judges.c45)]


LOSS_MATRIX = Experiment(
    name=NAME,
    number="L3.2",
    title="The loss matrix",
    question="Which setting keeps the messages that the broker has acknowledged, and through which event?",
    claims=("C02", "C04", "C29", "C33", "C43", "C45"),
    controls=(profile_control(MATRIX, "redis-list-rdb"), fault_control(ENDING, "kill"), DISK_CONTROL),
    grid=grid,
    run=run,
    verdict=verdict,
    of_part=dict.fromkeys(("C02", "C29", "C33", "C45"), ("holds with conditions",)) | {"C04": ("never held",)},
    needs=(),
    judge=partial(judged, NAME),
    charts=CHARTS,
    look=FAULT_LOOK,
    guess=LOSS_GUESS,
)
