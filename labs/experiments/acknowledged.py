"""L5.3 What does "acknowledged" mean? Kafka's acks and flushes against a killed process and a power cut. Claim C45.

About as much is sent as one Python client can hand over, so that a setting that cannot keep up would show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from labs.experiments import loss_verdicts
from labs.experiments.base import Experiment, Settings, Verdict
from labs.experiments.fault_lab import CHARTS, DISK_CONTROL, fault_control, judged, measured, points, profile_control
from labs.judge.digest import Digest
from labs.model.faults import LOAD
from labs.model.observer import Observer
from labs.model.profile import profile
from labs.show.looks import FAULT_LOOK, LOSS_GUESS

NAME = "acknowledged"
PROFILES = ("kafka-acks-0", "kafka-acks-1", "kafka-acks-all", "kafka-flush")
FAULTS = ("kill", "power")
FLOOD = replace(LOAD, name="flood", rate_per_s=8000)


def run(settings: Settings, observer: Observer) -> list[Digest]:
    """One setting of Kafka under one fault."""
    return measured(NAME, [profile(settings["profile"])], settings, observer, load=FLOOD)


def grid() -> list[Settings]:
    """Four meanings of acknowledged, two events."""
    return points(PROFILES, FAULTS)


def verdict(digests: Sequence[Digest]) -> list[Verdict]:
    """C45 from these runs alone."""
    return [loss_verdicts.c45(digests)]


ACKNOWLEDGED = Experiment(
    name=NAME,
    number="L5.3",
    title="What does “acknowledged” mean?",
    question="Kafka has said yes. What has it done by then, and what does each stronger yes cost?",
    claims=("C45",),
    controls=(profile_control(PROFILES, "kafka-acks-all"), fault_control(FAULTS, "kill"), DISK_CONTROL),
    grid=grid,
    run=run,
    verdict=verdict,
    of_part={"C45": ("holds with conditions",)},
    needs=(),
    judge=partial(judged, NAME),
    charts=CHARTS,
    look=FAULT_LOOK,
    guess=LOSS_GUESS,
)
