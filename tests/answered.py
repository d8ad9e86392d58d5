"""Answers to an exercise, made from what is right: right ones, some that are nearly right, and others far off."""

from __future__ import annotations

from labs.pages.exercises.answers import Plain
from labs.pages.exercises.questions import Exercise

EDGE = 1e-6
"""So much inside or outside of the tolerance, as a share of what is right."""


def right_ones(asked: Exercise, right: Plain) -> list[Plain]:
    """What has to be accepted: for a number the edges of its tolerance too."""
    if isinstance(right, float):
        return [right, right * (1 + asked.tolerance - EDGE), right * (1 - asked.tolerance + EDGE)]
    return [right]


def near_ones(asked: Exercise, right: Plain) -> list[Plain]:
    """What has to be refused although little is missing."""
    if isinstance(right, float):
        return [right * (1 + asked.tolerance + EDGE), right * (1 - asked.tolerance - EDGE)]
    if isinstance(right, frozenset):
        return [right ^ {name} for name in asked.options]
    if isinstance(right, dict):
        others = {cell: next(name for name in asked.options if name != place) for cell, place in right.items()}
        return [right | {cell: others[cell]} for cell in right]
    if asked.kind == "text":
        return [f"{right}s", str(right)[:-1], f"{right} not"]
    return [name for name in asked.options if name != right]


def far_ones(right: Plain) -> list[Plain]:
    """Numbers that are far off, each in another way: the unit, the sign, nothing at all."""
    factors = (-1.0, 0.0, 1e-9, 1 / 60, 0.001, 0.3, 1.4, 3.0, 6.0, 12.0, 60.0, 1000.0, 1150.0, 1205.0, 1e6, 1e9)
    return [right * factor for factor in factors] if isinstance(right, float) else []
