"""Made-up points of the labs about tricks, as their own code puts them together from planted figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from labs.experiments.how_benchmarks_lie import _digest
from labs.experiments.spot_the_trick import CASES
from labs.experiments.spot_the_trick import NAME as SPOT
from labs.model.digest import Digest
from labs.model.profile import BROKERS
from labs.model.tricks import trick

PLAIN = {"redis": 2000.0, "rabbitmq": 200.0, "kafka": 1000.0}
CARD = {"broker": "made up", "date": "2000-01-01", "repeats": 3}
GAIN = 40.0


def measured(value: float | None, stamp: str = "not-full") -> dict[str, Any]:
    return {"value": value, "stamp": stamp, "limit": f"{stamp}, planted", "foreign": 0.0}


def rounds(name: str, repeats: int = 3, stamp: str = "not-full") -> list[dict[tuple[str, bool], dict[str, Any]]]:
    """Each broker's plain figure and, with the trick, one that is GAIN times better (or worse, for the others)."""
    chosen = trick(name)
    better = GAIN if chosen.more_is_better == chosen.favours else 1 / GAIN
    return [
        {
            (broker, tilted): measured(PLAIN[broker] * (better if tilted else 1.0) * (1 + at / 10), stamp)
            for broker in BROKERS
            for tilted in (False, True)
        }
        for at in range(repeats)
    ]


def point(name: str, winner: str, **more: Any) -> Digest:
    return _digest(trick(name), winner, rounds(name, **more), CARD)


def case(which: str) -> Digest:
    found = point(*CASES[which])
    return replace(found, lab=SPOT, settings={**found.settings, "case": which, "label": f"Chart {which.upper()}"})


SPOTS = [case(which) for which in CASES]
