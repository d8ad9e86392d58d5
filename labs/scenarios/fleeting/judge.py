"""FleetingRun -> what came fresh, what came stale and what was dropped, and how old it was. Pure arithmetic on facts.

A message counts once, by the first time that it came. It is fresh if a consumer handled it within LIFE_S of its due
time and a little grace, stale if later, thrown if the consumer found it too old, and gone if it never came. Gone is
said only where it is proven: all was sent, and a consumer asked afterwards and got nothing more.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from labs.judge.soundness import stood_still
from labs.model.figures import BEYOND, Repeat
from labs.model.run import NEVER, Column
from labs.model.workload import NS_PER_S
from labs.scenarios.fleeting import GAP_S, GRACE_S, LIFE_S
from labs.scenarios.fleeting.board import Fate
from labs.scenarios.fleeting.facts import FleetingRun

NS_PER_MS = 1_000_000
FATES = ("fresh", "stale", "thrown", "gone")
LATE_S = 0.4
"""So much later than planned somebody reads again at most: with more, everything would be older than its life."""
OLD_NS = round((LIFE_S + GRACE_S) * NS_PER_S)


def judge(run: FleetingRun) -> Repeat:
    """One repeat of a point."""
    fates, ages = by_message(run)
    whole = len(fates)
    counts = {name: int((fates == name).sum()) for name in FATES}
    doubled = len(run["number"]) - int((fates != "gone").sum())
    figures: dict[str, float | None] = {f"{name}_share": number / whole for name, number in counts.items()}
    figures["dropped_share"] = (counts["thrown"] + counts["gone"]) / whole
    handled = np.sort(ages[(fates == "fresh") | (fates == "stale")]) / NS_PER_MS
    figures |= {"p50_ms": quantile(handled, 0.5), "p99_ms": quantile(handled, 0.99)}
    figures["oldest_ms"] = float(handled[-1]) if len(handled) else None
    return {
        "verdict": verdict(run),
        "counts": {"sent": whole, **counts, "dropped": counts["thrown"] + counts["gone"], "doubled": doubled},
        "figures": {name: None if value is None else round(float(value), 4) for name, value in figures.items()},
        "fault": {"kind": run.gap, "evidence": run.evidence},
        "trouble": run.trouble,
    }


def verdict(run: FleetingRun) -> Literal["known", "unknown"]:
    """Whether it is proven what became of every message: what never came would have come if it still could."""
    shown = run.gap == "none" or (run.gap_to_ns > run.gap_from_ns and "not seen" not in run.evidence)
    sent = bool((run["sent_ns"] != NEVER).all())
    return "known" if run.settled and sent and shown and not run.trouble else "unknown"


def by_message(run: FleetingRun) -> tuple[np.ndarray[Any, Any], Column]:
    """Of each message its fate, and its age in ns when it first came; NEVER of one that did not."""
    due = run["due_ns"]
    ages, fates = np.full(len(due), NEVER, np.int64), np.full(len(due), "gone", object)
    ours = (run["number"] >= 0) & (run["number"] < len(due))
    numbers, came, said = (run[name][ours] for name in ("number", "came_ns", "fate"))
    order = np.argsort(came, kind="stable")[::-1]
    ages[numbers[order]] = came[order] - due[numbers[order]]
    words = np.where(said == Fate.THROWN, "thrown", np.where(came - due[numbers] > OLD_NS, "stale", "fresh"))
    fates[numbers[order]] = words[order]
    return fates, ages


def quantile(values: np.ndarray[Any, Any], share: float) -> float | None:
    """The nearest rank of sorted values; None with too few samples beyond it."""
    if len(values) * (1 - share) < BEYOND - 1e-9:
        return None
    return float(values[int(np.ceil(share * len(values))) - 1])


def void(run: FleetingRun) -> str:
    """Why nothing is known from a run, because the machine stood still or was too busy; empty if something is."""
    gap_s = (run.gap_to_ns - run.gap_from_ns) / NS_PER_S
    if gap_s > GAP_S + LATE_S:
        return f"nobody read for {gap_s:.1f} s instead of {GAP_S:g} s: the machine was busy with something else"
    return stood_still(run.facts.get("pauses", ()), [run[name] for name in ("sent_ns", "came_ns")])
