"""Test data, not measurements: what a broker costs before the first message, in the shape that the lab gives."""

from __future__ import annotations

from typing import Any

from labs.experiments.before_the_first_message import digest
from labs.model.digest import Digest
from labs.scenarios.pairs import PAIRS, SURVIVES

MB = 1_000_000


def weights(*broker_mb: int, pair_mb: int = 30) -> list[dict[str, Any]]:
    """What the processes of a pair weigh, its broker's as given."""
    rows = [("sender", pair_mb), ("receiver", pair_mb), *(("broker", mb) for mb in broker_mb)]
    return [{"role": role, "name": role, "rss": mb * MB, "pss": mb * MB // 2} for role, mb in rows]


def repeat(rows: list[dict[str, Any]], lost: int = 0, **more: Any) -> dict[str, Any]:
    """A repeat of a pair with these weights and so many lost jobs."""
    jobs = {"jobs": 200, "once": 200 - lost, "twice": 0, "lost": lost, "unknown": 0, "told": 0}
    known = {"ready_s": 2.0, "first_s": 0.5, "weights": rows, "calm": True, "seen": True, "seed": 1, "jobs": jobs}
    known |= {"verdict": "kept", "trouble": "", "fault": {"evidence": "died of SIGKILL"}, "took_s": 9.0}
    return known | more


def point(carrier: str, guarantee: str = SURVIVES, *repeats: dict[str, Any]) -> Digest:
    """A digest of a pair, of these repeats or of two usual ones."""
    pair = PAIRS[carrier, guarantee]
    usual = repeat(weights(*([100] if pair.has_broker else [])))
    return digest(pair, repeats or (usual, usual), {"date": "2000-01-01", "repeats": 2})
