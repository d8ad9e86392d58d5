"""The median of repeats, or nothing of none."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from labs.model.text import percent, seconds, span

__all__ = ["middle", "percent", "seconds", "span"]


def middle(values: Sequence[float]) -> float | None:
    """The median, or None of nothing."""
    return statistics.median(values) if values else None
