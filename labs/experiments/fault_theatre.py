"""The fault theatre: any setting of any broker, several side by side, any fault, and the bill. It judges no claim."""

from __future__ import annotations

from labs.experiments.fault_lab import MATRIX, fault_lab
from labs.model.faults import KINDS

LAB = fault_lab(
    "fault-theatre",
    number="L3.2b",
    title="Fault theatre",
    question="Choose the brokers, choose the fault, guess, and see the bill side by side.",
    profiles=MATRIX,
    faults=KINDS,
    default=("redis-list-everysec", "rabbitmq-confirms", "kafka-acks-all"),  # acknowledged once it would survive a kill
)
