"""L6.2 Does Redis forget? Its snapshots and its append-only file against three events. Claims C54 and C57."""

from __future__ import annotations

from labs.experiments import loss_verdicts
from labs.experiments.fault_lab import fault_lab
from labs.model.faults import ENDING
from labs.show.short.faults import redis_forgets

LAB = fault_lab(
    "redis-forgets",
    number="L6.2",
    title="Does Redis forget?",
    question="Redis works in memory. What is left of it after a stop, a kill and a power cut?",
    short=redis_forgets,
    profiles=(
        "redis-list-none",
        "redis-list-rdb",
        "redis-list-rdb-often",
        "redis-list-no",
        "redis-list-everysec",
        "redis-list-always",
    ),
    faults=ENDING,
    default="redis-list-rdb",
    claims=("C54", "C57"),
    rules=(loss_verdicts.c54, loss_verdicts.c57),
)
