"""What is right about routing at rate: where the rate is first below a share of what it is without routing."""

from __future__ import annotations

from collections.abc import Sequence

from labs.pages.exercises.truths import Digests, NoTruth, answer, point
from labs.show.looks.routed import shares

NONE = "none"


@answer
def first_below(digests: Digests, line: str, steps: Sequence[int], share: float) -> str:
    """The first of these steps at which every repeat is below that share; `none` of them. NoTruth where repeats of a
    step lie on both sides."""
    for step in steps:
        found = shares(point(digests, way=f"{line}-{step}"))
        if not found or min(found) < share <= max(found):
            raise NoTruth(f"In this run the share at {step:,} lies on both sides of the bound. Run it again.")
        if max(found) < share:
            return str(step)
    return NONE
