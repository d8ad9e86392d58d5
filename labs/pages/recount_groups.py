"""The second count of C64, out of the raw recorded file of the lab about groups."""

from __future__ import annotations

from labs.pages.recount import HOLDS, IF, NEVER, OPEN, Recount


def _passes(r: Recount, lab: str, way: str) -> str:
    """Whether with more consumers than partitions all of them worked and half of the rest got past a failing record."""
    sides = []
    for trouble in ("none", "failing"):
        some = [p for p in r.points(lab, way=way, trouble=trouble)
                if p["settings"]["consumers"] > p["settings"]["partitions"]]  # fmt: skip
        if not some:
            return "few"
        for p in some:
            consumers = p["settings"]["consumers"]
            good = [
                one["figures"]["passed"] * 2 >= one["figures"]["behind"]
                if trouble == "failing"
                else one["figures"]["busy"] == consumers and not one["jobs"]["undone"]
                for one in p["repeats"]
            ]
            sides.append(r.side(good))
    return next((word for word in ("few", "open", "no") if word in sides), "yes")


def c64(r: Recount, lab: str) -> str:
    group, share = (_passes(r, lab, way) for way in ("group", "share"))
    if not {group, share} <= {"yes", "no"}:
        return OPEN
    return HOLDS if group == share == "yes" else IF if "yes" in (group, share) else NEVER
