"""The second count of C70 and C71, out of the raw recorded files of the labs about Celery."""

from __future__ import annotations

from labs.pages.recount import GONE, HOLDS, IF, OPEN, Recount

EIGHT = ("basic", "result", "retry", "countdown", "priority", "ping", "events", "second")


def side(r: Recount, lab: str, way: str, row: str) -> str:
    """yes, no or open: whether enough repeats pass a row there."""
    return r.side([one["trials"][row]["outcome"] == "yes" for one in r.one(lab, way=way)["repeats"]])


def c70(r: Recount, _lab: str) -> str:
    sides = {side(r, "one-app-three-brokers", way, row) for way in ("redis", "rabbitmq") for row in EIGHT}
    if sides <= {"yes"}:
        return HOLDS
    return IF if sides <= {"yes", "no"} else OPEN


def c71(r: Recount, lab: str) -> str:
    basic = side(r, lab, "kafka", "basic")
    if basic != "yes":
        return HOLDS if basic == "no" else OPEN
    failed = [side(r, lab, "kafka", row) for row in ("ping", "events", "second", "priority", "late")]
    if not set(failed) <= {"yes", "no"}:
        return OPEN
    return IF if failed.count("no") >= 2 else GONE
