"""Of the second count of the verdicts: what it costs to move a service to Kafka."""

from __future__ import annotations

from typing import Any

from labs.pages.recount import HOLDS, IF, OPEN, Recount


def costly(p: dict[str, Any], share: str = "whole_pct") -> list[bool]:
    """Of each round: whether three of ten lines go, or two rows are lost or kept by new code of ours."""
    found = []
    for repeat in p["repeats"]:
        figures, rows = repeat["figures"], repeat["trials"].values()
        known = all("unknown" not in one.values() for one in rows)
        found.append(known and (figures[share] > 30 or figures["lost"] + figures["built"] >= 2))
    return found


def c72(r: Recount, lab: str) -> str:
    return HOLDS if r.side(costly(r.one(lab, framework="raw", porting="rabbitmq-kafka"))) == "yes" else OPEN


def c69(r: Recount, lab: str) -> str:
    asked = r.points(lab, framework="raw")
    return IF if len(asked) == 6 and all(r.side(costly(p, "gone_pct")) == "yes" for p in asked) else OPEN
