"""The fault theatre: any setting of any broker, several side by side, any fault, and the bill."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labs.experiments.base import Control, Experiment, Option, Settings, Verdict
from labs.experiments.fault_lab import CHARTS, DISK_CONTROL, MATRIX, fault_control, judged, measured, points
from labs.judge.digest import Digest
from labs.model.faults import KINDS
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.show.looks import FAULT_LOOK, LOSS_GUESS

NAME = "fault-theatre"
SHOWN = ("redis-list-everysec", "rabbitmq-confirms", "kafka-acks-all")
"""Recorded, and on stage at first: what each broker acknowledges once it would survive a kill."""


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """The same fault for each chosen setting, one after the other."""
    return measured(NAME, [profile(name) for name in settings["profile"]], settings, observer)


def grid() -> list[Settings]:
    """Three settings by every fault."""
    found = [point for point in points(SHOWN, KINDS) if point["fault"] != "memory-full" or "redis" in point["profile"]]
    return [point | {"profile": [point["profile"]]} for point in found]


def verdict(_digests: Sequence[Digest]) -> list[Verdict]:
    """The theatre judges no claim: it is there to try things."""
    return []


FAULT_THEATRE = Experiment(
    name=NAME,
    number="L3.2b",
    title="Fault theatre",
    question="Choose the brokers, choose the fault, guess, and see the bill side by side.",
    claims=(),
    controls=(
        Control(
            "profile",
            "Settings",
            "many",
            list(SHOWN),
            tuple(Option(name, profile(name).label) for name in MATRIX),
            alias="setting",
        ),
        fault_control(KINDS, "kill"),
        DISK_CONTROL,
    ),
    grid=grid,
    run=run,
    verdict=verdict,
    needs=(),
    judge=partial(judged, NAME),
    charts=CHARTS,
    look=FAULT_LOOK,
    guess=LOSS_GUESS,
)
