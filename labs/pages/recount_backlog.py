"""C65 and C66 counted a second time, plainly, out of the raw file of big-backlog; C65's other half is replay's."""

from __future__ import annotations

from typing import Any

from labs.pages import recount_keeping as keeping
from labs.pages.recount import HOLDS, IF, NEVER, OPEN, Recount

LAB = "big-backlog"
KAFKA, OTHERS = "kafka-topic", ("rabbitmq-stream", "rabbitmq-classic", "redis-stream")


def _big(r: Recount, lab: str, way: str) -> list[dict[str, Any]]:
    repeats: list[dict[str, Any]] = r.one(lab, way=way, backlog="big")["repeats"]
    return repeats


def _side(r: Recount, repeats: list[dict[str, Any]], name: str, least: float, most: float = 1e9) -> str:
    """Whether a figure lies above `least` and up to `most`: yes, no or open; few where a round cannot say."""
    values = [one["figures"][name] for one in repeats]
    return "few" if None in values or not values else r.side([least < one <= most for one in values])


def _kept(r: Recount, repeats: list[dict[str, Any]], name: str) -> str:
    """The same of a rate that is to stay above 80 %; one that fell while no processor was left says nothing."""
    side = _side(r, repeats, name, 0.8)
    full = {"onto": "machine_full", "paced": "stamp"}[name]
    taken = any(one[full] in (True, "client-bound", "machine-bound") for one in repeats)
    return side if side == "yes" or not taken else "open"


def c65(r: Recount, lab: str) -> str:
    if lab != LAB:
        return keeping.c65(r, lab)
    kafka = _big(r, lab, KAFKA)
    if not _big(r, lab, "rabbitmq-stream"):
        return OPEN
    whole = r.side([one["counts"]["second"] == one["counts"]["there"] > 0 for one in kafka])
    sides = {_kept(r, kafka, "onto"), whole}
    return HOLDS if sides == {"yes"} else NEVER if sides <= {"yes", "no"} else OPEN


def c66(r: Recount, lab: str) -> str:
    kafka, others = _big(r, lab, KAFKA), [_big(r, lab, way) for way in OTHERS]
    if not all(others):
        return OPEN
    sides = {_kept(r, kafka, "paced"), _side(r, kafka, "growth", 0, 1.05)}
    if sides != {"yes"}:
        return NEVER if sides <= {"yes", "no"} else OPEN
    too = [{_side(r, one, "paced", 0.8), _side(r, one, "growth", 0, 1.05)} == {"yes"} for one in others]
    return IF if any(too) else HOLDS
