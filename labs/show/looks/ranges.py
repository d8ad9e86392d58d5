"""Repeats -> words: a count over the repeats is one number where they agree and a range where they do not."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from labs.model.text import ms_text


def span(values: Iterable[float]) -> str:
    """85 to 527, or 85 where all are alike; – where there are none."""
    known = sorted(values)
    if not known:
        return "–"
    return f"{known[0]:,g}" if known[0] == known[-1] else f"{known[0]:,g} to {known[-1]:,g}"


def seconds(values: Iterable[float | None]) -> str:
    """130 ms to 870 ms, 5.2 s; – where no repeat could say."""
    texts = [ms_text(value * 1000) for value in sorted(value for value in values if value is not None)]
    return " to ".join(dict.fromkeys([texts[0], texts[-1]])) if texts else "–"


def percent(shares: Iterable[float]) -> str:
    """2.9 % to 18 %; a share that is not all is never written as 100 %, one that is not none never as 0 %."""
    texts = [_percent(share) for share in sorted(shares)]
    return " to ".join(dict.fromkeys([texts[0], texts[-1]])) if texts else "–"


def _percent(share: float) -> str:
    if share in (0, 1):
        return f"{share * 100:.0f}\u00a0%"
    return "under 0.1\u00a0%" if share < 0.001 else "over 99.9\u00a0%" if share > 0.999 else f"{share * 100:.3g}\u00a0%"


def middle(values: Sequence[float]) -> float | None:
    """The median, or None of nothing."""
    return statistics.median(values) if values else None
