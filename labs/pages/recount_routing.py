"""The second count of C38 and C39, out of the raw recorded files of the routing puzzles and of the shapes."""

from __future__ import annotations

from labs.pages import recount_shapes
from labs.pages.recount import HOLDS, OPEN, Recount

ROUTING = ("wildcards", "headers", "unroutable", "audit", "tenants")


def c38(r: Recount, lab: str) -> str:
    told = [p["card"]["protocols"].split(", ") for p in r.points(lab)]
    if not told or not all("amqp" in one for one in told):
        return OPEN
    return recount_shapes.c34(r, "delivery-shapes")


def c39(r: Recount, lab: str) -> str:
    found = [r.one(lab, puzzle=name, topology="solved") for name in ROUTING]
    if any(not p["repeats"] for p in found) or len({len(p["repeats"]) for p in found}) > 1:
        return OPEN
    for at in range(len(found[0]["repeats"])):
        if len({p["repeats"][at]["producer"] for p in found}) > 1:
            return OPEN
    right = [
        repeat["jobs"][name] == 0 for p in found for repeat in p["repeats"] for name in ("missing", "stray", "doubled")
    ]
    return HOLDS if all(right) else OPEN
