"""C65 counted a second time, plainly, out of the raw file of read-it-again: its half of the claim."""

from __future__ import annotations

from labs.pages.recount import HOLDS, NEVER, OPEN, Recount

WAYS = 11


def c65(r: Recount, lab: str) -> str:
    repeats = r.one(lab, mode="kafka-all")["repeats"]
    if len(r.points(lab)) < WAYS or any(one["verdict"] != "kept" for one in repeats):
        return OPEN
    whole = [
        one["ends"]["again"] == one["ends"]["published"] > 0 and one["ends"]["doubled"] == one["ends"]["reordered"] == 0
        for one in repeats
    ]
    return {"yes": HOLDS, "no": NEVER}.get(r.side(whole), OPEN)
