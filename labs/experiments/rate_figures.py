"""The repeats of one way of sending -> what a digest keeps of them: each repeat, the medians, the spread."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from labs.scenarios.bench.base import Figure


def summed(figures: Sequence[Figure]) -> dict[str, Any]:
    """`repeats`, `median` and `spread` of a digest."""
    bound = sum(one.client_bound for one in figures) * 2 > len(figures)
    alike = [one for one in figures if one.client_bound == bound]
    stamp = statistics.mode(one.stamp for one in alike)
    values = [one.value for one in figures]
    median = {
        "per_s": short(statistics.median(values)),
        "client_bound": bound,
        "stamp": stamp,
        "limit": next(one.limit for one in alike if one.stamp == stamp),
    }
    more = rounded(middle([one.more for one in figures]))
    spread = {"per_s": [min(values), max(values)]}
    return {"repeats": [_repeat(one) for one in figures], "median": median | more, "spread": spread}


def _repeat(one: Figure) -> dict[str, Any]:
    return {
        "per_s": short(one.value),
        "client_bound": one.client_bound,
        "stamp": one.stamp,
        "limit": one.limit,
        "cores": {role: None if used is None else round(used, 2) for role, used in one.cores.items()},
        "foreign": round(one.foreign, 3),
        "said": one.said,
        "trouble": "",
    } | rounded(one.more)


def middle(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The median of each figure, name by name: None where one repeat could not say, no name that one does not have.
    Lists, such as the ledgers of several subscribers, have no median."""
    made: dict[str, Any] = {}
    for name in [name for name in found[0] if all(name in one for one in found)]:
        values = [one[name] for one in found]
        if isinstance(values[0], list):
            continue
        if isinstance(values[0], Mapping):
            made[name] = middle(values)
        else:
            made[name] = None if None in values else statistics.median(values)
    return made


def rounded(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same with five digits that mean something; lists as they are."""
    return {
        name: rounded(one) if isinstance(one, Mapping) else one if isinstance(one, list) else short(one)
        for name, one in found.items()
    }


def short(value: float | None) -> float | None:
    """Five digits."""
    return None if value is None else float(f"{value:.5g}")
