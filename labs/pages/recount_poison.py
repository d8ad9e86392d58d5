"""The second count of C67, out of the raw recorded files of the labs about bad messages."""

from __future__ import annotations

from labs.pages.recount import HOLDS, OPEN, Recount

ASKED = ("ttl", "priority", "dead_letter", "limit", "retry_delay")


def c67(r: Recount, lab: str) -> str:
    if not r.points(lab):
        return OPEN
    kinds = [r.one("feature-rows", queue=name)["repeats"] for name in ("classic", "quorum")]
    sides = [
        {name: r.side([one["trials"][name]["outcome"] == "yes" for one in repeats]) for name in ASKED}
        for repeats in kinds
    ]
    if any("few" in one.values() for one in sides):
        return OPEN
    return HOLDS if all(any(one[name] == "yes" for one in sides) for name in ASKED) else OPEN
