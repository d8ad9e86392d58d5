"""L3.2 The loss matrix: which setting of which broker survives which event?

Claims C02, C04, C29, C33 and C45.
"""

from __future__ import annotations

from labs.experiments import loss_verdicts as judges
from labs.experiments.fault_lab import MATRIX, fault_lab
from labs.model.faults import ENDING
from labs.show.short.faults import loss_matrix

LAB = fault_lab(
    "loss-matrix",
    number="L3.2",
    title="The loss matrix",
    question="Which setting keeps the messages that the broker has acknowledged, and through which event?",
    short=loss_matrix,
    profiles=MATRIX,
    faults=ENDING,
    default="redis-list-rdb",
    seeds=5,
    claims=("C02", "C04", "C29", "C33", "C45"),
    rules=(judges.c02, judges.c04, judges.c29, judges.c33, judges.c45),
)
