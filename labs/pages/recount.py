"""What the second count of the verdicts reads out of the raw recorded files, plainly (labs/pages/recount_claims.py).

It imports nothing of ours, so that no mistake of the rules can be in it: what it agrees with was found twice.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

HOLDS, IF, GONE, NEVER, OPEN = "holds", "holds with conditions", "no longer holds", "never held", "undecided here"
BROKERS = ("redis", "rabbitmq", "kafka")
Points = list[dict[str, Any]]


class LopsidedError(Exception):
    """What is compared was not measured in the same rounds."""


class Recount:
    """The recorded files of a folder, and the policy of the claim that is being counted."""

    def __init__(self, folder: Path, policy: str) -> None:
        self.folder, self.policy, self._read = folder, policy, dict[str, Points]()

    def points(self, lab: str, **settings: object) -> Points:
        """The points of a lab that count, with these settings."""
        path = self.folder / f"{lab}.json"
        if lab not in self._read:
            self._read[lab] = json.loads(path.read_text("utf-8"))["digests"] if path.exists() else []
        sound = [
            p for p in self._read[lab] if not (p["settings"].get("published") or p.get("void") or p.get("refused"))
        ]
        return [p for p in sound if all(p["settings"].get(name) == value for name, value in settings.items())]

    def one(self, lab: str, **settings: object) -> dict[str, Any]:
        """The first of them; a point without repeats if there is none."""
        return next(
            iter(self.points(lab, **settings)), {"repeats": [], "settings": settings, "median": {}, "setup": {}}
        )

    def side(self, values: list[Any]) -> str:
        """yes, no or open: of bools, a repeat each."""
        number, least = len(values), 5 if self.policy == "measured" else 1
        need = number
        if self.policy == "measured" and number > 8:
            need = 8 if number == 9 else math.ceil(0.8 * number)
        if number < least:
            return "few"
        true = sum(map(bool, values))
        return "yes" if true >= need else "no" if number - true >= need else "open"

    def lost(self, point: dict[str, Any]) -> str:
        """lost, kept or open: a cell of a fault lab."""
        words = [repeat["outcome"] for repeat in point["repeats"]]
        if self.side([word in ("some lost", "all lost") for word in words]) == "yes":
            return "lost"
        return "kept" if self.side([word == "none lost" for word in words]) == "yes" else "open"


def per_s(point: dict[str, Any]) -> list[float]:
    return [repeat["per_s"] for repeat in point["repeats"]]


def ours(point: dict[str, Any]) -> bool:
    return bool(point["median"].get("client_bound"))


def steady(points: Points) -> Points:
    """Those that were counted for 5 s and whose halves differ by 10 % at most, in enough repeats."""
    found = []
    for p in points:
        sides = [r.get("counted_s", 0) >= 4.9 and 1 / 1.1 <= (r.get("halves") or 0) <= 1.1 for r in p["repeats"]]
        need = len(sides) if len(sides) < 9 else 8 if len(sides) == 9 else math.ceil(0.8 * len(sides))
        if sides and sum(sides) >= need:
            found.append(p)
    return found


def fastest(points: Points) -> dict[str, Any]:
    free = [p for p in points if not any("held its publishers up" in str(one.get("limit")) for one in p["repeats"])]
    none: dict[str, Any] = {"repeats": [], "settings": {}, "median": {}}
    return max(free or points, key=lambda p: p["median"]["per_s"], default=none)


def p50(point: dict[str, Any]) -> list[float]:
    found = [repeat["blocked_ms"]["p50"] for repeat in point["repeats"]]
    return [] if None in found else found


def pairs(*series: list[float]) -> list[tuple[float, ...]]:
    """Round by round; what has not the same rounds decides nothing."""
    if len({len(one) for one in series}) > 1:
        raise LopsidedError
    return list(zip(*series, strict=True))


def told(point: dict[str, Any]) -> bool:
    """Whether every repeat knows what became of every job."""
    return all(repeat["verdict"] != "unknown" and not repeat["jobs"]["unknown"] for repeat in point["repeats"])


def answered(r: Recount, lab: str, *carriers: str) -> list[str]:
    """Those carriers that answered every call in every repeat."""
    found = {
        name: r.one(lab, carrier=name, service="up", rate_per_s=200, body_bytes=100)["repeats"] for name in carriers
    }
    ends = {
        name: [one["ends"]["answered"] == one["ends"]["calls"] > 0 for one in those] for name, those in found.items()
    }
    return [name for name in carriers if r.side(ends[name]) == "yes"]


def slope(x: list[float], y: tuple[float, ...]) -> float:
    """Of the line through the points, by least squares."""
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


def rises(r: Recount, base: dict[str, Any], point: dict[str, Any], what: str) -> bool:
    table = [[one["figures"][what] for one in p["repeats"]] for p in (base, point)]
    return None not in table[0] + table[1] and r.side([b > a for a, b in pairs(*table)]) == "yes"


def ladder(r: Recount, lab: str, profile: str) -> list[tuple[float, float]]:
    """Of each repeat the p99 without our own lateness and with it; nothing where the point cannot say."""
    known = r.points(lab, profile=profile, rate_per_s=1000, body_bytes=100, rung=2)
    at_random = [p for p in known if p["settings"].get("arrivals", "poisson") == "poisson"]
    found = at_random[0]["repeats"] if at_random else []
    table = [(one["service_ms"]["p99"], one["latency_ms"]["p99"]) for one in found if not one["saturated"]]
    if len(table) < len(found) or any(None in row for row in table):
        return []
    return [tuple(math.inf if ms == "never" else ms for ms in row) for row in table]  # type: ignore[misc]
