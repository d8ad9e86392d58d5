"""The second count of C39, out of the raw recorded file of the routing puzzles."""

from __future__ import annotations

from labs.pages.recount import HOLDS, OPEN, Recount

ROUTING = ("wildcards", "headers", "unroutable", "audit", "tenants")


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
