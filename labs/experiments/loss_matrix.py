"""L3.2 The loss matrix: which setting of which broker survives which event?

Claims C02, C04, C29, C33, C43 (what persistence buys) and C45.
"""

from __future__ import annotations

from collections.abc import Sequence

from labs.experiments import loss_verdicts
from labs.experiments.base import Verdict
from labs.experiments.fault_lab import MATRIX, fault_lab
from labs.model.digest import Digest
from labs.model.faults import ENDING


def verdict(digests: Sequence[Digest]) -> list[Verdict]:
    """Words on six claims from the cells that are there."""
    judges = loss_verdicts
    return [rule(digests) for rule in (judges.c02, judges.c04, judges.c29, judges.c33, judges.c43, judges.c45)]


LAB = fault_lab(
    "loss-matrix",
    number="L3.2",
    title="The loss matrix",
    question="Which setting keeps the messages that the broker has acknowledged, and through which event?",
    profiles=MATRIX,
    faults=ENDING,
    default="redis-list-rdb",
    claims=("C02", "C04", "C29", "C33", "C43", "C45"),
    verdict=verdict,
    of_part=dict.fromkeys(("C02", "C29", "C33", "C45"), ("holds with conditions",)) | {"C04": ("never held",)},
)
