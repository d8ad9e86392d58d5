"""Repeats as one: medians and ranges, and on what they agree."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from labs.model.figures import Repeat, figure

Steps = Mapping[str, float | None]
Summed = dict[str, Any]
"""`median` and `spread` of a digest."""
SumUp = Callable[[Sequence[Repeat]], Summed]
"""The repeats as a digest has them -> `median` and `spread`: of one round's and of all rounds' alike."""

ALL_UP_TO, SHARE = 8, 0.8


def needed(number: int) -> int:
    """Of so many repeats how many have to pass: all of up to eight, eight of nine, four in five of more."""
    if number <= ALL_UP_TO:
        return number
    return ALL_UP_TO if number == ALL_UP_TO + 1 else math.ceil(SHARE * number)


def nothing(_repeats: Sequence[Repeat]) -> Summed:
    """Of a lab whose charts say by themselves what is made of the repeats."""
    return {"median": {}, "spread": {}}


def median_of(ladders: Sequence[Steps]) -> dict[str, float | None]:
    """Step by step the median over the repeats; None unless every repeat could say."""
    table = {name: [ladder[name] for ladder in ladders] for name in ladders[0]}
    return {name: None if None in values else known_median(values) for name, values in table.items()}


def spread_of(ladders: Sequence[Steps]) -> dict[str, list[float] | None]:
    """Step by step [lowest, highest] over the repeats; None unless every repeat could say."""
    table = {name: [ladder[name] for ladder in ladders] for name in ladders[0]}
    return {name: None if None in values else known_range(values) for name, values in table.items()}


def known_median(values: Sequence[float | None], digits: int = 4) -> float | None:
    """The median of the repeats that could say, None if none could."""
    known = [value for value in values if value is not None]
    return round(statistics.median(known), digits) if known else None


def known_range(values: Sequence[float | None]) -> list[float] | None:
    """The lowest and the highest of the repeats that could say, None if none could."""
    known = [value for value in values if value is not None]
    return [min(known), max(known)] if known else None


def summed_figures(repeats: Sequence[Repeat]) -> Summed:
    """The median and the range of each figure and, in seconds, what a repeat took in the median."""
    known = {name: [figure(one, "figures", name) for one in repeats] for name in repeats[0]["figures"]}
    took_s = known_median([one["took_s"] for one in repeats], 1)
    return {
        "median": {"figures": {name: known_median(values, 3) for name, values in known.items()}, "took_s": took_s},
        "spread": {"figures": {name: known_range(values) for name, values in known.items()}},
    }


def worst_verdict(verdicts: Sequence[str]) -> str:
    """Broken if any repeat is, else unknown if any is, else kept."""
    return next((word for word in ("broken", "unknown") if word in verdicts), "kept")


def agreement(repeats: Sequence[Repeat]) -> dict[str, str | float | None]:
    """Their outcome (mixed if they disagree), how many agree on the commonest, and the worst verdict."""
    outcomes = Counter(one["outcome"] for one in repeats)
    [(outcome, agree)] = outcomes.most_common(1)
    verdict = worst_verdict([one["verdict"] for one in repeats])
    return {"outcome": outcome if len(outcomes) == 1 else "mixed", "agree": agree, "verdict": verdict}


def foreign(repeat: Mapping[str, Any]) -> Iterator[float]:
    """What other programs used meanwhile, in cores, wherever a repeat has it."""
    for name, one in repeat.items():
        if name == "foreign" and isinstance(one, int | float):
            yield float(one)
        elif isinstance(one, Mapping):
            yield from foreign(one)
