"""L5.3 What does "acknowledged" mean? Kafka's acks and flushes against a killed process and a power cut. Claim C45.

Messages are sent by a timetable, each with a confirmation of its own, so that a setting that cannot keep up shows.
"""

from __future__ import annotations

from dataclasses import replace

from labs.experiments import loss_verdicts
from labs.experiments.fault_lab import fault_lab
from labs.model.faults import LOAD
from labs.show.short.faults import acknowledged

LAB = fault_lab(
    "acknowledged",
    number="L5.3",
    title="What does “acknowledged” mean?",
    question="Kafka has said yes. What has it done by then, and what does each stronger yes cost?",
    short=acknowledged,
    profiles=("kafka-acks-0", "kafka-acks-1", "kafka-acks-all", "kafka-flush"),
    faults=("kill", "power"),
    default="kafka-acks-all",
    load=replace(LOAD, name="flood", rate_per_s=8000),
    seeds=5,
    claims=("C45",),
    rules=(loss_verdicts.c45,),
)
