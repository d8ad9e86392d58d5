"""Test data, not measurements: points of the labs about rates."""

from __future__ import annotations

from typing import Any

from labs.experiments.rate_lab import _digest
from labs.judge.lift import CHAIN, Limit
from labs.judge.limit import Stamp
from labs.model.digest import Digest
from labs.scenarios.bench.base import Figure

FULL: dict[str, Stamp] = {"broker": "broker-bound", "machine": "machine-bound", "client": "client-bound"}


def rounds(per_s: float, word: Limit, *, count: int = 3, by: float = 1.5) -> list[Figure]:
    """Repeats whose limit is that: what lifts it brings so many times the rate."""
    found = []
    for number in range(count):
        rate, lift = per_s * (0.9 + 0.1 * number), dict[str, Any]()
        for name in CHAIN if word != "not looked for" else ():
            reached = CHAIN.index(name) >= CHAIN.index(word) if word in CHAIN else False
            lift[name] = {"what": f"twice the {name}", "blame": f"the {name} was it", "per_s": rate * by**reached}
        stamp = FULL.get(word, "not-full")
        found.append(Figure(rate, 1.0, {"broker": 0.9, "client": 0.5}, f"{stamp} seen", stamp=stamp, lift=lift))
    return found


def point(lab: Any, name: str, per_s: float, word: Limit = "broker") -> Digest:
    """A digest of that way, as three equal repeats would make it."""
    chosen = next(one for one in lab.ways if one.name == name)
    card = {"broker": "made up", "date": "2000-01-01", "repeats": 3}
    return _digest(lab.name, chosen, rounds(per_s, word), card)
