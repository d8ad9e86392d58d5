"""L6.2 Does Redis forget? Its snapshots and its append-only file against three events. Claims C54 and C57."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labs.experiments import loss_verdicts
from labs.experiments.base import Experiment, Settings, Verdict
from labs.experiments.fault_lab import CHARTS, DISK_CONTROL, fault_control, judged, measured, points, profile_control
from labs.judge.digest import Digest
from labs.model.faults import ENDING
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.show.looks import FAULT_LOOK, LOSS_GUESS

NAME = "redis-forgets"
PROFILES = (
    "redis-list-none",
    "redis-list-rdb",
    "redis-list-rdb-often",
    "redis-list-no",
    "redis-list-everysec",
    "redis-list-always",
)


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One setting of Redis under one event."""
    return measured(NAME, [profile(settings["profile"])], settings, observer)


def grid() -> list[Settings]:
    """Every way that Redis has to remember, and every event."""
    return points(PROFILES, ENDING)


def verdict(digests: Sequence[Digest]) -> list[Verdict]:
    """C54 and C57 from these runs alone."""
    return loss_verdicts.redis_keeps(digests)


REDIS_FORGETS = Experiment(
    name=NAME,
    number="L6.2",
    title="Does Redis forget?",
    question="Redis works in memory. What is left of it after a stop, a kill and a power cut?",
    claims=("C54", "C57"),
    controls=(profile_control(PROFILES, "redis-list-rdb"), fault_control(ENDING, "kill"), DISK_CONTROL),
    grid=grid,
    run=run,
    verdict=verdict,
    of_part=dict.fromkeys(("C54", "C57"), ("never held",)),
    needs=(),
    judge=partial(judged, NAME),
    charts=CHARTS,
    look=FAULT_LOOK,
    guess=LOSS_GUESS,
)
