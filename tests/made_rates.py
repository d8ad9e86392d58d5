"""Test data, not measurements: points of the labs about rates, and what their rule says of some."""

from __future__ import annotations

from typing import Any

from labs.experiments import experiment
from labs.experiments.rate_lab import _digest
from labs.judge.limit import Stamp
from labs.model.digest import Digest
from labs.scenarios.bench.base import Figure


def point(lab: Any, name: str, per_s: float, stamp: Stamp = "broker-bound") -> Digest:
    """A digest of that way, as three equal repeats would make it."""
    chosen = next(one for one in lab.ways if one.name == name)
    used, limit = {"broker": 0.9, "client": 0.5}, f"{stamp.removesuffix('-bound')} at the limit"
    figures = [Figure(per_s * share, 1.0, used, limit, stamp=stamp) for share in (0.9, 1, 1.1)]
    return _digest(lab.name, chosen, figures, {"broker": "made up", "date": "2000-01-01", "repeats": 3})


def word_of(name: str, rates: dict[str, float], bound: tuple[str, ...] = (), waits: tuple[str, ...] = ()) -> str:
    """The word of a lab on these rates by way, some of them bound by the client or by the window."""
    lab = experiment(name)
    stamps: dict[str, Stamp] = dict.fromkeys(bound, "client-bound") | dict.fromkeys(waits, "window-bound")
    found = [point(lab, way, per_s, stamps.get(way, "broker-bound")) for way, per_s in rates.items()]
    return str(lab.verdict([*found, *lab.elsewhere()])[0].word)
